"""Plain data for events: what agents return, and what a user may see of a tool's work."""

import dataclasses
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from trunkline_runtime.errors import InvalidPayload

__all__ = ["outline", "plain"]

_OUTLINE_DEPTH: Final = 24  # events allow 32, and the value lies inside a payload
_OUTLINE_INT_BITS: Final = 4096  # Python refuses to draw integers of more than 4,300 digits


def plain(value: object, event_type: str, limit_bytes: int) -> Any:
    """Return a copy of a value as JSON-like data, or refuse it.

    Dataclasses, pydantic models, enumerations, dates, paths and the like become what pydantic
    makes of them in JSON. Halves of surrogate pairs (of a file name that is no UTF-8, say) become
    escapes in the text: JSON could carry them, but many a client refuses to read them.

    Args:
        value: What an agent returns or sends.
        event_type: The event that will carry it, for the error.
        limit_bytes: How many bytes of JSON it may take.

    Raises:
        InvalidPayload: It has no JSON form, or a larger one.
    """
    try:
        copy = _jsonable(value)
        text = json.dumps(copy, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        # The library's text may quote the value, which is the user's own; the cause keeps it.
        problem = f"a value of type {type(value).__name__} has no JSON form"
        raise InvalidPayload(event_type, [problem]) from error
    if len(text) > limit_bytes:
        raise InvalidPayload(
            event_type, [f"it takes {len(text):,} bytes of JSON, and {limit_bytes:,} are allowed"]
        )
    return _mended(copy) if "\\ud" in text else copy


def outline(value: object, limit_bytes: int) -> Any:
    """Return what can be shown of a value, without ever failing or changing it.

    A tool may take and return live objects (connections, syntax trees, iterators) that matter to
    the agent alone. Those are shown by the names of their classes and are neither consumed nor
    converted by methods of their own.

    Args:
        value: A tool's parameter or result.
        limit_bytes: How many bytes of JSON the outline may take; a larger value is replaced by a
            note that says so.
    """
    try:
        return _Outliner(limit_bytes).draw(value, _OUTLINE_DEPTH)
    except _TooLargeError:
        return {"omitted": f"larger than {limit_bytes} bytes"}


class _TooLargeError(Exception):
    """The budget is spent; whatever is drawn beyond it would be thrown away."""


class _Outliner:
    def __init__(self, budget: int) -> None:
        self._budget = budget

    def draw(self, value: object, depth: int) -> Any:
        """Draw one value and pay for it."""
        value = _opened(value)
        if value is None or isinstance(value, str | int | float):
            return self._scalar(value)
        if depth == 0:
            return self._scalar("...")
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            self._spend(2)
            return [self.draw(item, depth - 1) for item in value]
        return self._scalar(_kind(value))

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        self._spend(2)
        return {
            self._scalar(key if isinstance(key, str) else _kind(key)): self.draw(item, depth - 1)
            for key, item in value.items()
        }

    def _scalar(self, value: str | float | None) -> Any:
        if isinstance(value, str):
            self._spend(len(value))  # before it is drawn: drawing a huge text is work as well
            value = _mended(str.__str__(value))
        elif isinstance(value, float):
            value = float(value) if math.isfinite(value) else str(float(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            value = int(value) if int(value).bit_length() < _OUTLINE_INT_BITS else _kind(value)
        self._spend(len(json.dumps(value)) + 1)
        return value

    def _spend(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise _TooLargeError


def _jsonable(value: object) -> Any:
    try:
        return to_jsonable_python(value)
    except UnicodeEncodeError:  # a key of a mapping; texts elsewhere are let through
        return to_jsonable_python(_mended(value))


def _mended(value: Any) -> Any:
    """Return JSON-like data without halves of surrogate pairs."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value


def _opened(value: object) -> object:
    """Return the plain form of what has one."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, MappingProxyType):
        return dict(value)
    if isinstance(value, BaseModel):
        return dict(vars(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: getattr(value, name, None) for name in names}
    return value


def _kind(value: object) -> str:
    return f"<{type(value).__name__}>"
