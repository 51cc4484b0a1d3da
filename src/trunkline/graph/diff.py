"""What changed between two graphs, in the words of a review.

Lines and files of declarations don't count: moving code changes no lifetime. A provider that got
another name is one that went and one that came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.graph.model import Dependency, Graph, Node

__all__ = ["Change", "Difference", "compare"]


@dataclass(frozen=True, slots=True)
class Change:
    """One fact about a node that is another now.

    Attributes:
        name: Name of the node.
        fact: What changed: ``kind``, ``scope``, ``local``, ``provides``, ``async``, ``teardown``,
            or ``dependency NAME`` with the parameter's name.
        before: What it was; empty for nothing.
        after: What it is; empty for nothing.
    """

    name: str
    fact: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.fact}: + {self.after}"
        if not self.after:
            return f"{self.fact}: - {self.before}"
        return f"{self.fact}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a graph differs from an older one; false where it does not.

    Attributes:
        scopes: The two scope chains, if they differ.
        added: Nodes that only the newer graph has.
        removed: Nodes that only the older graph has.
        changes: Changes of the nodes that both have, by node in the newer graph's order.
    """

    scopes: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    added: tuple[Node, ...] = ()
    removed: tuple[Node, ...] = ()
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.scopes or self.added or self.removed or self.changes)

    def by_name(self) -> dict[str, list[Change]]:
        """The changes of each node."""
        grouped: dict[str, list[Change]] = {}
        for change in self.changes:
            grouped.setdefault(change.name, []).append(change)
        return grouped

    def to_text(self) -> str:
        """The difference for a terminal: a line for each node that came, went or changed."""
        if not self:
            return "The graphs are the same.\n"
        lines = [self._summary(), ""]
        if self.scopes:
            lines.append(f"~ scopes: {_chain(self.scopes[0])} -> {_chain(self.scopes[1])}")
        lines += [f"+ {node.name}: {_described(node)}" for node in self.added]
        lines += [f"- {node.name}: {_described(node)}" for node in self.removed]
        for name, changes in self.by_name().items():
            lines.append(f"~ {name}")
            lines += [f"    {change}" for change in changes]
        return "\n".join(lines) + "\n"

    def to_markdown(self) -> str:
        """The difference for a pull request."""
        if not self:
            return "**Dependency graph**: no change.\n"
        lines = [f"**Dependency graph**: {self._summary()}", ""]
        if self.scopes:
            lines += [f"Scopes: `{_chain(self.scopes[0])}` → `{_chain(self.scopes[1])}`", ""]
        if self.changes:
            lines += ["| provider | what | before | after |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {_code(change.name)} | {_cell(change.fact)} | {_code(change.before)} "
                f"| {_code(change.after)} |"
                for change in self.changes
            ]
            lines.append("")
        for title, nodes in (("Added", self.added), ("Removed", self.removed)):
            if nodes:
                lines.append(f"{title}:")
                lines += [f"- {_code(node.name)}: {_cell(_described(node))}" for node in nodes]
                lines.append("")
        return "\n".join(lines[:-1]) + "\n"

    def _summary(self) -> str:
        counts = (
            (len(self.added), "added"),
            (len(self.removed), "removed"),
            (len(self.by_name()), "changed"),
        )
        facts = [f"{count} {word}" for count, word in counts if count]
        return ", ".join(facts or ["scope chain changed"])


def compare(before: Graph, after: Graph) -> Difference:
    """Compare two graphs.

    Args:
        before: The older graph.
        after: The newer one.

    Returns:
        What was added, removed and changed. Positions in source are not compared, nor is the
        order of nodes; the order of positional arguments is, by their parameters.
    """
    return Difference(
        scopes=(before.scopes, after.scopes) if before.scopes != after.scopes else None,
        added=tuple(node for node in after if node.name not in before),
        removed=tuple(node for node in before if node.name not in after),
        changes=tuple(
            change
            for node in after
            if node.name in before
            for change in _changes(before[node.name], node)
        ),
    )


def _changes(before: Node, after: Node) -> Iterator[Change]:
    facts = (
        ("kind", before.kind.value, after.kind.value),
        ("scope", before.scope or "each use", after.scope or "each use"),
        ("local", _one_by_one(before), _one_by_one(after)),
        ("provides", before.provides, after.provides),
        ("async", _yes(before.is_async), _yes(after.is_async)),
        ("teardown", _yes(before.has_teardown), _yes(after.has_teardown)),
    )
    for fact, old, new in facts:
        if old != new:
            yield Change(after.name, fact, old, new)
    older, newer = _targets(before), _targets(after)
    for parameter in [*newer, *(name for name in older if name not in newer)]:
        old, new = older.get(parameter, ""), newer.get(parameter, "")
        if old != new:
            yield Change(after.name, f"dependency {parameter}", old, new)


def _targets(node: Node) -> dict[str, str]:
    targets: dict[str, list[str]] = {}
    for edge in node.dependencies:
        targets.setdefault(edge.parameter, []).append(_target(edge))
    return {parameter: ", ".join(names) for parameter, names in targets.items()}


def _target(edge: Dependency) -> str:
    note = " (its provider)" if edge.deferred else " (in some cases)" if edge.conditional else ""
    return f"{edge.target}{note}"


def _one_by_one(node: Node) -> str:
    return f"each {node.local}" if node.local is not None else ""


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _described(node: Node) -> str:
    needs = ", ".join(dict.fromkeys(_target(edge) for edge in node.dependencies))
    lives = f" in {node.scope}" if node.scope else ""
    lives += f" of {_one_by_one(node)}" if node.local is not None else ""
    return f"{node.kind.value}{lives}, {node.provides}" + (f" <- {needs}" if needs else "")


def _chain(scopes: tuple[str, ...]) -> str:
    return " > ".join(scopes)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`" if text else ""
