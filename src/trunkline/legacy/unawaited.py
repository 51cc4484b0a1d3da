"""Running a coroutine that has nothing to wait for, where nobody awaits it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

__all__ = ["Unfinished", "drive"]


class Unfinished(Exception):  # noqa: N818  # a state, told to the callers of ``drive`` alone
    """A coroutine has to wait for something."""


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to wait for to its end, at once.

    Args:
        coroutine: Any; it is closed if it has to wait after all.

    Raises:
        Unfinished: It has to wait.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise Unfinished
