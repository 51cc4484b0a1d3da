"""Layers: a container's program as its overrides change it.

A layer is made from another one by an override: its blueprint has the fakes in place, and the
nodes that depend on them are *changed*. It compiles programs of its own, in which everything that
is not changed is left to the layer it was made from, so that what exists is shared and what is
faked leaves no trace. The layers of a container form a tree; the first stands for the container as
it was started.

Scopes know the layer that they were opened in. In another one a shadow answers for them, which
leaves what is the same in both to the scope itself, by way of the layers in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self, cast
from weakref import WeakSet

from trunkline.compiler.planner import Plan
from trunkline.graph.blueprint import Blueprint, Opening, written_name
from trunkline.resolution.derived_plan import derived_plan
from trunkline.resolution.exits import Exit, pool_exit, run_exits, run_exits_async, take_exits
from trunkline.resolution.first_uses import note_first_uses
from trunkline.resolution.gate import NOWHERE, Gate
from trunkline.resolution.overriding import ActiveOverride
from trunkline.resolution.program import Program
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.shadow import Shadow
from trunkline.resolution.state import MISSING, TAKEN

__all__ = ["Change", "Layer"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a layer changes.

    Attributes:
        blueprint: The container with the change.
        names: Every node that is made in another way, or from something that is.
        fakes: The override that replaced a node, by the node's name.
        overrides: The overrides that the layer is for, those of its parents first.
        pools: The pools of keyed objects that belong to the layer, by their nodes' names.
    """

    blueprint: Blueprint
    names: frozenset[str]
    fakes: Mapping[str, ActiveOverride]
    overrides: tuple[ActiveOverride, ...] = ()
    pools: Mapping[str, Any] | None = None


