"""Python source of a scope's beginning and end: how it is opened, entered and left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trunkline.compiler.methods import Methods
from trunkline.compiler.planner import NodePlan

__all__ = ["Lifetime", "pages_of", "slots_of"]

FEW = 8
"""How many lines stand in place rather than in a method that is called."""


@dataclass(kw_only=True, eq=False, repr=False)
class Lifetime(Methods):
    """What opens a scope's class, enters and leaves it."""

    _first: NodePlan | None = None
    """The provider that is most likely asked for, whose object has a slot for quick reads."""

    # opening

    def _write_opened(self, given: list[NodePlan], opening: Iterable[str]) -> None:
        """A function that makes the scope, its values checked already."""
        values = "".join(f", v_{node.attr}" for node in given)
        self._line(0, f"def opened(parent, ambient{values}):")
        for line in opening:
            self._line(1, line)
        self._line(1, "return inner")
        self._line(0, "")
        self._line(0, "")

    def _opening_lines(
        self, class_name: str, given: list[NodePlan], stored: list[NodePlan]
    ) -> Iterator[str]:
        """Lines that leave a new scope in ``inner``."""
        yield f"inner = {class_name}()"
        yield "inner._token = ambient"
        yield "inner._attention = None"
        if len(self.path) > 2:
            yield "inner._parent = parent"
        if self._has_exits(stored):
            yield "inner._exits = []"
        for node in given:
            yield f"inner.v_{node.attr} = v_{node.attr}"
        yield from _filled("inner", slots_of(stored), "MISSING")
        yield from _filled("inner", pages_of(stored), "UNBEGUN")
        if self._first is not None:
            yield f"inner.k_{self._first.attr} = None"

    # entering and leaving

    def _write_forget(self, given: list[NodePlan], stored: list[NodePlan]) -> None:
        for name, lines in (
            ("_seal", self._sealing(stored)),
            ("_forget", self._forgetting(given, stored)),
        ):
            self._line(0, "")
            self._line(1, f"def {name}(self):")
            for line in lines or ["pass"]:
                self._line(2, line)

    def _sealing(self, stored: list[NodePlan]) -> list[str]:
        """Lines that take all rights to build."""
        if not self.locked:
            return []
        slots = [f"self.{slot}" for slot in slots_of(stored)]
        lines = [f"if {slot} is MISSING: {slot} = TAKEN" for slot in slots]
        return lines + [f"seal_page(self.{page})" for page in pages_of(stored)]

    def _forgetting(self, given: list[NodePlan], stored: list[NodePlan]) -> list[str]:
        """Lines that drop all objects, and take all rights to build."""
        lines = [] if self._first is None else [f"self.k_{self._first.attr} = None"]
        return [
            *lines,
            *_filled("self", slots_of((*given, *stored)), "TAKEN"),
            *_filled("self", pages_of(stored), "UNBEGUN"),
        ]

    def _write_entering(self) -> None:
        for define in ("def __", "async def __a"):
            self._line(0, "")
            self._line(1, f"{define}enter__(self):")
            self._write_around(2)
            self._line(2, "if self._token is True:")
            self._line(3, "self._token = set_ambient(self)")
            self._line(2, "elif self._token is not False:")
            self._line(3, "self._refuse_entry()")
            self._line(2, "return self")

    def _write_leaving(self, given: list[NodePlan], stored: list[NodePlan]) -> None:
        """Leaving where nobody waits and no lease is held; else ``_close``."""
        self._line(0, "")
        self._line(1, "def __exit__(self, kind, error, traceback):")
        self._write_close("self._close(error)")
        if self._has_exits(stored):
            self._line(2, "failures = self._tear_down(error) if self._exits else None")
        for line in self._forgetting(given, stored):
            self._line(2, line)
        if self._has_exits(stored):
            self._line(2, "if failures:")
            self._line(3, f"raise_failures({self.scope!r}, failures, error)")
        self._line(0, "")
        if self._has_exits(stored):  # the coroutine of the teardowns serves as the exit's own
            self._line(1, "def __aexit__(self, kind, error, traceback):")
            self._write_close("self._aclose(error)")
            seals = self._sealing(stored)
            for line in seals if len(seals) <= FEW else ["self._seal()"]:
                self._line(2, line)
            self._line(2, "self._attention = LEAVING")
            self._line(2, "return run_exits_async(self._exits, error, self)")
            self._line(0, "")
            self._line(1, "def _end_close(self, failures, error):")
            self._line(2, "self._attention = LEFT")
            for line in self._forgetting(given, stored):
                self._line(2, line)
            self._line(2, "if failures:")
            self._line(3, f"raise_failures({self.scope!r}, failures, error)")
            return
        self._line(1, "async def __aexit__(self, kind, error, traceback):")
        self._write_close("await self._aclose(error)")
        for line in self._forgetting(given, stored):
            self._line(2, line)

    def _write_close(self, otherwise: str) -> None:
        """Lines that restore the ambient scope and close this one, at one moment."""
        self._line(2, "if self._token:")
        self._line(3, "try:")
        self._line(4, "if get_ambient() is not self: raise ValueError")
        self._line(4, "reset_ambient(self._token)")
        self._line(3, "except (TypeError, ValueError):")
        self._line(4, "self._leave_out_of_order()")
        around = [f"self{'._parent' * hops}" for hops in range(len(self.path) - 1)] or ["self"]
        calm = " and ".join(f"{scope}._attention is None" for scope in around)
        self._line(2, f"if {calm}: self._attention = LEFT; self._token = None")
        self._line(2, "else:")
        self._line(3, f"return {otherwise}")

    def _has_exits(self, stored: list[NodePlan]) -> bool:
        """Whether the scope may have something to tear down; the outermost always may."""
        return self.is_root or any(node.recipe.torn_down for node in stored)


def slots_of(nodes: Iterable[NodePlan]) -> list[str]:
    """The slots of objects that have their own."""
    return [node.place for node in nodes if not node.page]


def pages_of(nodes: Iterable[NodePlan]) -> list[str]:
    """The slots of the pages of the others."""
    return list(dict.fromkeys(node.page for node in nodes if node.page))


def _filled(owner: str, slots: list[str], value: str) -> Iterator[str]:
    """Lines that give several slots one value."""
    for start in range(0, len(slots), 4):
        targets = [f"{owner}.{slot}" for slot in slots[start : start + 4]]
        yield f"{' = '.join(targets)} = {value}"
