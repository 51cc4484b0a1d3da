"""From a blueprint to a plan: where each object lives, what must be awaited, in which order.

The plan is the one description that both the compiled code and the interpreter follow.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from trunkline.graph.algorithms import topological_order
from trunkline.graph.blueprint import (
    TORN_DOWN,
    Argument,
    Blueprint,
    Constant,
    Opening,
    Recipe,
    Ref,
)
from trunkline.graph.lifetimes import effective_scopes
from trunkline.graph.model import Kind, Node

__all__ = ["RESERVED", "NodePlan", "Plan", "plan"]

RESERVED = frozenset(
    # the interface of an open scope
    {"aclose", "aget", "close", "closed", "enter", "get", "knows", "lease", "parent", "resolve"}
    | {"scope"}
    # what methods that make objects call their own; other locals begin with an underscore
    | {"self", "provider", "value", "getattr", "setattr"}
    # what the loader puts into the namespace of every source
    | {"AGET", "APP", "GET", "LEAVING", "LEFT", "LOAD", "MISSING", "NOTE", "OpenScope", "TAKEN"}
    | {"UNBEGUN", "opened", "seal_page"}
    | {"get_ambient", "reset_ambient", "set_ambient"}
    | {"CLOSE", "ACLOSE", "raise_failures", "run_exits", "run_exits_async"}
    | {opening.name for opening in TORN_DOWN}
)
"""Names that a scope's own interface, or the compiled code, takes."""

DERIVED = ("v_", "k_", "m_", "start_", "A_", "K_", "P_", "T_v_", "_page_")
"""How names begin that the compiled code derives from a node's own."""

SLOTS = 32
"""How many objects a scope keeps in slots; one that keeps more has pages."""
PAGE = 32
"""How many objects there is room for on a page."""

_KEPT_ELSEWHERE = (Opening.CONSTANT, Opening.DELEGATED)

AWAITED = frozenset({Opening.COROUTINE, Opening.ASYNC_GENERATOR, Opening.ASYNC_CONTEXT_MANAGER})


class NodePlan(NamedTuple):
    """How one node is resolved.

    Attributes:
        node: The graph's node.
        recipe: How its object is made.
        attr: The identifier that stands for it in compiled code.
        home: The scope whose objects can make it: its own, or that of the shortest-lived object
            it is made from.
        page: The slot of the page on which an open scope of that kind keeps the object, as
            ``_page2``; empty where the object has a slot of its own, ``v_name``.
        line: Where on the page, from 0.
        stored: True where the home scope keeps the object.
        awaited: True where making the object must be awaited.
        settled: True where the object exists from the container's start on.
    """

    node: Node
    recipe: Recipe
    attr: str
    home: str
    page: str
    line: int
    stored: bool
    awaited: bool
    settled: bool

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @property
    def is_async(self) -> bool:
        """True where a user must await the object."""
        return self.awaited and not self.settled

    @property
    def given(self) -> bool:
        """True where the object is given when the scope opens."""
        return self.recipe.opening is Opening.GIVEN

    @property
    def unclosed(self) -> bool:
        """True where a resource's object has no teardown, unless it turns out to be one."""
        return self.node.kind is Kind.RESOURCE and not self.recipe.torn_down

    @property
    def place(self) -> str:
        """What reads the object, of a scope that keeps it."""
        return f"{self.page}[{self.line}]" if self.page else f"v_{self.attr}"

    @property
    def constant(self) -> bool:
        """True where the object exists already."""
        return self.recipe.opening is Opening.CONSTANT

    @property
    def built_once(self) -> bool:
        """True where whoever comes first builds the object, and others may wait for it."""
        return self.stored and not (self.given or self.settled or self.constant)

    def arguments(self) -> Iterator[Argument]:
        """All arguments, in the order in which they are resolved."""
        yield from self.recipe.args
        for _, argument in self.recipe.kwargs:
            yield argument
        for _, argument in self.recipe.attributes:
            yield argument


