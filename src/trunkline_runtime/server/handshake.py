"""Who gets in: the HTTP request in front of every websocket.

============ ==========================================================================
``/healthz`` 200 while the process serves
``/readyz``  200 while it takes new connections and runs; 503 once it stops
``/ws``      the websocket: 101, or a refusal with a short JSON body:
             401 without a valid token, 403 from an origin that is not allowed,
             429 over the user's limit of connections, 503 over the server's or while it stops
others       404
============ ==========================================================================
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from trunkline_runtime.errors import (
    AuthenticationError,
    EngineBusy,
    OriginRefused,
    RuntimeFault,
)
from trunkline_runtime.server.admissions import Admissions
from trunkline_runtime.server.auth import Identity, TokenVerifier
from trunkline_runtime.server.http import json_response
from trunkline_runtime.server.socket import ClientSocket

__all__ = ["SUBPROTOCOL", "Handshake"]

logger = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("trunkline.v1")
"""The only subprotocol the server selects. Browsers offer it beside ``bearer.<token>``."""

_BEARER = "bearer."
_RETRY = {"Retry-After": "1"}


class Handshake:
    """Answers the HTTP request that every connection begins with.

    Args:
        tokens: Verifies tokens.
        origins: The origins of pages that may connect, as ``https://host``. A request without an
            origin comes from no browser and is let by: its token alone decides.
        admissions: Counts and limits connections.
        ready: Tells whether new connections are taken.
    """

    def __init__(
        self,
        tokens: TokenVerifier,
        origins: Collection[str],
        admissions: Admissions,
        ready: Callable[[], bool],
    ) -> None:
        self._tokens = tokens
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._admissions = admissions
        self._ready = ready

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer an HTTP request, or let it go on to become a websocket.

        Args:
            connection: The connection; its identity is set where it is let in.
            request: The request.

        Returns:
            The response; None where the websocket handshake goes on.
        """
        path = request.path.partition("?")[0]
        match path:
            case "/healthz":
                return _status(request, HTTPStatus.OK, "ok")
            case "/readyz" if self._ready():
                return _status(request, HTTPStatus.OK, "ready")
            case "/readyz":
                return _status(request, HTTPStatus.SERVICE_UNAVAILABLE, "stopping")
            case "/ws":
                assert isinstance(connection, ClientSocket)  # noqa: S101 - what serve() was given
                return self._admit(connection, request)
            case _:
                return _refusal(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")

    def select_subprotocol(
        self, connection: ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        """Select the server's subprotocol where it is offered, and never one with a token in it.

        Args:
            connection: The connection.
            offered: The subprotocols the client offers.

        Returns:
            The selected one; None where the client offers others only.
        """
        return SUBPROTOCOL if SUBPROTOCOL in offered else None

    def _admit(self, socket: ClientSocket, request: Request) -> Response | None:
        if not self._ready():
            return _refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "shutting_down",
                "The server is stopping. Connect again shortly.",
                _RETRY,
            )
        try:
            self._check_origin(request)
            identity = self._authenticate(request)
            self._admissions.admit(socket, identity.user_id)
        except RuntimeFault as fault:
            peer = socket.remote_address
            logger.warning(
                "handshake refused",
                extra={
                    "code": fault.code,
                    "problem": fault.summary,
                    "peer": peer[0] if peer else None,
                },
            )
            return _refused(fault)
        socket.identity = identity
        return None

    def _check_origin(self, request: Request) -> None:
        try:
            origin = request.headers.get("Origin")
        except MultipleValuesError:
            raise OriginRefused("several at once", sorted(self._origins)) from None
        if origin is not None and origin.lower() not in self._origins:
            raise OriginRefused(origin, sorted(self._origins))

    def _authenticate(self, request: Request) -> Identity:
        tokens = {*_header_tokens(request), *_subprotocol_tokens(request)}
        if not tokens:
            raise AuthenticationError("no token")
        if len(tokens) > 1:
            raise AuthenticationError("more than one token")
        return self._tokens.verify(tokens.pop())


def _header_tokens(request: Request) -> list[str]:
    tokens: list[str] = []
    for value in request.headers.get_all("Authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("another scheme than Bearer")
        tokens.append(token.strip())
    return tokens


def _subprotocol_tokens(request: Request) -> list[str]:
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
    names = (name.strip() for name in offered)
    return [name.removeprefix(_BEARER) for name in names if name.startswith(_BEARER)]


def _status(request: Request, status: HTTPStatus, text: str) -> Response:
    method = request.method
    if method not in {"GET", "HEAD"}:
        return _refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Ask by GET or HEAD.",
            {"Allow": "GET, HEAD"},
        )
    return json_response(status, {"status": text}, head_only=method == "HEAD")


def _refused(fault: RuntimeFault) -> Response:
    match fault:
        case OriginRefused():
            return _refusal(HTTPStatus.FORBIDDEN, fault.code, fault.public_message)
        case EngineBusy(what="connections"):
            return _refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, fault.code, fault.public_message, _RETRY
            )
        case EngineBusy():
            return _refusal(HTTPStatus.TOO_MANY_REQUESTS, fault.code, fault.public_message, _RETRY)
        case _:
            challenge = {"WWW-Authenticate": 'Bearer realm="trunkline"'}
            return _refusal(HTTPStatus.UNAUTHORIZED, fault.code, fault.public_message, challenge)


def _refusal(
    status: HTTPStatus, code: str, message: str, headers: dict[str, str] | None = None
) -> Response:
    return json_response(status, {"error": code, "message": message}, headers=headers)
