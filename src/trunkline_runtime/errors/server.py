"""Handshakes and messages that the server refuses."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline_runtime.errors.drawing import listed, shown
from trunkline_runtime.errors.fault import RuntimeFault

__all__ = ["AuthenticationError", "OriginRefused", "RequestRefused"]


class AuthenticationError(RuntimeFault):
    """A handshake brought no valid token. No text of the error quotes the token.

    Args:
        reason: What is wrong with it: "no token", "expired", "wrong signature".
    """

    code = "unauthenticated"
    _public = "A valid token is required."

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Authentication failed: {reason}",
            "Send a fresh token as 'Authorization: Bearer <token>' or as the websocket "
            "subprotocol 'bearer.<token>', never in the address.",
        )
        self.reason = reason


class OriginRefused(RuntimeFault):
    """A page of an origin that is not allowed asked for a connection.

    Args:
        origin: The Origin header, or None where it is missing.
        allowed: The allowed origins.
    """

    code = "origin_refused"
    _public = "This origin is not allowed."

    def __init__(self, origin: str | None, allowed: Iterable[str] = ()) -> None:
        self.origin = origin
        self.allowed = tuple(allowed)
        super().__init__(
            f"Origin {shown(origin)} is not allowed; allowed: {listed(self.allowed)}",
            "Add it to server.origins if the page is yours.",
        )


class RequestRefused(RuntimeFault):
    """A client's message that cannot be served. All of it may be shown to that client.

    Args:
        code: A stable word for the kind of fault: a ``RefusalCode`` where the message cannot be
            read, the ``code`` of another error where it cannot be served.
        message: What is wrong: no values of other users, no internals.
        about: The field or the run it is about, where there is one.
        retryable: Whether the same message may be accepted later.
    """

    def __init__(
        self, code: str, message: str, about: str | None = None, retryable: bool = False
    ) -> None:
        super().__init__(f"Request refused ({code}): {message}", public=message)
        self.code = code
        self.message = message
        self.about = about
        self.retryable = retryable