class Plan(NamedTuple):
    """How every node of a container is resolved.

    Attributes:
        blueprint: What the plan was made from.
        nodes: Plans by node name.
        noted: Names of resources whose scopes are to be noted when they are opened.
    """

    blueprint: Blueprint
    nodes: dict[str, NodePlan]
    noted: frozenset[str] = frozenset()

    def at_home(self, scope: str) -> list[NodePlan]:
        """The nodes whose home is ``scope``, in the order of declaration."""
        return [node for node in self.nodes.values() if node.home == scope]

    def values_of(self, scopes: Iterable[str]) -> list[NodePlan]:
        """The values to give when these scopes open, outermost first."""
        wanted = list(scopes)
        values = [node for node in self.nodes.values() if node.given]
        return sorted(
            (node for node in values if node.home in wanted),
            key=lambda node: wanted.index(node.home),
        )


def plan(blueprint: Blueprint, *, awaited: Iterable[str] = ()) -> Plan:
    """Plan the resolution of every node.

    Args:
        blueprint: A graph without cycles, and its recipes.
        awaited: Names of nodes to be treated as async whatever their recipes say: an override
            must not change whether its users await.
    """
    graph = blueprint.graph
    homes = effective_scopes(graph)
    settled = frozenset(blueprint.eager)
    forced = frozenset(awaited)
    waits: dict[str, bool] = {}
    for name in topological_order(graph):
        recipe = blueprint.recipes[name]
        waits[name] = (
            name in forced
            or recipe.opening in AWAITED
            or graph[name].is_async
            or any(
                waits.get(edge.target, False) and edge.target not in settled
                for edge in graph[name].dependencies
                if not edge.deferred
            )
        )
    attrs = _identifiers(graph.nodes)
    planned = {
        node.name: NodePlan(
            node=node,
            recipe=blueprint.recipes[node.name],
            attr=attrs[node.name],
            home=homes[node.name],
            page="",
            line=0,
            stored=node.scope is not None
            and node.kind is not Kind.CONSTANT
            and not blueprint.recipes[node.name].kept_by_call
            and blueprint.recipes[node.name].opening not in _KEPT_ELSEWHERE,
            awaited=waits[node.name],
            settled=node.name in settled,
        )
        for node in graph
    }
    return Plan(blueprint, planned | _on_pages(planned))


def _on_pages(nodes: Mapping[str, NodePlan]) -> dict[str, NodePlan]:
    """The nodes of scopes that keep many objects, those declared together on one page."""
    kept: dict[str, list[NodePlan]] = {}
    for node in nodes.values():
        if node.stored and not node.given:
            kept.setdefault(node.home, []).append(node)
    return {
        node.name: node._replace(page=f"_page{number // PAGE}", line=number % PAGE)
        for many in kept.values()
        if len(many) > SLOTS
        for number, node in enumerate(many)
    }


def needs(node: NodePlan) -> Iterator[str]:
    """Names of the nodes that fill the node's arguments, in order."""
    for argument in node.arguments():
        match argument:
            case Ref(name):
                yield name
            case Constant():
                pass


def _plain(name: str) -> str:
    """The name itself, where it is one; leading underscores are for what the code calls its own."""
    return name.lstrip("_") if name.isidentifier() else re.sub(r"\W+", "_", name).strip("_")


def _identifiers(names: Iterable[str]) -> dict[str, str]:
    """A name for each node that clashes with no other, nor with what is derived from them."""
    plain = {name: _plain(name) or "node" for name in names}
    known = RESERVED.union(plain.values())
    taken: set[str] = set()
    attrs: dict[str, str] = {}
    # first those that keep their names, by which users ask for them too
    for name, attr in sorted(plain.items(), key=lambda item: item[0] != item[1]):
        is_derived = (attr.startswith(p) and attr.removeprefix(p) in known for p in DERIVED)
        # capitals alone are for what the loader puts beside the code: APP, MISSING
        if attr[0].isdigit() or attr.isupper() or any(is_derived):
            attr = f"n{attr}"  # noqa: PLW2901  # made valid step by step
        while attr in taken or attr in RESERVED or keyword.iskeyword(attr):
            attr += "_"  # noqa: PLW2901  # as above
        taken.add(attr)
        attrs[name] = attr
    return attrs
