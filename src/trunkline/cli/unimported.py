"""Files with injected functions that a check can't know, because nothing has imported them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from trunkline.audit.config import DEFAULT_TESTS
from trunkline.audit.discovery import DEFAULT_EXCLUDES, Patterns, discover

__all__ = ["tell_unimported"]

_INJECTS: Final = re.compile(
    rb"^[ \t]*from trunkline(?:\.wiring)? import (?:\([^)]*|[^\n(]*)\binject\b"
    rb"|^[ \t]*@trunkline\.inject\b",
    re.MULTILINE,
)
"""What a file has that injects functions; dependency-injector's own decorator is another."""


def tell_unimported(root: Path) -> None:
    """Say on standard error which files of a project are left out, the tests apart.

    Args:
        root: The project's folder.
    """
    files = list(_unimported(root))
    if not files:
        return
    listed = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    module = files[0].removeprefix("src/").removesuffix(".py").removesuffix("/__init__")
    click.echo(
        f"not checked: the injected functions of {listed}, which nothing has imported; name the "
        f"modules by --import, or in [tool.trunkline]: imports = "
        f'["{module.replace("/", ".")}"]',
        err=True,
    )


def _unimported(root: Path) -> Iterator[str]:
    loaded = {getattr(module, "__file__", None) for module in tuple(sys.modules.values())}
    tests = Patterns(DEFAULT_TESTS)
    for file in discover(str(root), DEFAULT_EXCLUDES).files:
        path = root / file.path
        if str(path) in loaded or tests.match(file.path, path.name):
            continue
        try:
            text = path.read_bytes()
        except OSError:  # which the auditor names
            continue
        if b"inject" in text and _INJECTS.search(text):
            yield file.path
