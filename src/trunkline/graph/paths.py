"""Places in source, written so that they read the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.graph.model import SourceLocation

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["relative_location", "relative_path"]

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def relative_path(file: str, root: Path | None) -> str:
    """A file's path relative to a root, with forward slashes.

    Args:
        file: The path as the graph holds it.
        root: The folder to be relative to; None leaves paths as they are.

    Returns:
        The relative path. Of a file outside the root that belongs to an installed package, the
        part from the package on; any other path as it is.
    """
    from pathlib import PurePath  # a container that has no faults shows no path

    path = PurePath(file)
    if root is None or not path.is_absolute():
        return path.as_posix()
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    for index, part in enumerate(path.parts):
        if part in _INSTALLED:
            return PurePath(*path.parts[index + 1 :]).as_posix()
    return path.as_posix()


def relative_location(location: SourceLocation | None, root: Path | None) -> str:
    """``file:line`` relative to a root; an empty text where the place is not known."""
    if location is None:
        return ""
    return f"{relative_path(location.file, root)}:{location.line}"
