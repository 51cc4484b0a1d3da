"""Containers drawn at random, for the compiled program and the interpreter to agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from hypothesis import strategies as st

from trunkline import Scope

SCOPES = list(Scope)
KINDS = (
    "scoped", "resource", "manager", "singleton", "factory", "constant", "view", "item", "method",
    "value", "coroutine", "aresource", "amanager", "closing", "aclosing", "list", "stock_factory",
    "caller",
)  # fmt: skip
FRESH = {"factory", "view", "item", "method", "list", "stock_factory"}
ASYNC = {"coroutine", "aresource", "amanager", "aclosing"}
GENERATORS = {"resource", "aresource"}
SYNC_KINDS = tuple(kind for kind in KINDS if kind not in ASYNC)
MOST_NEEDS = {"constant": 0, "value": 0, "view": 1, "item": 1, "method": 1, "caller": 1}


class Shape(Enum):
    """How the providers of a container hang together."""

    MIXED = auto()
    DEEP = auto()
    """Each is made from the last that it may be made from."""
    WIDE = auto()
    """Each is made from many."""


class Fault(Enum):
    """What a builder or a teardown does wrong."""

    NONE = auto()
    FIRST_BUILD = auto()
    EVERY_BUILD = auto()
    CLOSE = auto()
    NEVER_YIELDS = auto()
    YIELDS_TWICE = auto()


@dataclass(frozen=True)
class Spec:
    """One provider.

    Attributes:
        kind: One of KINDS.
        scope: Where it lives, for kinds that live anywhere.
        needs: Positions of the providers it is made from, all before its own.
        keywords: Of those, how many are passed by keyword.
        fault: What goes wrong; the two of generators are none of other kinds.
        attribute: Whether its last need is set as an attribute after construction.
        pauses: How often building it, and tearing it down, is suspended, where that is awaited.
        fake: Kind of the provider that overrides it from before the start, or none.
    """

    kind: str
    scope: Scope
    needs: tuple[int, ...]
    keywords: int
    fault: Fault
    attribute: bool
    pauses: int
    fake: str


@dataclass(frozen=True)
class Step:
    """One thing that a user does: enter a scope, ask for an object, leave a scope."""

    action: str
    scope: Scope = Scope.REQUEST
    provider: int = 0
    error: int = 0


@dataclass(frozen=True)
class Drawn:
    """A container and what is done with it.

    Attributes:
        specs: The providers.
        steps: What a user does.
        cancelled: The suspension at which the user is cancelled; 0 for never.
    """

    specs: tuple[Spec, ...]
    steps: tuple[Step, ...]
    cancelled: int = 0


@st.composite
def drawn(draw: Callable[[Any], Any], kinds: tuple[str, ...] = KINDS) -> Drawn:
    """A container without cycles and captives, and a user who asks in any order."""
    shape = draw(st.sampled_from(Shape))
    specs: list[Spec] = []
    depths: list[int] = []
    for index in range(draw(st.integers(2, 14 if shape is Shape.MIXED else 24))):
        spec, depth = _drawn_spec(draw, kinds, shape, index, depths)
        specs.append(spec)
        depths.append(depth)
    anyone = st.integers(0, len(specs) - 1)
    step = st.one_of(
        st.builds(Step, st.just("enter"), scope=st.sampled_from(SCOPES[1:])),
        st.builds(Step, st.just("get"), provider=anyone),
        st.builds(Step, st.just("get"), provider=anyone),
        st.builds(Step, st.just("aget"), provider=anyone),
        st.builds(Step, st.just("leave"), error=st.sampled_from([0, 0, 0, 1, 2, 3, 4])),
    )
    steps = draw(st.lists(step, min_size=5, max_size=25))
    first = Step("enter", draw(st.sampled_from(SCOPES[1:])))
    return Drawn(tuple(specs), (first, *steps), draw(st.sampled_from([0] * 3 + [*range(1, 12)])))


def _drawn_spec(
    draw: Callable[[Any], Any], kinds: tuple[str, ...], shape: Shape, index: int, depths: list[int]
) -> tuple[Spec, int]:
    """A provider, and the depth of the innermost scope that it is made from."""
    kind = draw(st.sampled_from(kinds))
    scope = draw(st.sampled_from(SCOPES if kind != "value" else SCOPES[1:]))
    limit = 0 if kind == "singleton" else scope.depth
    allowed = [i for i in range(index) if kind in FRESH or depths[i] <= limit]
    most = MOST_NEEDS.get(kind, 3 if shape is not Shape.WIDE else 12)
    needs: list[int] = []
    if allowed and most:
        least = 0 if shape is Shape.MIXED else 1 if shape is Shape.DEEP else min(most, 4)
        choice = st.just(allowed[-1]) if shape is Shape.DEEP else st.sampled_from(allowed)
        needs = draw(st.lists(choice, min_size=least, max_size=1 if shape is Shape.DEEP else most))
    if kind in ("view", "item", "method", "caller") and not needs:
        kind = "constant"
    faults = [Fault.NONE] * 12 + [Fault.FIRST_BUILD, Fault.EVERY_BUILD, Fault.CLOSE, Fault.CLOSE]
    if kind in GENERATORS:
        faults += [Fault.NEVER_YIELDS, Fault.YIELDS_TWICE]
    spec = Spec(
        kind,
        scope,
        tuple(needs),
        draw(st.integers(0, len(needs))),
        draw(st.sampled_from(faults)),
        draw(st.booleans()),
        draw(st.integers(0, 2)),
        draw(st.sampled_from(["", "", "", "constant", "factory"])),
    )
    if kind == "constant" or (kind in FRESH and not needs):
        return spec, 0
    if kind in FRESH:
        return spec, max(depths[i] for i in needs)
    return spec, limit
