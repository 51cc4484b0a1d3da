"""Which layer of a started container answers in the caller's context."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from trunkline.ambient import ambient_scope
from trunkline.compiler.planner import Plan, plan
from trunkline.graph.algorithms import dependents
from trunkline.graph.blueprint import Blueprint
from trunkline.introspection import bridged_recipe
from trunkline.providers.routed import Bridge
from trunkline.resolution.changes import change_of, changed_names
from trunkline.resolution.derivation import Change, Layer
from trunkline.resolution.gate import NOWHERE
from trunkline.resolution.overriding import ActiveOverride, in_order, overrides_here
from trunkline.resolution.program import Program
from trunkline.resolution.scope import OpenScope

__all__ = ["Host", "Layers", "without_fakes"]


class Host(Protocol):
    """The container, as its layers see it."""

    def checked_blueprint(self) -> Blueprint:
        """Its providers, read anew; faults that can't be compiled are raised."""
        ...

    def generations(self) -> Mapping[str, int]:
        """How often each provider has been told to forget its object."""
        ...

    def stock_overrides(self) -> Mapping[str, tuple[Any, ...]]:
        """By name, what stands in for a provider by its own ``override()``, the latest last."""
        ...

    def bind(self, root: OpenScope) -> None:
        """Let a scope's methods answer for the container's."""


@dataclass(frozen=True, slots=True)
class _State:
    """The container's providers at some moment, and the layer made of them."""

    blueprint: Blueprint
    generations: Mapping[str, int]
    overridden: Mapping[str, tuple[Any, ...]]
    layer: Layer

    def may_return(self, now: _State) -> bool:
        """Whether taking stock overrides back, one after the other, may lead to it again."""
        return (
            self.overridden != now.overridden
            and self.generations == now.generations
            and all(now.overridden.get(n, ())[: len(o)] == o for n, o in self.overridden.items())
        )


