"""Runs the audit again whenever a file of the tree changes."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH110, PTH116, PTH118

import os
import time
from collections.abc import Callable, Iterator

from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import discover

_SECONDS = 0.5


def changes(
    config: AuditConfig, sleep: Callable[[float], None] = time.sleep, seconds: float = _SECONDS
) -> Iterator[None]:
    """Yield at once, and again after every change of a file or of the configuration.

    Args:
        config: Says which files there are.
        sleep: Waits between two looks.
        seconds: How long to wait.
    """
    last: object = None
    while True:
        now = _state(config)
        if now != last:
            last = now
            yield
        sleep(seconds)


def _state(config: AuditConfig) -> object:
    path = os.path.join(config.root, "pyproject.toml")
    stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
    return discover(config.root, config.excludes).files, stamp
