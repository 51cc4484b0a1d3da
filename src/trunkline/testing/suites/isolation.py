"""User isolation: concurrent users never meet, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from trunkline.resolution.scope import OpenScope
from trunkline.testing.canary import Canary
from trunkline.testing.isolation import assert_isolated
from trunkline.testing.scoped import all_scopes
from trunkline.testing.suites.memory import Memory
from trunkline.testing.suites.requiring import require
from trunkline.testing.suites.subject import Subject, received

__all__ = ["UserIsolationSuite", "until"]

FAULTS = ("", "", "raise", "", "cancel", "", "vanish", "slow")
"""What goes wrong for whom, in turn, in a crowd."""
TIMES = 3
"""How often users come and leave at the most, until memory does not grow."""


async def until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait for a condition; whether it came to hold within so many seconds."""
    try:
        async with asyncio.timeout(patience):
            while not condition():  # noqa: ASYNC110  # any condition, not one that tells
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True


@pytest.mark.asyncio
class UserIsolationSuite:
    """Users of one process are strangers to each other."""

    @pytest.fixture
    def subject(self) -> Subject:
        """The application under test."""
        raise NotImplementedError("give the suite a fixture `subject`")

    async def test_each_user_has_objects_of_their_own(self, subject: Subject) -> None:
        """No provider that each user has an object of hands one out twice."""
        async with subject.running(), subject.request("ann") as a, subject.request("bob") as b:
            for name in subject.shared_per_user:
                first, second = await _resolved(a, name), await _resolved(b, name)
                require(
                    first is not second,
                    f"{name} is shared: two users got one object\n"
                    f"  a.{name} is b.{name}: {type(first).__qualname__}\n"
                    "  likely cause: it is a singleton, or a module or a class keeps it\n"
                    "  remedy: declare it as providers.Scoped or providers.ScopedResource",
                )

    async def test_two_users_reach_nothing_in_common(self, subject: Subject) -> None:
        """No mutable object is reached from the objects of two users."""
        async with subject.running(), subject.request("ann") as a, subject.request("bob") as b:
            for name in subject.shared_per_user:
                await _resolved(a, name)
                await _resolved(b, name)
            assert_isolated(a, b, allowed=subject.allowed)

    async def test_the_same_user_has_one_object_a_request(self, subject: Subject) -> None:
        """Within a request everything holds the same objects."""
        async with subject.running(), subject.request("ann") as a:
            for name in subject.shared_per_user:
                require(
                    await _resolved(a, name) is await _resolved(a, name),
                    f"{name} is made anew at each use within one request",
                )

    async def test_a_context_that_is_none_is_refused(self, subject: Subject) -> None:
        """An object that only claims to be a context opens no request."""
        cause: Exception | None = None
        async with subject.running():
            try:
                async with subject.request("ann", subject.impostor("ann")) as opened:
                    for name in subject.shared_per_user:
                        await _resolved(opened, name)
            except (TypeError, ValueError):
                return
            except Exception as error:  # noqa: BLE001  # whatever a mock breaks, it came too far
                cause = error
        raise AssertionError(
            "the context is not checked: a mock that claims its class opened a request\n"
            "  likely cause: isinstance() believes what a mock claims, or nothing looks\n"
            "  remedy: declare it as providers.ScopeValue, which looks at the real class"
        ) from cause

    async def test_three_users_at_once(self, subject: Subject) -> None:
        """Three users run at the same time, and each is shown their own data alone."""
        async with subject.running():
            await self._crowd(subject, 3, faults=("",))

    async def test_a_crowd_with_faults_mixed_in(self, subject: Subject) -> None:
        """Failing agents, cancelled runs, slow readers and lost clients cross no mark either."""
        async with subject.running():
            before = _open_scopes()
            await self._crowd(subject, subject.crowd, FAULTS)
            require(
                await until(lambda: subject.open_requests() == 0, subject.patience),
                f"{subject.open_requests()} requests are open after all users have left",
            )
            require(
                await until(lambda: _open_scopes() <= before, subject.patience),
                f"{_open_scopes() - before} scopes are open after all users have left",
            )

    async def test_memory_returns_to_where_it_was(self, subject: Subject) -> None:
        """After the users have left, their scopes are collected, and the bytes are given back.

        They come and leave several times: what is allocated once is no leak, what grows each time
        is.
        """
        allowed = subject.kept_bytes * subject.crowd
        memory = Memory()
        grown: list[int] = []
        async with subject.running():
            with memory.traced():
                await self._leaving(subject)
                scopes = _scopes()
                while len(grown) < TIMES and (not grown or min(grown) > allowed):
                    before = memory.now()
                    await self._leaving(subject)
                    grown.append(memory.now() - before)
                require(
                    await until(lambda: _scopes() <= scopes, subject.patience),
                    f"{_scopes() - scopes} scopes of users who have left are in memory",
                )
                require(
                    min(grown) <= allowed,
                    f"users who have left are in memory: {min(grown):,} bytes more each time "
                    f"{subject.crowd} come and leave, {allowed:,} allowed\n{memory.story()}\n"
                    "  likely cause: a module, a singleton or a cache keeps what users made\n"
                    "  remedy: keep it in the request's scope, or bound it; what may stay is said "
                    "by Subject.kept_bytes",
                )

    async def _leaving(self, subject: Subject) -> None:
        await self._crowd(subject, subject.crowd, FAULTS)
        await until(lambda: subject.open_requests() == 0, subject.patience)
        for user in _users(subject.crowd):
            subject.forget(user)

    async def _crowd(self, subject: Subject, users: int, faults: tuple[str, ...]) -> None:
        canary = Canary()
        names = _users(users)
        for name in names:
            canary.mark(name)
        with canary.watching(subject.owner_of):
            await asyncio.gather(
                *(
                    self._visit(subject, canary, name, faults[number % len(faults)])
                    for number, name in enumerate(names)
                )
            )
            for name in names:
                for message in subject.stored(name):
                    canary.check(name, message, "a stored message")

    async def _visit(self, subject: Subject, canary: Canary, user: str, fault: str) -> None:
        try:
            async with subject.connect(user) as client:
                if fault == "vanish":
                    await client.vanish(canary.mark(user))
                    return
                async with asyncio.timeout(subject.patience):
                    events = await received(client.run(canary.mark(user), fault=fault))
        except Exception as error:
            canary.check(user, error, "an exception")
            raise
        for event in events:
            canary.check(user, event)
            owner = subject.user_of(event)
            require(owner in (None, user), f"{user} received an event of {owner}: {event!r}")
        if not fault:
            require(
                any(canary.mark(user) in repr(dict(event)) for event in events),
                f"{user} was never shown their own answer: {events!r}",
            )


async def _resolved(scope: OpenScope, name: str) -> Any:
    made = getattr(scope, name)()
    return await made if asyncio.iscoroutine(made) else made


def _users(count: int) -> list[str]:
    return [f"user-{number}" for number in range(count)]


def _scopes() -> int:
    gc.collect()
    return len(all_scopes())


def _open_scopes() -> int:
    return sum(not scope.closed for scope in all_scopes())
