"""Every error the runtime raises, each with the objects it is about and a remedy.

::

    RuntimeFault
    ├── ContextError (ValueError)      one field of a context breaks a rule
    │   ├── InvalidIdentifier
    │   ├── InvalidMetadata
    │   ├── InvalidField
    │   └── DepthExceeded
    ├── ContextTypeError (TypeError)   something that is no context was passed as one
    ├── BridgeError
    │   ├── ForeignContext             a bridge or engine of one user met another's context
    │   ├── EventOrderError            an event that the order of a run forbids
    │   ├── InvalidPayload             an event whose payload breaks the schema of its type
    │   └── BridgeClosed
    ├── EngineError
    │   ├── EngineBusy                 a limit is reached and the queue is full, or too slow
    │   ├── EngineClosed
    │   ├── UnknownAgent
    │   ├── UnknownTool
    │   ├── RunCancelled
    │   ├── RunTimeout
    │   └── AgentFailed
    ├── AuthenticationError            a handshake without a valid token
    ├── OriginRefused                  a handshake from a page that is not allowed
    ├── RequestRefused                 a client's message that cannot be served
    └── SettingsError                  settings that stop the start, all of them at once

The text of an error is drawn in this package and nowhere else: ``str(error)`` is its summary and
its remedy. What is meant for the user's eyes is ``public_message``, which never quotes internals.
"""

from __future__ import annotations

from trunkline_runtime.errors.bridge import (
    BridgeClosed,
    BridgeError,
    EventOrderError,
    ForeignContext,
    InvalidPayload,
)
from trunkline_runtime.errors.context import (
    ContextError,
    ContextTypeError,
    DepthExceeded,
    InvalidField,
    InvalidIdentifier,
    InvalidMetadata,
)
from trunkline_runtime.errors.drawing import shown
from trunkline_runtime.errors.engine import (
    AgentFailed,
    EngineBusy,
    EngineClosed,
    EngineError,
    RunCancelled,
    RunTimeout,
    UnknownAgent,
    UnknownTool,
)
from trunkline_runtime.errors.fault import RuntimeFault
from trunkline_runtime.errors.server import AuthenticationError, OriginRefused, RequestRefused
from trunkline_runtime.errors.settings import SettingProblem, SettingsError

__all__ = [
    "AgentFailed",
    "AuthenticationError",
    "BridgeClosed",
    "BridgeError",
    "ContextError",
    "ContextTypeError",
    "DepthExceeded",
    "EngineBusy",
    "EngineClosed",
    "EngineError",
    "EventOrderError",
    "ForeignContext",
    "InvalidField",
    "InvalidIdentifier",
    "InvalidMetadata",
    "InvalidPayload",
    "OriginRefused",
    "RequestRefused",
    "RunCancelled",
    "RunTimeout",
    "RuntimeFault",
    "SettingProblem",
    "SettingsError",
    "UnknownAgent",
    "UnknownTool",
    "shown",
]
