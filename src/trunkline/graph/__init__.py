"""The dependency graph: a frozen model, algorithms over it, exports and comparison."""

from trunkline.graph.model import Dependency, Graph, Kind, Node, SourceLocation

__all__ = ["Dependency", "Graph", "Kind", "Node", "SourceLocation"]
