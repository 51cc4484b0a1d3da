"""Generated graphs: deep, wide, a grid, mixed lifetimes, and clusters of any number.

A graph is source text that is run once, so that its classes are as plain as hand-written ones
(annotated ``__init__``, no tricks) for the contenders that read annotations.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from types import ModuleType
from typing import Any

from tests.benchmarks.subjects import RequestContext

__all__ = [
    "Graph",
    "Life",
    "Part",
    "chain",
    "check_graph",
    "clusters",
    "grid",
    "mixed",
    "sparse",
    "wide",
]


class Life(Enum):
    """How long an object lives."""

    SINGLETON = "singleton"
    SCOPED = "scoped"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True)
class Part:
    """One class of a graph.

    Attributes:
        name: The class's name in small letters: an argument's and an attribute's name.
        cls: The class.
        life: How long its objects live.
        needs: Names of its arguments, in order; ``context`` is the scope's value.
    """

    name: str
    cls: type
    life: Life
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Classes that depend on one another; each part comes after those it needs.

    Attributes:
        name: What messages and generated containers call it.
        parts: The classes.
    """

    name: str
    parts: tuple[Part, ...]

    @property
    def top(self) -> Part:
        """The part that is asked for; everything a request builds is below it."""
        return self.parts[-1]

    def needed(self) -> list[Part]:
        """The parts that the top is made from, and the top, each after those it needs."""
        names = {self.top.name}
        for part in reversed(self.parts):
            if part.name in names:
                names.update(part.needs)
        return [part for part in self.parts if part.name in names]


_numbers = itertools.count()


@dataclass(slots=True)
class _Draft:
    """Parts before they are classes."""

    name: str
    wanted: list[tuple[str, Life, tuple[str, ...]]] = field(default_factory=list)

    def add(self, name: str, life: Life, *needs: str) -> str:
        self.wanted.append((name, life, needs))
        return name

    def graph(self) -> Graph:
        """Run the source in a module of its own, where ``typing.get_type_hints`` finds it."""
        module = ModuleType(f"{__name__}.{self.name}_{next(_numbers)}")
        sys.modules[module.__name__] = module
        module.__dict__["Context"] = RequestContext
        exec("\n".join(self._source()), module.__dict__)
        parts = (
            Part(name, getattr(module, name.title()), life, needs)
            for name, life, needs in self.wanted
        )
        return Graph(module.__name__.rpartition(".")[2], tuple(parts))

    def _source(self) -> Iterator[str]:
        for name, _, needs in self.wanted:
            parameters = "".join(f", {need}: {need.title()}" for need in needs)
            yield f"class {name.title()}:"
            yield f"    def __init__(self{parameters}) -> None:"
            yield from [f"        self.{need} = {need}" for need in needs] or ["        pass"]


def chain(length: int = 30) -> Graph:
    """Scoped objects, each over the one before; the first over the scope's value."""
    draft = _Draft("chain")
    below = "context"
    for index in range(length):
        below = draft.add(f"link{index}", Life.SCOPED, below)
    return draft.graph()


def wide(width: int = 30) -> Graph:
    """One scoped object over many."""
    draft = _Draft("wide")
    leaves = [draft.add(f"leaf{index}", Life.SCOPED, "context") for index in range(width)]
    draft.add("top", Life.SCOPED, *leaves)
    return draft.graph()


def grid(rows: int = 20, columns: int = 10) -> Graph:
    """Rows of scoped objects, each over three of the row below, and one over the last row."""
    draft = _Draft("grid")
    below = [draft.add(f"cell0x{column}", Life.SCOPED, "context") for column in range(columns)]
    for row in range(1, rows):
        below = [
            draft.add(
                f"cell{row}x{column}",
                Life.SCOPED,
                *(below[(column + step) % columns] for step in range(3)),
            )
            for column in range(columns)
        ]
    draft.add("top", Life.SCOPED, *below)
    return draft.graph()


def sparse(many: int = 200) -> Graph:
    """Many scoped objects, of which one over two others is asked for, as a request does."""
    draft = _Draft("sparse")
    parts = [draft.add(f"part{index}", Life.SCOPED, "context") for index in range(many - 1)]
    draft.add("top", Life.SCOPED, parts[0], parts[-1])
    return draft.graph()


def mixed() -> Graph:
    """Singletons, scoped objects over them, and transient ones over both, some used twice."""
    draft = _Draft("mixed")
    shared = [draft.add(f"shared{index}", Life.SINGLETON) for index in range(4)]
    scoped = ["context"]
    for index in range(8):
        scoped.append(
            draft.add(f"scoped{index}", Life.SCOPED, scoped[-1], shared[index % len(shared)])
        )
    passing = [
        draft.add(f"passing{index}", Life.TRANSIENT, scoped[1 + index % 8], shared[index % 4])
        for index in range(12)
    ]
    other = draft.add("other", Life.SCOPED, *passing[:6])
    draft.add("top", Life.SCOPED, other, *passing)
    return draft.graph()


def clusters(providers: int) -> Graph:
    """Unrelated groups of ten, as an application has them: two singletons, eight scoped."""
    draft = _Draft("clusters")
    for group in range(providers // 10):
        shared = [draft.add(f"g{group}x{index}", Life.SINGLETON) for index in range(2)]
        below = ["context", *shared]
        for index in range(2, 10):
            below.append(draft.add(f"g{group}x{index}", Life.SCOPED, *below[-3:]))
    return draft.graph()


def check_graph(graph: Graph, build: Callable[[], Any]) -> None:
    """Assert that a contender builds a graph as it is declared.

    Args:
        graph: The graph.
        build: Opens a scope with a new value, asks for the top, and closes the scope.

    Raises:
        AssertionError: A class, a shared object or an unshared one isn't what it should be.
    """
    first, second = _objects(graph, build()), _objects(graph, build())
    lives = {part.name: part.life for part in graph.parts} | {"context": Life.SCOPED}
    for name, found in first.items():
        life = lives[name]
        if life is Life.TRANSIENT:
            assert len({id(thing) for thing in found}) == len(found), f"{name} is shared"
            continue
        assert len({id(thing) for thing in found}) == 1, f"{name} was built more than once"
        same = found[0] is second[name][0]
        assert same is (life is Life.SINGLETON), f"{name} is {'' if same else 'not '}shared"


def _objects(graph: Graph, top: Any) -> dict[str, list[Any]]:
    """Every path's object, by the name of its part."""
    parts = {part.name: part for part in graph.parts}
    found: dict[str, list[Any]] = {graph.top.name: [top]}
    for part in reversed(graph.parts):
        holders = {id(holder): holder for holder in found.get(part.name, ())}
        for holder in holders.values():
            assert type(holder) is part.cls, f"{part.name} is a {type(holder).__name__}"
            for need in part.needs:
                thing = getattr(holder, need)
                assert type(thing) is (RequestContext if need == "context" else parts[need].cls)
                found.setdefault(need, []).append(thing)
    return found
