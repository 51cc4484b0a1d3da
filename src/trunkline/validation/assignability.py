"""Whether an object certainly doesn't fit an annotation.

The answer is yes only where a type checker and the running program would both agree; all that is
open, from unresolved names to objects that answer every attribute, counts as fitting.
"""

from __future__ import annotations

import inspect
import types
import typing
from abc import ABC
from collections.abc import Callable, Iterator
from typing import Any, Final

from trunkline.validation.supplies import Declared, Exact, Given, Supply

__all__ = ["certainly_wrong", "shown", "shown_type"]

_PROMOTED: Final = {
    float: (int,),
    complex: (int, float),
    bytes: (bytearray, memoryview),
}
"""What PEP 484 lets pass for another class."""

_PLAIN: Final = frozenset(
    (bool, int, float, complex, str, bytes, list, dict, set, tuple, type(None))
)
"""Classes that nobody mixes into an implementation of something else."""


def certainly_wrong(supply: Supply, annotation: Any) -> bool:
    """Whether what is supplied can't be what is annotated.

    Args:
        supply: What is known of the object.
        annotation: A resolved annotation of any form.
    """
    if supply is None or annotation in _classes(supply):
        return False
    if isinstance(supply, Declared):
        return all(_refused(Declared(one), annotation) for one in _members(supply.annotation))
    return _refused(supply, annotation)


def _classes(supply: Supply) -> tuple[type, ...]:
    """All that an object of a known class is an instance of: the quick answer to most questions."""
    match supply:
        case Exact(cls):
            return cls.__mro__
        case Given(value):
            return type(value).__mro__
        case _:
            return ()


def shown_type(supply: Supply) -> str:
    """What is supplied, as messages name it."""
    match supply:
        case Exact(cls):
            return shown(cls)
        case Declared(annotation):
            return shown(annotation)
        case Given(value):
            text = _drawn(value)
            cut = f"{text[:40]}..." if len(text) > 43 else text
            return f"{cut} ({shown(type(value))})"
        case None:
            return "an unknown type"


