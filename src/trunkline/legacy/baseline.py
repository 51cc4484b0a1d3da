"""The places at which old names may still be used: strict mode allows no others.

A place is a function of a file, not a line, so that the baseline stays true while lines move.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from trunkline.legacy.errors import UsageFileError
from trunkline.legacy.sites import SiteUse

__all__ = ["Baseline", "Place"]


class Place(NamedTuple):
    """Where an old name may be used.

    Attributes:
        name: The old name.
        file: Path of the file, relative to the project's folder, with ``/``.
        function: The function, ``<module>`` at the top of the file.
    """

    name: str
    file: str
    function: str


class Baseline:
    """Places at which old names may be used.

    Args:
        places: The places.
        root: Folder that their files are relative to; the current one unless given.
    """

    def __init__(self, places: Iterable[Place] = (), root: Path | None = None) -> None:
        self._root = Path.cwd() if root is None else root
        self.places = frozenset(p._replace(file=self._relative(p.file)) for p in places)

    def allows(self, name: str, file: str, function: str) -> bool:
        """Whether an old name may be used in a function of a file.

        Args:
            name: The old name.
            file: Path of the file, absolute or relative to the baseline's folder.
            function: The function.
        """
        return Place(name, self._relative(file), function) in self.places

    def new(self, records: Iterable[SiteUse]) -> list[SiteUse]:
        """The records of places that are not allowed."""
        return [r for r in records if not self.allows(r.name, r.file, r.function)]

    @classmethod
    def of(cls, records: Iterable[SiteUse], root: Path | None = None) -> Baseline:
        """The baseline that allows what was recorded."""
        return cls((Place(r.name, r.file, r.function) for r in records), root)

    @classmethod
    def read(cls, path: Path, root: Path | None = None) -> Baseline:
        """Read a baseline.

        Raises:
            UsageFileError: There is none, or it is no baseline.
        """
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))["places"]
            places = [Place(p["name"], p["file"], p["function"]) for p in listed]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageFileError(
                f"{path} can't be read as a baseline of old names",
                cause=f"{type(error).__name__}: {error}",
                remedy="write it by `trunkline legacy --write-baseline`",
            ) from error
        return cls(places, root)

    def write(self, path: Path) -> None:
        """Write the baseline, in an order that makes small changes small.

        Raises:
            UsageFileError: It can't be written there.
        """
        listed = [place._asdict() for place in sorted(self.places)]
        try:
            path.write_text(json.dumps({"places": listed}, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageFileError(f"{path} can't be written", cause=str(error)) from error

    def _relative(self, file: str) -> str:
        path = Path(file)
        return (
            path.relative_to(self._root) if path.is_relative_to(self._root) else path
        ).as_posix()
