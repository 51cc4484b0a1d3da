"""Python source of a scope's class: the plan written out, one method a provider.

A stored object has a slot, ``v_name``. It holds ``MISSING`` until someone takes the right to build
the object, and ``TAKEN`` from then until the object is there. Taking the right is one line,
``if self.v_name is MISSING: self.v_name = TAKEN``: CPython switches threads, runs signal handlers
and calls trace functions only at calls, at backward jumps and at the start of a line, and there is
none of these between the test and the store, so that of many threads and tasks one alone builds,
without a lock. (A test reads the bytecode and holds it to that.) The others wait in ``_wait`` until
the value is there or the right is given back. In a closed scope everything is ``TAKEN``.

A scope that keeps many objects has no slot for each, which would have to be filled for every
request and emptied again, but slots for *pages*: ``_page2[7]`` is what ``v_name`` is elsewhere. A
page is made when something on it is first asked for. Until then, and again in a closed scope,
``UNBEGUN`` stands in its place, on which everything is ``TAKEN``.

Compiled code calls a method by its second name, ``m_name``, which stays what it is; the first may
come to look for an override in the caller's context before it does the same.

``v_name`` is read first, so that the usual use of a built object is one slot read. The provider
that is most likely asked for, the one that nothing else uses, is resolved in ``get`` itself: a slot
of its own, ``k_name``, holds its object once more, or None where ``v_name`` has to tell. Objects
that the container's start has built are constants of the inner scopes' code.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from trunkline.compiler.classes import Later
from trunkline.compiler.lifetime import Lifetime, pages_of, slots_of
from trunkline.compiler.names import STEP
from trunkline.compiler.planner import DERIVED, RESERVED, NodePlan, Plan

__all__ = ["ScopeSource", "write_scope"]

LIKELY = 4
"""How many providers ``get`` compares before it looks in its table."""
ROOM = 256
"""How many objects of a class are built in line, by the methods of those that depend on them."""


@dataclass(frozen=True, slots=True, eq=False)
class ScopeSource:
    """A scope's class: what is written at once, and what when it is first called.

    Attributes:
        class_name: Name of the class that the source defines.
        beginning: The source but for the methods of the providers.
        names: The objects that the source names, by the names it uses; what is written later adds
            to them. They are the globals of the code, with what its loader puts there.
        later: The methods of the providers.
        opening: Lines that leave a new scope in ``inner``, from ``parent``, ``ambient`` and the
            scope's values, for whoever opens it without a call.
        write: Gives the source of a provider's method, by the method's name.
    """

    class_name: str
    beginning: str
    names: dict[str, Any]
    later: tuple[Later, ...]
    opening: tuple[str, ...]
    write: Callable[[str], str]

    @property
    def text(self) -> str:
        """The whole source."""
        pieces = [self.beginning]
        for method in self.later:
            pieces.append(f"\n{self.write(method.name)}\n")
            if method.alias:
                pieces.append(f"{STEP}{method.alias} = {method.name}\n")
        return "".join(pieces)


def write_scope(
    plan: Plan,
    path: tuple[str, ...],
    *,
    settled: Callable[[NodePlan], object],
    locked: bool = True,
    inline: bool = True,
) -> ScopeSource:
    """Write the class of the scope at the end of ``path``.

    Args:
        plan: The plan of the container.
        path: The scopes that are open, outermost first; the last is the one to write.
        settled: Gives the object of a node of the outermost scope that the container's start has
            built; inner scopes name the object itself.
        locked: Whether many threads and tasks may use one scope at once. Without, each object
            costs a little less and only one thread or task may resolve in the scope.
        inline: Whether methods may build what their object depends on themselves; without, each
            object is built by its own method, which can be replaced.
    """
    room = ROOM if inline else 0
    return _Writer(plan=plan, path=path, settled=settled, locked=locked, room=room).write()


@dataclass(kw_only=True, eq=False, repr=False)
class _Writer(Lifetime):
    _used: frozenset[str] = frozenset()
    _later: dict[str, NodePlan] = field(default_factory=dict)

    def write(self) -> ScopeSource:
        class_name = f"{self.scope.title().replace('_', '')}Scope"
        attrs = frozenset(node.attr for node in self.plan.nodes.values())
        derived = {prefix + attr for prefix in DERIVED for attr in attrs}
        builtin = frozenset(dir(builtins))
        own = {"_building", "_error", "_resource"}
        self._taken = {*RESERVED, *own, *builtin, *attrs, *derived, class_name}
        edges = (edge for node in self.plan.nodes.values() for edge in node.node.dependencies)
        self._used = frozenset(edge.target for edge in edges)
        home = self.plan.at_home(self.scope)
        given = [node for node in home if node.given]
        stored = [node for node in home if node.stored and not node.given]
        made = [node for node in home if not node.given and not node.constant]
        slots = [*slots_of((*given, *stored)), *pages_of(stored)]
        likely = self._likely([node for node in made if not node.is_async])
        self._first = likely[0] if self.room and likely and not self.is_root else None
        if self._first is not None:
            slots.append(f"k_{self._first.attr}")
        opening = tuple(self._opening_lines(class_name, given, stored))
        self._write_opened(given, opening)
        self._line(0, f"class {class_name}(OpenScope):")
        self._line(1, f'"""{" > ".join(self.path)} of {self.plan.blueprint.graph.name}."""')
        if len(self.path) > 2:
            slots.insert(0, "_parent")
        if self._has_exits(stored):
            slots.insert(0, "_exits")
        self._line(1, f"__slots__ = ({''.join(f'{slot!r}, ' for slot in slots)})")
        if self._first is not None:
            self._line(1, f"_likeliest = {self._first.attr!r}")
        self._write_forget(given, stored)
        self._write_entering()
        self._write_leaving(given, stored)
        self._write_get(likely, self._likely([node for node in made if node.is_async]))
        beginning = "\n".join(self.lines) + "\n"
        later = tuple(self._methods_of([*made, *given]))
        return ScopeSource(class_name, beginning, self.names, later, opening, self.write_later)

    # the methods of the providers

    def _methods_of(self, nodes: Iterable[NodePlan]) -> Iterator[Later]:
        for node in nodes:
            if starts := node.stored and node.settled and node.awaited:
                self._later[f"start_{node.attr}"] = node
                yield Later(f"start_{node.attr}", is_async=True)
            self._later[node.attr] = node
            is_async = not starts and (node.awaited if node.stored else node.is_async)
            yield Later(node.attr, is_async and not node.given, alias=f"m_{node.attr}")

    def write_later(self, name: str) -> str:
        """The source of a provider's method, by a writer of its own.

        A signal, or the collector of garbage, may call for another method meanwhile.
        """
        writer = copy(self)
        text = writer.write_method(name)
        self.room = writer.room
        return text

    def write_method(self, name: str) -> str:
        """The source of a provider's method, and of nothing else."""
        self._begin()
        node = self._later[name]
        if node.given:
            self._write_given(node)
        elif name != node.attr:
            self._write_stored(node, method=name)
        elif node.stored and node.settled and node.awaited:
            self._write_settled(node)
        elif node.stored:
            self._write_stored(node, inline=node.name not in self._used)
        else:
            self._write_fresh(node)
        return "\n".join(self.lines)

    # get and aget

    def _likely(self, made: list[NodePlan]) -> list[NodePlan]:
        """What is likely to be asked for: declared, and nothing else's part first."""
        named = set(self.plan.blueprint.keys.values())
        nodes = [n for n in made if n.stored and n.name in named]
        nodes.sort(key=lambda node: (node.name in self._used, not node.node.declared))
        return nodes[:LIKELY]

    def _write_get(self, likely: list[NodePlan], awaited: list[NodePlan]) -> None:
        """``get`` and ``aget``: they compare the likeliest before they look in their tables."""
        keys: dict[str, Any] = {}
        for provider, name in self.plan.blueprint.keys.items():
            keys.setdefault(name, provider)
        self._line(0, "")
        self._line(1, "def get(self, provider):")
        for node in likely:
            self._line(2, f"if provider is {self._derived('P_', node, keys[node.name])}:")
            if node is self._first:
                self._line(3, f"value = self.k_{node.attr}")
                self._line(3, "if value is not None:")
                self._write_return(4)
                self.room -= 1
                inline = self._reaches_inline(node)
                self._write_resolving(3, node, inline=inline, marked=True)
            else:
                self._line(3, f"value = self.{node.place}")
                self._line(3, "if value is not MISSING and value is not TAKEN:")
                self._write_return(4)
                self._line(3, f"return self.m_{node.attr}()")
        self._write_lookup("get")
        self._line(0, "")
        self._line(1, "def aget(self, provider):")
        for node in awaited:
            self._line(2, f"if provider is {self._derived('P_', node, keys[node.name])}:")
            self._line(3, f"return self.m_{node.attr}()")
        self._write_lookup("aget")

    def _write_lookup(self, way: str) -> None:
        self._line(2, "try:")
        self._line(3, f"method = {way.upper()}[provider]")
        self._line(2, "except (KeyError, TypeError):  # unknown, or unhashable and no provider")
        self._line(3, "method = None")
        self._line(2, "if method is None:")
        self._line(3, f"method = self._method_for_{way}(provider)")
        self._line(2, "return method(self)")
        self._line(1, f"m_{way} = {way}")