class Layers:
    """The layers of one started container.

    Args:
        host: The container.
        program: The program that it was started with.
        root: Its outermost scope.
        reference: The plan of all that it would start without overrides.
        generations: The host's, when it was started.
    """

    def __init__(
        self,
        host: Host,
        program: Program,
        root: OpenScope,
        reference: Plan,
        generations: Mapping[str, int],
    ) -> None:
        self._host = host
        self._reference = reference
        self._lock = threading.RLock()
        self._version = 0
        self._left: list[Layer] = []
        self._seen: tuple[int, Layer] | None = None
        self._is_stale = False
        self._is_stopped = False
        self._active: set[ActiveOverride] = set()
        self._derived: dict[tuple[Layer, tuple[ActiveOverride, ...]], Layer] = {}
        first = Layer.of(program, root, reference, self._view, self._lock)
        self._states = [_State(reference.blueprint, generations, {}, first)]
        self._base = first
        self._root = root

    @property
    def blueprint(self) -> Blueprint:
        """The container without overrides, as it was started."""
        return self._reference.blueprint

    # which layer answers

    def current(self) -> Layer:
        """The layer that answers in the caller's context."""
        stack = overrides_here.get()
        seen = self._seen if stack is None else stack.seen.get(self)
        if seen is not None and seen[0] == self._version:
            return seen[1]
        with self._lock:
            if self._is_stopped:
                self._root._check_open()
            if self._is_stale:
                self._renew()
            active = {override for override in self._active if override.active}
            shared = in_order(override for override in active if override.everywhere)
            local = () if stack is None else (o for o in stack.overrides if o in active)
            overrides = in_order((*shared, *local))
            layer = self._layer(overrides)
            layer.gate.here = None if overrides == shared else stack
            if stack is None:
                self._seen = (self._version, layer)
            else:
                stack.seen[self] = (self._version, layer)
            return layer

    def _view(self, scope: OpenScope) -> OpenScope:
        """What answers for a scope in the caller's context; every use under an override asks."""
        stack = overrides_here.get()
        seen = self._seen if stack is None else stack.seen.get(self)
        layer = self.current() if seen is None or seen[0] != self._version else seen[1]
        original = scope._original()
        if original._program.layer is layer:
            return original
        try:
            view: OpenScope = original._views[layer]
        except (AttributeError, KeyError):
            view = layer.view_of(original)
        return view

    def _layer(self, overrides: tuple[ActiveOverride, ...]) -> Layer:
        layer = self._base
        for count in range(1, len(overrides) + 1):
            key = (self._base, overrides[:count])
            known = self._derived.get(key)
            if known is None:
                known = self._derived[key] = self._derive(layer, key[1])
            layer = known
        return layer

    def _derive(self, parent: Layer, overrides: tuple[ActiveOverride, ...]) -> Layer:
        override = overrides[-1]
        blueprint, changed, replaced = override.derive(parent.blueprint)
        change = self._bridged(change_of(blueprint, changed), replaced)
        fakes = {**parent.change.fakes, **dict.fromkeys(replaced, override)}
        return Layer(
            replace(change, overrides=overrides, fakes=fakes),
            parent,
            self._reference,
            self._view,
            self._lock,
        )

    def _bridged(self, change: Change, replaced: frozenset[str]) -> Change:
        """Let stock providers that depend on a fake make and keep their objects apart."""
        recipes = dict(change.blueprint.recipes)
        for name in change.names - replaced:
            recipe = bridged_recipe(change.blueprint, name, self._bridge)
            if recipe is not None:
                recipes[name] = recipe
        return replace(change, blueprint=replace(change.blueprint, recipes=recipes))

    def is_changed(self, name: str) -> bool:
        """Whether an override in the caller's context changes the node."""
        return self.current().is_changed(name)

    def _bridge(self, name: str) -> Bridge:
        return Bridge(lambda *args, **kwargs: self.resolve(name, args, kwargs))

    def resolve(self, name: str, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """The node's object in the ambient scope, or where that can't have it in the outermost.

        Args:
            name: The node's name.
            args: Arguments of the caller, which only objects that are made at each use take.
            kwargs: The same.
        """
        ambient: Any = ambient_scope.get()
        layer = self.current()
        scope = layer.root
        if isinstance(ambient, OpenScope) and ambient._program.layer is not None:
            original = ambient._original()
            outermost = original
            while outermost.parent is not None:
                outermost = outermost.parent
            if outermost is self._root:
                scope = layer.view_of(original)
        node = scope._program.plan.nodes[name]
        if args or kwargs:
            if name in layer.change.fakes:
                layer.change.fakes[name].used(name)
            call: Any = node.recipe.call
            return call(*args, **(kwargs or {}))
        return scope._method_of(node)(scope)

    # overrides

    def begin(self, override: ActiveOverride) -> None:
        """An override applies to the container from now on."""
        with self._lock:
            self._active.add(override)
            self._turn()

    def end(self, override: ActiveOverride) -> list[Layer]:
        """It doesn't any more.

        Returns:
            The layers that it led to, each before those that it was made from.
        """
        with self._lock:
            if override not in self._active:
                return []
            self._active.discard(override)
            ended = [key for key in self._derived if override in key[1]]
            layers = [layer for layer in self._left if override in layer.change.overrides]
            layers += [self._derived.pop(key) for key in ended]
            # scopes that were opened there may keep what the other overrides changed
            self._left = [*dict.fromkeys((*self._left, *layers))] if self._active else []
            for layer in layers:
                layer.gate.here = NOWHERE
            self._turn()
        return sorted(layers, key=lambda layer: -len(layer.change.overrides))

    def providers_changed(self) -> None:
        """A provider of the container was overridden, reset or given other arguments."""
        with self._lock:
            self._is_stale = True
            self._turn()

    def retire(self) -> None:
        """The container has stopped."""
        with self._lock:
            self._is_stopped = True
            self._version += 1
            for layer in (*self._derived.values(), *(state.layer for state in self._states)):
                layer.retire()

    def _turn(self) -> None:
        """Put the gate before the scopes that answer without overrides, or take it away."""
        self._version += 1
        if self._is_stopped:
            return
        for layer in self._derived.values():
            layer.gate.here = NOWHERE
        shared = any(override.everywhere for override in self._active)
        self._base.gate.here = NOWHERE if shared or self._is_stale else None
        self._base.use_gate(on=bool(self._active) or self._is_stale)
        self._host.bind(self._base.root)

    # changes of the providers themselves

    def _renew(self) -> None:
        """Find the layer that the providers now stand for, or make it."""
        blueprint, generations = self._host.checked_blueprint(), self._host.generations()
        overridden = self._host.stock_overrides()
        self._is_stale = False
        former = self._base
        for state in self._states:
            if not _differing(state, blueprint, generations):
                break
        else:
            first = self._states[0]
            changed = _differing(first, blueprint, generations)
            layer = Layer(
                change_of(blueprint, changed), first.layer, self._reference, self._view, self._lock
            )
            state = _State(blueprint, generations, overridden, layer)
            self._states.append(state)
        self._base = state.layer
        if former is not self._base:
            former.gate.here = NOWHERE
            former.use_gate(on=True)
        self._forget_others(state)
        self._turn()

    def _forget_others(self, now: _State) -> None:
        """Let go of what the providers never stand for again, unless it has to be torn down."""
        self._states[1:] = [
            state
            for state in self._states[1:]
            if state is now or state.may_return(now) or not state.layer.let_go()
        ]


def _differing(
    state: _State, blueprint: Blueprint, generations: Mapping[str, int]
) -> frozenset[str]:
    reset = {n for n, count in generations.items() if count != state.generations.get(n)}
    return changed_names(state.blueprint, blueprint) | (reset & set(blueprint.graph.nodes))


def without_fakes(reference: Plan, overrides: Sequence[ActiveOverride]) -> Plan:
    """The plan of a container that starts under overrides: it starts nothing they replace.

    Args:
        reference: The plan of all that it would start.
        overrides: The overrides that apply to it. Where one that is not in effect in the caller's
            context is among them, the start is the usual one as far as that is concerned.
    """
    stack = overrides_here.get()
    here = stack.overrides if stack is not None else ()
    blueprint, replaced = reference.blueprint, frozenset[str]()
    for override in overrides:
        if override.everywhere or override in here:
            blueprint, changed, _ = override.derive(blueprint)
            replaced |= dependents(blueprint.graph, changed)
    eager = tuple(name for name in reference.blueprint.eager if name not in replaced)
    return plan(replace(reference.blueprint, eager=eager))
