"""Shadow calls: the old way and the new side by side, for a sample of calls.

One of the two serves the call; the other is built beside it, compared and thrown away. Whatever
the shadow does, the call is served: what it raises is a difference like any other.
"""

# ruff: noqa: SLF001  # a comparison and its shadow are one unit

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import ref

from trunkline.errors import DeclarationError
from trunkline.legacy.sites import PROCESS, CallSite, Difference

if TYPE_CHECKING:
    from trunkline.legacy.redirect import Redirect

__all__ = ["Shadow", "class_name"]

logger = logging.getLogger(__name__)

_SHOWN: Final = 200
_REMEMBERED: Final = 256


def class_name(made: object) -> str:
    """The name of an object's class: an aspect to compare."""
    return type(made).__name__


class Shadow:
    """How to compare the old way of making something with the new.

    Args:
        old: The old way: a callable that takes the call's arguments, or its ``module:name``, which
            is imported when it is first needed. What it returns may have to be awaited, at call
            sites that do.
        compare: What to compare: aspects by name. Each is a function of the object; what it
            returns for the old one and the new one should be equal. One that returns an awaitable
            is compared in a task, after the call, for at most ``seconds``.
        identity: Whether to compare identity too: where two sampled calls bring the same scope
            values, both ways should give the same object as before, or both another one.
        every: The sample: 1 compares every call, 100 each hundredth.
        serve: Which way serves the call.
        close: What to do with the old object once it is compared and does not serve.
        seconds: How long an awaited shadow may take.
    """

    def __init__(
        self,
        old: Callable[..., Any] | str,
        *,
        compare: Mapping[str, Callable[[Any], Any]],
        identity: bool = False,
        every: int = 100,
        serve: Literal["old", "new"] = "new",
        close: Callable[[Any], object] | None = None,
        seconds: float = 5.0,
    ) -> None:
        if every < 1 or serve not in ("old", "new"):
            raise DeclarationError(
                f"a shadow with every={every!r} and serve={serve!r} can't work",
                remedy="give every=1 or more, and serve='old' or serve='new'",
            )
        self._old = old
        self._compare = dict(compare)
        self._identity = identity
        self._every = every
        self._serve = serve
        self._close = close
        self._seconds = seconds
        self._calls = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._before: OrderedDict[Any, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def call(
        self,
        redirect: Redirect,
        site: CallSite,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        awaited: bool,
    ) -> Any:
        """Serve a call, and compare the two ways if it is in the sample.

        Args:
            redirect: The old name.
            site: Where it is called.
            args: The call's positional arguments.
            kwargs: The call's keyword arguments.
            awaited: Whether the call gives a coroutine.
        """
        sampled = next(self._calls) % self._every == 0
        one = _Comparison(self, redirect, site, args, kwargs)
        if awaited:
            return one.serve_awaited(sampled=sampled)
        return one.serve(sampled=sampled)

    @property
    def old_way(self) -> Callable[..., Any]:
        """The old way, imported if need be."""
        if isinstance(self._old, str):
            module, _, attribute = self._old.partition(":")
            found: Any = import_module(module)
            for name in attribute.split("."):
                found = getattr(found, name)
            self._old = found
        assert not isinstance(self._old, str)  # noqa: S101  # narrows for the type checker
        return self._old

    async def settle(self) -> None:
        """Wait for the comparisons that still run in tasks."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _again(self, key: Any, old: Any, new: Any) -> tuple[bool, bool] | None:
        """Whether each way gave the object it gave before for the same values; None at first."""
        try:
            now = (ref(old), ref(new))
        except TypeError:  # objects without weak references are not remembered
            return None
        with self._lock:
            before = self._before.get(key)
            self._before[key] = now
            while len(self._before) > _REMEMBERED:
                self._before.popitem(last=False)
        return None if before is None else (before[0]() is old, before[1]() is new)

    def _later(self, comparison: asyncio.Task[None]) -> None:
        self._tasks.add(comparison)
        comparison.add_done_callback(self._tasks.discard)


class _Comparison:
    """One call under comparison."""

    def __init__(
        self,
        shadow: Shadow,
        redirect: Redirect,
        site: CallSite,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._shadow = shadow
        self._redirect = redirect
        self._site = site
        self._args = args
        self._kwargs = kwargs
        self._serves_new = shadow._serve == "new"

    def serve(self, *, sampled: bool) -> Any:
        try:
            made = self._make(new=self._serves_new)
        except Exception as error:
            if sampled:
                self._failed(error, shadow=False)
            raise
        if not sampled:
            return made
        fresh = self._redirect.is_fresh(self._site, self._args, self._kwargs)
        try:
            other = self._make(new=not self._serves_new)
        except Exception as error:  # noqa: BLE001  # the shadow never fails the call
            self._failed(error, shadow=True)
            return made
        if inspect.iscoroutine(other):
            other.close()
            self._differ("error", "it must be awaited", "it need not be")
        else:
            self._compare(made, other, fresh)
        return made

    async def serve_awaited(self, *, sampled: bool) -> Any:
        try:
            made = await _awaited(self._make(new=self._serves_new, awaited=True))
        except Exception as error:
            if sampled:
                self._failed(error, shadow=False)
            raise
        if not sampled:
            return made
        fresh = self._redirect.is_fresh(self._site, self._args, self._kwargs)
        try:
            async with asyncio.timeout(self._shadow._seconds):
                other = await _awaited(self._make(new=not self._serves_new, awaited=True))
        except Exception as error:  # noqa: BLE001  # the shadow never fails the call
            self._failed(error, shadow=True)
            return made
        self._compare(made, other, fresh)
        return made

    def _make(self, *, new: bool, awaited: bool = False) -> Any:
        """Make the object one way or the other."""
        if new:
            return self._redirect.answer(self._site, self._args, self._kwargs, awaited=awaited)
        return self._shadow.old_way(*self._args, **self._kwargs)

    def _compare(self, made: Any, other: Any, fresh: bool) -> None:
        """Compare the two; never raises."""
        new, old = (made, other) if self._serves_new else (other, made)
        pending: list[tuple[str, Any, Any]] = []
        for aspect, of in self._shadow._compare.items():
            try:
                seen_old, seen_new = of(old), of(new)
                if inspect.isawaitable(seen_old) or inspect.isawaitable(seen_new):
                    pending.append((aspect, seen_old, seen_new))
                elif seen_old != seen_new:
                    self._differ(aspect, _shown(seen_old), _shown(seen_new))
            except Exception as error:  # noqa: BLE001  # the shadow never fails the call
                self._differ(aspect, "compared", _shown(error))
        if self._shadow._identity:
            key = self._redirect.values_key(self._site, self._args, self._kwargs)
            again = self._shadow._again(key, old, new)
            if again is not None and again[0] != again[1]:
                words = {True: "the same object again", False: "another object"}
                self._differ("identity", words[again[0]], words[again[1]])
        if pending:
            self._compare_later(pending, other, fresh)
        else:
            self._let_go(other, fresh)

    def _compare_later(self, pending: list[tuple[str, Any, Any]], other: Any, fresh: bool) -> None:
        async def compare() -> None:
            for aspect, old, new in pending:
                try:
                    async with asyncio.timeout(self._shadow._seconds):
                        seen_old, seen_new = await _awaited(old), await _awaited(new)
                    if seen_old != seen_new:
                        self._differ(aspect, _shown(seen_old), _shown(seen_new))
                except Exception as error:  # noqa: BLE001  # the shadow never fails anything
                    self._differ(aspect, "compared", _shown(error))
            self._let_go(other, fresh)

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for aspect, *seen in pending:
                for one in seen:
                    if inspect.iscoroutine(one):
                        one.close()
                self._differ(aspect, "compared", "no loop runs here to await the aspect in")
            self._let_go(other, fresh)
            return
        self._shadow._later(loop.create_task(compare(), name=f"compare {self._redirect.old.name}"))

    def _let_go(self, other: Any, fresh: bool) -> None:
        """Throw the shadow away: close what it opened."""
        try:
            if not self._serves_new and fresh:
                self._redirect.close_fresh(self._site, self._args, self._kwargs)
            elif self._serves_new and self._shadow._close is not None:
                closing = self._shadow._close(other)
                if inspect.iscoroutine(closing):
                    task = asyncio.get_running_loop().create_task(closing)
                    self._shadow._later(task)
        except Exception as error:  # noqa: BLE001  # the shadow never fails the call
            self._differ("close", "closed", _shown(error))

    def _failed(self, error: Exception, *, shadow: bool) -> None:
        """One way failed where the other may not have."""
        new_failed = self._serves_new != shadow
        other = "no error" if shadow else "not tried"
        words = (other, _shown(error)) if new_failed else (_shown(error), other)
        self._differ("error", *words)

    def _differ(self, aspect: str, old: str, new: str) -> None:
        place = self._site.place
        difference = Difference(self._redirect.old.name, aspect, old, new, place.file, place.line)
        PROCESS.usage.differ(difference)
        logger.warning(
            "%s at %s: %s differs: the old way %s, the new way %s",
            difference.name,
            place,
            aspect,
            difference.old,
            difference.new,
        )


async def _awaited(made: Any) -> Any:
    return await made if inspect.iscoroutine(made) or inspect.isawaitable(made) else made


def _shown(value: object) -> str:
    try:
        text = f"{type(value).__name__}: {value}" if isinstance(value, Exception) else repr(value)
    except Exception as error:  # noqa: BLE001  # a broken repr is no reason to fail the call
        text = f"{type(value).__name__} ({type(error).__name__} in its repr)"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
