"""What trunkline's own providers share: where they are declared, and who is told of changes.

dependency-injector has no hook for changes, but each change is an ordinary method that a subclass
can extend. ``Declared`` extends them all; everything relied on is named in
``trunkline.introspection``.
"""

from __future__ import annotations

import sys
from math import inf
from types import FrameType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from weakref import WeakSet, ref

from dependency_injector import providers as stock

from trunkline.errors import DeclarationError
from trunkline.graph.model import SourceLocation

if TYPE_CHECKING:
    from trunkline.providers.injection import Injection

__all__ = ["Declared", "Watcher", "caller_location", "check_bound"]

_BETWEEN = (
    *("trunkline.providers", "trunkline.containers", "trunkline.wiring"),
    *("dependency_injector", "copy"),
)

T = TypeVar("T")


class Watcher(Protocol):
    """Is told when a provider it uses changes."""

    def provider_changed(self, provider: Any, /) -> None:
        """The provider was overridden, reset, or given other arguments."""
        ...

    def root_scope(self) -> Any:
        """The outermost open scope, or None before the start and after the stop."""
        ...


def caller_location() -> SourceLocation | None:
    """The nearest line outside this package and dependency-injector that led here."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # inspect.stack() reads source files: 1,000 times slower
    copying = Declared.__deepcopy__.__code__
    while frame is not None and frame.f_code is not copying:  # a copy gets the original's
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_BETWEEN):
            return SourceLocation(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def check_bound(what: str, bound: object, location: SourceLocation | None) -> None:
    """Refuse what bounds nothing: a number of seconds or of objects that is not above 0.

    Args:
        what: What is bounded, and of which provider or container.
        bound: The number, or None.
        location: Where it is declared.

    Raises:
        DeclarationError: It is neither None nor a finite number above 0.
    """
    if bound is not None and not (isinstance(bound, int | float) and 0 < bound < inf):
        raise DeclarationError(
            f"{what} is {bound!r}",
            location=location,
            remedy="give a number above 0, or None for no bound",
        )


class Declared(stock.Provider[T], Generic[T]):
    """Mixin for subclasses of stock providers.

    Attributes:
        location: Where the provider was written, kept through copies.
        declared_as: Dotted name of the container class that declares it and its name there, kept
            through copies; None for a provider that was written inside another's arguments.
    """

    location: SourceLocation | None = None
    declared_as: tuple[str, str] | None = None
    _watchers: tuple[ref[Watcher], ...] = ()
    """One container as a rule: a set for each of its thousands of providers costs more to make."""
    _injections: WeakSet[Injection] | None = None

    @property
    def injections(self) -> tuple[Injection, ...]:
        """The parameters that this provider fills, as long as their functions exist."""
        return tuple(self._injections or ())

    def note_injection(self, injection: Injection) -> None:
        """Remember, weakly, a parameter that this provider fills."""
        if self._injections is None:
            self._injections = WeakSet()
        self._injections.add(injection)

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher``, held weakly, of every change from now on."""
        reference = ref(watcher)  # the same one for every provider that a container watches
        if all(known is not reference for known in self._watchers):
            self._watchers = (*(known for known in self._watchers if known()), reference)

    def watchers(self) -> list[Watcher]:
        """Who is told of changes and still exists."""
        return [watcher for known in self._watchers if (watcher := known()) is not None]

    def _changed(self) -> None:
        for watcher in self.watchers():
            watcher.provider_changed(self)

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Any:
        known = (memo or {}).get(id(self))
        if known is not None:
            return known
        copied = super().__deepcopy__(memo)
        self._copy_declaration(copied, memo)
        return copied

    def _copy_declaration(
        self, copied: Any, memo: dict[int, Any] | None
    ) -> None:  # subclasses with providers in their fields need the memo
        """Copy what dependency-injector doesn't know of; ``memo`` as for ``deepcopy``."""
        del memo  # for subclasses that hold providers
        copied.location = self.location
        copied.declared_as = self.declared_as

    def override(self, provider: Any) -> Any:
        """Replace this provider by another for everyone, as dependency-injector does."""
        context: Any = super().override(provider)
        self._changed()
        return context

    def reset_last_overriding(self) -> None:
        """Take back the latest override."""
        super().reset_last_overriding()
        self._changed()

    def reset_override(self) -> None:
        """Take back all overrides."""
        super().reset_override()
        self._changed()


class DeclaredCall(Declared[T], Generic[T]):
    """The same for providers that hold a callable and its arguments."""

    def set_provides(self, provides: Any) -> Any:
        """Call something else from now on."""
        return self._after(super().set_provides(provides))  # type: ignore[misc]  # defined by the stock class beside

    def add_args(self, *args: Any) -> Any:
        """Append positional arguments."""
        return self._after(super().add_args(*args))  # type: ignore[misc]  # as above

    def set_args(self, *args: Any) -> Any:
        """Replace the positional arguments."""
        return self._after(super().set_args(*args))  # type: ignore[misc]  # as above

    def clear_args(self) -> Any:
        """Drop the positional arguments."""
        return self._after(super().clear_args())  # type: ignore[misc]  # as above

    def add_kwargs(self, **kwargs: Any) -> Any:
        """Add keyword arguments."""
        return self._after(super().add_kwargs(**kwargs))  # type: ignore[misc]  # as above

    def set_kwargs(self, **kwargs: Any) -> Any:
        """Replace the keyword arguments."""
        return self._after(super().set_kwargs(**kwargs))  # type: ignore[misc]  # as above

    def clear_kwargs(self) -> Any:
        """Drop the keyword arguments."""
        return self._after(super().clear_kwargs())  # type: ignore[misc]  # as above

    def _after(self, result: Any) -> Any:
        if self._watchers:  # nobody watches a provider that is being declared or copied
            self._changed()
        return result


class DeclaredMaker(DeclaredCall[T], Generic[T]):
    """The same for providers that set attributes on what they make."""

    def add_attributes(self, **kwargs: Any) -> Any:
        """Set more attributes on each object."""
        return self._after(super().add_attributes(**kwargs))  # type: ignore[misc]  # as above

    def set_attributes(self, **kwargs: Any) -> Any:
        """Replace the attributes that are set on each object."""
        return self._after(super().set_attributes(**kwargs))  # type: ignore[misc]  # as above

    def clear_attributes(self) -> Any:
        """Set no attributes on the objects."""
        return self._after(super().clear_attributes())  # type: ignore[misc]  # as above
