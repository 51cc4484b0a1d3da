"""Runs a server in a process: signals in, exit code out."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from pydantic import SecretStr

from trunkline_runtime.logs import logging_to
from trunkline_runtime.server.agent_server import AgentServer
from trunkline_runtime.settings import LogSettings

__all__ = ["Service", "run_server"]

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Service:
    """A server as a process runs it: with its logs, until a signal stops it.

    Args:
        server: The server, not started yet.
        log: How logs are written.
        secret: The key that signs tokens, which no log may show.
    """

    def __init__(self, server: AgentServer, log: LogSettings, secret: SecretStr) -> None:
        self._server = server
        self._log = log
        self._secret = secret

    async def serve(self) -> int:
        """Serve until the process is told to stop.

        Returns:
            The exit code: 0 after a stop in good order, 1 if the server could not listen.
        """
        with logging_to(
            level=self._log.level,
            format=self._log.format,
            secrets=[self._secret.get_secret_value()],
        ):
            return await run_server(self._server)


async def run_server(server: AgentServer, announce: Callable[[str], None] | None = None) -> int:
    """Serve until the process is told to stop.

    The first SIGTERM or SIGINT begins the graceful stop, the second has it cancel the runs under
    way at once. A third finds the signals' usual behaviour restored, and ends the process.

    Args:
        server: The server, not started yet.
        announce: Given the address once the server listens, as ``ws://host:port/ws``, and a
            sentence if it cannot; printed unless given.

    Returns:
        The exit code: 0 after a stop in good order, 1 if the server could not listen.
    """
    announce = announce or _print
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        logger.info("signal received", extra={"signal": number.name})
        if told.is_set():
            server.hurry()
            _restore(loop)
        told.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        try:
            await server.start()
        except OSError as error:
            announce(f"Cannot listen: {error}")
            return 1
        host, port = server.address
        announce(f"Listening on ws://{f'[{host}]' if ':' in host else host}:{port}/ws")
        await _either(told, server)
        await server.stop()
        return 0
    finally:
        _restore(loop)


async def _either(told: asyncio.Event, server: AgentServer) -> None:
    """Wait for a signal, or for somebody else to stop the server."""
    waits = {asyncio.create_task(told.wait()), asyncio.create_task(server.serve())}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _restore(loop: asyncio.AbstractEventLoop) -> None:
    for number in _SIGNALS:
        loop.remove_signal_handler(number)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
