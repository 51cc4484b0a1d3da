"""Agent events over the websocket: delivery, order, whose they are, how fast they come."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import pytest

from trunkline.testing.plugin import LATENCY
from trunkline.testing.suites.requiring import require
from trunkline.testing.suites.subject import Event, Subject, received

__all__ = ["AgentEventsSuite"]

RUNS = 20
"""How many runs are timed."""


@pytest.mark.asyncio
class AgentEventsSuite:
    """A client receives the events of its own runs, all of them, in order."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The application under test."""
        raise NotImplementedError("give the suite a fixture `subject`")

    async def test_a_run_is_delivered_in_order(self, subject: Subject) -> None:
        """The events of a run come complete and in order."""
        async with subject.running(), subject.connect("ann") as client:
            _require_order(subject, await received(client.run("hello")), "a run")

    async def test_a_failing_run_ends_in_order(self, subject: Subject) -> None:
        """A run whose agent raises, and one that is cancelled, end as runs do."""
        async with subject.running(), subject.connect("ann") as client:
            for fault in ("raise", "cancel"):
                events = await received(client.run("hello", fault=fault))
                _require_order(subject, events, f"run ({fault})")
            events = await received(client.run("hello"))
            _require_order(subject, events, "a run after faulty ones")

    async def test_runs_at_once_keep_their_order(self, subject: Subject) -> None:
        """Ten users' runs at the same time are each in order."""

        async def visit(user: str) -> None:
            async with subject.connect(user) as client:
                events = await received(client.run(user))
                _require_order(subject, events, f"the run of {user}")

        async with subject.running():
            await asyncio.gather(*(visit(f"user-{number}") for number in range(10)))

    async def test_events_reach_the_user_they_belong_to(self, subject: Subject) -> None:
        """A second user who listens hears nothing of the first one's run."""
        async with subject.running():
            async with subject.connect("ann") as ann, subject.connect("bob") as bob:
                of_ann, of_bob = await asyncio.gather(
                    received(ann.run("for ann")), received(bob.run("for bob"))
                )
            for user, events in (("ann", of_ann), ("bob", of_bob)):
                other = "for bob" if user == "ann" else "for ann"
                for event in events:
                    require(
                        subject.user_of(event) in (None, user),
                        f"the bridge is shared: {user} received an event of "
                        f"{subject.user_of(event)}\n  {dict(event)!r}",
                    )
                    require(
                        other not in repr(dict(event)),
                        f"the bridge is shared: {user} was sent the other user's data\n"
                        f"  {dict(event)!r}",
                    )

    async def test_events_come_while_the_run_goes_on(self, subject: Subject) -> None:
        """An event is received before the run ends: here it waits until its client cancels it."""
        async with subject.running(), subject.connect("ann") as client:
            run = client.run("hello", fault="cancel")
            try:
                async with asyncio.timeout(subject.patience):
                    first = await anext(run)
                    rest = await received(run)
            except TimeoutError:
                raise AssertionError(
                    "events are held back: none came while the run waited for its client\n"
                    "  likely cause: they are collected, and sent when the run ends\n"
                    "  remedy: send each event when it is emitted"
                ) from None
        _require_order(subject, [first, *rest], "a run that its client cancelled")

    async def test_latency_is_shown(
        self, subject: Subject, record_property: Callable[[str, object], None]
    ) -> None:
        """How long the first event, each further one and a whole run take; it fails nothing.

        Machines differ. The plugin prints the figures at the end of the run, in milliseconds.
        """
        waits: dict[str, list[float]] = {"first event": [], "next event": [], "whole run": []}
        async with subject.running(), subject.connect("ann") as client:
            for _ in range(RUNS):
                started = before = time.perf_counter()
                async for _event in client.run("hello"):
                    now = time.perf_counter()
                    waits["first event" if before == started else "next event"].append(now - before)
                    before = now
                waits["whole run"].append(before - started)
        for what, seconds in waits.items():
            middle, worst = statistics.median(seconds or [0.0]), max(seconds, default=0.0)
            record_property(f"{LATENCY}{what}, median", round(middle * 1000, 3))
            record_property(f"{LATENCY}{what}, worst", round(worst * 1000, 3))


def _require_order(subject: Subject, events: list[Event], what: str) -> None:
    problems = subject.problems(events)
    require(
        not problems,
        f"events out of order: {what} has\n" + "\n".join(f"  {problem}" for problem in problems),
    )
