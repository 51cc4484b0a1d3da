"""Canaries: marks in each user's data that must never show in another's."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

__all__ = ["Canary", "CrossUserError"]

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
            shown: A text; an exception, whose traceback, causes and notes count; or any object,
                by its ``repr``.
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
        owners = sorted(self.owners(text) | ({user} if user else set()))
        if len(owners) > 1:
            raise CrossUserError(owners[0], owners[1], where, text)

    @contextmanager
    def watching_logs(
        self, owner: Callable[[logging.LogRecord], str | None] = lambda _: None
    ) -> Iterator[None]:
        """Check every log line that is written during a block, when the block ends.

        Args:
            owner: Tells whose line a record is, if it can.

        Raises:
            CrossUserError: The first line that mixed users.
        """
        handler = _Watcher(self, owner)
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
        for crossed in handler.crossed:
            raise crossed


class _Watcher(logging.Handler):
    def __init__(self, canary: Canary, owner: Callable[[logging.LogRecord], str | None]) -> None:
        super().__init__()
        self._canary, self._owner = canary, owner
        self.crossed: list[CrossUserError] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            extra = {k: v for k, v in vars(record).items() if k not in ("msg", "args")}
            self._canary.check_line(f"{self.format(record)} {extra!r}", self._owner(record))
        except CrossUserError as crossed:
            self.crossed.append(crossed)


def _text(shown: Any) -> str:
    if isinstance(shown, str):
        return shown
    if isinstance(shown, bytes):
        return shown.decode(errors="replace")
    if isinstance(shown, BaseException):
        return "".join(traceback.format_exception(shown))
    return repr(shown)
