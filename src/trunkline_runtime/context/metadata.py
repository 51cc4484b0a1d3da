"""The rules that the metadata of a context keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trunkline_runtime.context.identifiers import UserId
from trunkline_runtime.errors import InvalidMetadata
from trunkline_runtime.frozen import FrozenDict, NotPlain, PlainData, freeze, is_mapping, path_step

__all__ = ["EMPTY", "RESERVED_KEYS", "check_metadata", "merged"]

EMPTY: Final = FrozenDict()

_CONTAINERS: Final = frozenset({FrozenDict, tuple})  # all that freeze makes

RESERVED_KEYS: Final = frozenset(
    {
        "agent_context",
        "audit_metadata",
        "created_at",
        "db_session",  # a field of the old context; sessions now come from the request's scope
        "operation_depth",
        "parent_request_id",
        "request_id",
        "run_id",
        "thread_id",
        "user_id",
        "websocket_client_id",
    }
)
"""Keys that metadata may not have at its top: they are fields, and two answers would differ."""


def check_metadata(field: str, value: object, user_id: UserId) -> FrozenDict:
    """Return a deep read-only copy of metadata, or say which rule it breaks.

    Args:
        field: The field's name, for the error.
        value: A mapping of JSON-like data, or None for an empty one.
        user_id: The context's user: the only one that metadata may name under a key that says
            "user id", at any depth and in any spelling.

    Raises:
        InvalidMetadata: It is no mapping, holds anything but JSON-like data, uses one of
            `RESERVED_KEYS`, or names another user.
    """
    if value is None:
        return EMPTY
    try:
        frozen = freeze(_mapping(field, value))
    except NotPlain as fault:
        raise InvalidMetadata(
            field + fault.path,
            fault.kind,
            fault.problem,
            "Keep live objects out of contexts: take them from the request's scope.",
        ) from None
    assert isinstance(frozen, FrozenDict)  # noqa: S101  # what freeze makes of a mapping
    _refuse_reserved(field, frozen)
    _refuse_other_users(field, frozen, user_id)
    return frozen


def merged(field: str, inherited: object, added: object) -> Mapping[str, Any]:
    """Return one mapping of two; the keys of the second win.

    Args:
        field: The field's name, for the error.
        inherited: A mapping, or None for an empty one.
        added: The same.

    Raises:
        InvalidMetadata: One of them is something else.
    """
    first = EMPTY if inherited is None else _mapping(field, inherited)
    return first if added is None else {**first, **_mapping(field, added)}


def _mapping(field: str, value: object) -> Mapping[str, Any]:
    if is_mapping(value):
        return value
    raise InvalidMetadata(
        field, type(value), "must be a mapping", "Pass a dict of JSON-like data, or nothing."
    )


def _refuse_reserved(field: str, metadata: FrozenDict) -> None:
    if not RESERVED_KEYS.isdisjoint(metadata):
        reserved = sorted(RESERVED_KEYS & metadata.keys())
        raise InvalidMetadata(
            f"{field}.{reserved[0]}",
            type(metadata[reserved[0]]),
            f"uses a reserved key ({', '.join(reserved)})",
            "Pass it as the context's own field, or rename the key.",
        )


def _refuse_other_users(field: str, metadata: FrozenDict, user_id: UserId) -> None:
    found = _other_user(metadata, user_id)
    if found is not None:
        path, kind = found
        raise InvalidMetadata(
            field + path,
            kind,
            "carries another user's id",
            "Never copy one user's metadata into another's context.",
        )


def _other_user(value: PlainData, user_id: UserId) -> tuple[str, type] | None:
    """Return the path and type of a user's id that is not the given one, if there is one."""
    if isinstance(value, FrozenDict):
        for key, item in value.items():
            if key[:1] in {"u", "U"} and _says_user_id(key) and not _is_user(item, user_id):
                return path_step(key), type(item)
            found = _other_user(item, user_id) if type(item) in _CONTAINERS else None
            if found is not None:
                return path_step(key) + found[0], found[1]
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            found = _other_user(item, user_id) if type(item) in _CONTAINERS else None
            if found is not None:
                return f"[{index}]{found[0]}", found[1]
    return None


def _says_user_id(key: str) -> bool:
    return key.casefold().replace("_", "").replace("-", "").replace(" ", "") == "userid"


def _is_user(value: PlainData, user_id: UserId) -> bool:
    return value is None or value == user_id or (type(value) is int and str(value) == user_id)
