"""Shadow calls: the old way and the new side by side, for a sample of calls.

One of the two serves the call; the other is built beside it, compared and thrown away. Whatever
the shadow does, the call is served: what it raises is a difference like any other.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import ref

from trunkline.errors import DeclarationError
from trunkline.legacy.comparison import Comparison
from trunkline.legacy.sites import CallSite

if TYPE_CHECKING:
    from trunkline.legacy.redirect import Redirect

__all__ = ["Shadow", "class_name"]

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

    Raises:
        DeclarationError: A number or a word is none that can work.
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
        if type(every) is not int or every < 1 or serve not in ("old", "new") or seconds <= 0:
            raise DeclarationError(
                f"a shadow with every={every!r}, serve={serve!r} and seconds={seconds!r} "
                "can't work",
                remedy="give every=1 or more, serve='old' or serve='new', and more than 0 seconds",
            )
        if isinstance(old, str) and not all(old.partition(":")):
            raise DeclarationError(
                f"{old!r} does not name the old way", remedy="write module:name, or give it itself"
            )
        self.compare = dict(compare)
        self.identity = identity
        self.close = close
        self.seconds = seconds
        self.serves_new = serve == "new"
        self._old = old
        self._every = every
        self._calls = itertools.count()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._before: OrderedDict[Any, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def call(
        self,
        redirect: Redirect,
        site: CallSite,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Serve a call, and compare the two ways if it is in the sample.

        Args:
            redirect: The old name.
            site: Where it is called.
            args: The call's positional arguments.
            kwargs: The call's keyword arguments.
        """
        sampled = next(self._calls) % self._every == 0
        one = Comparison(self, redirect, site, args, kwargs)
        if site.awaited:
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

    def again(self, key: Any, old: Any, new: Any) -> tuple[bool, bool] | None:
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

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something beside the call, in a task that ``settle`` waits for.

        Raises:
            RuntimeError: No loop runs here.
        """
        try:
            task = asyncio.get_running_loop().create_task(work, name=name)
        except RuntimeError:
            work.close()
            raise
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self) -> None:
        """Wait for the comparisons that still run in tasks."""
        while self._tasks:
            await asyncio.wait(self._tasks)
