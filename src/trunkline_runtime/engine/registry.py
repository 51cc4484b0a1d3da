"""The agents and tools of an application, by name."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from trunkline_runtime.engine.faults import RegistrationRefused
from trunkline_runtime.engine.run import Run
from trunkline_runtime.engine.tools import Tool, ToolFunction, describe_tool, is_async
from trunkline_runtime.errors import UnknownAgent, UnknownTool

__all__ = ["Agent", "AgentClass", "AgentFunction", "AgentRegistry", "RegisteredAgent"]

AgentFunction: TypeAlias = Callable[[Run, Mapping[str, Any]], Awaitable[Any]]
"""``async def agent(run, input)``: does its work and returns plain data."""


class AgentClass(Protocol):
    """An agent as a class: each run gets an instance of its own, made without arguments."""

    async def run(self, run: Run, input: Mapping[str, Any], /) -> Any:  # noqa: A002  # the field's word
        """Do the work and return plain data."""
        ...


Agent: TypeAlias = AgentFunction | type[AgentClass]
"""An async callable, or a class whose ``run(self, run, input)`` is async."""

_A = TypeVar("_A", bound=Agent)
_F = TypeVar("_F", bound=ToolFunction)


@dataclass(frozen=True, slots=True)
class RegisteredAgent:
    """A registered agent.

    Attributes:
        name: What clients call it by.
        begin: Makes what one run needs and returns its coroutine function.
        description: What it does, in a sentence.
    """

    name: str
    begin: Callable[[], AgentFunction]
    description: str


class AgentRegistry:
    """The agents and tools of an application.

    It is filled when the application is composed and read while it runs. A name is given once.
    """

    def __init__(self) -> None:
        self._agents: dict[str, RegisteredAgent] = {}
        self._tools: dict[str, Tool] = {}

    def register(self, name: str, agent: Agent, description: str = "") -> None:
        """Register an agent.

        Args:
            name: What clients will call it by.
            agent: An async callable ``(run, input)``, or a class whose ``run(self, run, input)``
                is async and whose constructor needs no arguments: each run gets an instance.
            description: What it does; by default the first line of its docstring.

        Raises:
            RegistrationRefused: The name is taken or blank, or the agent is neither of these.
        """
        _require_name("agent", name, self._agents)
        begin = _beginning(name, agent)
        description = description or (inspect.getdoc(agent) or "").partition("\n")[0]
        self._agents[name] = RegisteredAgent(name, begin, description)

    def agent(self, name: str, description: str = "") -> Callable[[_A], _A]:
        """Register the decorated agent; see ``register``.

        Args:
            name: What clients will call it by.
            description: What it does.
        """

        def decorate(agent: _A) -> _A:
            self.register(name, agent, description)
            return agent

        return decorate

    def register_tool(
        self,
        name: str,
        function: ToolFunction,
        *,
        blocking: bool = False,
        description: str = "",
        show: Callable[[Any], Any] | None = None,
    ) -> None:
        """Register a tool.

        Args:
            name: What agents will call it by.
            function: A callable, sync or async, with annotated parameters that can be passed by
                name. Values are validated by the annotations.
            blocking: A sync tool that waits or computes for long, and so runs in a thread.
            description: What it does; by default the first line of its docstring.
            show: Draws what the user sees of a result, where that is not all of it: a summary of
                a long one, a secret one without its secrets.

        Raises:
            RegistrationRefused: The name is taken or blank, or the signature cannot be used.
        """
        _require_name("tool", name, self._tools)
        self._tools[name] = describe_tool(
            name, function, blocking=blocking, description=description, show=show
        )

    def tool(
        self, name: str, *, blocking: bool = False, description: str = ""
    ) -> Callable[[_F], _F]:
        """Register the decorated tool; see ``register_tool``.

        Args:
            name: What agents will call it by.
            blocking: Whether to run it in a thread.
            description: What it does.
        """

        def decorate(function: _F) -> _F:
            self.register_tool(name, function, blocking=blocking, description=description)
            return function

        return decorate

    def get(self, name: str) -> RegisteredAgent:
        """Return an agent.

        Raises:
            UnknownAgent: No agent has this name; the error names those that exist.
        """
        try:
            return self._agents[name]
        except (KeyError, TypeError):
            raise UnknownAgent(str(name), self._agents) from None

    def get_tool(self, name: str) -> Tool:
        """Return a tool.

        Raises:
            UnknownTool: No tool has this name; the error names those that exist.
        """
        try:
            return self._tools[name]
        except (KeyError, TypeError):
            raise UnknownTool(str(name), self._tools) from None

    def names(self) -> tuple[str, ...]:
        """Return the names of the agents, sorted."""
        return tuple(sorted(self._agents))

    def tool_names(self) -> tuple[str, ...]:
        """Return the names of the tools, sorted."""
        return tuple(sorted(self._tools))


def _require_name(what: str, name: object, taken: Mapping[str, object]) -> None:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise RegistrationRefused(what, name, "has no usable name", "Name it with printable text.")
    if len(name) > 256:
        raise RegistrationRefused(
            what, f"{name[:32]}...", "has too long a name", "Use 256 characters at most."
        )
    if name in taken:
        raise RegistrationRefused(
            what, name, "is registered already", "Choose another name, or register it once."
        )


def _beginning(name: str, agent: object) -> Callable[[], AgentFunction]:
    remedy = (
        "Register an async function (run, input), or a class with 'async def run(self, run, "
        "input)' and a constructor that needs no arguments."
    )
    if inspect.isclass(agent):
        method = getattr(agent, "run", None)
        if not callable(method) or not inspect.iscoroutinefunction(method):
            raise RegistrationRefused("agent", name, "is a class without an async 'run'", remedy)
        if not _accepts(agent, 0):
            raise RegistrationRefused("agent", name, "is a class that needs arguments", remedy)
        if not _accepts(method, 3):
            raise RegistrationRefused("agent", name, "has a 'run' of other arguments", remedy)
        return lambda: cast("AgentClass", agent()).run
    if not callable(agent) or not is_async(agent):
        raise RegistrationRefused("agent", name, f"is no agent but {type(agent).__name__}", remedy)
    if not _accepts(agent, 2):
        raise RegistrationRefused("agent", name, "takes other arguments", remedy)
    work = cast("AgentFunction", agent)
    return lambda: work


def _accepts(function: Callable[..., Any], count: int) -> bool:
    """Tell whether a callable can be called with so many positional arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # it has no signature that could be read, and so none to object to
        return True
    return True
