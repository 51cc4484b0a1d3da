"""Structured logs: every line names its request, and none can be forged or tell a secret.

``log_fields`` puts a request's identifiers on every line written inside it, in the task and in
the tasks that it starts. The formatters write one record a line, for machines (`JsonFormatter`)
or for people (`PlainFormatter`). What a client sent may be part of a message, so that control
characters are escaped, and whatever looks like a token, or is a known secret, is masked.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO

from trunkline_runtime.context import UserExecutionContext

__all__ = [
    "MASK",
    "JsonFormatter",
    "PlainFormatter",
    "RecordFormatter",
    "context_fields",
    "current_fields",
    "log_fields",
    "logging_to",
]

MASK: Final = "[masked]"

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("trunkline_log_fields", default=_NOTHING)

_STANDARD: Final = frozenset(
    vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}
)
_SECRET_KEY: Final = re.compile(
    r"secret|password|passwd|authorization|cookie|credential|api_?key|(^|_)token$", re.IGNORECASE
)
_SECRET_TEXT: Final = re.compile(
    r"""
    (?P<header>\bauthorization["']?\s*[:=]\s*["']?(?:\w+\s+)?)[^\s"',;]+
  | (?P<scheme>\bbearer(?:\s+|\.))[\w.~+/=-]{8,}                 # also as a subprotocol
  | (?P<login>://[^/\s:@]+:)[^/\s@]+(?=@)                            # an address with a password
  | (?P<pair>\b(?:secret|password|passwd|token|api_?key)["']?\s*[=:]\s*["']?)[^\s"',;&}]+
  | \beyJ[\w-]+\.[\w-]+\.[\w-]*                                 # a JSON web token
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PLAIN_VALUE: Final = re.compile(r"[\w.:/@+-]+")
# Control characters, line separators, characters that turn the direction of text, and halves of
# surrogate pairs: what could end a line, colour a terminal, or hide what it says.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def context_fields(context: UserExecutionContext) -> dict[str, str]:
    """Return the identifiers of a request, as log lines show them."""
    fields = {
        "user_id": str(context.user_id),
        "thread_id": str(context.thread_id),
        "run_id": str(context.run_id),
        "request_id": str(context.request_id),
    }
    if context.websocket_client_id is not None:
        fields["connection_id"] = str(context.websocket_client_id)
    return fields


def current_fields() -> Mapping[str, str]:
    """Return the fields that log lines carry here."""
    return _fields.get()


@contextmanager
def log_fields(
    context: UserExecutionContext | None = None, /, **fields: str
) -> Iterator[Mapping[str, str]]:
    """Put fields on every line that is logged inside.

    Args:
        context: A request, whose identifiers become fields.
        **fields: More of them. Inner ones win over outer ones.
    """
    identifiers = {} if context is None else context_fields(context)
    token = _fields.set(MappingProxyType({**_fields.get(), **identifiers, **fields}))
    try:
        yield _fields.get()
    finally:
        _fields.reset(token)


class RecordFormatter(logging.Formatter):
    """What both formats share: the parts of a record, masked.

    Args:
        secrets: Values that must never be written, such as the key that signs tokens.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        longest_first = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._secrets = (
            re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        )

    def masked(self, text: str) -> str:
        """Return the text without known secrets and without what looks like a token."""
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        return _SECRET_TEXT.sub(_masked, text)

    def message(self, record: logging.LogRecord) -> str:
        """Return the message with its arguments, or without them where they do not fit it."""
        try:
            return self.masked(record.getMessage())
        except (TypeError, ValueError, KeyError):
            # The handler would print the record as it is, secrets and all.
            return self.masked(f"{record.msg} [its arguments do not fit]")

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the line says beside its message: the request's fields, then its own."""
        given = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        return {key: self._field(key, value) for key, value in {**_fields.get(), **given}.items()}

    def _field(self, key: str, value: object) -> object:
        if _SECRET_KEY.search(key):
            return MASK
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.masked(value if isinstance(value, str) else repr(value))

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the exception and the stack of a record, if it has them."""
        parts = []
        if record.exc_info and record.exc_info[0] is not None:
            parts.append(self.formatException(record.exc_info))
        elif record.exc_text:
            parts.append(record.exc_text)
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return self.masked("\n".join(parts))


class JsonFormatter(RecordFormatter):
    """One JSON object a line, in ASCII: time, level, logger, message, fields, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Draw a record."""
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message(record),
        }
        for key, value in self.fields(record).items():
            entry[key if key not in entry else f"field_{key}"] = value
        traceback = self.traceback(record)
        if traceback:
            entry["traceback"] = traceback
        return json.dumps(entry, separators=(",", ":"))


class PlainFormatter(RecordFormatter):
    """Lines for people: time, level, logger, message, fields; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Draw a record."""
        head = f"{_time(record)} {record.levelname:<8} {record.name}: "
        fields = " ".join(f"{key}={_quoted(value)}" for key, value in self.fields(record).items())
        line = head + self.message(record) + (f" [{fields}]" if fields else "")
        lines = [_escaped(line)]
        # Each line of a traceback is escaped and marked on its own: an exception's text may hold
        # line ends too, and must not pass for a line of the log.
        lines += [f"    | {_escaped(part)}" for part in self.traceback(record).split("\n") if part]
        return "\n".join(lines)


@contextmanager
def logging_to(
    stream: TextIO | None = None,
    *,
    level: str = "INFO",
    format: Literal["json", "plain"] = "json",  # noqa: A002  # the name of the setting
    secrets: Iterable[str] = (),
) -> Iterator[logging.Handler]:
    """Write the logs of the whole process to a stream while the block runs.

    What the root logger wrote to before is put back afterwards.

    Args:
        stream: Where to; standard error unless given.
        level: The least severe level that is written.
        format: "json" for machines, "plain" for people.
        secrets: Values that must never be written, such as the key that signs tokens.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter((JsonFormatter if format == "json" else PlainFormatter)(secrets))
    root = logging.getLogger()
    handlers, old_level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(level)
    try:
        yield handler
    finally:
        root.handlers[:] = handlers
        root.setLevel(old_level)
        handler.flush()


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _masked(match: re.Match[str]) -> str:
    """Keep what leads up to a secret, and mask the secret."""
    kept = match[match.lastgroup] if match.lastgroup else ""
    return kept + MASK


def _quoted(value: object) -> str:
    """Draw a field's value so that it cannot be taken for more fields."""
    text = str(value)
    return text if _PLAIN_VALUE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)
