"""A canary sings where one user is shown another's mark, whatever shows it."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from trunkline.testing import Canary, CrossUserError
from trunkline.testing.recorder import EventRecorder


def test_a_canary_finds_the_mark_of_another() -> None:
    canary = Canary()
    ann, bob = canary.mark("ann"), canary.mark("bob")
    assert ann == canary.mark("ann") != bob
    canary.check("ann", {"text": f"for {ann}"})
    with pytest.raises(CrossUserError, match="an event of ann shows the mark of bob"):
        canary.check("ann", f"{ann} {bob}")
    with pytest.raises(CrossUserError, match="an error of ann"):
        canary.check("ann", ValueError(bob), where="an error")
    canary.check_line(ann)
    with pytest.raises(CrossUserError, match="a log line"):
        canary.check_line(f"{ann} and {bob}")
    with pytest.raises(CrossUserError):
        canary.check_line(bob, user="ann")


class Message:
    """An object whose ``repr`` says nothing of it."""

    __slots__ = ("text",)

    def __init__(self, text: object) -> None:
        self.text = text


@pytest.mark.parametrize(
    "showing",
    [
        lambda mark: mark.encode(),
        lambda mark: [({"key": {mark}},)],
        lambda mark: {mark: 1},
        Message,
        lambda mark: Message([Message(mark)]),
        lambda mark: SimpleNamespace(text=mark),
        lambda mark: {"long": "x" * 500, "mark": mark},
    ],
)
def test_a_mark_is_found_wherever_it_is(showing: Any) -> None:
    canary = Canary()
    with pytest.raises(CrossUserError, match="shows the mark of ann"):
        canary.check("bob", showing(canary.mark("ann")))
    canary.check("ann", showing(canary.mark("ann")))


def test_an_exception_shows_its_causes_and_notes() -> None:
    canary = Canary()
    try:
        try:
            raise KeyError(canary.mark("ann"))
        except KeyError as cause:
            raise ValueError("for bob") from cause
    except ValueError as error:
        with pytest.raises(CrossUserError):
            canary.check("bob", error)
    noted = ValueError("for bob")
    noted.add_note(canary.mark("ann"))
    with pytest.raises(CrossUserError):
        canary.check("bob", noted)


def test_it_watches_the_logs() -> None:
    canary = Canary()
    log = logging.getLogger("canary-test")
    with canary.watching():
        log.warning("for %s", canary.mark("ann"))
    with pytest.raises(CrossUserError), canary.watching():
        log.warning("for %s", canary.mark("ann"), extra={"user": canary.mark("bob")})
    with pytest.raises(CrossUserError), canary.watching(lambda _: "bob"):
        log.warning("for %s", canary.mark("ann"))
    assert logging.Logger.callHandlers.__qualname__ == "Logger.callHandlers"


def test_it_watches_loggers_that_hand_nothing_on() -> None:
    canary = Canary()
    log = logging.getLogger("canary-test-alone")
    log.propagate = False
    with pytest.raises(CrossUserError), canary.watching():
        log.warning("%s met %s", canary.mark("ann"), canary.mark("bob"))


@pytest.mark.asyncio
async def test_it_watches_tasks_that_nobody_asks() -> None:
    canary = Canary()
    loop = asyncio.get_running_loop()
    handled: list[Any] = []
    loop.set_exception_handler(lambda _, context: handled.append(context["exception"]))

    async def fail() -> None:
        raise ValueError(f"{canary.mark('ann')} met {canary.mark('bob')}")

    with pytest.raises(CrossUserError, match="an unhandled exception"), canary.watching():
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
    assert [type(error) for error in handled] == [ValueError]
    loop.set_exception_handler(None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_watches_threads() -> None:
    canary = Canary()

    def fail() -> None:
        raise ValueError(f"{canary.mark('ann')} met {canary.mark('bob')}")

    with pytest.raises(CrossUserError, match="an unhandled exception"), canary.watching():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()


class Store:
    def __init__(self) -> None:
        self.kept: list[str] = []

    def append(self, user: str, text: str) -> None:
        self.kept.append(f"{user}: {text}")

    async def send(self, text: str) -> str:
        return text


class QuietStore(Store):
    pass


def test_it_watches_what_a_store_is_called_with() -> None:
    canary = Canary()
    watched = canary.watching_calls(QuietStore, "append", user=lambda user, text: user)
    with watched:
        QuietStore().append("ann", canary.mark("ann"))
    assert "append" not in vars(QuietStore)
    store = QuietStore()
    expected = r"QuietStore.append\(\) was called with of bob shows the mark of ann"
    watched = canary.watching_calls(QuietStore, "append", user=lambda user, text: user)
    with pytest.raises(CrossUserError, match=expected), watched:
        store.append("bob", text=canary.mark("ann"))
    assert store.kept == [f"bob: {canary.mark('ann')}"]


@pytest.mark.asyncio
async def test_it_watches_coroutine_functions_too() -> None:
    canary = Canary()
    plain = Store.send
    with pytest.raises(CrossUserError), canary.watching_calls(Store, "send", user=lambda _: "bob"):
        assert await Store().send(canary.mark("ann")) == canary.mark("ann")
    assert Store.send is plain


def test_a_recorder_with_a_canary_checks_each_event() -> None:
    canary = Canary()
    record = EventRecorder(canary)
    record({"text": canary.mark("ann")}, "ann")
    with pytest.raises(CrossUserError, match="an event of bob"):
        record({"text": canary.mark("ann")}, "bob")
    assert len(record.of("bob")) == 1
