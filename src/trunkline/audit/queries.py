"""Questions that several rules ask about calls and values."""

from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.entities import Entity
from trunkline.audit.project import Project
from trunkline.audit.signatures import Signature
from trunkline.audit.source.facts import Argument, Call, Function, Parameter

_MOCKS: Final = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock", "create_autospec"}
)
_MOCKER: Final = "pytest_mock:mocker."
_MOCKER_STUBS: Final = frozenset({"stub", "async_stub"})
_MOCK_MODULES: Final = frozenset({"unittest.mock", "mock", "unittest", "mock.mock"})


class Bound(NamedTuple):
    """An argument with the parameter it goes to."""

    argument: Argument
    parameter: Parameter


def own_arguments(call: Call) -> tuple[Argument, ...]:
    """Return the arguments of a call without the elements of literal containers among them."""
    return tuple(argument for argument in call.arguments if argument.keyword != "[")


def unbound_method(project: Project, call: Call, target: Entity) -> bool:
    """Tell whether a method is called through its class, with the object as an argument."""
    if target.kind != entities.FUNCTION or "." not in target.name or call.callee is None:
        return False
    owner = project.resolver.resolve(_owner(call.callee))
    if owner.kind != entities.CLASS:
        return False
    function = project.resolver.function(target)
    kinds = {path.rpartition(":")[2] for path in function.decorators} if function else set()
    return not kinds & {"classmethod", "staticmethod"}


def may_be_heir(path: str | None) -> bool:
    """Tell whether a path leads to a class by way of an object, which may be of a subclass."""
    return "(" in (path or "")


def bind(call: Call, taken: Signature) -> tuple[list[Bound], list[str]]:  # noqa: C901 # one case after another
    """Match the arguments of a call with parameters.

    Returns:
        The matched arguments, and what does not fit, in words. With unpacked arguments (``*args``)
        nothing is said to be missing or surplus.
    """
    bound: list[Bound] = []
    problems: list[str] = []
    positional = [p for p in taken.parameters if p.kind in "pa"]
    named = {p.name: p for p in taken.parameters if p.kind in "ak"}
    rest = next((p for p in taken.parameters if p.kind == "*"), None)
    others = next((p for p in taken.parameters if p.kind == "**"), None)
    given: set[str] = set()
    unpacked = False
    surplus = 0
    index = 0
    for argument in own_arguments(call):
        if argument.keyword in {"*", "**"}:
            unpacked = True
        elif argument.keyword is None:
            if index < len(positional):
                parameter = positional[index]
                given.add(parameter.name)
                bound.append(Bound(argument, parameter))
            elif rest is None and not unpacked:
                surplus += 1
            index += 1
        elif argument.keyword in named:
            parameter = named[argument.keyword]
            if parameter.name in given and not unpacked:
                problems.append(f"{parameter.name!r} is given twice")
            given.add(parameter.name)
            bound.append(Bound(argument, parameter))
        elif others is None:
            problems.append(f"there is no parameter {argument.keyword!r}")
    if surplus:
        problems.append(f"{surplus} positional argument{'s' if surplus > 1 else ''} too many")
    if not unpacked:
        missing = [
            p.name for p in taken.parameters
            if not p.default and p.kind in "pak" and p.name not in given
        ]  # fmt: skip
        if missing:
            problems.append(f"{', '.join(map(repr, missing))} missing")
    return bound, problems


def is_mock(project: Project, path: str | None) -> bool:
    """Tell whether a value is made by `unittest.mock`, or by pytest-mock."""
    if path is None or not path.endswith("()"):
        return False
    if path.startswith(_MOCKER):
        return path.removeprefix(_MOCKER)[:-2] in _MOCKS | _MOCKER_STUBS
    target = project.resolver.resolve(path[:-2])
    return (
        target.kind == entities.EXTERNAL
        and target.module in _MOCK_MODULES
        and target.last in _MOCKS
    )


def parameters_text(function: Function) -> str:
    """Return the parameters of a function as a person writes them."""
    parts = []
    for parameter in function.parameters:
        if parameter.name in {"self", "cls"}:
            continue
        star = parameter.kind if parameter.kind.startswith("*") else ""
        parts.append(f"{star}{parameter.name}" + ("=..." if parameter.default else ""))
    return f"({', '.join(parts)})"


def _owner(path: str) -> str:
    module, _, rest = path.partition(":")
    owner = rest.rpartition(".")[0]
    return f"{module}:{owner}"
