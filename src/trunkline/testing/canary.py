"""Canaries: marks in each user's data that must never show in another's."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import logging
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from trunkline.testing.state import attributes_of

if TYPE_CHECKING:
    import pytest

__all__ = ["Canary", "CrossUserError", "canary_of"]

_MARK = re.compile(r"canary-([\w.-]+?)-[0-9a-f]{16}")


class CrossUserError(AssertionError):
    """Data of one user was shown to another.

    Attributes:
        user: Who saw it.
        owner: Whose it was.
        where: Where it was seen.
    """

    def __init__(self, user: str, owner: str, where: str, text: str) -> None:
        self.user, self.owner, self.where = user, owner, where
        shown = text if len(text) <= 400 else f"{text[:397]}..."
        super().__init__(f"{where} of {user} shows the mark of {owner}:\n    {shown}")


class Canary:
    """Marks for the data of several users, and the checks that none crosses.

    Put each user's mark wherever users put data: names, messages, metadata, tool arguments. Then
    pass all that a user is shown to :meth:`check`, and all that is written for everyone, such as
    logs, to :meth:`check_line`.
    """

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def mark(self, user: str) -> str:
        """The user's mark: letters, digits and dashes, the same at each call.

        Args:
            user: Letters, digits, dots, dashes and underscores.
        """
        if not re.fullmatch(r"[\w.-]+", user):
            raise ValueError(f"a mark can't carry the user name {user!r}")
        if user not in self._marks:
            self._marks[user] = f"canary-{user}-{token_hex(8)}"
        return self._marks[user]

    def owners(self, text: str) -> set[str]:
        """The users whose marks a text shows."""
        return {found[1] for found in _MARK.finditer(text) if self._marks.get(found[1]) == found[0]}

    def check(self, user: str, shown: Any, where: str = "an event") -> None:
        """Fail where a user is shown another's mark.

        Args:
            user: Who is shown it.
            shown: A text; an exception, whose traceback, causes and notes count; a container, with
                what is in it; or any object, by its ``repr``, or its attributes where it has none.
            where: What it is, for the message.

        Raises:
            CrossUserError: It shows another's mark.
        """
        text = _text(shown)
        for owner in sorted(self.owners(text) - {user}):
            raise CrossUserError(user, owner, where, text)

    def check_line(self, text: str, user: str | None = None, where: str = "a log line") -> None:
        """Fail where a line that everyone's operators read mixes users.

        Args:
            text: The line.
            user: Whose line it is, if that is known.
            where: What it is, for the message.

        Raises:
            CrossUserError: It shows marks of two users, or of another than its own.
        """
        if user is not None:
            self.check(user, text, where)
            return
        owners = sorted(self.owners(text))
        if len(owners) > 1:
            raise CrossUserError(owners[0], owners[1], where, text)

    @contextmanager
    def watching(
        self, owner: Callable[[logging.LogRecord], str | None] = lambda _: None
    ) -> Iterator[None]:
        """Check every log line and every exception that nobody handles, when the block ends.

        Log lines are those of all loggers, also of such that hand nothing on to the root's.
        Exceptions are those that end a thread, or a task that nobody asks for its result.

        Args:
            owner: Tells whose line a record is, if it can.

        Raises:
            CrossUserError: The first that showed marks of two users, or of another than its own.
        """
        crossed: list[CrossUserError] = []

        def look(text: str, user: str | None, where: str) -> None:
            try:
                self.check_line(text, user, where)
            except CrossUserError as found:
                crossed.append(found)

        with (
            _watched_logs(lambda record: look(_line(record), owner(record), "a log line")),
            _watched_failures(lambda error: look(_text(error), None, "an unhandled exception")),
        ):
            yield
            gc.collect()  # a failed task says so when it is collected
        for first in crossed:
            raise first

    @contextmanager
    def watching_calls(
        self, owner: type, method: str, *, user: Callable[..., str | None]
    ) -> Iterator[None]:
        """Check what a method of a class is called with, such as a store's that keeps messages.

        Args:
            owner: The class.
            method: The method's name; it may be a coroutine function.
            user: Tells whose call it is, from the arguments after ``self``; None for anyone's.

        Raises:
            CrossUserError: When the block ends: the first call that showed another's mark.
        """
        crossed: list[CrossUserError] = []
        plain = getattr(owner, method)

        @functools.wraps(plain)
        def looking(self_: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                whose = user(*args, **kwargs)
                where = f"what {owner.__qualname__}.{method}() was called with"
                shown = " ".join(map(_text, (*args, *kwargs.values())))
                self.check_line(shown, whose, where)
            except CrossUserError as found:
                crossed.append(found)
            return plain(self_, *args, **kwargs)

        had = vars(owner).get(method)
        setattr(owner, method, looking)
        try:
            yield
        finally:
            if had is None:
                delattr(owner, method)
            else:
                setattr(owner, method, had)
        for first in crossed:
            raise first


@contextmanager
def _watched_logs(look: Callable[[logging.LogRecord], None]) -> Iterator[None]:
    plain = logging.Logger.callHandlers

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        look(record)
        plain(self, record)

    # a handler of the root's would miss the loggers that don't propagate
    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]  # for the block
    try:
        yield
    finally:
        logging.Logger.callHandlers = plain  # type: ignore[method-assign]  # as it was


@contextmanager
def _watched_failures(look: Callable[[BaseException], None]) -> Iterator[None]:
    in_threads, unraisable = threading.excepthook, sys.unraisablehook

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            look(args.exc_value)
        in_threads(args)

    def of_collector(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            look(args.exc_value)
        unraisable(args)

    threading.excepthook, sys.unraisablehook = of_thread, of_collector
    try:
        with _watched_loop(look):
            yield
    finally:
        threading.excepthook, sys.unraisablehook = in_threads, unraisable


@contextmanager
def _watched_loop(look: Callable[[BaseException], None]) -> Iterator[None]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # there is none; the default handler of any other logs its exceptions
        yield
        return
    former = loop.get_exception_handler()

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            look(error)
        if former is not None:
            former(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handler)
    try:
        yield
    finally:
        loop.set_exception_handler(former)


_FORMATTER = logging.Formatter("%(name)s %(message)s")
DEPTH = 8
"""How deep containers in what is shown are looked into."""


def _line(record: logging.LogRecord) -> str:
    """All that a record says: its message, its exception, what it was given beside."""
    own = copy.copy(record)  # formatting notes things on it
    extra = {k: v for k, v in vars(record).items() if k not in ("msg", "args", "exc_info")}
    return f"{_FORMATTER.format(own)} {_text(extra)}"


def _text(shown: Any, depth: int = DEPTH) -> str:
    if isinstance(shown, str):
        return shown
    if isinstance(shown, bytes | bytearray):
        return shown.decode(errors="replace")
    if isinstance(shown, BaseException):
        return "".join(traceback.format_exception(shown))
    parts = _parts(shown) if depth else None
    return repr(shown) if parts is None else " ".join(_text(part, depth - 1) for part in parts)


def _parts(shown: Any) -> Iterable[Any] | None:
    """What is shown by showing a container, or an object whose ``repr`` says nothing of it."""
    if isinstance(shown, Mapping):
        return (*shown.keys(), *shown.values())
    if isinstance(shown, list | tuple | set | frozenset | deque):
        return tuple(shown)
    represented: Any = type(shown).__repr__
    if represented is object.__repr__:
        return (repr(shown), *(part for step in attributes_of(shown) for part in step))
    return None


def canary_of(request: pytest.FixtureRequest) -> Canary | None:
    """The canary of the test, if it asks for one."""
    return request.getfixturevalue("canary") if "canary" in request.fixturenames else None