def _drawn(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001  # a broken repr must not hide the finding
        return f"<repr failed: {type(error).__name__}>"


def shown(annotation: Any) -> str:
    """An annotation, as messages name it."""
    if annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, or the annotation itself."""
    bare = _bare(annotation)
    if typing.get_origin(bare) in (typing.Union, types.UnionType):
        for member in typing.get_args(bare):
            yield from _members(member)
    else:
        yield bare


def _bare(annotation: Any) -> Any:
    """An annotation without what says nothing of its objects' class."""
    while True:
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif typing.get_origin(annotation) in (typing.Annotated, typing.Final, typing.ClassVar):
            annotation = typing.get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif isinstance(annotation, typing.TypeVar):
            if annotation.__constraints__:
                return typing.Union[annotation.__constraints__]  # noqa: UP007  # the operator can't take a tuple
            annotation = annotation.__bound__ if annotation.__bound__ is not None else Any
        else:
            return type(None) if annotation is None else annotation


def _refused(supply: Supply, annotation: Any) -> bool:
    return all(_refused_by_one(supply, member) for member in _members(annotation))


def _refused_by_one(supply: Supply, annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return _refused_by_literal(supply, typing.get_args(annotation))
    if origin is type:
        return _refused_by_class_object(supply, *(typing.get_args(annotation) or (Any,)))
    if typing.is_typeddict(annotation):
        return _refused_by_class(supply, dict)
    cls = origin if origin is not None else annotation
    if cls is Callable or cls is typing.Callable:
        return _refused_by_class(supply, typing.cast("type", Callable))
    if cls is Any or cls is object or not isinstance(cls, type):
        return False
    return _refused_by_class(supply, cls)


def _refused_by_literal(supply: Supply, values: tuple[Any, ...]) -> bool:
    if isinstance(supply, Given):
        # the class first: arrays, and others, answer the comparison by no truth value
        return not any(type(supply.value) is type(v) and supply.value == v for v in values)
    return all(_refused(supply, type(value)) for value in values)


def _refused_by_class_object(supply: Supply, wanted: Any) -> bool:
    """Whether an object is no class, or not one of those that ``type[wanted]`` allows."""
    if not isinstance(supply, Given):
        return _refused_by_class(supply, type)
    if not isinstance(supply.value, type):
        return not callable(supply.value)  # an alias such as list[int] stands for a class
    bases = [_bare(member) for member in _members(wanted)]
    if Any in bases or not all(isinstance(b, type) and not _is_protocol(b) for b in bases):
        return False
    return not any(_is_subclass(supply.value, base) for base in bases)


def _refused_by_class(supply: Supply, cls: type) -> bool:
    match supply:
        case Given(value):
            return not _is_instance(value, cls) and _class_refused(type(value), cls, value)
        case Exact(made):
            return _class_refused(made, cls)
        case Declared(annotation):
            return _declared_refused(annotation, cls)
        case _:
            return False


def _class_refused(made: type, wanted: type, value: object = None) -> bool:
    if hasattr(made, "__getattr__"):
        return False  # an object that answers any attribute may stand for anything
    if _is_protocol(wanted):
        return any(not _has_member(made, name, value) for name in _methods(wanted))
    return not _is_subclass(made, wanted)


def _declared_refused(annotation: Any, wanted: type) -> bool:
    """The same where an object may be of any subclass of what is declared."""
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return all(_class_refused(type(v), wanted) for v in typing.get_args(annotation))
    made = origin if origin is not None else annotation
    if made is Any or not isinstance(made, type) or typing.is_typeddict(made):
        return False
    if made in _PLAIN and not _is_protocol(wanted) and not _is_subclass(wanted, made):
        return _class_refused(made, wanted)
    if _is_open(made) and not (wanted in _PLAIN and _is_outside_builtins(made)):
        return False
    if _is_open(wanted) or hasattr(made, "__getattr__"):
        return False
    return not _is_subclass(made, wanted) and not _is_subclass(wanted, made)


def _is_open(cls: type) -> bool:
    """Whether a class is made to be mixed with others: a protocol or an abstract class."""
    return _is_protocol(cls) or inspect.isabstract(cls) or ABC in cls.__bases__


def _is_outside_builtins(cls: type) -> bool:
    return not _is_protocol(cls) and cls.__module__ not in ("collections.abc", "numbers", "typing")


def _is_protocol(cls: Any) -> bool:
    return bool(getattr(cls, "_is_protocol", False))


def _is_subclass(cls: type, wanted: type) -> bool:
    try:
        fits = issubclass(cls, wanted)
    except TypeError:  # classes that refuse the question
        return True
    return fits or any(issubclass(cls, other) for other in _PROMOTED.get(wanted, ()))


def _is_instance(value: object, wanted: type) -> bool:
    if _is_protocol(wanted):
        return False
    try:
        return isinstance(value, wanted)
    except TypeError:  # as above
        return True


def _methods(protocol: type) -> Iterator[str]:
    """Names of the methods that a protocol asks for; data may be set by a constructor unseen."""
    for base in protocol.__mro__:
        if _is_protocol(base):
            for name, member in base.__dict__.items():
                if isinstance(member, types.FunctionType) and not _is_machinery(name):
                    yield name


def _is_machinery(name: str) -> bool:
    return name in ("__init__", "__new__", "__subclasshook__", "__class_getitem__")


def _has_member(cls: type, name: str, value: object) -> bool:
    """Whether instances may have an attribute: of the class, annotated, or set by a constructor."""
    if inspect.getattr_static(cls if value is None else value, name, None) is not None:
        return True
    for base in cls.__mro__:
        constructor = base.__dict__.get("__init__")
        code = getattr(inspect.unwrap(constructor), "__code__", None) if constructor else None
        if code is not None and name in code.co_names:
            return True
        if name in inspect.get_annotations(base):
            return True
    return False
