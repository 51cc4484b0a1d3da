"""Python source of one provider's methods."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.compiler.making import Making
from trunkline.compiler.planner import PAGE, NodePlan
from trunkline.graph.blueprint import Argument, Opening, Ref

__all__ = ["Methods"]

DEEPEST = 50
"""How many objects, each made from the next, one method may build."""


@dataclass(kw_only=True, eq=False, repr=False)
class Methods(Making):
    """Methods of a scope's class.

    Attributes:
        room: How many objects may yet be built in line, by the methods of others.
    """

    room: int = 0
    _inside: list[str] = field(default_factory=list)
    _users: dict[str, str] = field(default_factory=dict)
    _marked: bool = False

    def _begin(self) -> None:
        """Begin the source of one method."""
        self.lines = []
        self._locals = set()
        self._users = {}
        self._inside = []
        self._marked = False

    def _write_given(self, node: NodePlan) -> None:
        self._line(1, f"def {node.attr}(self):")
        self._line(2, f"value = self.{node.place}")
        self._line(2, "if value is TAKEN:")
        self._line(3, "self._check_open()")
        self._write_return(2)

    def _write_settled(self, node: NodePlan) -> None:
        """An async object that the start of the container builds: afterwards it is just there."""
        self._line(1, f"def {node.attr}(self):")
        self._line(2, f"value = self.{node.place}")
        self._line(2, "if value is MISSING or value is TAKEN:")
        self._line(3, f"self._not_started({node.name!r})")
        self._line(2, "return value")

    def _write_stored(self, node: NodePlan, method: str = "", *, inline: bool = False) -> None:
        """The method of an object that the scope keeps.

        Args:
            node: The object's node.
            method: The method's name, where it isn't the object's.
            inline: Whether it builds what the object depends on itself, without calls.
        """
        self._line(1, f"{'async ' if node.awaited else ''}def {method or node.attr}(self):")
        self._write_resolving(2, node, inline=inline and self._reaches_inline(node))

    def _write_resolving(
        self, depth: int, node: NodePlan, *, inline: bool, marked: bool = False
    ) -> None:
        """Lines that return a stored object, built unless it is there.

        Args:
            depth: Where they stand.
            node: The object's node.
            inline: Whether to build what the object depends on here, without calls.
            marked: Whether the function is another's than the object's own method: the waiting
                then finds by ``_building`` that it builds, and the slot for quick reads is filled.
        """
        attr, read, slot = node.attr, *_place(node)
        if self.locked:
            self._line(depth, f"if (value := {read}) is MISSING: {slot} = TAKEN")
            self._line(depth, "elif value is not TAKEN:")
            self._write_return(depth + 1)
            self._line(depth, "else:")
            self._write_page(depth + 1, node)
            self._line(depth + 1, "while True:")
            self._line(depth + 2, f"if {read} is MISSING: {slot} = TAKEN; break")
            wait = "await self._await_built" if node.awaited else "self._wait"
            self._line(depth + 2, f"value = {wait}({attr!r})")
            self._line(depth + 2, "if value is not MISSING:")
            self._line(depth + 3, "return value")
        else:
            self._line(depth, f"value = {read}")
            self._line(depth, "if value is not MISSING and value is not TAKEN:")
            self._write_return(depth + 1)
            self._write_page(depth, node)
            if node.page:
                self._line(depth, f"_page_{attr} = self.{node.page}")
        if inline or marked:
            self._line(depth, "_building = ''")
        self._line(depth, "try:")
        self._write_check(depth + 1)
        self._locals.clear()
        self._users = {}
        self._inside = [attr] if inline else []
        self._marked = False
        self._write_making(depth + 1, node)
        self._line(depth, "except BaseException as _error:")
        if inline:
            users = self._name(f"U_{attr}", self._users)
            self._line(depth + 1, f"self._failed_within(_building, {users}, _error)")
        self._line(depth + 1, f"self._failed({attr!r}, {node.name!r}, _error)")
        self._line(depth + 1, "raise")
        self._line(depth, f"{slot} = value")
        if marked:
            self._line(depth, f"if self._attention is None: self.k_{attr} = value")
            self._line(depth, "else:")
            self._line(depth + 1, self._telling(node))
        else:
            self._write_telling(depth, node)
        self._line(depth, "return value")

    def _write_return(self, depth: int) -> None:
        """Lines that return what is there already, unless a scope around has been left."""
        self._write_around(depth)
        self._line(depth, "return value")

    def _write_around(self, depth: int) -> None:
        """Lines that refuse what needs nothing built, where a scope around has been left."""
        if attention := self._attention(own=False):
            self._line(depth, f"if {attention}:")
            self._line(depth + 1, "self._check_around()")

    def _write_page(self, depth: int, node: NodePlan) -> None:
        """Lines that begin the object's page, where nothing was asked for on it yet."""
        if node.page:
            page = f"self.{node.page}"
            self._line(depth, f"_page_{node.attr} = [MISSING] * {PAGE}")
            new = f"{page} is UNBEGUN and self._token is not None"
            self._line(depth, f"if {new}: {page} = _page_{node.attr}")

    def _write_check(self, depth: int) -> None:
        """Lines that refuse to build in a scope that has closed, or inside one."""
        attention = self._attention(own=not self.locked)
        if attention:
            self._line(depth, f"if {attention}:")
            self._line(depth + 1, "self._check_open()")

    def _write_telling(self, depth: int, node: NodePlan) -> None:
        """Lines that look, once an object is kept, whether someone waits for it."""
        self._line(depth, "if self._attention is not None:")
        self._line(depth + 1, self._telling(node))

    def _telling(self, node: NodePlan) -> str:
        if node.recipe.torn_down and node.awaited:
            return f"await self._abuilt({node.attr!r})"
        return f"self._built({node.attr!r})"

    def _write_fresh(self, node: NodePlan) -> None:
        self._line(1, f"{'async ' if node.is_async else ''}def {node.attr}(self):")
        if node.recipe.opening is not Opening.DELEGATED:  # the scope that makes it looks
            self._line(2, f"if {self._attention(own=True)}:")
            self._line(3, "self._check_open()")
        self._locals.clear()
        self._inside = []
        self._write_making(2, node)
        self._line(2, "return value")

    # building in line

    def _reaches_inline(self, node: NodePlan) -> bool:
        """Whether something that the node's object is made from would be built in line."""
        behind = [self._behind(argument) for argument in node.arguments()]
        return any(self._fits_inline(other) or self._fits_fresh(other) for other in behind)

    def _behind(self, argument: Argument) -> NodePlan | None:
        """The node that fills an argument, seen through those that only stand for another."""
        while isinstance(argument, Ref):
            node = self.plan.nodes[argument.name]
            if node.settled or node.constant or node.recipe.opening is not Opening.ATTRIBUTE:
                return node
            base, *key = node.recipe.args
            if key:
                return node
            argument = base
        return None

    def _fits_inline(self, node: NodePlan | None) -> bool:
        """Whether the method at hand may build the node's object itself."""
        return (
            node is not None
            and self.room > 0
            and not self.is_root
            and len(self._inside) < DEEPEST
            and node.home == self.scope
            and node.stored
            and not (node.given or node.constant)
            and node.recipe.opening is not Opening.DELEGATED
        )

    def _fits_fresh(self, node: NodePlan | None) -> bool:
        """The same for an object that is made anew at each use."""
        return (
            node is not None
            and self.room > 0
            and not self.is_root
            and node.home == self.scope
            and not (node.stored or node.given or node.constant)
            and node.recipe.opening is not Opening.DELEGATED
        )

    def _write_in_line(self, depth: int, node: NodePlan) -> str | None:
        """Lines that build another node's object here; its local, or None where calls do that."""
        if len(self._inside) != 1:  # not in a block of its own, which may be left out
            return None
        if self._fits_inline(node):
            return self._write_inline(depth, node)
        return self._write_fresh_inline(depth, node) if self._fits_fresh(node) else None

    def _write_fresh_inline(self, depth: int, node: NodePlan) -> str:
        self.room -= 1
        local = self._local(node)
        self._write_unmarked(depth)
        self._line(depth, f"if {self._attention(own=True)}:")
        self._line(depth + 1, "self._check_open()")
        self._write_making(depth, node, local)
        return local

    def _write_inline(self, depth: int, node: NodePlan) -> str:
        """Lines that leave an object of this scope in a local, built where it is missing.

        What it depends on comes first, so that no block stands in another, however deep the graph.
        The order in which objects are built is that of the arguments; it is kept by leaving to
        calls whatever follows an argument that has to be resolved by one.
        """
        attr, read, slot = node.attr, *_place(node)
        self.room -= 1
        self._users[attr] = self._inside[-1]
        self._inside.append(attr)
        for argument in node.arguments():
            if not self._is_loaded(depth, self._behind(argument)):
                break
        local = self._local(node)
        wait = "await " if node.is_async else ""
        if self.locked:
            self._line(depth, f"if ({local} := {read}) is MISSING: {slot} = TAKEN")
            self._line(depth, f"elif {local} is TAKEN:")
        else:
            self._line(depth, f"{local} = {read}")
            self._line(depth, f"if {local} is TAKEN:")
        self._write_unmarked(depth + 1)
        self._line(depth + 1, f"{local} = {wait}self.m_{attr}()")
        self._line(depth, f"if {local} is MISSING:")
        depth += 1
        self._line(depth, f"_building = {attr!r}")
        self._marked = False  # what its making calls fails as a part of it
        self._write_check(depth)
        loaded = set(self._locals)
        self._write_making(depth, node, local)
        self._line(depth, f"{slot} = {local}")
        self._write_telling(depth, node)
        self._locals = loaded  # the others are there only where it was missing
        self._inside.pop()
        self._marked = True
        return local

    def _is_loaded(self, depth: int, node: NodePlan | None) -> bool:
        """Whether an argument needs no call: what is built in line for it has been."""
        if node is None or node.constant or node.settled:
            return True
        if node.given:
            if node.home == self.scope:
                self._load(depth, node)
            return node.home in self.path
        if node.attr in self._locals:
            return node.stored
        if self._fits_inline(node):
            self._write_inline(depth, node)
            return True
        return False

    def _write_unmarked(self, depth: int) -> None:
        """Note, before what may fail on its own, that nothing is being built in line."""
        if self._marked:
            self._line(depth, "_building = ''")


def _place(node: NodePlan) -> tuple[str, str]:
    """What reads a node's object in ``self``, and what it is then stored by.

    A page is named where it is read, so that what is stored stays on it: in a scope that closes
    meanwhile another stands in its place.
    """
    if not node.page:
        return f"self.{node.place}", f"self.{node.place}"
    page = f"_page_{node.attr}"
    return f"({page} := self.{node.page})[{node.line}]", f"{page}[{node.line}]"
