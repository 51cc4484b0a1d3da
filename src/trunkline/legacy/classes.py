"""The face of a redirected class: a class that is called, asked and subclassed like the old one."""

# ruff: noqa: SLF001  # a redirected class and its metaclass are one unit; only the stack knows the caller

from __future__ import annotations

import sys
import types
from abc import ABCMeta
from collections.abc import Callable
from functools import cache
from inspect import Signature
from types import GenericAlias
from typing import Any, Final, get_origin
from weakref import finalize

from trunkline.legacy.arguments import Arguments
from trunkline.legacy.naming import old_name
from trunkline.legacy.redirect import Redirect, caller
from trunkline.legacy.shadow import Shadow
from trunkline.legacy.subclasses import construct, subclass_base
from trunkline.legacy.target import Target

__all__ = ["RedirectedClass", "redirect_class"]

_CALLS: Final[dict[int, Callable[..., Any]]] = {}
"""What answers the calls of each redirected class. Reading it from the class itself costs every
call a look through ``__getattr__``; an entry goes with its class."""
_OWN = frozenset(
    {"__abstractmethods__", "__bases__", "__class__", "__module__", "__name__", "__qualname__"}
)


def redirect_class(
    name: str,
    *,
    to: Any,
    adapt: Arguments | None = None,
    removed_in: str = "",
    advice: str = "",
    type: str | None = None,  # noqa: A002  # the word of the audit's configuration too
    is_async: bool | None = None,
    closes_with: str | None = None,
    over: Callable[[Any], bool] | None = None,
    shadow: Shadow | None = None,
    metaclass: type = ABCMeta,
    module: str | None = None,
) -> Any:
    """Make a class of an old name that gives the canonical objects.

    Calling it resolves the canonical provider in the ambient scope, or in one opened from the
    scope values that the call brings. ``isinstance`` and ``issubclass`` answer as for the canonical
    class, whose attributes it has; what is set on it is set there. A subclass of it is a subclass
    of the canonical class, constructed with the old arguments. Old pickles of its objects load as
    canonical ones.

    Type checkers can't see through this call; show them a class::

        if TYPE_CHECKING:
            @deprecated("resolve Application.engine")
            class ExecutionEngine(UserExecutionEngine): ...
        else:
            ExecutionEngine = redirect_class("ExecutionEngine", to="app:Application.engine")

    Args:
        name: The old name, as the module that calls this is to bind it.
        to: What is canonical, or its path: ``module:Class.provider``, or ``module:Class`` of a
            plain class.
        adapt: The forms in which it is called; see ``Arguments``.
        removed_in: The version that removes the name, for the warning.
        advice: What to write instead, a phrase that begins with a verb.
        type: ``module:Class`` of the objects, where the provider doesn't say.
        is_async: Whether a call gives a coroutine; None for what each call site expects.
        closes_with: Name of the object's method that closes a scope that was opened for it.
        over: Whether an object has come to its end, so that such a scope may be closed.
        shadow: How to compare the old way with the new.
        metaclass: The metaclass of the classes that stand beside the old one among the bases of its
            subclasses, where that is neither ``type`` nor ``ABCMeta``.
        module: Name of the module that binds it; the caller's unless given.

    Raises:
        DeclarationError: ``to`` or ``type`` is no path.
    """
    target = Target(to, type)
    old = old_name(name, target.path, removed_in, advice, module or caller())
    redirect = Redirect(
        old,
        target,
        adapt=adapt,
        is_async=is_async,
        closes_with=closes_with,
        over=over,
        shadow=shadow,
    )
    return _redirected(name, redirect, metaclass)


def _redirected(name: str, redirect: Redirect, metaclass: type) -> Any:
    """The class of an old name; its metaclass answers for it."""
    old = redirect.old

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # becomes the method
        # By name: OldClass.__init__(self, ...) in a subclass, and the signature that mocks copy.
        construct(made._base(), redirect, self, args, kwargs)

    namespace = {
        "__module__": old.name.removesuffix(f".{name}"),
        "__init__": __init__,
        "__doc__": f"Deprecated: {old.advice}.",
        "__deprecated__": old.warning,
        "__new__": _new_bare,
        "__setstate__": _set_state,
    }
    made: Any = _metaclass(metaclass)(name, (_Bare,), namespace, redirect=redirect)
    return made


