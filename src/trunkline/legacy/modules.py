"""Modules and packages that have moved: the old names give what is in the new ones."""

# ruff: noqa: SLF001  # a moved module and its move are one unit

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Any

from trunkline.errors import DeclarationError
from trunkline.legacy.redirect import caller
from trunkline.legacy.sites import PROCESS, OldName

__all__ = ["MovedModule", "MovedPackages", "redirect_module"]

_NO_SITES = ("importlib.", "unittest.mock")
"""Modules whose looks at a name are no uses of it."""


def redirect_module(
    old: str,
    *,
    to: str,
    names: Mapping[str, str] | None = None,
    removed_in: str = "",
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Let a module give the names of the one it has moved to (PEP 562).

    Write in the old module, which may keep definitions of its own beside::

        __getattr__, __dir__ = redirect_module(__name__, to="shop.engines", removed_in="2.0")

    Names that the old module has not are the new one's, whose import waits for the first of them;
    ``from old import *`` gives its public names. What is set on the old module under such a name,
    as patches in tests do, is set on the new one.

    Args:
        old: The old module's ``__name__``.
        to: The new module.
        names: New names of what was renamed on the way, by old name; ``module:name`` for what went
            elsewhere.
        removed_in: The version that removes the old module, for the warning.

    Returns:
        The module's ``__getattr__`` and ``__dir__``.
    """
    move = _Move(old, to, names or {}, removed_in)
    module = sys.modules.get(old)
    if module is not None:
        module.__dict__["__trunkline_move__"] = move
        module.__class__ = MovedModule

    def __getattr__(name: str) -> Any:  # noqa: N807  # becomes the module's
        return move.get(name, caller(), module)

    def __dir__() -> list[str]:  # noqa: N807  # becomes the module's
        return sorted({*vars(sys.modules[old]), *move.public()})

    return __getattr__, __dir__


class MovedModule(ModuleType):
    """A module whose missing names are another one's, for reading and for writing."""

    def __setattr__(self, name: str, value: Any) -> None:
        move = self._move_of(name)
        if move is None or isinstance(value, ModuleType):
            super().__setattr__(name, value)
        else:
            move.set(name, value)

    def __delattr__(self, name: str) -> None:
        move = self._move_of(name)
        if move is None:
            super().__delattr__(name)
        else:
            move.delete(name)

    def _move_of(self, name: str) -> _Move | None:
        """The move, for a name that is not the old module's own."""
        own = vars(self)
        move: _Move = own["__trunkline_move__"]
        return None if name in own or not move.has(name) else move


class _Move:
    """Where the names of a module have gone."""

    def __init__(self, old: str, to: str, names: Mapping[str, str], removed_in: str) -> None:
        self._old = old
        self._to = to
        self._names = names
        self._removed_in = removed_in
        self._olds: dict[str, OldName] = {}
        self._deleted: set[str] = set()

    def get(self, name: str, frame: FrameType, module: ModuleType | None) -> Any:
        """The object under an old name, counted."""
        if name == "__all__":
            return self.public()
        if name.startswith("__") and name.endswith("__") and name not in self._names:
            raise AttributeError(f"module {self._old!r} has no attribute {name!r}", name=name)
        home, new = self._place(name)
        try:
            value = getattr(import_module(home), new)
        except AttributeError:
            raise AttributeError(
                f"module {self._old!r} has no attribute {name!r}; it has moved to {home}, which "
                f"has no {new}",
                name=name,
                obj=module,
            ) from None
        # `from old import name` asks twice: the import system, whether a submodule is meant, and
        # then the importing line. Only the second is a use.
        if not frame.f_globals.get("__name__", "").startswith(_NO_SITES):
            PROCESS.usage.count((id(self), name), self._old_name(name, home, new), frame)
        return value

    def has(self, name: str) -> bool:
        """Whether a name is the new module's."""
        if name.startswith("__") and name.endswith("__"):
            return False
        home, new = self._place(name)
        module = sys.modules.get(home)
        known = new in vars(module) if module is not None else name in self._names
        return known or name in self._deleted

    def set(self, name: str, value: Any) -> None:
        """Bind a name in the new module."""
        home, new = self._place(name)
        setattr(import_module(home), new, value)
        self._deleted.discard(name)

    def delete(self, name: str) -> None:
        """Unbind a name in the new module."""
        home, new = self._place(name)
        delattr(import_module(home), new)
        self._deleted.add(name)  # a patch that ends deletes first, and then binds what was there

    def public(self) -> list[str]:
        """What ``from old import *`` gives."""
        module = import_module(self._to)
        listed = getattr(module, "__all__", None)
        if listed is None:
            listed = [name for name in vars(module) if not name.startswith("_")]
        return list(dict.fromkeys([*self._names, *listed]))

    def _place(self, name: str) -> tuple[str, str]:
        new = self._names.get(name, name)
        home, colon, inner = new.partition(":")
        return (home, inner) if colon else (self._to, new)

    def _old_name(self, name: str, home: str, new: str) -> OldName:
        old = self._olds.get(name)
        if old is None:
            target = f"{home}:{new}"
            old = OldName(
                f"{self._old}.{name}", target, f"import {new} from {home}", self._removed_in
            )
            self._olds[name] = old
        return old


class MovedPackages(MetaPathFinder):
    """Finds modules of packages that have moved, for code that imports them by their old names.

    It does nothing until it is installed, which the start of the program does::

        MovedPackages({"shop.legacy_engines": "shop.engines"}, removed_in="2.0").install()

    Each old module is a ``MovedModule``: its names are those of the new module, and their uses are
    counted. An old module that is still there is not looked at.

    Args:
        packages: New names of packages, or of modules, by old name.
        removed_in: The version that removes the old names.

    Raises:
        DeclarationError: A package is said to have moved into itself.
    """

    def __init__(self, packages: Mapping[str, str], *, removed_in: str = "") -> None:
        self._packages = dict(packages)
        self._removed_in = removed_in
        for old, new in self._packages.items():
            if not old or not new or f"{new}.".startswith(f"{old}."):
                raise DeclarationError(
                    f"{old or '(no name)'} can't have moved to {new or '(no name)'}",
                    cause="looking for the new name would lead to the old one again",
                    remedy="name a package outside of the old one",
                )

    def install(self) -> None:
        """Begin to answer imports; installing twice is the same."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Answer no more imports, and forget the modules of old names."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name, module in list(sys.modules.items()):
            if isinstance(module, MovedModule) and self._new(name) is not None:
                del sys.modules[name]

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Answer imports inside."""
        self.install()
        try:
            yield
        finally:
            self.remove()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of an old module; None for any other."""
        new = self._new(fullname)
        if new is None:
            return None
        try:
            found = find_spec(new)
        except ModuleNotFoundError:
            return None
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        loader = _MovedLoader(_Move(fullname, new, {}, self._removed_in))
        return ModuleSpec(fullname, loader, origin=found.origin, is_package=is_package)

    def _new(self, fullname: str) -> str | None:
        for old, new in self._packages.items():
            if fullname == old or fullname.startswith(f"{old}."):
                return new + fullname[len(old) :]
        return None


class _MovedLoader(Loader):
    """Makes the module of an old name."""

    def __init__(self, move: _Move) -> None:
        self._move = move

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = MovedModule(spec.name)
        move = self._move

        def __getattr__(name: str) -> Any:  # noqa: N807  # becomes the module's
            return move.get(name, caller(), module)

        def __dir__() -> list[str]:  # noqa: N807  # becomes the module's
            return sorted({*vars(module), *move.public()})

        vars(module).update(
            {"__trunkline_move__": move, "__getattr__": __getattr__, "__dir__": __dir__}
        )
        return module

    def exec_module(self, module: ModuleType) -> None:
        move: _Move = vars(module)["__trunkline_move__"]
        new = import_module(move._to)
        vars(module)["__doc__"] = new.__doc__
