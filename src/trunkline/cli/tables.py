"""Tables for a person at a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trunkline.graph.exports.text import rows
from trunkline.graph.model import Graph

__all__ = ["print_graph"]


def print_graph(graph: Graph, root: Path) -> None:
    """Print a graph as a table for each scope.

    Args:
        graph: Any graph.
        root: Folder that paths are shown relative to.
    """
    console = Console()
    console.print(f"[bold]{escape(graph.name)}[/bold]")
    for scope, lines in rows(graph, root):
        table = Table(title=escape(scope), title_justify="left", title_style="bold", expand=False)
        for heading in ("name", "makes", "how", "depends on", "declared"):
            table.add_column(heading, overflow="fold")
        for line in lines:
            name, makes, how, needs, place = map(escape, line)
            table.add_row(
                f"[cyan]{name}[/cyan]",
                makes,
                how,
                f"[red]{needs}[/red]" if "(!" in needs else needs,
                f"[dim]{place}[/dim]",
            )
        console.print(table)
