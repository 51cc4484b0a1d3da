"""Agent events over the websocket: delivery, order, whose they are, how fast they come."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import pytest

from trunkline.testing.suites.requiring import require
from trunkline.testing.suites.subject import Event, Subject

__all__ = ["AgentEventsSuite"]


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
            _require_order(subject, await client.run("hello"), "a run")

    async def test_a_failing_run_ends_in_order(self, subject: Subject) -> None:
        """A run whose agent raises, and one that is cancelled, end as runs do."""
        async with subject.running(), subject.connect("ann") as client:
            for fault in ("raise", "cancel"):
                _require_order(subject, await client.run("hello", fault=fault), f"run ({fault})")
            _require_order(subject, await client.run("hello"), "a run after faulty ones")

    async def test_runs_at_once_keep_their_order(self, subject: Subject) -> None:
        """Ten users' runs at the same time are each in order."""

        async def visit(user: str) -> None:
            async with subject.connect(user) as client:
                _require_order(subject, await client.run(user), f"the run of {user}")

        async with subject.running():
            await asyncio.gather(*(visit(f"user-{number}") for number in range(10)))

    async def test_events_reach_the_user_they_belong_to(self, subject: Subject) -> None:
        """A second user who listens hears nothing of the first one's run."""
        async with subject.running():
            async with subject.connect("ann") as ann, subject.connect("bob") as bob:
                of_ann, of_bob = await asyncio.gather(ann.run("for ann"), bob.run("for bob"))
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

    async def test_latency_is_shown(
        self, subject: Subject, record_property: Callable[[str, object], None]
    ) -> None:
        """The time of a whole run is recorded; it fails nothing, machines differ."""
        async with subject.running(), subject.connect("ann") as client:
            seconds = []
            for _ in range(20):
                started = time.perf_counter()
                await client.run("hello")
                seconds.append(time.perf_counter() - started)
        record_property("run_milliseconds_median", round(statistics.median(seconds) * 1000, 3))
        record_property("run_milliseconds_worst", round(max(seconds) * 1000, 3))


def _require_order(subject: Subject, events: list[Event], what: str) -> None:
    problems = subject.problems(events)
    require(
        not problems,
        f"events out of order: {what} has\n" + "\n".join(f"  {problem}" for problem in problems),
    )
