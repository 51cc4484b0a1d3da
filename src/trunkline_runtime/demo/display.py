"""What a person sees: progress while the agents run, then a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from trunkline_runtime.demo.ledger import Ledger
from trunkline_runtime.demo.visitor import Visitor
from trunkline_runtime.messages import Event

__all__ = ["Display"]


_OWNED = ("user", "engine", "bridge", "torn down")
_FOUND = ("files", "classes", "functions", "names twice", "unreadable")


class Display:
    """Shows a demonstration on a console: bars on a terminal, a line an event elsewhere.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def say(self, text: str) -> None:
        """Show a line."""
        self._console.print(escape(text), highlight=False, soft_wrap=True)

    @contextmanager
    def watching(self, visitors: Sequence[Visitor]) -> Iterator[None]:
        """Show the users' events while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.fields[user]}"),
            BarColumn(),
            TextColumn("{task.fields[events]:>3} events"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self._console) as self._progress:
            for visitor in visitors:
                self._bars[visitor.user_id] = self._progress.add_task(
                    "connecting", total=1.0, user=visitor.user_id, events=0
                )
            yield
        self._progress = None

    def heard(self, visitor: Visitor, event: Event) -> None:
        """Show an event that a user received."""
        words = _in_words(event)
        if self._progress is None:
            self.say(f"{visitor.user_id}  {event.seq:>3}  {event.type:<15}  {words}")
            return
        done = event.payload.get("progress")
        if event.type == "agent_completed":
            done = 1.0
        self._progress.update(
            self._bars[visitor.user_id],
            description=escape(words),
            events=len(visitor.events),
            completed=done if isinstance(done, int | float) else None,
        )

    def tables(self, visitors: Sequence[Visitor], ledger: Ledger) -> None:
        """Show what each user had, and what each agent found."""
        runs = {run.user_id: run for run in ledger.runs}
        owned = _table("What each user had", _OWNED, "events", "of others")
        found = _table("What each agent found", ("user", "tree"), *_FOUND)
        for visitor in visitors:
            run = runs.get(visitor.user_id)
            foreign = sum(event.user_id != visitor.user_id for event in visitor.events)
            owned.add_row(
                visitor.user_id,
                "-" if run is None else f"{id(run.engine):#x}",
                "-" if run is None else f"{id(run.bridge):#x}",
                "yes" if run is not None and run.closed else "NO",
                str(len(visitor.events)),
                str(foreign),
            )
            found.add_row(visitor.user_id, escape(visitor.path.name or "/"), *_counts(visitor))
        self._console.print(owned)
        self._console.print(found)


def _table(title: str, words: tuple[str, ...], *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in words:
        table.add_column(heading)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _counts(visitor: Visitor) -> list[str]:
    report = visitor.report
    if not report:
        return ["-"] * 5
    totals = report["totals"]
    counts = (
        totals["files"],
        totals["classes"],
        totals["functions"],
        report["defined_in_several_modules"]["total"],
        totals["unreadable"],
    )
    return [f"{count:,}" for count in counts]


def _in_words(event: Event) -> str:
    payload = event.payload
    for key in ("reasoning", "message"):
        if isinstance(payload.get(key), str):
            return str(payload[key])
    if event.type == "tool_executing":
        return f"{payload['tool_name']} ..."
    if event.type == "tool_completed":
        how = "" if payload["ok"] else "failed "
        return f"{payload['tool_name']} {how}in {payload['duration_ms']:.0f} ms"
    return "done" if event.type == "agent_completed" else ""
