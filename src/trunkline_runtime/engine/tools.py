"""Tools: typed callables that agents call by name."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.warnings import ArbitraryTypeWarning

from trunkline_runtime.engine.faults import InvalidToolParameters, RegistrationRefused

__all__ = ["Tool", "ToolFunction", "ToolParameter", "describe_tool"]

ToolFunction: TypeAlias = Callable[..., Any]
"""A typed callable, sync or async, whose parameters can all be passed by name."""

_BY_NAME = frozenset({inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY})


@dataclass(frozen=True, slots=True)
class ToolParameter:
    """One parameter of a tool.

    Attributes:
        name: Its name.
        adapter: Validates a value by the parameter's annotation.
        required: Whether it has no default.
    """

    name: str
    adapter: TypeAdapter[Any]
    required: bool


@dataclass(frozen=True, slots=True)
class Tool:
    """A registered tool.

    Attributes:
        name: What agents call it by.
        function: The callable.
        parameters: Its parameters, by name.
        blocking: Whether it is sync and runs in a thread, because it waits or computes for long.
        description: What it does, in a sentence.
        show: Draws what the user sees of a result.
    """

    name: str
    function: ToolFunction
    parameters: Mapping[str, ToolParameter]
    blocking: bool
    description: str
    show: Callable[[Any], Any]

    def validated(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Validate the parameters of a call.

        Args:
            given: The values, by parameter.

        Returns:
            The values as the annotations want them. Defaults are left to the function.

        Raises:
            InvalidToolParameters: With every problem.
        """
        problems = [
            f"{name}: is missing"
            for name, parameter in self.parameters.items()
            if parameter.required and name not in given
        ]
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name not in self.parameters:
                problems.append(f"{name}: there is no such parameter")
                continue
            try:
                values[name] = self.parameters[name].adapter.validate_python(value)
            except ValidationError as error:
                problems.extend(
                    f"{'.'.join(map(str, (name, *problem['loc'])))}: {problem['msg']}"
                    for problem in error.errors(include_url=False, include_input=False)
                )
        if problems:
            raise InvalidToolParameters(self.name, problems)
        return values


def describe_tool(
    name: str,
    function: ToolFunction,
    *,
    blocking: bool = False,
    description: str = "",
    show: Callable[[Any], Any] | None = None,
) -> Tool:
    """Read a callable's signature into a tool.

    Args:
        name: What agents will call it by.
        function: The callable.
        blocking: Whether to run it in a thread.
        description: What it does; by default the first line of its docstring.
        show: Draws what the user sees of a result; by default all of it.

    Raises:
        RegistrationRefused: It is no callable; a parameter has no annotation, one that cannot be
            resolved or validated, or cannot be passed by name; or it is async and blocking.
    """

    def refusal(problem: str, remedy: str) -> RegistrationRefused:
        return RegistrationRefused("tool", name, problem, remedy)

    if inspect.isclass(function) or not _is_callable(function):
        raise refusal("is no function", "Register a function, a method or a callable object.")
    if blocking and is_async(function):
        raise refusal("is async and declared blocking", "Drop blocking=True: it is awaited.")
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, AttributeError, TypeError, ValueError, SyntaxError) as error:
        raise refusal(
            f"has a signature that cannot be read ({error})",
            "Import what its annotations name where the function is defined, not only for "
            "type checkers.",
        ) from error
    parameters = {p.name: _described(p, refusal) for p in signature.parameters.values()}
    if not description:
        description = (inspect.getdoc(function) or "").partition("\n")[0]
    return Tool(name, function, parameters, blocking, description, show or _itself)


def _described(
    parameter: inspect.Parameter, refusal: Callable[[str, str], RegistrationRefused]
) -> ToolParameter:
    if parameter.kind not in _BY_NAME:
        raise refusal(
            f"takes {parameter} by position or in any number",
            "Give it parameters that can be passed by name.",
        )
    if parameter.annotation is inspect.Parameter.empty:
        raise refusal(
            f"has no annotation for {parameter.name}", "Annotate every parameter of a tool."
        )
    try:
        adapter = _adapter(parameter.annotation)
    except (PydanticUserError, ArbitraryTypeWarning) as error:
        raise refusal(
            f"annotates {parameter.name} with a type that cannot be validated",
            "Annotate it with a type that pydantic knows, or with a class.",
        ) from error
    required = parameter.default is inspect.Parameter.empty
    return ToolParameter(parameter.name, adapter, required)


def _is_callable(function: object) -> bool:
    return callable(function)  # apart, so that the annotation of the parameter is not believed


def is_async(function: object) -> bool:
    """Tell whether a callable, or the ``__call__`` of an object, is a coroutine function."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004  # asked for its kind, not called
    )


def _itself(result: Any) -> Any:
    return result


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        with warnings.catch_warnings():
            # Of what is no type at all, pydantic would only warn, and then accept any value.
            warnings.simplefilter("error", ArbitraryTypeWarning)
            return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        # Models and dataclasses bring a configuration of their own and accept no other.
        return TypeAdapter(annotation)
