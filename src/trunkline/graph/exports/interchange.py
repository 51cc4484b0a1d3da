"""The JSON form of a graph: to commit, to compare with, to hand to other tools.

The document names its format and version. A reader of version 1 meets every key in every
document, in one order; a change that would break such a reader gets the next number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trunkline.errors import TrunklineError
from trunkline.graph.model import Dependency, Graph, Kind, Local, Node, SourceLocation
from trunkline.graph.paths import relative_path

__all__ = ["FORMAT", "VERSION", "GraphFormatError", "from_json", "to_json"]

FORMAT = "trunkline-graph"
VERSION = 1


class GraphFormatError(TrunklineError, ValueError):
    """A document is not a graph of a version that can be read."""


def to_json(graph: Graph, root: Path | None = None) -> str:
    """Write a graph as JSON.

    Args:
        graph: Any graph.
        root: Folder that paths are written relative to; None leaves them as they are.

    Returns:
        The document, with a line feed at its end. The same graph gives the same text: nodes
        stand in the order of declaration, keys in a fixed one.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "scopes": list(graph.scopes),
        "nodes": [_node_document(node, root) for node in graph],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Graph:
    """Read a graph that :func:`to_json` wrote.

    Raises:
        GraphFormatError: The text is not JSON, not a graph, or of a version not known here.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _refused(f"it is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _refused(f'its "format" is not "{FORMAT}"')
    if document.get("version") != VERSION:
        raise _refused(f'its "version" is {document.get("version")!r}; known here is {VERSION}')
    try:
        nodes = [_read_node(entry) for entry in document["nodes"]]
        graph = Graph(
            name=str(document["name"]),
            scopes=tuple(str(scope) for scope in document["scopes"]),
            nodes={node.name: node for node in nodes},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(f"an entry is missing or wrong: {error!r}") from error
    unknown = {node.scope for node in nodes if node.scope is not None} - set(graph.scopes)
    if unknown:
        raise _refused(f"scopes of nodes are not in its chain: {', '.join(sorted(unknown))}")
    return graph


def _node_document(node: Node, root: Path | None) -> dict[str, Any]:
    return {
        "name": node.name,
        "kind": node.kind.value,
        "scope": node.scope,
        "provides": node.provides,
        "declared": node.declared,
        "async": node.is_async,
        "teardown": node.has_teardown,
        "local": None if node.local is None else node.local.value,
        "location": None
        if node.location is None
        else {"file": relative_path(node.location.file, root), "line": node.location.line},
        "dependencies": [
            {
                "target": edge.target,
                "parameter": edge.parameter,
                "deferred": edge.deferred,
                "conditional": edge.conditional,
            }
            for edge in node.dependencies
        ],
    }


def _read_node(entry: Mapping[str, Any]) -> Node:
    place = entry["location"]
    return Node(
        name=str(entry["name"]),
        kind=Kind(entry["kind"]),
        scope=None if entry["scope"] is None else str(entry["scope"]),
        provides=str(entry["provides"]),
        dependencies=tuple(
            Dependency(
                target=str(edge["target"]),
                parameter=str(edge["parameter"]),
                deferred=bool(edge["deferred"]),
                conditional=bool(edge["conditional"]),
            )
            for edge in entry["dependencies"]
        ),
        location=None if place is None else SourceLocation(str(place["file"]), int(place["line"])),
        is_async=bool(entry["async"]),
        has_teardown=bool(entry["teardown"]),
        declared=bool(entry["declared"]),
        local=None if entry.get("local") is None else Local(entry["local"]),
    )


def _refused(cause: str) -> GraphFormatError:
    return GraphFormatError(
        "the document is not a graph that can be read",
        cause=cause,
        remedy="write it anew with: trunkline graph --format json -o FILE",
    )
