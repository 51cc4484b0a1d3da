"""Checks of what injected functions are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from trunkline.graph.blueprint import Recipe, Ref
from trunkline.graph.model import Graph, SourceLocation
from trunkline.validation.assignability import certainly_wrong, shown, shown_type
from trunkline.validation.findings import Finding
from trunkline.validation.places import place_of
from trunkline.validation.supplies import Supplies

__all__ = ["Injected", "check_injections"]


class Injected(Protocol):
    """A parameter of a function that a node's objects fill."""

    @property
    def function(self) -> str:
        """Dotted name of the function."""
        ...

    @property
    def parameter(self) -> str:
        """Name of the parameter."""
        ...

    @property
    def wants(self) -> Any:
        """Its type; None where it isn't known."""
        ...

    @property
    def location(self) -> SourceLocation:
        """Where the function is written."""
        ...


def check_injections(
    graph: Graph, recipes: Mapping[str, Recipe], injected: Mapping[str, Iterable[Injected]]
) -> Iterator[Finding]:
    """Find parameters of injected functions whose type the object certainly doesn't have.

    Args:
        graph: The graph.
        recipes: How its nodes are made, by name.
        injected: By a node's name, the parameters that its objects fill.

    Yields:
        A finding of ``argument-type`` for each.
    """
    supplies = Supplies(recipes)
    for name, parameters in injected.items():
        supply = supplies.of(Ref(name))
        for each in parameters:
            if each.wants is None or name not in graph or not certainly_wrong(supply, each.wants):
                continue
            wanted = shown(each.wants)
            yield Finding(
                check="argument-type",
                subject=name,
                message=(
                    f"{each.function} wants {wanted} as {each.parameter!r}, but is injected with "
                    f"{name} ({shown_type(supply)})"
                ),
                remedy=f"inject a provider of {wanted}, or mend the annotation if it is wrong",
                location=place_of(graph, graph[name]),
                hops=(f"injected into {each.function}  {each.location}",),
            )
