"""What a deployment can set about the server."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

from trunkline_runtime.context import Environment
from trunkline_runtime.settings import Settings

__all__ = ["ServerOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """The server's options and limits.

    Attributes:
        host: The address to listen on.
        port: The port; 0 has the system choose a free one.
        origins: The origins of pages that may connect, as ``https://host``.
        environment: Where the server runs; contexts and users are checked accordingly.
        connections_per_user: Websockets a user may have open.
        runs_per_user: Runs of a user that may be under way, those included that wait for a place
            or whose scope is still closing.
        handshakes: Sockets that may be open without being admitted: handshakes under way and
            health checks.
        handshake_seconds: How long a handshake may take.
        max_size_bytes: How large a client's message may be; the connection of a larger one is
            closed with code 1009.
        max_depth: How deep a client's message may be nested.
        faults: Malformed messages that are forgiven at once; one more closes the connection with
            code 1008.
        faults_per_second: Malformed messages that are forgiven each second after that.
        queue_frames: Frames that may wait for a client.
        queue_characters: Characters that these frames may have together.
        write_bytes: Bytes that may wait in the write buffer before the writer waits.
        send_buffer_bytes: Size of the kernel's send buffer of each connection.
        stall_seconds: In this time a client whose write buffer is full has to read
            ``write_bytes``, and a closing connection has to be closed; else it is cut off.
        ping_seconds: Between two keepalive pings, and how long the answer may take.
        detach_seconds: How long the runs of a connection that is gone may go on, for other
            connections of the user and for a resume. Then they are cancelled.
        stop_seconds: How long runs may go on once the server stops. Then they are cancelled.
        close_seconds: How long each further step of the stop may take: cancelling runs, and
            closing connections.

    Raises:
        ValueError: A number is out of its range; all of them are named.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    origins: tuple[str, ...] = ()
    environment: Environment = Environment.PRODUCTION
    connections_per_user: int = 8
    runs_per_user: int = 64
    handshakes: int = 64
    handshake_seconds: float = 5.0
    max_size_bytes: int = 64 * 1024
    max_depth: int = 16
    faults: int = 20
    faults_per_second: float = 1.0
    queue_frames: int = 256
    queue_characters: int = 1024 * 1024
    write_bytes: int = 32 * 1024
    send_buffer_bytes: int = 128 * 1024
    stall_seconds: float = 5.0
    ping_seconds: float = 20.0
    detach_seconds: float = 30.0
    stop_seconds: float = 10.0
    close_seconds: float = 3.0

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Take from the settings what they say about the server; the rest has its defaults.

        Args:
            settings: The application's settings.
        """
        server, limits = settings.server, settings.limits
        return cls(
            host=server.host,
            port=server.port,
            origins=server.origins,
            environment=settings.environment,
            connections_per_user=limits.connections_per_user,
            runs_per_user=2 * (limits.runs_per_user + limits.queued_runs_per_user),
            handshake_seconds=server.handshake_seconds,
            max_size_bytes=server.max_size_bytes,
            queue_frames=server.queue_frames,
            stall_seconds=server.stall_seconds,
            ping_seconds=server.ping_seconds,
            detach_seconds=server.detach_seconds,
            stop_seconds=server.stop_seconds,
            close_seconds=server.close_seconds,
        )

    def __post_init__(self) -> None:
        may_be_zero = {"port", "detach_seconds", "stop_seconds"}
        problems = [
            f"{field.name} must be {'at least' if field.name in may_be_zero else 'more than'} 0 "
            f"and finite, not {value!r}"
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), int | float)
            and (
                not math.isfinite(value)
                or value < 0
                or (value == 0 and field.name not in may_be_zero)
            )
        ]
        if problems:
            raise ValueError("ServerOptions: " + "; ".join(problems))
