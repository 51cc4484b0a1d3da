"""The user execution context: who asks, in which conversation, for which run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trunkline_runtime.context.context import MAX_DEPTH, UserExecutionContext, require_context
from trunkline_runtime.context.environment import Environment
from trunkline_runtime.context.identifiers import (
    MAX_IDENTIFIER_LENGTH,
    ConnectionId,
    Identifier,
    RequestId,
    RunId,
    ThreadId,
    UserId,
    check_identifier,
)
from trunkline_runtime.context.legacy import warn
from trunkline_runtime.context.metadata import RESERVED_KEYS

if TYPE_CHECKING:
    from trunkline_runtime.context.context import (
        UserExecutionContext as StronglyTypedUserExecutionContext,  # noqa: F401  # what __getattr__ answers
    )

__all__ = [
    "MAX_DEPTH",
    "MAX_IDENTIFIER_LENGTH",
    "RESERVED_KEYS",
    "ConnectionId",
    "Environment",
    "Identifier",
    "RequestId",
    "RunId",
    "ThreadId",
    "UserExecutionContext",
    "UserId",
    "check_identifier",
    "require_context",
]


def __getattr__(name: str) -> type[UserExecutionContext]:
    """Lead the old name of the context to its class, and warn at the line that used it."""
    if name != "StronglyTypedUserExecutionContext":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # `from package import name` asks twice: once the import system, whether a submodule is
    # meant, and once the importing line itself. Only the second is a use.
    if sys._getframe(1).f_code.co_name != "_handle_fromlist":  # noqa: SLF001  # no public way to tell
        warn("StronglyTypedUserExecutionContext", "UserExecutionContext")
    return UserExecutionContext
