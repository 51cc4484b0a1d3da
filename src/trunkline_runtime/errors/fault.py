"""What all errors of the runtime have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["RuntimeFault"]


class RuntimeFault(Exception):
    """What the runtime raises; catch it to catch them all.

    Args:
        summary: What failed and where, as a sentence without its full stop.
        remedy: What to do about it, as a full sentence; empty where nothing can be said.
        public: What a user may see: no values of other users, no paths, no tracebacks.

    Attributes:
        code: A short stable word for programs and clients.
        retryable: Whether the same request may succeed later, unchanged.
        summary: As given.
        remedy: As given.
        public_message: As given, or a sentence that says nothing.
    """

    code: str = "runtime_fault"
    retryable: bool = False
    _public: ClassVar[str] = "The request could not be served."
    _joint: ClassVar[str] = ". "

    def __init__(self, summary: str, remedy: str = "", public: str = "") -> None:
        super().__init__(f"{summary}{self._joint}{remedy}" if remedy else summary)
        self.summary = summary
        self.remedy = remedy
        self.public_message = public or self._public

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[RuntimeFault], args: tuple[object, ...], state: Mapping[str, object]
) -> RuntimeFault:
    """Rebuild a pickled error: its constructor takes objects, its ``args`` hold the text."""
    fault = kind.__new__(kind, *args)
    fault.__dict__.update(state)
    return fault
