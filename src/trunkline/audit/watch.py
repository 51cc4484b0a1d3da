"""Runs the audit again whenever a file of the tree changes."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH116, PTH118

import os
import time
from collections.abc import Callable, Iterator

from trunkline.audit.config import AuditConfig
from trunkline.audit.config_reader import load_config
from trunkline.audit.discovery import discover
from trunkline.audit.problems import ConfigurationError

_SECONDS = 0.5


def changes(
    root: str,
    baseline: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    seconds: float = _SECONDS,
) -> Iterator[None]:
    """Yield at once, and again after every change of a file, the configuration or the baseline.

    Args:
        root: Absolute path of the project's folder.
        baseline: Path of the baseline; None for the one that the configuration names.
        sleep: Waits between two looks.
        seconds: How long to wait.
    """
    last: object = None
    stamp: object = None
    config = AuditConfig(root)
    while True:
        current = _stamp(os.path.join(root, "pyproject.toml"))
        if current != stamp:
            stamp, config = current, _config(root, config)
        known = _stamp(baseline or os.path.join(root, config.baseline))
        now = (_files(root, config.excludes), stamp, known)
        if now != last:
            last = now
            yield
        sleep(seconds)


def _files(root: str, excludes: tuple[str, ...]) -> object:
    try:
        return discover(root, excludes).files
    except OSError:
        return ()  # the folder is away for a moment; the audit says so


def _stamp(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _config(root: str, before: AuditConfig) -> AuditConfig:
    try:
        return load_config(root)
    except ConfigurationError:
        return before  # the audit says what is wrong
