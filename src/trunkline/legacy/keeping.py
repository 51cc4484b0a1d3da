"""Keeping the counts of a process: they are written when it ends, and now and then before."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable

from trunkline.errors import DeclarationError
from trunkline.legacy.counting import PROCESS
from trunkline.legacy.store import UsageFile

__all__ = ["keep_counts"]

logger = logging.getLogger(__name__)


def keep_counts(file: UsageFile, *, every: float | None = None) -> Callable[[], None]:
    """Write this process's counts to a file when the interpreter exits.

    Processes that it forks write theirs too, also those of ``multiprocessing``, which end without
    the interpreter's exit. Processes that start anew, as ``spawn`` makes them, call this
    themselves. A process that is killed writes nothing any more: give ``every`` where that
    happens, and in a server, whose days are to be told apart.

    Args:
        file: The file. That it can't be written is logged; it fails nothing.
        every: Seconds between writes; they are made by a thread. Only at the end unless given.

    Returns:
        What stops it: it writes once more, and no more after.

    Raises:
        DeclarationError: ``every`` is no time.
    """
    if every is not None and every <= 0:
        raise DeclarationError(f"counts can't be kept every {every!r} s", remedy="give some time")
    keeper = _Keeper(file, every)
    keeper.start()
    return keeper.stop


class _Keeper:
    """Writes the counts of a process.

    Args:
        file: Where to.
        every: Seconds between writes; None for the end alone.
    """

    def __init__(self, file: UsageFile, every: float | None) -> None:
        self._file = file
        self._every = every
        self._stopped = threading.Event()

    def start(self) -> None:
        """Write from now on."""
        from multiprocessing import util

        atexit.register(self.stop)
        os.register_at_fork(after_in_child=self._forked)  # which keeps this, as the next does not
        util.register_after_fork(self, _Keeper._end_with_process)  # such a child has no exit
        self._end_with_process()
        self._begin()

    def stop(self) -> None:
        """Write once more, and no more after."""
        if not self._stopped.is_set():
            self._stopped.set()
            atexit.unregister(self.stop)
            self._write()

    def _begin(self) -> None:
        if self._every is not None:
            threading.Thread(target=self._run, name="counts of old names", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            self._write()

    def _forked(self) -> None:
        """Go on in a forked process, which has no thread but the one that forked."""
        if not self._stopped.is_set():
            self._stopped = threading.Event()
            self._begin()

    def _end_with_process(self) -> None:
        from multiprocessing import util

        if not self._stopped.is_set():
            util.Finalize(None, self.stop, exitpriority=0)

    def _write(self) -> None:
        try:
            self._file.write(PROCESS.usage)
        except OSError as error:
            logger.warning(
                "the uses of old names can't be written to %s: %s", self._file.path, error
            )
