"""All checks of a container at once, and what is reported of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from trunkline.graph.blueprint import Blueprint, Recipe
from trunkline.graph.model import SourceLocation
from trunkline.graph.paths import relative_path
from trunkline.validation.arguments import check_arguments, check_literals
from trunkline.validation.definitions import check_definitions
from trunkline.validation.findings import Finding, draw
from trunkline.validation.injections import Injected, check_injections
from trunkline.validation.lifetimes import check_captive_dependencies, check_cycles
from trunkline.validation.reach import check_scope_values, check_sync_entry
from trunkline.validation.strays import check_strays

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_blueprint", "report_json", "report_text"]


def check_blueprint(
    blueprint: Blueprint,
    is_provider: Callable[[object], bool],
    *,
    declared: Mapping[str, Recipe] | None = None,
    used: Collection[str] = (),
    sync_entries: Iterable[str] = (),
    injected: Mapping[str, Iterable[Injected]] = MappingProxyType({}),
) -> list[Finding]:
    """Run every check over a container; nothing is built.

    Args:
        blueprint: The container's graph and how its objects are made.
        is_provider: Tells whether an object is a provider.
        declared: Recipes as they were written, by name, of nodes that the blueprint makes in
            another way (by calling a stock provider, for example), so that their arguments are
            checked too.
        used: Names of nodes that are asked for from outside the graph.
        sync_entries: Names of nodes that are resolved without ``await``.
        injected: By a node's name, the parameters of injected functions that its objects fill.

    Returns:
        Every finding, in the order in which the providers at fault are declared.
    """
    graph = blueprint.graph
    recipes = {**blueprint.recipes, **(declared or {})}
    findings = [
        *check_cycles(graph),
        *check_captive_dependencies(graph),
        *check_definitions(graph, blueprint.recipes),
        *check_strays(graph, blueprint.recipes),
        *check_arguments(graph, recipes),
        *check_literals(graph, recipes, is_provider),
        *check_scope_values(graph, used),
        *check_sync_entry(graph, sync_entries),
        *check_injections(graph, recipes, injected),
    ]
    position = {name: index for index, name in enumerate(graph.nodes)}
    return sorted(findings, key=lambda finding: position.get(finding.subject, len(position)))


def report_text(findings: Collection[Finding]) -> str:
    """Findings as text: a paragraph for each, and the count of each kind at the end."""
    if not findings:
        return "No findings.\n"
    counts = Counter(finding.check for finding in findings)
    kinds = ", ".join(f"{count} {check}" for check, count in counts.items())
    noun = "finding" if len(findings) == 1 else "findings"
    return f"{draw(findings)}\n\n{len(findings)} {noun}: {kinds}\n"


def report_json(findings: Iterable[Finding], root: Path | None = None) -> str:
    """Findings as a JSON document for other tools.

    Args:
        findings: Any findings.
        root: Folder that paths are written relative to; None leaves them as they are.
    """
    import json

    document = {
        "format": "trunkline-findings",
        "version": 1,
        "findings": [
            {
                "check": finding.check,
                "subject": finding.subject,
                "message": finding.message,
                "remedy": finding.remedy,
                "location": _location(finding.location, root),
                "hops": list(finding.hops),
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _location(location: SourceLocation | None, root: Path | None) -> dict[str, object] | None:
    if location is None:
        return None
    return {"file": relative_path(location.file, root), "line": location.line}