class RedirectedClass(ABCMeta):
    """The class of redirected classes.

    It derives from ``ABCMeta`` so that a subclass may have an abstract class beside the old one.
    What it keeps for itself is in ``_OWN``; all else is the canonical class's, to read and to set.
    """

    _redirect: Redirect
    _subclass_base: type | None
    _bound: bool

    def __new__(  # a subclass of an old class is no redirect
        mcs,  # ruff's name is metacls; the standard library says mcs
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        redirect: Redirect | None = None,
        **keywords: Any,
    ) -> Any:
        """Make a redirect; or, as a class statement does, a subclass of one."""
        if redirect is not None:
            own = {"_redirect": redirect, "_subclass_base": None, "_bound": False}
            made = super().__new__(mcs, name, bases, {**namespace, **own})
            _CALLS[id(made)] = redirect.call
            finalize(made, _CALLS.pop, id(made)).atexit = False
            return made
        frame = caller()
        for base in bases:
            if isinstance(base, RedirectedClass):
                base._redirect.warn_subclass(frame)
        real = tuple(b._base() if isinstance(b, RedirectedClass) else b for b in bases)
        return types.new_class(name, real, keywords, lambda body: body.update(namespace))

    def __init__(cls, *args: Any, **keywords: Any) -> None:
        super().__init__(*args)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Answer a call of the old class."""
        return _CALLS[id(cls)](sys._getframe(1), args, kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        # A Mock(spec=OldClass) says that the old class itself is its class.
        return isinstance(instance, cls._canonical()) or instance.__class__ is cls

    def __subclasscheck__(cls, subclass: type) -> bool:
        return subclass is cls or issubclass(subclass, cls._canonical())

    def __getattr__(cls, name: str) -> Any:
        """An attribute of the canonical class."""
        if name.startswith("_abc_") or name in _OWN:
            raise AttributeError(name)
        return getattr(cls._canonical(), name)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in _OWN or name.startswith("_abc_"):
            super().__setattr__(name, value)
        else:
            setattr(cls._canonical(), name, value)

    def __delattr__(cls, name: str) -> None:
        delattr(cls._canonical(), name)

    @property  # type: ignore[misc]  # it is final, but for no reason of ours
    def __dict__(cls) -> Any:  # type: ignore[override]  # of a class it is read-only too
        """What the canonical class defines: tools that patch a class put back what they find."""
        if id(cls) not in _CALLS:  # it is being made, which imports nothing yet
            return type.__dict__["__dict__"].__get__(cls)
        return vars(cls._canonical())

    def __getitem__(cls, item: Any) -> Any:
        """The old class with type arguments, of which a subclass may be made."""
        made = cls._canonical()[item]  # type: ignore[index]  # refuses what is not generic
        return GenericAlias(cls, item) if get_origin(made) is cls._canonical() else made

    def __subclasses__(cls) -> list[type]:
        return [] if cls._subclass_base is None else type.__subclasses__(cls._subclass_base)

    def __iter__(cls) -> Any:
        return iter(cls._canonical())  # type: ignore[call-overload]  # refuses what has no members

    def __dir__(cls) -> list[str]:
        return sorted({*super().__dir__(), *dir(cls._canonical())})

    @property
    def __signature__(cls) -> Signature:
        """What the old class accepts, and the canonical class that a call gives."""
        adapt = cls._redirect.adapt
        if adapt is None:
            call = cls._redirect.target.found.call
            return Signature.from_callable(call)
        return adapt.signature.replace(return_annotation=cls._canonical())

    def _canonical(cls) -> type:
        canonical = cls._redirect.target.type
        if not cls._bound:
            type.__setattr__(cls, "_bound", True)
            cls._bind(canonical)
        return canonical

    def _bind(cls, canonical: type) -> None:
        """Become a subclass of the canonical class, which could not be imported before."""
        try:
            type.__setattr__(cls, "__bases__", (canonical,))
        except TypeError:  # slots or a base in C: `issubclass(Old, Canonical)` stays False
            return
        type.__setattr__(
            cls, "__doc__", f"Deprecated: {cls._redirect.old.advice}.\n\n{canonical.__doc__ or ''}"
        )

    def _base(cls) -> type:
        """What takes the old class's place among the bases of a subclass."""
        if cls._subclass_base is None:
            base = subclass_base(cls._redirect, cls._canonical())
            type.__setattr__(cls, "_subclass_base", base)
        assert cls._subclass_base is not None  # noqa: S101  # narrows for the type checker
        return cls._subclass_base


class _Bare:
    """The base of a redirected class until its canonical one is known.

    Assigning other bases needs one that is an ordinary class, which ``object`` is not.
    """


def _new_bare(cls: RedirectedClass, *args: Any, **kwargs: Any) -> Any:
    """Make a bare canonical object: what loading an old pickle asks the old class for."""
    canonical = cls._canonical()
    return canonical.__new__(canonical, *args, **kwargs)


def _set_state(made: Any, state: Any) -> None:
    """Make an object of the old class, as pickles of protocol 0 and 1 load it, canonical."""
    made.__class__ = type(made)._canonical()
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
    else:
        vars(made).update(state)


@cache
def _metaclass(beside: type) -> type[RedirectedClass]:
    """The class of redirected classes whose subclasses may stand beside classes of another one."""
    if issubclass(RedirectedClass, beside):
        return RedirectedClass
    return type(RedirectedClass.__name__, (RedirectedClass, beside), {})
