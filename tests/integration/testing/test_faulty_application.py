"""The suites find each fault of a faulty application, and name it."""

from __future__ import annotations

import pytest

from tests.fixtures.faulty_application.application import Fault, FaultySubject
from trunkline.testing.suites import AgentEventsSuite, GoldenPathSuite, Subject, UserIsolationSuite


class _OnASoundApplication:
    @pytest.fixture
    def subject(self) -> Subject:
        return FaultySubject(Fault.NONE)


class TestIsolationOfASoundApplication(_OnASoundApplication, UserIsolationSuite):
    pass


class TestEventsOfASoundApplication(_OnASoundApplication, AgentEventsSuite):
    pass


class TestGoldenPathOfASoundApplication(_OnASoundApplication, GoldenPathSuite):
    pass


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "suite", "test", "message"),
    [
        (
            Fault.SHARED_BRIDGE,
            UserIsolationSuite,
            "test_each_user_has_objects_of_their_own",
            "bridge is shared: two users got one object",
        ),
        (
            Fault.SHARED_BRIDGE,
            AgentEventsSuite,
            "test_events_reach_the_user_they_belong_to",
            "the bridge is shared: ann was sent the other user's data",
        ),
        (
            Fault.CACHED_ENGINE,
            UserIsolationSuite,
            "test_each_user_has_objects_of_their_own",
            "engine is shared: two users got one object",
        ),
        (
            Fault.CACHED_ENGINE,
            UserIsolationSuite,
            "test_two_users_reach_nothing_in_common",
            "a.engine is b.engine",
        ),
        (
            Fault.UNORDERED,
            AgentEventsSuite,
            "test_a_run_is_delivered_in_order",
            "events out of order: a run has",
        ),
        (
            Fault.HELD_BACK,
            AgentEventsSuite,
            "test_events_come_while_the_run_goes_on",
            "events are held back: none came while the run waited for its client",
        ),
        (
            Fault.UNCHECKED,
            UserIsolationSuite,
            "test_a_context_that_is_none_is_refused",
            "the context is not checked",
        ),
        (
            Fault.HOARDED,
            UserIsolationSuite,
            "test_memory_returns_to_where_it_was",
            "users who have left are in memory: ",
        ),
        (
            Fault.LEFT_OPEN,
            UserIsolationSuite,
            "test_a_crowd_with_faults_mixed_in",
            "30 scopes are open after all users have left",
        ),
        *(
            (fault, UserIsolationSuite, "test_three_users_at_once", message)
            for fault, message in (
                (Fault.LOGGED, "a log line of user-0 shows the mark of user-1"),
                (Fault.STORED, "a stored message of user-1 shows the mark of user-0"),
                (Fault.BLAMED, "an exception of user-1 shows the mark of user-0"),
            )
        ),
    ],
)
async def test_each_fault_is_found_and_named(
    fault: Fault, suite: type, test: str, message: str
) -> None:
    with pytest.raises(AssertionError) as failed:
        await getattr(suite(), test)(FaultySubject(fault))
    assert message in str(failed.value)
