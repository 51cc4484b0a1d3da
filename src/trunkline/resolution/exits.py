"""Teardown: closing what a scope opened, last first, whatever fails on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Any, Final, Protocol

from trunkline.errors import (
    AsyncResolutionError,
    ResourceProtocolError,
    ScopeCloseError,
    TeardownTimeoutError,
)
from trunkline.graph.blueprint import Opening

__all__ = [
    "Callback",
    "Exit",
    "pool_exit",
    "raise_failures",
    "run_exits",
    "run_exits_async",
    "take_exits",
]


class Callback(Enum):
    """Teardowns that are plain calls."""

    SYNC = auto()
    ASYNC = auto()


Exit = tuple[Opening | Callback, Any, str, float | None]
"""How it was opened, the object to close, its provider's name, seconds it may take."""


def pool_exit(name: str, pool: Any) -> Exit:
    """The teardown of a keyed provider's objects, all that no scope uses."""
    kind, close = (Callback.ASYNC, pool.aclose) if pool.is_async else (Callback.SYNC, pool.close)
    return kind, close, name, None


def take_exits(exits: list[Exit], names: Collection[str]) -> list[Exit]:
    """Take out the teardowns of some providers' objects.

    One by one, because others may open what stays, or close the scope, at the same time: whoever
    takes a teardown out runs it.

    Args:
        exits: What was opened, in order; what is taken is gone from it.
        names: The providers' names.
    """
    taken: list[Exit] = []
    for entry in [entry for entry in exits if entry[2] in names]:
        with suppress(ValueError):  # the closing scope was faster
            exits.remove(entry)
            taken.append(entry)
    return taken


class Closing(Protocol):
    """A scope that is being closed."""

    def _end_close(self, failures: list[BaseException], error: BaseException | None) -> None:
        """Let go of everything, and raise what the teardowns raised."""


_ENDED: Final = object()
"""What a generator that has ended gives."""
_AWAITED = frozenset({Opening.ASYNC_GENERATOR, Opening.ASYNC_CONTEXT_MANAGER, Callback.ASYNC})


def run_exits(exits: list[Exit], error: BaseException | None) -> list[BaseException]:
    """Close everything in reverse order of opening.

    All of it is taken out of the list at once, by a statement that no other thread comes between:
    a builder that learns late that its scope has closed sees to what it opened where that is still
    in the list, and that would be too early for what others were made from.

    Args:
        exits: What was opened, in order; it is empty afterwards.
        error: The exception of the scope's body; generators and context managers see it.

    Returns:
        What the teardowns raised, in the order in which they ran.
    """
    failures: list[BaseException] = []
    latest_first, exits[:] = exits[::-1], ()
    for kind, resource, name, _ in latest_first:
        try:
            if kind in _AWAITED:
                raise AsyncResolutionError(
                    f"{name} was opened by await, but its scope is closed without",
                    cause="the scope was entered with `with` or closed by close()",
                    remedy="enter it with `async with`, or close it by `await scope.aclose()`",
                )
            _close(kind, resource, error, name)
        except BaseException as failure:  # noqa: BLE001  # every other teardown still has to run
            _note(failures, failure, error, name)
    return failures


async def run_exits_async(
    exits: list[Exit],
    error: BaseException | None,
    closing: Closing | None = None,
) -> list[BaseException]:
    """The same, awaiting what was opened by await.

    Args:
        exits: What was opened, in order.
        error: The exception of the scope's body.
        closing: Told of the end with what the teardowns raised and with ``error``: a scope whose
            exit hands this coroutine on needs none of its own.
    """
    failures: list[BaseException] = []
    latest_first, exits[:] = exits[::-1], ()
    for kind, resource, name, seconds in latest_first:
        try:
            if kind is Opening.ASYNC_GENERATOR and error is None and seconds is None:
                # the usual case: no coroutine of its own, no exception that would hold a frame
                if await anext(resource, _ENDED) is not _ENDED:
                    await _refuse_second_yield(resource, name)
            elif kind not in _AWAITED:
                _close(kind, resource, error, name)
            elif seconds is None:
                await _aclose(kind, resource, error, name)
            else:
                await _aclose_within(seconds, kind, resource, error, name)
        except BaseException as failure:  # noqa: BLE001  # every other teardown still has to run
            _note(failures, failure, error, name)
    if closing is not None:
        closing._end_close(failures, error)
    return failures


