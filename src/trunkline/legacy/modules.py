"""A module that has moved: its names are those of the new one (PEP 562)."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Any, Final

from trunkline.errors import DeclarationError
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.naming import OldName
from trunkline.legacy.redirect import caller
from trunkline.validation.findings import Finding

__all__ = ["Move", "MovedModule", "redirect_module"]

_LOOKS: Final = frozenset(
    {"_pytest", "doctest", "importlib", "inspect", "pkgutil", "pydoc", "unittest"}
)
"""Packages whose looks at a name are no uses of it: they import, patch or show."""
_MACHINERY: Final = frozenset(
    {
        *("__builtins__", "__cached__", "__class__", "__dict__", "__doc__", "__file__"),
        *("__loader__", "__name__", "__package__", "__path__", "__spec__", "__wrapped__"),
    }
)
"""Names that the import system and ``inspect`` look for in a module itself."""
_NESTED: Final = 16
"""How deep patches of a name may nest; one that is simply bound anew keeps no more values."""
_ABSENT: Final = object()


def redirect_module(
    old: str,
    *,
    to: str,
    names: Mapping[str, str] | None = None,
    removed_in: str = "",
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Let a module give the names of the one it has moved to.

    Write in the old module, which may keep definitions of its own beside::

        __getattr__, __dir__ = redirect_module(__name__, to="shop.engines", removed_in="2.0")

    Names that the old module has not are the new one's, whose import waits for the first of them;
    ``from old import *`` gives its public names. What is set on the old module under such a name,
    as patches in tests do, is set on the new one; deleting it brings back what was there.

    Args:
        old: The old module's ``__name__``.
        to: The new module.
        names: New names of what was renamed on the way, by old name; ``module:name`` for what went
            elsewhere.
        removed_in: The version that removes the old module, for the warning.

    Returns:
        The module's ``__getattr__`` and ``__dir__``.

    Raises:
        DeclarationError: A module is said to have moved to itself.
    """
    move = Move(old, to, names or {}, removed_in)
    module = sys.modules.get(old)
    if module is not None:
        module.__dict__["__trunkline_move__"] = move
        module.__class__ = MovedModule
    return move.face(module)


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

    def _move_of(self, name: str) -> Move | None:
        """The move, for a name that is not the old module's own."""
        own = vars(self)
        move: Move = own["__trunkline_move__"]
        return None if name in own or not move.has(name) else move


class Move:
    """Where the names of a module have gone.

    Args:
        old: The old module's name.
        to: The new one's.
        names: New names of what was renamed, by old name; ``module:name`` for what went elsewhere.
        removed_in: The version that removes the old module.

    Raises:
        DeclarationError: The two are one.
    """

    def __init__(self, old: str, to: str, names: Mapping[str, str], removed_in: str) -> None:
        if old == to:
            raise DeclarationError(
                f"{old} can't have moved to itself", remedy="name the new module"
            )
        self.to = to
        self._old = old
        self._names = names
        self._removed_in = removed_in
        self._olds: dict[str, OldName] = {}
        self._hidden: dict[str, deque[Any]] = {}  # what is under the names that were set
        self._deleted: set[str] = set()

    def face(
        self, module: ModuleType | None
    ) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
        """The old module's ``__getattr__`` and ``__dir__``."""

        def __getattr__(name: str) -> Any:  # noqa: N807  # becomes the module's
            return self.get(name, caller(), module)

        def __dir__() -> list[str]:  # noqa: N807  # becomes the module's
            own = module or sys.modules[self._old]
            return sorted({*vars(own), *self.public()})

        return __getattr__, __dir__

    def get(self, name: str, frame: FrameType, module: ModuleType | None) -> Any:
        """The object under an old name, counted."""
        if name == "__all__":
            return self.public()
        if name in _MACHINERY:
            raise AttributeError(f"module {self._old!r} has no attribute {name!r}", name=name)
        home, new = self._place(name)
        try:
            value = _member(home, new)
        except AttributeError:
            raise AttributeError(
                f"module {self._old!r} has no attribute {name!r}; it has moved to {home}, which "
                f"has no {new}",
                name=name,
                obj=module,
            ) from None
        # `from old import name` asks twice: the import system, whether a submodule is meant, and
        # then the importing line. Only the second is a use. Nor is one a module that has moved on.
        looker = str(frame.f_globals.get("__name__", ""))
        if looker.partition(".")[0] not in _LOOKS and looker != __name__:
            PROCESS.usage.count((id(self), name), self._old_name(name, home, new), frame)
        return value

    def has(self, name: str) -> bool:
        """Whether a name is the new module's."""
        if name == "__all__" or name in _MACHINERY:
            return False
        home, new = self._place(name)
        module = sys.modules.get(home)
        known = new in vars(module) if module is not None else name in self._names
        return known or name in self._deleted

    def set(self, name: str, value: Any) -> None:
        """Bind a name in the new module."""
        home, new = self._place(name)
        module = import_module(home)
        hidden = self._hidden.setdefault(name, deque())
        if name in self._deleted:
            self._deleted.discard(name)  # it is put back
        elif hidden and hidden[-1] is value:
            hidden.pop()  # so is this, by binding what was there before
        else:
            hidden.append(vars(module).get(new, _ABSENT))
            if len(hidden) > _NESTED:
                del hidden[1]  # the definition itself stays the first
        setattr(module, new, value)

    def delete(self, name: str) -> None:
        """Undo the last binding of a name in the new module, or else unbind it.

        A tool that patches a module takes such a name for none of the module's own, and deletes
        what it has set when it is done.
        """
        home, new = self._place(name)
        module = import_module(home)
        hidden = self._hidden.get(name)
        before = hidden.pop() if hidden else _ABSENT
        if before is _ABSENT:
            delattr(module, new)
            self._deleted.add(name)
        else:
            setattr(module, new, before)

    def public(self) -> list[str]:
        """What ``from old import *`` gives."""
        module = import_module(self.to)
        listed = getattr(module, "__all__", None)
        if listed is None:
            listed = [name for name in vars(module) if not name.startswith("_")]
        return list(dict.fromkeys([*self._names, *listed]))

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the declaration: modules and names that do not exist."""
        for name, home, new in [("", self.to, ""), *((n, *self._place(n)) for n in self._names)]:
            told = f"{self._old}.{name}" if name else self._old
            try:
                module = import_module(home)
                if new and not hasattr(module, new):
                    raise AttributeError(f"{home} has no {new}")
            except (ImportError, AttributeError) as error:
                yield Finding(
                    "redirect-module",
                    told,
                    f"{told} leads nowhere: {error}",
                    "mend its new name in `names`" if name else "mend its `to`",
                )

    def _place(self, name: str) -> tuple[str, str]:
        new = self._names.get(name, name)
        home, colon, inner = new.partition(":")
        return (home, inner) if colon else (self.to, new)

    def _old_name(self, name: str, home: str, new: str) -> OldName:
        old = self._olds.get(name)
        if old is None:
            target = f"{home}:{new}"
            old = OldName(
                f"{self._old}.{name}", target, f"import {new} from {home}", self._removed_in
            )
            self._olds[name] = old
        return old


def _member(home: str, name: str) -> Any:
    """A name of a module; of a package also a module in it, as ``from package import`` gives."""
    module = import_module(home)
    try:
        return getattr(module, name)
    except AttributeError:
        if not hasattr(module, "__path__") or find_spec(f"{home}.{name}") is None:
            raise
        return import_module(f"{home}.{name}")
