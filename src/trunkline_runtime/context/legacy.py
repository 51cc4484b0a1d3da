"""The old ways to make a context. Each leads to `UserExecutionContext` and says who called it.

They keep the old names and arguments, and know no rules of their own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

from trunkline_runtime.context.environment import Environment
from trunkline_runtime.context.metadata import merged
from trunkline_runtime.errors import InvalidField

__all__ = ["LegacyConstructors", "warn"]

ContextT = TypeVar("ContextT")
_Metadata = Mapping[str, Any] | None


def warn(old: str, new: str) -> None:
    """Warn that an old name was used, at the line of whoever called the caller of this."""
    warnings.warn(f"{old} is deprecated: use {new}", DeprecationWarning, stacklevel=3)


class LegacyConstructors:
    """The old constructors, for `UserExecutionContext` to inherit."""

    __slots__ = ()

    @classmethod
    def from_request(
        cls: Callable[..., ContextT],
        user_id: str,
        thread_id: str,
        run_id: str,
        request_id: str | None = None,
        db_session: None = None,
        websocket_client_id: str | None = None,
        metadata: _Metadata = None,
        agent_context: _Metadata = None,
        audit_metadata: _Metadata = None,
        *,
        websocket_connection_id: str | None = None,
        environment: Environment = Environment.PRODUCTION,
    ) -> ContextT:
        """Deprecated: call ``UserExecutionContext``; ``metadata`` is now ``agent_context``."""
        warn("UserExecutionContext.from_request", "UserExecutionContext(...)")
        _refuse_session(db_session)
        return cls(
            user_id,
            thread_id,
            run_id,
            request_id,
            websocket_client_id or websocket_connection_id,
            agent_context=merged("metadata", metadata, agent_context),
            audit_metadata=audit_metadata,
            environment=environment,
        )

    @classmethod
    def create_for_user(
        cls: Callable[..., ContextT],
        user_id: str,
        thread_id: str,
        run_id: str,
        request_id: str | None = None,
        websocket_client_id: str | None = None,
        metadata: _Metadata = None,
        agent_context: _Metadata = None,
        audit_metadata: _Metadata = None,
        *,
        db_session: None = None,
        environment: Environment = Environment.PRODUCTION,
    ) -> ContextT:
        """Deprecated: call ``UserExecutionContext``; ``metadata`` is now ``agent_context``."""
        warn("UserExecutionContext.create_for_user", "UserExecutionContext(...)")
        _refuse_session(db_session)
        return cls(
            user_id,
            thread_id,
            run_id,
            request_id,
            websocket_client_id,
            agent_context=merged("metadata", metadata, agent_context),
            audit_metadata=audit_metadata,
            environment=environment,
        )

    @classmethod
    def from_websocket_request(
        cls: Callable[..., ContextT],
        user_id: str,
        websocket_client_id: str | None = None,
        operation: str = "websocket_session",
        metadata: _Metadata = None,
        *,
        thread_id: str | None = None,
        run_id: str | None = None,
        environment: Environment = Environment.PRODUCTION,
    ) -> ContextT:
        """Deprecated: call ``UserExecutionContext``. It makes up the thread and run not given."""
        warn("UserExecutionContext.from_websocket_request", "UserExecutionContext(...)")
        return cls(
            user_id,
            f"thread_{uuid4()}" if thread_id is None else thread_id,
            f"run_{uuid4()}" if run_id is None else run_id,
            websocket_client_id=websocket_client_id,
            agent_context=metadata,
            audit_metadata={"operation_name": operation},
            environment=environment,
        )


def _refuse_session(db_session: object) -> None:
    if db_session is not None:
        raise InvalidField(
            "db_session",
            db_session,
            "is a live object, which a context cannot hold",
            "Take the session from the request's scope: a ScopedResource provider closes it.",
        )
