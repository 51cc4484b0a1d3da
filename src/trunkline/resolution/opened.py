"""Scopes that are lost before they are left, for containers in debug mode.

A scope that nobody leaves is never torn down, and nothing fails: its resources are collected some
time, and the code after ``yield`` does not run. Noting where each was opened is a walk of a few
frames, hence only where it is asked for.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from trunkline.compiler.loader import is_loaded
from trunkline.graph.model import SourceLocation
from trunkline.resolution.scope import OpenScope

__all__ = ["NotedScope"]

_PACKAGE = str(Path(__file__).parents[1])


class NotedScope(OpenScope):
    """Base of the compiled classes of scopes that know where they were opened."""

    __slots__ = ("_opened_at",)

    def __init__(self) -> None:
        self._opened_at = _caller()

    def __del__(self) -> None:
        if self._token is not None:
            warnings.warn(
                f"{self!r}, opened at {self._opened_at}, was never left: nothing in it was torn "
                "down; use it by `with` or `async with`, or close it",
                ResourceWarning,
                stacklevel=1,  # whoever collects it has nothing to do with it
                source=self,
            )


def _caller() -> SourceLocation:
    """The nearest line outside trunkline and the code it compiles."""
    frame = sys._getframe(2)
    while frame.f_back is not None and (
        is_loaded(frame.f_code) or frame.f_code.co_filename.startswith(_PACKAGE)
    ):
        frame = frame.f_back
    return SourceLocation(frame.f_code.co_filename, frame.f_lineno)
