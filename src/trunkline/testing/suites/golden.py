"""The golden path: a user connects, asks, and gets the answer."""

from __future__ import annotations

import pytest

from trunkline.testing.suites.isolation import until
from trunkline.testing.suites.requiring import require
from trunkline.testing.suites.subject import Subject, received

__all__ = ["GoldenPathSuite"]


@pytest.mark.asyncio
class GoldenPathSuite:
    """What an application is for works from end to end."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The application under test."""
        raise NotImplementedError("give the suite a fixture `subject`")

    async def test_a_user_asks_and_is_answered(self, subject: Subject) -> None:
        """The run ends with an answer that carries the message."""
        async with subject.running(), subject.connect("ann") as client:
            events = await received(client.run("the message"))
        require(events, "no event came")
        require("the message" in repr(dict(events[-1])), f"the answer is {dict(events[-1])!r}")

    async def test_a_user_may_ask_again_and_come_back(self, subject: Subject) -> None:
        """Several runs on one connection, and another connection, all answer."""
        async with subject.running():
            for _ in range(2):
                async with subject.connect("ann") as client:
                    for number in range(3):
                        events = await received(client.run(f"message {number}"))
                        require(
                            f"message {number}" in repr(dict(events[-1])), "the answer is another"
                        )

    async def test_everything_is_torn_down_behind_the_user(self, subject: Subject) -> None:
        """When the user has left, no request is open."""
        async with subject.running():
            async with subject.connect("ann") as client:
                await received(client.run("hello"))
            require(
                await until(lambda: subject.open_requests() == 0, subject.patience),
                f"{subject.open_requests()} requests are open after the user has left",
            )
