"""Teardowns of the scopes that old calls open: each runs, and none fails somebody else's call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.unit.legacy.shop import User
from trunkline import ScopedContainer, providers
from trunkline.errors import ScopeCloseError
from trunkline.legacy import Arguments, Value, close_opened, redirect_function

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


class Basket:
    def __init__(self, user: User) -> None:
        self.user = user
        self.is_over = self.fails = self.is_interrupted = False

    def end(self) -> None:
        closed.append(self.user.name)
        if self.fails:
            raise ValueError(f"the basket of {self.user.name}")
        if self.is_interrupted:
            raise KeyboardInterrupt


closed: list[str] = []


@pytest.fixture(autouse=True)
def nothing_closed() -> None:
    closed.clear()


def open_basket(user: User) -> Iterator[Basket]:
    basket = Basket(user)
    yield basket
    basket.end()


async def aopen_basket(user: User) -> AsyncIterator[Basket]:
    basket = Basket(user)
    yield basket
    basket.end()
    await asyncio.sleep(0)


class Market(ScopedContainer):
    user = providers.ScopeValue(User)
    basket = providers.ScopedResource(open_basket, user)


class AsyncMarket(ScopedContainer):
    user = providers.ScopeValue(User)
    basket = providers.ScopedResource(aopen_basket, user)


def old_basket(container: str, **options: Any) -> Any:
    return redirect_function(
        "old_basket",
        to=f"{__name__}:{container}.basket",
        adapt=Arguments("user", user=Value("user")),
        **options,
    )


def test_a_teardown_that_fails_fails_nobody_elses_call(caplog: pytest.LogCaptureFixture) -> None:
    basket_of = old_basket("Market", over=lambda basket: basket.is_over)
    with Market():
        anns = basket_of(User("ann"))
        anns.is_over = anns.fails = True
        assert basket_of(User("bob")).user.name == "bob"
        assert closed == ["ann"]
    assert "scopes of old calls closed badly" in caplog.text
    assert "the basket of ann" in caplog.text


def test_whoever_closes_a_scope_by_hand_is_told_what_its_teardown_raised() -> None:
    basket_of = old_basket("Market")
    with Market():
        ann = User("ann")
        basket_of(ann).fails = True
        with pytest.raises(ScopeCloseError):
            close_opened(ann)


def test_an_interrupt_in_a_teardown_keeps_none_of_the_others_from_running() -> None:
    basket_of = old_basket("Market")
    with pytest.raises(KeyboardInterrupt) as caught, Market():
        kept = [basket_of(User(name)) for name in ("ann", "bob", "cid")]
        kept[0].fails, kept[1].is_interrupted = True, True
    assert closed == ["cid", "bob", "ann"], "the latest first"
    assert caught.value.__cause__ is not None, "what else failed is told too"


@pytest.mark.asyncio
async def test_a_stop_that_is_cancelled_runs_all_teardowns() -> None:
    basket_of = old_basket("AsyncMarket")

    async def run() -> None:
        async with AsyncMarket():
            kept.extend([await basket_of(User(name)) for name in ("ann", "bob", "cid")])

    kept: list[Basket] = []
    task = asyncio.create_task(run())
    while not closed:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == ["cid", "bob", "ann"], "the latest first"


def test_a_stop_waits_for_what_closes_in_its_own_event_loop_alone() -> None:
    """An old call of another thread's loop may close a scope there, and that loop may be gone."""
    basket_of = old_basket("AsyncMarket")

    async def close_elsewhere() -> None:
        ann = User("ann")
        kept.append(await basket_of(ann))
        close_opened(ann)  # in a task that this loop will not see through

    async def run() -> None:
        async with asyncio.timeout(10), AsyncMarket():
            loop = asyncio.new_event_loop()
            await asyncio.to_thread(loop.run_until_complete, close_elsewhere())
            loops.append(loop)

    kept: list[Basket] = []
    loops: list[asyncio.AbstractEventLoop] = []
    asyncio.run(run())
    (loop,) = loops
    loop.run_until_complete(asyncio.wait(asyncio.all_tasks(loop), timeout=10))
    loop.close()
    assert closed == ["ann"]
