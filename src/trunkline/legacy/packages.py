"""Packages that have moved as a whole: a finder for imports by their old names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any

from trunkline.errors import DeclarationError
from trunkline.legacy.modules import Move, MovedModule
from trunkline.validation.findings import Finding

__all__ = ["MovedPackages"]


class MovedPackages(MetaPathFinder):
    """Finds modules of packages that have moved, for code that imports them by their old names.

    It does nothing until it is installed, which the start of the program does::

        MovedPackages({"shop.legacy_engines": "shop.engines"}, removed_in="2.0").install()

    Each old module is a ``MovedModule``: its names are those of the new module, and their uses are
    counted. Its source, its data files and ``python -m`` are the new one's too. An old module that
    is still there is not looked at; a package around the old one that is gone is there again.

    Args:
        packages: New names of packages, or of modules, by old name.
        removed_in: The version that removes the old names.

    Raises:
        DeclarationError: A package is said to have moved into itself, by itself or by others.
    """

    def __init__(self, packages: Mapping[str, str], *, removed_in: str = "") -> None:
        self._packages = dict(packages)
        self._removed_in = removed_in
        self._bare: set[str] = set()
        for old, new in self._packages.items():
            if not old or not new or f"{new}.".startswith(f"{old}.") or self._leads_back(old):
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
            is_moved = isinstance(module, MovedModule) and self._new(name) is not None
            if is_moved or name in self._bare:
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                vars(sys.modules.get(parent, module)).pop(child, None)
        self._bare.clear()

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
            return self._around(fullname, path, target)
        try:
            found = find_spec(new)
        except ModuleNotFoundError:
            return None
        if found is None:
            return None
        loader = _MovedLoader(Move(fullname, new, {}, self._removed_in), found)
        spec = ModuleSpec(fullname, loader, origin=found.origin)
        spec.has_location = found.has_location
        if found.submodule_search_locations is not None:
            # What lists the modules of a package looks there; imports are answered here before.
            spec.submodule_search_locations = list(found.submodule_search_locations)
        return spec

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the declaration: new packages that do not exist."""
        for old, new in self._packages.items():
            yield from Move(old, new, {}, self._removed_in).findings()

    def _around(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        """A bare package around an old name, where there is no other."""
        if not any(old.startswith(f"{fullname}.") for old in self._packages):
            return None
        for finder in sys.meta_path:
            find: Callable[..., ModuleSpec | None] | None = getattr(finder, "find_spec", None)
            if finder is not self and find is not None and find(fullname, path, target):
                return None
        self._bare.add(fullname)
        return ModuleSpec(fullname, None, is_package=True)

    def _new(self, fullname: str) -> str | None:
        """The new name of a module; where that has moved on, the one in the end."""
        moved = self._step(fullname)
        return moved and (self._new(moved) or moved)

    def _leads_back(self, old: str) -> bool:
        seen, name = {old}, old
        while (further := self._step(name)) is not None:
            if further in seen or len(seen) > len(self._packages):
                return True
            seen.add(further)
            name = further
        return False

    def _step(self, name: str) -> str | None:
        for old, new in self._packages.items():
            if name == old or name.startswith(f"{old}."):
                return new + name[len(old) :]
        return None


class _MovedLoader(InspectLoader):
    """Makes the module of an old name, and gives what the new one is made of.

    Args:
        move: Where its names have gone.
        found: The spec of the new module.
    """

    def __init__(self, move: Move, found: ModuleSpec) -> None:
        self._move = move
        self._found = found

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = MovedModule(spec.name)
        getattr_, dir_ = self._move.face(module)
        vars(module).update(
            {"__trunkline_move__": self._move, "__getattr__": getattr_, "__dir__": dir_}
        )
        return module

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__doc__"] = import_module(self._move.to).__doc__

    def is_package(self, fullname: str) -> bool:
        """Whether the new module is a package."""
        return self._found.submodule_search_locations is not None

    def get_code(self, fullname: str) -> CodeType | None:
        """The new module's code, for ``python -m``."""
        code: CodeType | None = self._asked("get_code", self._move.to)
        return code

    def get_source(self, fullname: str) -> str | None:
        """The new module's source."""
        source: str | None = self._asked("get_source", self._move.to)
        return source

    def get_data(self, path: str) -> Any:
        """A data file beside the new module."""
        return self._asked("get_data", path)

    def get_resource_reader(self, fullname: str) -> Any:
        """The data files of the new package."""
        return self._asked("get_resource_reader", self._move.to)

    def _asked(self, method: str, argument: str) -> Any:
        loader = self._found.loader
        return getattr(loader, method)(argument) if hasattr(loader, method) else None
