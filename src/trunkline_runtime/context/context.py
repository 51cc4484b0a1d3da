"""The context of one user's request: who asks, in which conversation, for which run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import uuid4

from trunkline_runtime.context.environment import Environment
from trunkline_runtime.context.identifiers import (
    ConnectionId,
    IdentifierT,
    RequestId,
    RunId,
    ThreadId,
    UserId,
    check_identifier,
    check_text,
)
from trunkline_runtime.context.legacy import LegacyConstructors, warn
from trunkline_runtime.context.metadata import check_metadata, merged
from trunkline_runtime.errors import (
    ContextTypeError,
    DepthExceeded,
    InvalidField,
    InvalidIdentifier,
)
from trunkline_runtime.frozen import FrozenDict, is_really

__all__ = ["MAX_DEPTH", "UserExecutionContext", "require_context"]

MAX_DEPTH: Final = 10
"""How deep contexts may be nested: the depth of the innermost child."""

_SHOWN: Final = ("user_id", "thread_id", "run_id", "request_id", "operation_depth")
_SHOWN_IF_SET: Final = ("websocket_client_id", "parent_request_id")
_METADATA: Final = ("agent_context", "audit_metadata")

_set = object.__setattr__  # the one way into a frozen instance, for its own constructor


@dataclass(frozen=True, slots=True, weakref_slot=True, init=False, repr=False)
class UserExecutionContext(LegacyConstructors):
    """Who asks, in which conversation, for which run: the root of everything request-scoped.

    It is deeply immutable, keeps copies of what it is given and no live objects, and refuses
    values that requests could come to share by mistake. Two contexts are equal when all their
    fields are; the hash is that of the request.

    Args:
        user_id: The user who asks. Plain text is converted to the field's type here and below;
            an identifier of another type is refused.
        thread_id: The conversation.
        run_id: The run of an agent.
        request_id: The request; a uuid4 unless given.
        websocket_client_id: The connection the request came by, where there is one.
        created_at: An aware time, converted to UTC; now unless given.
        agent_context: What agents may read: JSON-like data.
        audit_metadata: What is kept for the audit trail: JSON-like data.
        operation_depth: How many contexts this one is nested in, 0 to `MAX_DEPTH`.
        parent_request_id: The request this one is a child of.
        environment: Identifiers that begin with ``test_`` are allowed in TEST alone.
        metadata: Deprecated: the old name of ``agent_context``.

    Raises:
        ContextError: A field breaks a rule; the error names the field, the rule and the remedy.

    Example:
        >>> context = UserExecutionContext("user-7", "thread-3", "run-12")
        >>> context.child("summarise").operation_depth
        1
    """

    user_id: UserId
    thread_id: ThreadId
    run_id: RunId
    request_id: RequestId
    websocket_client_id: ConnectionId | None
    created_at: datetime
    agent_context: Mapping[str, Any]
    audit_metadata: Mapping[str, Any]
    operation_depth: int
    parent_request_id: RequestId | None
    environment: Environment = field(compare=False, kw_only=True)

    def __init__(
        self,
        user_id: UserId | str,
        thread_id: ThreadId | str,
        run_id: RunId | str,
        request_id: RequestId | str | None = None,
        websocket_client_id: ConnectionId | str | None = None,
        created_at: datetime | None = None,
        agent_context: Mapping[str, Any] | None = None,
        audit_metadata: Mapping[str, Any] | None = None,
        operation_depth: int = 0,
        parent_request_id: RequestId | str | None = None,
        *,
        environment: Environment = Environment.PRODUCTION,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if type(environment) is not Environment:
            environment = _checked_environment(environment)
        user = check_identifier(UserId, "user_id", user_id, environment)
        _set(self, "user_id", user)
        _set(self, "thread_id", check_identifier(ThreadId, "thread_id", thread_id, environment))
        _set(self, "run_id", check_identifier(RunId, "run_id", run_id, environment))
        request = _optional(RequestId, "request_id", request_id, environment) or RequestId(uuid4())
        _set(self, "request_id", request)
        connection = _optional(
            ConnectionId, "websocket_client_id", websocket_client_id, environment
        )
        _set(self, "websocket_client_id", connection)
        _set(self, "created_at", datetime.now(UTC) if created_at is None else _in_utc(created_at))
        agent_data = check_metadata("agent_context", agent_context, user)
        if metadata is not None:
            warn("UserExecutionContext(metadata=...)", "agent_context=")
            old = check_metadata("metadata", metadata, user)
            agent_data = FrozenDict({**old, **agent_data})
        _set(self, "agent_context", agent_data)
        _set(self, "audit_metadata", check_metadata("audit_metadata", audit_metadata, user))
        _set(self, "operation_depth", _checked_depth(operation_depth))
        parent = _optional(RequestId, "parent_request_id", parent_request_id, environment)
        if parent == request:
            raise InvalidIdentifier(
                "parent_request_id",
                parent,
                "is the request's own id",
                "Give a child a request id of its own, or let it choose one.",
            )
        _set(self, "parent_request_id", parent)
        _set(self, "environment", environment)

    def __hash__(self) -> int:
        return hash(self.request_id)

    def __repr__(self) -> str:
        """Show who and what, but of metadata the number of keys alone: it may be confidential."""
        shown = [f"{name}={getattr(self, name)!a}" for name in _SHOWN]
        shown += [
            f"{name}={getattr(self, name)!a}" for name in _SHOWN_IF_SET if getattr(self, name)
        ]
        shown += [
            f"{name}=<{len(data)} key{'' if len(data) == 1 else 's'}>"
            for name in _METADATA
            if (data := getattr(self, name))
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def operation_name(self) -> str | None:
        """What a child context was made for; None for the context of the request itself."""
        name: str | None = self.audit_metadata.get("operation_name")
        return name

    def child(
        self,
        operation_name: str,
        *,
        agent_context: Mapping[str, Any] | None = None,
        audit_metadata: Mapping[str, Any] | None = None,
        request_id: RequestId | str | None = None,
    ) -> Self:
        """Return the context of an operation inside this request.

        It has the same user, conversation, run and connection, a request id of its own, this
        request as its parent, and is one deeper. It inherits the metadata, to which the
        operation's name is added as ``audit_metadata["operation_name"]``.

        Args:
            operation_name: What the child is for; not blank, at most 256 characters.
            agent_context: Added to the inherited one; its keys win.
            audit_metadata: Added to the inherited one; its keys win.
            request_id: The child's request; a uuid4 unless given.

        Raises:
            DepthExceeded: It would be deeper than `MAX_DEPTH`.
            ContextError: Another rule is broken.
        """
        if self.operation_depth >= MAX_DEPTH:
            raise _too_deep(self.operation_depth + 1)
        name = _checked_name(operation_name)
        return type(self)(
            self.user_id,
            self.thread_id,
            self.run_id,
            request_id,
            self.websocket_client_id,
            None,
            merged("agent_context", self.agent_context, agent_context),
            {
                **merged("audit_metadata", self.audit_metadata, audit_metadata),
                "operation_name": name,
            },
            self.operation_depth + 1,
            self.request_id,
            environment=self.environment,
        )


def require_context(value: object) -> UserExecutionContext:
    """Return the value if it is a context by its real class.

    Args:
        value: What a caller passed as a context.

    Raises:
        ContextTypeError: It is something else. A ``Mock(spec=UserExecutionContext)`` is refused
            too, although ``isinstance`` would let it by.
    """
    if is_really(value, UserExecutionContext):
        return value
    raise ContextTypeError(value)


def _optional(
    kind: type[IdentifierT], field: str, value: object, environment: Environment
) -> IdentifierT | None:
    return None if value is None else check_identifier(kind, field, value, environment)


def _in_utc(moment: object) -> datetime:
    if not is_really(moment, datetime):
        raise InvalidField(
            "created_at",
            moment,
            f"must be a datetime, not {type(moment).__name__}",
            "Pass datetime.now(UTC), or leave it out.",
        )
    if moment.utcoffset() is None:
        raise InvalidField(
            "created_at",
            moment.isoformat(),
            "must be an aware time",
            "Pass datetime.now(UTC), or give it its time zone.",
        )
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidField(
            "created_at", moment.isoformat(), "has no equal in UTC", "Pass datetime.now(UTC)."
        ) from None


def _checked_depth(depth: object) -> int:
    if type(depth) is not int:
        raise InvalidField(
            "operation_depth",
            depth,
            f"must be an int, not {type(depth).__name__}",
            "Leave it out, and use child() for nested operations.",
        )
    if depth < 0:
        raise InvalidField(
            "operation_depth", depth, "must not be negative", "Leave it out: it counts from 0."
        )
    if depth > MAX_DEPTH:
        raise _too_deep(depth)
    return depth


def _too_deep(depth: int) -> DepthExceeded:
    return DepthExceeded(
        "operation_depth",
        depth,
        f"is deeper than {MAX_DEPTH}",
        "Look for an operation that calls itself without end; run siblings from one parent.",
    )


def _checked_name(name: object) -> str:
    if not is_really(name, str):
        raise InvalidIdentifier(
            "operation_name",
            name,
            f"must be text, not {type(name).__name__}",
            "Name what the child context is for.",
        )
    text = str.__str__(name)
    check_text("operation_name", text)
    return text


def _checked_environment(value: object) -> Environment:
    try:
        return Environment(str(value))
    except ValueError:
        raise InvalidField(
            "environment", value, "is unknown", f"Pass one of {', '.join(Environment)}."
        ) from None
