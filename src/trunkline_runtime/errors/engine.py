"""Runs that cannot start, or do not end well."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline_runtime.errors.drawing import listed, shown
from trunkline_runtime.errors.fault import RuntimeFault

__all__ = [
    "AgentFailed",
    "EngineBusy",
    "EngineClosed",
    "EngineError",
    "RunCancelled",
    "RunTimeout",
    "UnknownAgent",
    "UnknownTool",
]


class EngineError(RuntimeFault):
    """A run could not be started, or did not end well."""

    code = "engine_error"


class EngineBusy(EngineError):
    """A user's limit is reached and the request could not wait for a place.

    Args:
        what: What is limited: "runs at once", "engines", "connections".
        limit: How many are allowed.
        reason: Why it could not wait: "the queue is full", "no place was free within 10 s".
    """

    code = "busy"
    retryable = True

    def __init__(self, what: str, limit: int, reason: str) -> None:
        super().__init__(
            f"The limit of {limit} {what} is reached and {reason}",
            "Wait for a run to end and try again, or raise the limit in the settings.",
            f"You have reached the limit of {limit} {what}. Try again shortly.",
        )
        self.what = what
        self.limit = limit
        self.reason = reason


class EngineClosed(EngineError):
    """An engine was used after its cleanup.

    Args:
        user_id: The user it belonged to.
    """

    code = "engine_closed"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"The engine of user {shown(user_id)} is closed",
            "Take the engine from an open request scope; it ends with that scope.",
            "The request has ended.",
        )
        self.user_id = user_id


class UnknownAgent(EngineError):
    """No agent is registered under the name.

    Args:
        name: The name that was asked for.
        known: The registered names.
    """

    code = "unknown_agent"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        summary = f"No agent is named {shown(name)}; known: {listed(self.known)}"
        super().__init__(
            summary,
            "Register it with AgentRegistry.register, or ask for one of the known names.",
            f"{summary}.",
        )


class UnknownTool(EngineError):
    """An agent called a tool that is not registered.

    Args:
        name: The name that was called.
        known: The registered names.
    """

    code = "unknown_tool"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(
            f"No tool is named {shown(name)}; known: {listed(self.known)}",
            "Register it with AgentRegistry.register_tool, or call one of the known names.",
            "The agent asked for a tool that does not exist.",
        )


class RunCancelled(EngineError):
    """A run was cancelled before it ended by itself.

    Args:
        run_id: The run.
        reason: Who or what cancelled it, safe to show: "by the user", "the server is stopping".
    """

    code = "cancelled"

    def __init__(self, run_id: str, reason: str = "by the user") -> None:
        super().__init__(
            f"Run {shown(run_id)} was cancelled: {reason}",
            public=f"The run was cancelled: {reason}.",
        )
        self.run_id = run_id
        self.reason = reason


class RunTimeout(EngineError):
    """A run took longer than allowed and was stopped.

    Args:
        run_id: The run.
        seconds: The limit it passed.
    """

    code = "timeout"
    retryable = True

    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(
            f"Run {shown(run_id)} was stopped after {seconds:g} s",
            "Ask for less in one run, or raise limits.run_seconds.",
            f"The run took longer than {seconds:g} seconds and was stopped.",
        )
        self.run_id = run_id
        self.seconds = seconds


class AgentFailed(EngineError):
    """An agent raised; what it raised is this error's ``__cause__``.

    Args:
        agent_name: The agent.
        run_id: The run.
        exception: The name of the exception's class.
    """

    code = "agent_failed"

    def __init__(self, agent_name: str, run_id: str, exception: str) -> None:
        super().__init__(
            f"Agent {shown(agent_name)} raised {exception} in run {shown(run_id)}",
            "Its traceback is logged under the run's identifiers.",
            "The agent failed. The details are in the server's log, under this run's identifier.",
        )
        self.agent_name = agent_name
        self.run_id = run_id
        self.exception = exception
