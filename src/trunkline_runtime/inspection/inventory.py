"""Adds up what is in the files of a tree, in bounded memory, and reports it in bounded size."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any, Final

from trunkline_runtime.inspection.files import FileListing, shown_path
from trunkline_runtime.inspection.source import Definition, SourceFacts

__all__ = ["Inventory"]

_PLACES: Final = 5  # that are remembered of one name
_NAMES: Final = 200_000  # different names that are remembered
_KEPT: Final = 1000  # entries that are remembered of each list; the totals count on
_SHOWN: Final = (100, 50, 25, 10, 3, 0)  # entries a list may show: the first that fits


@dataclass(slots=True)
class _Name:
    count: int = 0
    places: list[tuple[str, int]] = field(default_factory=list)


class Inventory:
    """What an inspection has found so far.

    Args:
        root: The tree, as its user named it.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._listing: FileListing | None = None
        self._files = 0
        self._read = 0
        self._lines = 0
        self._totals: Counter[str] = Counter()
        self._modules: list[tuple[int, str, int, int]] = []
        self._definitions: dict[str, list[dict[str, Any]]] = {"classes": [], "functions": []}
        self._imports: Counter[str] = Counter()
        self._names: dict[tuple[str, str], _Name] = {}
        self._names_complete = True
        self._repeated: list[dict[str, Any]] = []
        self._unreadable: list[dict[str, Any]] = []
        self._reasons: Counter[str] = Counter()

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return self._files

    @property
    def unreadable(self) -> int:
        """How many files and directories could not be read."""
        return self._reasons.total()

    def list_files(self, listing: FileListing) -> None:
        """Take in the files of the tree."""
        self._listing = listing
        for path, reason in listing.unreadable:
            self._note_problem(path, "unreadable", reason)
        if unnamed := listing.unreadable_total - len(listing.unreadable):
            self._reasons["unreadable"] += unnamed

    def add(self, path: str, facts: SourceFacts) -> None:
        """Take in what is in one file.

        Args:
            path: The file, relative to the root.
            facts: What is in it.
        """
        self._files += 1
        if facts["problem"] is not None:
            self._note_problem(path, facts["problem"], facts["detail"])
            return
        self._read += 1
        self._lines += facts["lines"]
        self._totals["classes"] += facts["class_total"]
        self._totals["functions"] += facts["function_total"]
        shown = shown_path(path)
        self._modules.append((facts["lines"], shown, facts["class_total"], facts["function_total"]))
        if len(self._modules) > 2 * _KEPT:
            self._modules = nlargest(_KEPT, self._modules)
        self._define("classes", shown, facts["classes"])
        self._define("functions", shown, facts["functions"])
        for package in facts["imports"]:
            if package in self._imports or len(self._imports) < _NAMES:
                self._imports[package] += 1
        for found in facts["repeated"]:
            self._totals["repeated"] += 1
            if len(self._repeated) < _KEPT:
                lines = found["lines"][:_PLACES]
                self._repeated.append({"name": found["name"], "path": shown, "lines": lines})

    def report(self, stopped: str | None, limit_bytes: int) -> dict[str, Any]:
        """Return what was found, as plain data.

        Args:
            stopped: Why not every file was looked at; None if every one was.
            limit_bytes: How many bytes of JSON it may take. Lists are cut to fit; their totals
                are of everything.
        """
        lists = {
            "modules": (
                self._read,
                [
                    {"path": path, "lines": lines, "classes": classes, "functions": functions}
                    for lines, path, classes, functions in nlargest(_KEPT, self._modules)
                ],
            ),
            "classes": (self._totals["classes"], self._definitions["classes"]),
            "functions": (self._totals["functions"], self._definitions["functions"]),
            "imports": (
                len(self._imports),
                [
                    {"name": name, "modules": count}
                    for name, count in self._imports.most_common(_KEPT)
                ],
            ),
            "defined_in_several_modules": self._shared_names(),
            "defined_twice_in_a_module": (self._totals["repeated"], self._repeated),
            "unreadable": (self.unreadable, self._unreadable),
        }
        report = self._head(stopped)
        for most in _SHOWN:
            for name, (total, items) in lists.items():
                report[name] = {"total": total, "shown": items[:most]}
            if len(json.dumps(report, separators=(",", ":"))) <= limit_bytes:
                break
        return report

    def _head(self, stopped: str | None) -> dict[str, Any]:
        listing = self._listing
        listed = len(listing.paths) if listing else 0
        return {
            "path": shown_path(self._root),
            "complete": stopped is None and (listing is None or listing.complete),
            "stopped": stopped,
            "totals": {
                "files": listed,
                "read": self._read,
                "unreadable": self.unreadable,
                "not_looked_at": listed - self._files,
                "lines": self._lines,
                "classes": self._totals["classes"],
                "functions": self._totals["functions"],
                "packages_imported": len(self._imports),
                "links_not_followed": listing.links if listing else 0,
                "directories_skipped": listing.skipped if listing else 0,
            },
            "unreadable_reasons": dict(self._reasons.most_common()),
            "names_complete": self._names_complete,
        }

    def _define(self, kind: str, path: str, found: Sequence[Definition]) -> None:
        kept = self._definitions[kind]
        seen: set[str] = set()
        for definition in found:
            name, line = definition["name"], definition["line"]
            if len(kept) < _KEPT:
                kept.append({"name": name, "path": path, "line": line})
            if name in seen or (name.startswith("__") and name.endswith("__")):
                continue
            seen.add(name)
            self._note_name(kind, name, path, line)

    def _note_name(self, kind: str, name: str, path: str, line: int) -> None:
        known = self._names.get((kind, name))
        if known is None:
            if len(self._names) >= _NAMES:
                self._names_complete = False
                return
            known = self._names[kind, name] = _Name()
        known.count += 1
        if len(known.places) < _PLACES:
            known.places.append((path, line))

    def _note_problem(self, path: str, reason: str, detail: str) -> None:
        self._reasons[reason] += 1
        if len(self._unreadable) < _KEPT:
            detail = detail.encode("utf-8", "backslashreplace").decode()
            self._unreadable.append({"path": shown_path(path), "reason": reason, "detail": detail})

    def _shared_names(self) -> tuple[int, list[dict[str, Any]]]:
        shared = [(key, name) for key, name in self._names.items() if name.count > 1]
        most = nlargest(_KEPT, shared, key=lambda item: item[1].count)
        return len(shared), [
            {
                "name": name,
                "kind": "class" if kind == "classes" else "function",
                "modules": found.count,
                "places": [f"{path}:{line}" for path, line in found.places],
            }
            for (kind, name), found in most
        ]