class Layer:
    """A container's program as overrides change it.

    Args:
        change: What is different from the parent.
        parent: The layer it was made from.
        reference: The plan of the container as it was started: whether an object must be awaited
            is decided there, whatever a fake would need.
        view: Finds what answers for a scope in the caller's context.
        lock: Held while shadows are made; all layers of a container share it.

    Attributes:
        gate: Stands before the layer's scopes.
        reference: As above.
        views: The shadows of this layer that are in use, its outermost scope among them.
    """

    def __init__(
        self,
        change: Change,
        parent: Layer | None,
        reference: Plan,
        view: Callable[[OpenScope], OpenScope],
        lock: AbstractContextManager[bool],
    ) -> None:
        self.change = change
        self.parent = parent
        self.blueprint = change.blueprint
        self.gate = Gate(view)
        self.views: WeakSet[Shadow] = WeakSet()
        self.reference = reference
        self._lock = lock
        self._opened: WeakSet[OpenScope] = WeakSet()
        self._settling: tuple[str, ...] = ()
        self._programs: dict[frozenset[tuple[str, Layer]], Program] = {}
        self._root: OpenScope | None = None

    @classmethod
    def of(
        cls,
        program: Program,
        root: OpenScope,
        reference: Plan,
        view: Callable[[OpenScope], OpenScope],
        lock: AbstractContextManager[bool],
    ) -> Self:
        """The first layer: the container as it was started."""
        blueprint = reference.blueprint
        layer = cls(Change(blueprint, frozenset(), {}), None, reference, view, lock)
        program.layer = layer
        layer._programs[frozenset()] = program
        layer._root = root
        return layer

    # scopes

    @property
    def root(self) -> OpenScope:
        """The layer's outermost scope, opened at its first use."""
        if self._root is None:
            with self._lock:
                if self._root is None:
                    self._root = self._open_root()
        return self._root

    def view_of(self, scope: OpenScope) -> OpenScope:
        """What answers in this layer for a scope that the user opened.

        Raises:
            ScopeClosedError: The scope has closed.
        """
        if scope._program.layer is self:
            return scope
        views: Mapping[Any, Shadow] = getattr(scope, "_views", {})
        view = views.get(self)
        if view is None:
            with self._lock:
                view = views.get(self) or self._make_view(scope)
        return view

    def toward(self, other: Layer) -> Layer:
        """The next layer on the way to another one."""
        step: Layer | None = other
        while step is not None and step.parent is not self:
            step = step.parent
        found = step or self.parent
        return cast("Layer", found)  # all layers of a container have one ancestor in common

    def _open_root(self) -> OpenScope:
        root: Any = self.own_program.open_root()
        root._token = False
        root._origin = cast("Layer", self.parent).root  # the first layer has the container's own
        for name, pool in (self.change.pools or {}).items():
            root._exits.append(pool_exit(name, pool))
        self._keep(root._original(), root)
        return root  # type: ignore[no-any-return]  # compiled

    def _make_view(self, scope: OpenScope) -> Shadow:
        scope._check_open()
        path = scope._path
        if len(path) == 1:
            return cast("Shadow", self.root)
        nearer = self.toward(scope._program.layer)
        origin = nearer.view_of(scope)
        parent = self.view_of(cast("OpenScope", scope.parent))
        ways = {**dict(parent._program.ways), path[-1]: nearer}
        program = self._program(frozenset(ways.items()))
        given = {
            written_name(node.name): getattr(scope, f"v_{node.attr}")
            for node in scope._program.plan.values_of(path[-1:])
        }
        values = [given[written_name(n.name)] for n in program.plan.values_of(path[-1:])]
        view: Any = program.opener(path)(parent, False, *values)
        view._origin = origin
        self._keep(scope, view)
        return view  # type: ignore[no-any-return]  # compiled

    def _keep(self, scope: OpenScope, view: Shadow) -> None:
        """Have the scope tear its view down when it closes."""
        if getattr(scope, "_views", None) is None:
            scope._views = {}
        scope._views[self] = view
        self.views.add(view)
        if scope._attention is None:
            scope._attention = True
        if scope._token is None:  # it closed at this very moment
            del scope._views[self]
            scope._check_open()

    # ending

    def end(self, override: ActiveOverride, error: BaseException | None) -> list[BaseException]:
        """Tear down everything that was made under an override in this layer.

        Args:
            override: The override that has ended; the layer is one of those it led to.
            error: The exception of the body that ends.

        Returns:
            What the teardowns raised.
        """
        failures: list[BaseException] = []
        for exits in self._take_exits(override):
            failures += run_exits(exits, error)
        for view in self._take_views():
            failures += view._end(error)
        return failures

    async def aend(
        self, override: ActiveOverride, error: BaseException | None
    ) -> list[BaseException]:
        """The same, awaiting the teardowns."""
        failures: list[BaseException] = []
        for exits in self._take_exits(override):
            failures += await run_exits_async(exits, error)
        for view in self._take_views():
            failures += await view._aend(error)
        return failures

    def _take_exits(self, override: ActiveOverride) -> Iterator[list[Exit]]:
        """Take what the override changed out of the scopes that go on without it.

        These are the scopes that were opened here, and the shadows that others stand upon.
        """
        changed = self._changed_by(override)
        scopes = [*self._opened, *(view for view in self.views if _is_stood_upon(view))]
        for scope in sorted(scopes, key=lambda scope: -len(scope._path)):
            if scope._token is None:
                continue
            for node in scope._program.plan.at_home(scope._path[-1]):
                if node.stored and not node.given and node.name in changed:
                    setattr(scope, f"v_{node.attr}", MISSING)
            yield take_exits(scope._open_exits(), changed)

    def _changed_by(self, override: ActiveOverride) -> frozenset[str]:
        """What differs in this layer from the last one without the override."""
        names: frozenset[str] = frozenset()
        layer: Layer | None = self
        while layer is not None and override in layer.change.overrides:
            names |= layer.change.names
            layer = layer.parent
        return names

    def _take_views(self) -> list[Shadow]:
        """Take out the shadows of this layer that none stands upon, innermost and latest first."""
        with self._lock:
            free = [view for view in self.views if not _is_stood_upon(view)]
            views = sorted(free, key=lambda view: -len(view._path))
            self.views.difference_update(views)
            for view in views:
                scope = view._original()
                kept = getattr(scope, "_views", {})
                kept.pop(self, None)
                if not kept:
                    scope._program.waiting.relax(scope)
        return views

    def let_go(self) -> bool:
        """Forget all that was made in this layer's shadows.

        Returns:
            False where something of it has still to be torn down; then nothing is forgotten.
        """
        with self._lock:
            if any(map(self._has_to_be_torn_down, self.views)):
                return False
            self._take_views()
            return True

    def _has_to_be_torn_down(self, view: Shadow) -> bool:
        pools = self.change.pools or {}
        return view._token is not None and any(
            entry[2] not in pools or len(pools[entry[2]]) for entry in view._open_exits()
        )

    def retire(self) -> None:
        """After the container has stopped: refuse every use."""
        self.gate.here = NOWHERE
        for program in self._programs.values():
            program.retire()

    # programs

    def use_gate(self, *, on: bool) -> None:
        """Put the gate before the scopes that are opened in this layer, or take it away."""
        self.own_program.use_gate(self.gate if on else None)

    def built(self, name: str) -> Any:
        """The object of the outermost scope, if it exists; else ``MISSING``."""
        node = self.own_program.plan.nodes[name]
        if node.constant:
            return node.recipe.call
        if node.recipe.opening is Opening.DELEGATED:
            return cast("Layer", self.parent).built(name)  # the first layer delegates nothing
        value = getattr(self.root, f"v_{node.attr}", MISSING)
        return MISSING if value is TAKEN else value

    def awaited_at_start(self) -> tuple[str, ...]:
        """Names of what the container's start builds, is changed here, and must be awaited."""
        changed = [n for n in self.reference.blueprint.eager if n in self.change.names]
        if self._root is not None or not changed:
            return ()
        unsettled = derived_plan(self, {}, self._settling)
        return tuple(name for name in changed if unsettled.nodes[name].awaited)

    async def start(self) -> None:
        """Build what must be awaited and was built by the container's start."""
        if self.parent is None or self._root is not None:
            return
        await self.parent.start()
        self._settling = self.awaited_at_start()
        for name in self._settling:
            node = self.own_program.plan.nodes[name]
            if node.awaited:
                await getattr(self.root, f"start_{node.attr}")()
            else:
                getattr(self.root, f"m_{node.attr}")()
            if name in self.change.fakes:
                self.change.fakes[name].used(name)
                self.change.fakes[name].made(name, self.built(name))

    @property
    def own_program(self) -> Program:
        """The program of the scopes that are opened in this layer."""
        return self._program(frozenset())

    def _program(self, ways: frozenset[tuple[str, Layer]]) -> Program:
        """The program in which some scopes are shadows.

        Args:
            ways: The layer that each shadowed scope leaves things to, by the scope's name; the
                outermost always leaves them to the parent.
        """
        program = self._programs.get(ways)
        if program is None:
            with self._lock:
                program = self._programs.get(ways) or self._compile(ways)
        return program

    def _compile(self, ways: frozenset[tuple[str, Layer]]) -> Program:
        native = self._programs.get(frozenset())
        first = self._first_program
        program = Program(
            derived_plan(self, dict(ways), self._settling),
            first.chain.scope_type,
            locked=first.locked,
            ambient=first.ambient,
            debug=first.debug,
            wait_seconds=first.waiting.seconds,
        )
        program.layer = self
        program.ways = ways
        program.opened = self._opened.add
        program.shadowed = frozenset(name for name, _ in ways)
        if self.parent is not None:
            program.shadowed |= {program.chain.names[0]}
        fakes = self.change.fakes
        program.loaded = lambda cls: note_first_uses(program, cls, fakes)
        if ways or native is not None:
            program.root = self.root
        program.use_gate(self.gate)
        self._programs[ways] = program
        return program

    @property
    def _first_program(self) -> Program:
        layer = self
        while layer.parent is not None:
            layer = layer.parent
        return layer._programs[frozenset()]

    def is_changed(self, name: str) -> bool:
        """Whether the node differs from that of the first layer."""
        layer: Layer | None = self
        while layer is not None:
            if name in layer.change.names:
                return True
            layer = layer.parent
        return False


def _is_stood_upon(view: Shadow) -> bool:
    """Whether a shadow of another layer leaves to this one what is the same in both.

    A scope that was opened under several overrides is seen from outside through a shadow for each;
    when they end in another order than they began, those in between are still needed.
    """
    others: Mapping[Any, Shadow] = getattr(view._original(), "_views", {})
    return any(other._origin is view for other in others.values())
