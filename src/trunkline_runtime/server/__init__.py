"""Serves agents over websockets: who gets in, what they may ask, and how it all ends."""

from trunkline_runtime.server.agent_server import AgentServer
from trunkline_runtime.server.auth import Identity, TokenSigner, TokenVerifier
from trunkline_runtime.server.handshake import SUBPROTOCOL
from trunkline_runtime.server.main import Service, run_server
from trunkline_runtime.server.options import ServerOptions
from trunkline_runtime.server.sessions import Session, SessionOwner, Sessions

__all__ = [
    "SUBPROTOCOL",
    "AgentServer",
    "Identity",
    "ServerOptions",
    "Service",
    "Session",
    "SessionOwner",
    "Sessions",
    "TokenSigner",
    "TokenVerifier",
    "run_server",
]
