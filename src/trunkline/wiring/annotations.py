"""Finding the markers in a function's annotations, also where these are written as text."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType
from typing import Annotated, Any, get_args, get_origin

from trunkline.errors import DeclarationError
from trunkline.graph.model import SourceLocation
from trunkline.wiring.marker import Inject

__all__ = ["evaluated", "location_of", "markers_of", "names_in", "type_of", "written"]

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_ANNOTATION = "engine: Annotated[Engine, Inject(Application.engine)] = INJECTED"


def evaluated(
    function: FunctionType, signature: inspect.Signature, names: Mapping[str, Any]
) -> tuple[inspect.Signature, dict[str, Exception]]:
    """The signature with its annotations as objects, where they are written as text.

    Args:
        function: The function that is to be injected.
        signature: Its signature.
        names: What the annotations may name, beside the globals of its module.

    Returns:
        The signature, and what went wrong with the annotations that are still text.

    Raises:
        DeclarationError: A marker names no provider.
    """
    own = written(function)
    seen = {**names, **_type_parameters(own), **_closure(own)}
    unread: dict[str, Exception] = {}

    def read(name: str, annotation: Any) -> Any:
        if not isinstance(annotation, str):
            return annotation
        try:
            return eval(annotation, own.__globals__, seen)  # noqa: S307  # the module's own annotation, as typing.get_type_hints reads it
        except DeclarationError as error:  # which can't tell its place in a text
            raise DeclarationError(
                error.failed, location=location_of(own), cause=error.cause, remedy=error.remedy
            ) from None
        except Exception as error:  # noqa: BLE001  # most annotations are of no concern here
            unread[name] = error
            return annotation

    parameters = [
        parameter.replace(annotation=read(name, parameter.annotation))
        for name, parameter in signature.parameters.items()
    ]
    returned = read("return", signature.return_annotation)
    return signature.replace(parameters=parameters, return_annotation=returned), unread


def markers_of(
    function: FunctionType, signature: inspect.Signature, unread: Mapping[str, Exception]
) -> dict[str, Inject[Any]]:
    """The marker of each marked parameter, in order.

    Args:
        function: The function that is to be injected.
        signature: Its signature, evaluated.
        unread: Why annotations that are still text can't be read.

    Raises:
        DeclarationError: Nothing is marked, a marker can't be read, or it stands where it does
            nothing.
    """
    found: dict[str, Inject[Any]] = {}
    for name, parameter in signature.parameters.items():
        _refuse_default(function, parameter)
        marker = _marker_in(function, parameter, _behind_alias(parameter.annotation))
        if marker is not None:
            found[name] = marker
    for name, parameter in signature.parameters.items():
        if name in unread and (not found or "Inject" in str(parameter.annotation)):
            raise DeclarationError(
                f"the annotation of {name} in {function.__qualname__} can't be read: "
                f"{unread[name]!r}",
                location=location_of(function),
                cause="it names something that is not defined yet, or only for type checkers",
                remedy="import what the annotation names before the function is defined",
            )
    if not found:
        raise DeclarationError(
            f"{function.__qualname__} has nothing to inject",
            location=location_of(function),
            cause="no parameter is annotated with Annotated[..., Inject(provider)]",
            remedy="mark a parameter, or leave @inject out",
        )
    return found


def type_of(marked: inspect.Parameter) -> Any:
    """The type of a marked parameter, without its markers."""
    return get_args(_behind_alias(marked.annotation))[0]


def names_in(frame: FrameType) -> dict[str, Any]:
    """The names that a line of code sees, the module's globals apart.

    Args:
        frame: Where the line runs: a class body also sees what the functions around it see.
    """
    frames = [frame]
    while (outer := frame.f_back) is not None and frame.f_code in outer.f_code.co_consts:
        frame = outer
        if frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # a function; not a class around a class
            frames.append(frame)
    return {name: value for each in reversed(frames) for name, value in each.f_locals.items()}


def written(function: Any) -> FunctionType:
    """The function that decorators of the ``functools.wraps`` kind stand before."""
    own = inspect.unwrap(function, stop=lambda each: hasattr(each, "__signature__"))
    decorated: FunctionType = function
    return own if isinstance(own, FunctionType) else decorated


def location_of(function: Any) -> SourceLocation:
    """Where a function is written."""
    code = written(function).__code__
    return SourceLocation(code.co_filename, code.co_firstlineno)


def _marker_in(
    function: FunctionType, parameter: inspect.Parameter, annotation: Any
) -> Inject[Any] | None:
    if get_origin(annotation) is not Annotated:
        inner, markers = annotation, []
    else:
        inner, *extras = get_args(annotation)
        markers = [extra for extra in extras if isinstance(extra, Inject)]
        if Inject in [extra for extra in extras if isinstance(extra, type)]:
            raise DeclarationError(
                f"Inject stands in the annotation of {parameter.name} in {function.__qualname__} "
                "without a provider",
                location=location_of(function),
                remedy="name one: Annotated[Engine, Inject(Application.engine)]",
            )
    cause, remedy = "", "mark each parameter once"
    if markers and parameter.kind in _VARIADIC:
        cause = "it is *args or **kwargs"
    elif len(markers) > 1:
        cause = "it has two markers"
    elif any(_markers_within(inner)):
        cause = "its marker stands inside of another type"
        remedy = "let Annotated be the outermost: Annotated[Engine | None, Inject(provider)]"
    if cause:
        raise DeclarationError(
            f"{function.__qualname__} can't have {parameter.name} injected",
            location=location_of(function),
            cause=cause,
            remedy=remedy,
        )
    return markers[0] if markers else None


def _markers_within(annotation: Any) -> Iterator[Inject[Any]]:
    for part in annotation if isinstance(annotation, list) else get_args(annotation):
        if isinstance(part, Inject):
            yield part
        else:
            yield from _markers_within(_behind_alias(part))


def _behind_alias(annotation: Any) -> Any:
    """What a name stands for that was made by the ``type`` statement."""
    alias = getattr(typing, "TypeAliasType", ())  # since Python 3.12
    while isinstance(annotation, alias):
        annotation = annotation.__value__
    return annotation


def _refuse_default(function: FunctionType, parameter: inspect.Parameter) -> None:
    """Refuse a marker that stands where another library has its own."""
    default = parameter.default
    if isinstance(default, Inject):
        cause = "its marker is the default, where nothing reads it"
    elif type(default).__module__ == "dependency_injector.wiring":
        cause = "its marker is one of dependency-injector, which that library's own @inject fills"
    else:
        return
    raise DeclarationError(
        f"{function.__qualname__} can't have {parameter.name} injected",
        location=location_of(function),
        cause=cause,
        remedy=f"mark it by its annotation: {_BY_ANNOTATION}",
    )


def _type_parameters(function: FunctionType) -> dict[str, Any]:
    parameters = getattr(function, "__type_params__", ())  # since Python 3.12
    return {parameter.__name__: parameter for parameter in parameters}


def _closure(function: FunctionType) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            filled[name] = cell.cell_contents
        except ValueError:  # a name that the enclosing function has not bound yet
            continue
    return filled
