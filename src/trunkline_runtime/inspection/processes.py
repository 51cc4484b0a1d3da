"""The parser processes: a few, shared by all inspections, gone when nobody inspects."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

from trunkline_runtime.inspection import source
from trunkline_runtime.inspection.source import SourceFacts, unread

__all__ = ["ParserPool"]

logger = logging.getLogger(__name__)

_STOP_SECONDS: Final = 5.0  # for processes that were killed; a kernel needs some milliseconds
_REPLY_BYTES: Final = 8 * 1024 * 1024  # of one line; ``source`` bounds what it lists well below


class ParserPool:
    """Parses source files in processes of their own.

    A process is started when a file needs one and stopped when the last inspection ends, so that
    there is nothing to close. One that is asked to stop in the middle of a file, takes too long,
    or crashes, is killed; the next file gets a new one. Belongs to one event loop.

    Args:
        processes: How many may run at once, for all inspections together.
        seconds_a_file: Seconds a file may take.
        max_bytes: How large a file may be.

    Raises:
        ValueError: One of them is not positive.
    """

    def __init__(
        self, processes: int = 2, seconds_a_file: float = 3.0, max_bytes: int = 1024 * 1024
    ) -> None:
        if min(processes, seconds_a_file, max_bytes) <= 0:
            raise ValueError("ParserPool: processes, seconds and bytes must be positive")
        self._processes = processes
        self._seconds = seconds_a_file
        self._max_bytes = max_bytes
        self._places = asyncio.Semaphore(processes)
        self._free: list[asyncio.subprocess.Process] = []
        self._killed: list[asyncio.subprocess.Process] = []
        self._users = 0

    @property
    def processes(self) -> int:
        """How many files can be parsed at once."""
        return self._processes

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep the processes running from one file to the next."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                await self._stop()

    async def parse(self, path: str) -> SourceFacts:
        """Read a file in a parser process.

        Args:
            path: Its absolute path.

        Returns:
            What is in it, or why it could not be read.
        """
        async with self.open(), self._places:
            process = self._free.pop() if self._free else await _started()
            try:
                async with asyncio.timeout(self._seconds):
                    facts = await _asked(process, path, self._max_bytes)
            except BaseException as error:
                self._kill(process)  # whatever it was doing, its next answer would be to this
                if isinstance(error, TimeoutError):
                    return unread("timeout", f"it took longer than {self._seconds:g} s")
                if isinstance(error, EOFError | ConnectionError):
                    return unread("crashed", "the parser process ended on this file")
                raise
            self._free.append(process)
            return facts

    def _kill(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        self._killed.append(process)

    async def _stop(self) -> None:
        free, self._free = self._free, []
        for process in free:
            self._kill(process)
        killed, self._killed = self._killed, []
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                # This takes in the rest, closes the pipes, and waits.
                await asyncio.gather(*(process.communicate() for process in killed))
        except TimeoutError:
            logger.warning("%d parser processes were killed and have not ended", len(killed))


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # nothing of the surroundings, and no site packages: it starts in a few milliseconds
        "-S",
        str(Path(source.__file__)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_REPLY_BYTES,
    )


async def _asked(process: asyncio.subprocess.Process, path: str, max_bytes: int) -> SourceFacts:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    request = json.dumps({"path": path, "max_bytes": max_bytes})
    process.stdin.write(request.encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return cast("SourceFacts", json.loads(line))
