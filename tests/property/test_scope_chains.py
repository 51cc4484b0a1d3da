"""Trees of scopes over chains of any length, opened, used and left in any order, against a model.

The model is a dictionary a scope. Each step is taken by one thread or another, so that nothing
depends on who opened a scope; the compiled container and its interpreter both have to agree with
the model on identity, on what is refused, and on the order of teardowns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from trunkline import BaseScope, ScopedContainer, providers
from trunkline.compiler.planner import plan
from trunkline.errors import (
    ScopeClosedError,
    ScopeCloseError,
    ScopeNotOpenError,
    ScopeOrderError,
    ScopeValueError,
)
from trunkline.resolution.interpreter import Interpreter

DEEPEST = 5
VALUES = tuple(type(f"Value{depth}", (), {}) for depth in range(DEEPEST))
"""The class of the value that a scope at each depth is given; the outermost is given none."""


class Made:
    """An object, with what it was made from."""

    def __init__(self, name: str, made_from: tuple[object, ...]) -> None:
        self.name, self.made_from = name, made_from


KINDS = ("thing", "resource", "rest")
"""What there is in each scope: the last two are closed with it."""
Nodes = dict[str, tuple[int, tuple[str, ...]]]
"""For each provider, the depth of its scope and the names of what it is made from, in order."""


def nodes_of(chain: tuple[int, ...], uses: tuple[tuple[int, ...], ...]) -> Nodes:
    """What a container over a chain declares: objects of each kind, made from what came before.

    Args:
        chain: The depths.
        uses: For each object, which of the values and objects before it are wanted, by number.
    """
    nodes: Nodes = {f"value{depth}": (depth, ()) for depth in chain[1:]}
    for depth in chain:
        for index, kind in enumerate(KINDS):
            known = [name for name, (home, _) in nodes.items() if home <= depth]
            wanted = uses[(len(KINDS) * depth + index) % len(uses)]
            targets = tuple(dict.fromkeys(known[number % len(known)] for number in wanted if known))
            nodes[f"{kind}{depth}"] = (depth, targets)
    return nodes


@cache
def scopes_of(length: int) -> Any:
    return BaseScope(f"Chain{length}", {f"LEVEL{depth}": depth for depth in range(length)})


def container_of(length: int, nodes: Nodes, log: list[str]) -> Any:
    """The container that the nodes describe; its resources tell when they close."""
    scopes = list(scopes_of(length))
    body: dict[str, Any] = {"scopes": scopes_of(length), "validate": False}
    for name, (depth, targets) in nodes.items():
        made_from = [body[target] for target in targets]
        if name.startswith("value"):
            body[name] = providers.ScopeValue(VALUES[depth], scope=scopes[depth])
        elif name.startswith("thing"):
            make = partial(_make, name)
            body[name] = providers.Scoped(make, *made_from, scope=scopes[depth])
        else:
            opened = _opening(name, log)
            body[name] = providers.ScopedResource(opened, *made_from, scope=scopes[depth])
    return type("Application", (ScopedContainer,), body)


def _make(name: str, *made_from: object) -> Made:
    return Made(name, made_from)


def _opening(name: str, log: list[str]) -> Callable[..., Iterator[Made]]:
    def open_(*made_from: object) -> Iterator[Made]:
        yield Made(name, made_from)
        log.append(name)

    return open_


@dataclass(eq=False)
class Model:
    """A scope as the model has it.

    Attributes:
        depth: Where in the chain it lies.
        parent: The scope around it.
        real: The scope itself.
        objects: What was given or built, by name, in order.
        is_left: Whether it was left.
    """

    depth: int
    parent: Model | None
    real: Any
    objects: dict[str, object] = field(default_factory=dict)
    is_left: bool = False

    def lineage(self) -> Iterator[Model]:
        """The scope and those around it."""
        each: Model | None = self
        while each is not None:
            yield each
            each = each.parent

    @property
    def is_open(self) -> bool:
        return not any(each.is_left for each in self.lineage())


NUMBER = st.integers(0, 99)
"""Says which of some things is meant, however many there are."""
THREAD = st.integers(0, 2)


class Chains(RuleBasedStateMachine):
    """Scopes of the compiled container."""

    @initialize(
        length=st.integers(2, DEEPEST),
        uses=st.lists(st.lists(NUMBER, max_size=4).map(tuple), min_size=1, max_size=10).map(tuple),
    )
    def start(self, length: int, uses: tuple[tuple[int, ...], ...]) -> None:
        self.length = length
        self.nodes = nodes_of(tuple(range(length)), uses)
        self.closed: list[str] = []
        self.threads = [ThreadPoolExecutor(1) for _ in range(2)]
        self.container = container_of(length, self.nodes, self.closed)
        self.app = self.container()
        self.root = Model(0, None, self.begin())
        self.scopes = [self.root]
        for name, (depth, _) in self.nodes.items():
            if depth == 0:  # built when the container starts
                self.root.objects[name] = self.root.real.get(getattr(self.container, name))

    def begin(self) -> Any:
        return self.app.__enter__()

    def end(self) -> None:
        self.app.__exit__(None, None, None)

    def open(self, outer: Any, depth: int, values: tuple[object, ...]) -> Any:
        scope = list(scopes_of(self.length))[depth]
        return outer.enter(*values, scope=scope, ambient=False)

    def leave(self, scope: Any) -> None:
        scope.close()

    def somewhere(self, thread: int, call: Callable[[], Any]) -> Any:
        """Call a function in one of the threads, or in this one."""
        return call() if thread == 2 else self.threads[thread].submit(call).result()

    def one_of(self, number: int, deepest: int = DEEPEST) -> Model:
        """One of the open scopes."""
        some = [each for each in self.scopes if each.is_open and each.depth <= deepest]
        return some[number % len(some)]

    # opening

    @rule(number=NUMBER, further=st.integers(1, DEEPEST), thread=THREAD)
    def open_inner(self, number: int, further: int, thread: int) -> None:
        """Open a scope that lies inside, also past one that is left out."""
        outer = self.one_of(number, self.length - 2)
        depth = min(outer.depth + further, self.length - 1)
        value = VALUES[depth]()
        real = self.somewhere(thread, partial(self.open, outer.real, depth, (value,)))
        self.scopes.append(Model(depth, outer, real, {f"value{depth}": value}))

    @rule(number=NUMBER, wrong=st.integers(0, 3))
    def open_with_wrong_values(self, number: int, wrong: int) -> None:
        """Missing, of another scope, one too many, of no scope at all."""
        outer = self.one_of(number, self.length - 2)
        depth = outer.depth + 1
        right, other = VALUES[depth](), VALUES[depth - 1]()
        values = ((), (other,), (right, other), (object(),))[wrong]
        # one too many comes where the compiled code expects the scope, and may be refused by it
        with pytest.raises(ScopeValueError if wrong != 2 else TypeError):
            self.open(outer.real, depth, values)

    @rule(number=NUMBER, less=st.integers(0, DEEPEST))
    def open_one_that_lies_outside(self, number: int, less: int) -> None:
        outer = self.one_of(number)
        depth = max(outer.depth - less, 0)
        with pytest.raises(ScopeOrderError):
            self.open(outer.real, depth, (VALUES[depth](),))

    # resolving

    @rule(number=NUMBER, wanted=st.lists(NUMBER, min_size=1, max_size=8), thread=THREAD)
    def get(self, number: int, wanted: list[int], thread: int) -> None:
        scope = self.one_of(number)
        for each in wanted:
            name = list(self.nodes)[each % len(self.nodes)]
            call = partial(scope.real.get, getattr(self.container, name))
            try:
                owner = self.owner_of(scope, name)
            except LookupError:
                with pytest.raises(ScopeNotOpenError):
                    self.somewhere(thread, call)
                self.expect_as_far_as_it_goes(scope, name)
            else:
                self.compare(owner, name, self.somewhere(thread, call))

    @precondition(lambda self: not all(each.is_open for each in self.scopes))
    @rule(number=NUMBER, wanted=NUMBER, further=st.integers(1, DEEPEST), thread=THREAD)
    def use_a_closed_one(self, number: int, wanted: int, further: int, thread: int) -> None:
        closed = [each for each in self.scopes if not each.is_open]
        scope = closed[number % len(closed)]
        name = list(self.nodes)[wanted % len(self.nodes)]
        depth = min(scope.depth + further, self.length - 1)
        with pytest.raises(ScopeClosedError):
            self.somewhere(thread, partial(scope.real.get, getattr(self.container, name)))
        with pytest.raises(ScopeClosedError):
            self.open(scope.real, depth, (VALUES[depth](),))

    def owner_of(self, scope: Model, name: str) -> Model:
        """The scope that holds an object, where all that it is made from has one, too."""
        depth, targets = self.nodes[name]
        owner = next((each for each in scope.lineage() if each.depth == depth), None)
        if owner is None:
            raise LookupError(name)
        if name not in owner.objects:
            for target in targets:
                self.owner_of(owner, target)
        return owner

    def compare(self, owner: Model, name: str, made: Any) -> None:
        """Hold an object against the one that is known, or against what it is to be made from."""
        if name in owner.objects:
            assert made is owner.objects[name]
            return
        assert isinstance(made, Made)
        assert made.name == name
        targets = self.nodes[name][1]
        for target, given in zip(targets, made.made_from, strict=True):
            self.compare(self.owner_of(owner, target), target, given)
        owner.objects[name] = made

    def expect_as_far_as_it_goes(self, scope: Model, name: str) -> None:
        """What comes before the object that is not to be had may have been built: look."""
        depth, targets = self.nodes[name]
        owner = next((each for each in scope.lineage() if each.depth == depth), None)
        for target in targets if owner is not None else ():
            try:
                holder = self.owner_of(owner, target)
            except LookupError:
                self.expect_as_far_as_it_goes(owner, target)
                return
            self.compare(holder, target, owner.real.get(getattr(self.container, target)))

    # leaving

    @precondition(lambda self: any(self.may_leave(each) for each in self.scopes))
    @rule(number=NUMBER, thread=THREAD)
    def leave_scope(self, number: int, thread: int) -> None:
        may = [each for each in self.scopes if self.may_leave(each)]
        scope = may[number % len(may)]
        self.closed.clear()
        call = partial(self.leave, scope.real)
        if scope.is_open:
            self.somewhere(thread, call)
        else:
            with pytest.raises(ScopeCloseError) as caught:
                self.somewhere(thread, call)
            (reported,) = caught.value.exceptions
            assert isinstance(reported, ScopeOrderError)
        self.expect_closed(scope)

    def may_leave(self, scope: Model) -> bool:
        """Also one of which a scope around it was left before."""
        return scope is not self.root and not scope.is_left

    def expect_closed(self, scope: Model) -> None:
        assert self.closed == [name for name in scope.objects if name[0] == "r"][::-1]
        scope.is_left = True
        scope.objects.clear()

    def teardown(self) -> None:
        self.closed.clear()
        self.end()
        self.expect_closed(self.root)
        for thread in self.threads:
            thread.shutdown()


class InterpretedChains(Chains):
    """The same of the interpreter, which expects its scopes to be left in reverse order."""

    def begin(self) -> Any:
        self.interpreter = Interpreter(plan(self.app.blueprint()))
        return self.interpreter.start().__enter__()

    def end(self) -> None:
        self.root.real.__exit__(None, None, None)

    def open(self, outer: Any, depth: int, values: tuple[object, ...]) -> Any:
        return outer.enter(*values, scope=f"LEVEL{depth}")

    def leave(self, scope: Any) -> None:
        scope.__enter__().__exit__(None, None, None)

    @precondition(lambda self: False)
    @rule()
    def open_one_that_lies_outside(self) -> None:
        """It leaves that to the compiled container."""

    def may_leave(self, scope: Model) -> bool:
        return scope is not self.root and scope.is_open


@pytest.mark.parametrize("machine", [Chains, InterpretedChains])
def test_scopes_agree_with_a_dictionary_each(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40))
