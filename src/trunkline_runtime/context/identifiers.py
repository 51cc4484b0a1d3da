"""Typed identifiers, and the rules that every identifier of a context keeps.

The types are real at run time, so that a thread's id where a user's belongs is refused instead of
sending one user's events to nobody, or to somebody. The rules refuse what a forgotten argument or
a half-filled template leaves behind: such a value is shared by everyone who forgot, and their
requests would meet.
"""

from __future__ import annotations

import unicodedata
from typing import Final, TypeVar

from trunkline_runtime.context.environment import Environment
from trunkline_runtime.errors import InvalidIdentifier
from trunkline_runtime.frozen import is_really

__all__ = [
    "MAX_IDENTIFIER_LENGTH",
    "ConnectionId",
    "Identifier",
    "RequestId",
    "RunId",
    "ThreadId",
    "UserId",
    "check_identifier",
    "check_text",
]

MAX_IDENTIFIER_LENGTH: Final = 256
"""The most characters an identifier may have."""

_SHORT: Final = 20  # from here on a prefix like "demo_" is part of a name, not of a placeholder

# fmt: off
_PLACEHOLDERS: Final = frozenset({
    "registry", "placeholder", "default", "temp", "none", "null", "undefined", "0", "1", "xxx",
    "yyy", "example", "test", "demo", "sample", "template", "mock", "fake", "dummy",
})
_PREFIXES: Final = frozenset({
    "placeholder", "registry", "temp", "example", "demo", "sample", "template", "mock", "fake",
    "default",
})
_ROLES: Final = frozenset({
    "account", "admin", "administrator", "agent", "analyst", "anonymous", "auditor", "bot",
    "client", "contributor", "customer", "developer", "editor", "employee", "guest",
    "maintainer", "manager", "member", "moderator", "operator", "owner", "partner", "reader",
    "reviewer", "root", "service", "staff", "subscriber", "superuser", "supervisor", "support",
    "system", "tenant", "user", "viewer", "visitor", "worker", "writer",
})
# fmt: on
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Identifier(str):
    """Text that names one thing of one kind. Made by its subclasses only."""

    __slots__ = ()


class UserId(Identifier):
    """Names a user."""

    __slots__ = ()


class ThreadId(Identifier):
    """Names a conversation."""

    __slots__ = ()


class RunId(Identifier):
    """Names a run of an agent."""

    __slots__ = ()


class RequestId(Identifier):
    """Names a request."""

    __slots__ = ()


class ConnectionId(Identifier):
    """Names a websocket connection."""

    __slots__ = ()


IdentifierT = TypeVar("IdentifierT", bound=Identifier)


def check_identifier(
    kind: type[IdentifierT],
    field: str,
    value: object,
    environment: Environment = Environment.PRODUCTION,
) -> IdentifierT:
    """Return an identifier of the right kind, or say which rule it breaks.

    Args:
        kind: The type that belongs in the field. Plain text is converted to it.
        field: The field's name, for the error.
        value: What was given.
        environment: Identifiers that begin with ``test_`` are allowed in TEST alone.

    Raises:
        InvalidIdentifier: It is not text, or of another kind, empty or blank, longer than
            `MAX_IDENTIFIER_LENGTH`, holds characters nobody sees, or is a placeholder.
    """
    given = type(value)
    text: str = value if given is kind or given is str else _plain_text(kind, field, value)  # type: ignore[assignment]  # narrowed by its exact type
    stripped = check_text(field, text)
    if len(stripped) < _SHORT or stripped[:5].casefold() == "test_":
        _refuse_placeholder(field, text, stripped.casefold(), environment)
    return text if given is kind else kind(text)  # type: ignore[return-value]  # by `given`


def check_text(field: str, text: str) -> str:
    """Check what holds for every short text of a context, placeholder or not.

    Args:
        field: The field's name, for the error.
        text: What was given.

    Returns:
        The text without the blanks around it.

    Raises:
        InvalidIdentifier: It is empty or blank, longer than `MAX_IDENTIFIER_LENGTH`, or holds
            characters nobody sees.
    """
    stripped = text.strip()
    if not stripped:
        raise InvalidIdentifier(
            field, text, "must not be empty or blank", f"Pass the request's own {field}."
        )
    if len(text) > MAX_IDENTIFIER_LENGTH:
        raise InvalidIdentifier(
            field,
            text,
            f"is longer than {MAX_IDENTIFIER_LENGTH} characters ({len(text)})",
            "Use a uuid; documents belong elsewhere.",
        )
    if not text.isprintable():
        _refuse_invisible(field, text)
    return stripped


def _plain_text(kind: type[Identifier], field: str, value: object) -> str:
    given = type(value)
    if issubclass(given, Identifier):
        raise InvalidIdentifier(
            field,
            value,
            f"must be a {kind.__name__}, not a {given.__name__}",
            "Look whether two arguments have changed places.",
        )
    if not is_really(value, str):
        raise InvalidIdentifier(
            field,
            value,
            f"must be text, not {given.__name__}",
            f"Pass {kind.__name__}(...) or a plain str.",
        )
    return str.__str__(value)


def _refuse_invisible(field: str, text: str) -> None:
    for character in text:
        if unicodedata.category(character) in _INVISIBLE:
            raise InvalidIdentifier(
                field,
                text,
                f"holds a control or invisible character, U+{ord(character):04X}",
                "Pass the identifier alone; two that look the same must be the same.",
            )


def _refuse_placeholder(field: str, text: str, word: str, environment: Environment) -> None:
    remedy = f"Pass the request's own {field}: everyone who forgets it would share this one."
    if word in _PLACEHOLDERS:
        raise InvalidIdentifier(field, text, "is a placeholder", remedy)
    prefix, underscore, rest = word.partition("_")
    if not underscore:
        return
    if prefix == "test" and environment is not Environment.TEST:
        raise InvalidIdentifier(
            field,
            text,
            f"begins with 'test_', which the {environment} environment refuses",
            "Pass environment=Environment.TEST where tests build contexts.",
        )
    if prefix in _PREFIXES and len(word) < _SHORT:
        if prefix == "default" and rest in _ROLES:
            return
        raise InvalidIdentifier(
            field, text, f"is a placeholder: it begins with '{prefix}_'", remedy
        )
