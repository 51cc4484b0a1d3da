"""Writes a file whole, or not at all."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH101, PTH105, PTH108, PTH123

import os
import threading
from contextlib import suppress


def replace_file(path: str, data: bytes, mode: int | None = None) -> None:
    """Write a file beside its place and rename it, so that nobody ever sees half of it.

    Args:
        path: Its path.
        data: Its bytes.
        mode: Its permissions; None for those that a file of this process has.

    Raises:
        OSError: It cannot be written; what was there stays, and nothing is left beside it.
    """
    temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"
    with open(temporary, "xb") as file:  # never through a link that waits there
        try:
            file.write(data)
            file.flush()
            if mode is not None:
                os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
