"""The graph snapshot: a container's graph as a committed file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trunkline.graph.diff import compare
from trunkline.graph.exports.interchange import from_json, to_json
from trunkline.testing.configured import configured_container

__all__ = ["SnapshotError", "SnapshotItem"]


class SnapshotError(Exception):
    """The container's graph is not the one that was committed."""


class SnapshotItem(pytest.Item):
    """Compares the container's graph with a file."""

    def __init__(self, *, snapshot: Path, **options: Any) -> None:
        super().__init__(**options)
        self.snapshot = snapshot

    def runtest(self) -> None:
        """Compare, or write the file where that is asked for."""
        graph = configured_container(self.config)().graph()
        text = to_json(graph, self.config.rootpath)
        if self.config.getoption("--trunkline-graph-update"):
            self.snapshot.parent.mkdir(parents=True, exist_ok=True)
            self.snapshot.write_text(text, encoding="utf-8")
            return
        if not self.snapshot.is_file():
            raise SnapshotError(
                f"there is no snapshot {self.snapshot}; write it by --trunkline-graph-update"
            )
        before = from_json(self.snapshot.read_text(encoding="utf-8"))
        difference = compare(before, from_json(text))
        if difference:
            raise SnapshotError(
                f"the graph of {graph.name} differs from {self.snapshot.name}:\n\n"
                f"{difference.to_text()}\n\n"
                "If it is meant to, write the snapshot anew by --trunkline-graph-update."
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The difference alone: the traceback says nothing about it."""
        if isinstance(excinfo.value, SnapshotError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the file."""
        return self.snapshot, None, f"graph snapshot {self.snapshot.name}"
