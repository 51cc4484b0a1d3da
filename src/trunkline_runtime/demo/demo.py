"""The demonstration itself: a server, some users, their runs, and the verdict."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from trunkline_runtime.backplane import Backplane
from trunkline_runtime.bridge import ConnectionRegistry, EventStore
from trunkline_runtime.demo.display import Display
from trunkline_runtime.demo.ledger import Ledger
from trunkline_runtime.demo.verdict import find_faults
from trunkline_runtime.demo.visitor import Visitor
from trunkline_runtime.engine import AgentRegistry
from trunkline_runtime.server import (
    AgentServer,
    ServerOptions,
    Sessions,
    TokenSigner,
    TokenVerifier,
)

__all__ = ["Demo"]


class Demo:
    """Several users at once on a real server, and the proof that they never meet.

    Args:
        options: The server's options; the demonstration listens on a free port of 127.0.0.1.
        tokens: Verifies who connects.
        signer: Signs the users' tokens.
        sessions: Opens the scopes.
        agents: Knows the ``inspect`` agent.
        connections: Keeps the open connections.
        backplane: Brings events to connections.
        store: Keeps events for replay.
        console: Where to show it; standard output unless given.
        patience: Seconds that a user waits for the end of a run.
    """

    def __init__(
        self,
        options: ServerOptions,
        tokens: TokenVerifier,
        signer: TokenSigner,
        sessions: Sessions,
        agents: AgentRegistry,
        connections: ConnectionRegistry,
        backplane: Backplane,
        store: EventStore,
        console: Console | None = None,
        patience: float = 60.0,
    ) -> None:
        self._patience = patience
        self._ledger = Ledger(sessions)
        self._signer = signer
        self._display = Display(console if console is not None else Console())
        self._server = AgentServer(
            dataclasses.replace(options, host="127.0.0.1", port=0),
            tokens,
            self._ledger,
            agents,
            connections,
            backplane,
            store,
        )

    async def run(self, paths: Sequence[Path] = (), users: int = 3) -> int:
        """Run the demonstration.

        Args:
            paths: The source trees to inspect, given to the users in turn; those of the current
                directory unless given.
            users: How many users connect at once.

        Returns:
            The exit code: 0 where everything holds that was promised, 1 where anything doesn't.
        """
        trees = list(paths) or source_trees(Path.cwd())
        visitors = [
            Visitor(f"user-{number + 1:02d}", trees[number % len(trees)].resolve())
            for number in range(users)
        ]
        async with self._server:
            host, port = self._server.address
            self._display.say(f"{users} at once, on ws://{host}:{port}/ws: {_listed(visitors)}")
            await self._visit(visitors, f"ws://{host}:{port}/ws")
        self._display.tables(visitors, self._ledger)
        return self._judge(visitors)

    async def _visit(self, visitors: Sequence[Visitor], url: str) -> None:
        together = asyncio.Barrier(len(visitors))
        with self._display.watching(visitors):
            async with asyncio.TaskGroup() as group:
                for visitor in visitors:
                    token = self._signer.sign(visitor.user_id)
                    visit = visitor.visit(url, token, self._display.heard, together, self._patience)
                    group.create_task(visit)

    def _judge(self, visitors: Sequence[Visitor]) -> int:
        faults = list(find_faults(visitors, self._ledger))
        for fault in faults:
            self._display.say(f"FAULT  {fault}")
        if faults:
            return 1
        ledger = self._ledger
        events = sum(len(visitor.events) for visitor in visitors)
        self._display.say(f"Events: {events}, each in order and to its own user alone.")
        self._display.say(f"Engines and bridges: {len(ledger.runs)} of each, no two the same.")
        self._display.say(
            f"Torn down: {ledger.opened_sessions} session and {len(ledger.runs)} request scopes, "
            f"of which {ledger.most_at_once} were open at once."
        )
        return 0


def _listed(visitors: Sequence[Visitor]) -> str:
    names = [f"{visitor.user_id} ({visitor.path.name or '/'})" for visitor in visitors[:6]]
    more = len(visitors) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def source_trees(directory: Path) -> list[Path]:
    """The folders of a directory that hold Python sources; the directory itself if none does.

    Args:
        directory: Where to look; hidden folders are passed over.
    """
    folders = sorted(path for path in directory.iterdir() if path.is_dir())
    trees = [
        folder
        for folder in folders
        if not folder.name.startswith(".") and next(folder.rglob("*.py"), None) is not None
    ]
    return trees or [directory]
