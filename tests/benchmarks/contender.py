"""What a contender is: a way to write the scenarios, and what it promises meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.benchmarks.graphs import Graph

__all__ = ["Contender", "Repeat", "Run", "Workshop"]

Repeat = Iterable[None]
"""How often to do it: an iterator, so that the loop costs next to nothing."""
Run = Callable[[Repeat], Any]
"""Does it so often; returns what the last time gave. It may be a coroutine function."""


@dataclass
class Workshop:
    """Where a contender keeps open what a scenario needs: an event loop, containers, scopes."""

    stack: ExitStack = field(default_factory=ExitStack)
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def call(self, run: Run, times: Repeat) -> Any:
        """Call a run, in the event loop where it is a coroutine function."""
        result = run(times)
        return self.wait(result) if asyncio.iscoroutine(result) else result

    def wait(self, awaited: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the workshop's event loop and context."""
        return self.runner.run(awaited)

    def enter(self, manager: Any) -> Any:
        """Enter a context manager, async where it is nothing else, until the scenario ends."""
        if hasattr(type(manager), "__enter__"):
            return self.stack.enter_context(manager)
        return self.enter_async(manager)

    def enter_async(self, manager: Any) -> Any:
        """The same by ``async with``."""
        entered = self.wait(manager.__aenter__())
        self.stack.callback(lambda: self.wait(manager.__aexit__(None, None, None)))
        return entered

    def close(self) -> None:
        """Close everything that was entered, last first."""
        with self.runner:
            self.stack.close()

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Workshop]:
        """A workshop for the length of a ``with``."""
        workshop = cls()
        try:
            yield workshop
        finally:
            workshop.close()


class Contender:
    """One way to get objects. A method for each scenario it can answer returns a :data:`Run`.

    Attributes:
        title: How tables name it.
        locked: Whether scoped objects are built once when threads or tasks share a scope.
        checked: Whether the scope's value is checked when the scope opens.
        cannot: Why it has no answer, by scenario or method; ``*`` for all others.
    """

    title: ClassVar[str]
    locked: ClassVar[str] = "no"
    checked: ClassVar[str] = "no"
    cannot: ClassVar[dict[str, str]] = {}

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop

    @classmethod
    def answers(cls, scenario: str, asks: str) -> bool:
        """Whether the contender takes part in a scenario, which asks a method of that name."""
        return scenario not in cls.cannot and callable(getattr(cls, asks, None))

    @classmethod
    def why_not(cls, scenario: str, asks: str) -> str:
        """The reason that it doesn't."""
        for known in (scenario, asks, "*"):
            if known in cls.cannot:
                return cls.cannot[known]
        return "does not offer it"

    # what scenarios may ask for; none need be there
    open_close: Callable[[], Run]
    """Open a scope with a value and close it. Returns nothing that is looked at."""
    request: Callable[[], Run]
    """Open a scope with a value, ask for the engine, close. Returns the engine."""
    request_minimal: Callable[[], Run]
    """The same with the smallest classes. Returns the sender."""
    request_async: Callable[[], Run]
    """The same with the bridge as an async resource. Returns the engine."""
    request_task: Callable[[], Callable[[], Coroutine[Any, Any, Any]]]
    """A function for one request as a task, which lets others run once. Returns the engine."""
    warm_scoped: Callable[[], Run]
    """Ask an open scope for its engine."""
    warm_singleton: Callable[[], Run]
    """Ask an open scope for the settings."""
    hundred: Callable[[], Run]
    """Open a scope, ask a hundred times, close. Returns the engine."""
    graph: Callable[[Graph], Run]
    """Open a scope, ask for the top of a generated graph, close. Returns the top."""
    inject: Callable[[], Run]
    """Call a function whose one argument is injected from the open scope. Returns it."""
    inject_async: Callable[[], Run]
    """The same for a coroutine function."""
    compile: Callable[[Graph], Callable[[], Any]]
    """Everything from declarations to the first request's top, which it returns."""
    keep: Callable[[int], Iterator[Any] | AsyncIterator[Any]]
    """Scopes that stay open, with their engines."""