def raise_failures(scope: str, failures: list[BaseException], error: BaseException | None) -> None:
    """Raise what the teardowns raised.

    Args:
        scope: The scope's name.
        failures: What :func:`run_exits` returned.
        error: The exception of the scope's body, which becomes the ``__context__``.

    Raises:
        ScopeCloseError: It holds every failure that is an ``Exception``.
        BaseException: A cancellation, an interrupt or an exit that came in a teardown goes on as
            itself, with the other failures as its ``__cause__`` (its ``__context__`` is the
            body's exception, which Python sets).
    """
    if not failures:
        return
    ordinary = [failure for failure in failures if isinstance(failure, Exception)]
    group = ScopeCloseError(scope, ordinary) if ordinary else None
    if group is not None:
        group.__context__ = error
    severe = [failure for failure in failures if not isinstance(failure, Exception)]
    if group is not None and not severe:
        raise group
    chosen = next((f for f in severe if not isinstance(f, asyncio.CancelledError)), severe[0])
    if group is None:
        raise chosen
    raise chosen from group


def _note(
    failures: list[BaseException], failure: BaseException, error: BaseException | None, name: str
) -> None:
    if failure is not error:
        failure.add_note(f"trunkline: while {name} was torn down")
        failures.append(failure)


def _close(kind: Opening | Callback, resource: Any, error: BaseException | None, name: str) -> None:
    if kind is Callback.SYNC:
        resource()
    elif kind is Opening.CONTEXT_MANAGER:
        resource.__exit__(*_exc_info(error))
    elif error is None:
        if next(resource, _ENDED) is not _ENDED:
            resource.close()
            raise _yields_twice(name)
    else:
        traceback = error.__traceback__
        try:
            resource.throw(error)
        except StopIteration:
            return
        except RuntimeError as failure:
            if not _is_wrapped(failure, error):
                raise
            return
        finally:
            error.__traceback__ = traceback
        resource.close()
        raise _yields_twice(name)


async def _aclose(
    kind: Opening | Callback, resource: Any, error: BaseException | None, name: str
) -> None:
    if kind is Callback.ASYNC:
        callback: Callable[[], Awaitable[None]] = resource
        await callback()
    elif kind is Opening.ASYNC_CONTEXT_MANAGER:
        await resource.__aexit__(*_exc_info(error))
    elif error is None:
        if await anext(resource, _ENDED) is not _ENDED:
            await _refuse_second_yield(resource, name)
    else:
        traceback = error.__traceback__
        try:
            await resource.athrow(error)
        except StopAsyncIteration:
            return
        except RuntimeError as failure:
            if not _is_wrapped(failure, error):
                raise
            return
        finally:
            error.__traceback__ = traceback
        await _refuse_second_yield(resource, name)


async def _refuse_second_yield(resource: Any, name: str) -> None:
    await resource.aclose()
    raise _yields_twice(name)


async def _aclose_within(
    seconds: float, kind: Opening | Callback, resource: Any, error: BaseException | None, name: str
) -> None:
    limit = asyncio.timeout(seconds)
    cut_off: Exception | None = None
    try:
        async with limit:
            await _aclose(kind, resource, error, name)
    except Exception as failure:  # a cancellation that comes through is someone else's
        if not limit.expired():
            raise
        cut_off = failure
    if limit.expired():  # also where the teardown took its cancellation for the end of its wait
        raise TeardownTimeoutError(
            f"the teardown of {name} took longer than {seconds:g} seconds and was cancelled",
            cause="it waits for something that doesn't come",
            remedy="bound its waits, or give the provider more close_seconds",
        ) from cut_off


def _exc_info(
    error: BaseException | None,
) -> tuple[type[BaseException] | None, BaseException | None, TracebackType | None]:
    return (None, None, None) if error is None else (type(error), error, error.__traceback__)


def _is_wrapped(failure: RuntimeError, error: BaseException) -> bool:
    """Whether Python turned a StopIteration that passed through a generator into this error."""
    return isinstance(error, StopIteration | StopAsyncIteration) and failure.__cause__ is error


def _yields_twice(name: str) -> ResourceProtocolError:
    return ResourceProtocolError(
        f"the generator of {name} yielded more than once",
        cause="a resource yields its object once; what follows is the teardown",
        remedy="leave one `yield` on every way through the generator",
    )
