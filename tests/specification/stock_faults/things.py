"""What the tests of stock faults declare things with."""

from __future__ import annotations

from typing import Any


class Log(list[str]):
    """What happened, in order."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Thing:
    """Remembers what it was made with."""

    def __init__(self, *args: Any) -> None:
        self.args = args
