"""The demonstration shows what happened, and fails where a promise is broken."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from containers.application import Application
from tests.integration.server.wiring import make_signer
from trunkline import ScopedContainer, providers
from trunkline_runtime.demo import Demo
from trunkline_runtime.settings import Settings

TREES = [Path(__file__).parent, Path(__file__).parents[1] / "server"]


@asynccontextmanager
async def demo_of(settings: Settings, **changes: Any) -> AsyncIterator[tuple[Demo, io.StringIO]]:
    shown = io.StringIO()
    container: Any = Application(settings=providers.Object(settings))
    async with container as app:
        demo = app.demo(console=Console(file=shown, width=120), **changes)
        yield demo, shown


@pytest.mark.asyncio
@pytest.mark.parametrize("users", [1, 3, 8])
async def test_every_user_has_a_row_and_the_verdict_is_good(settings: Settings, users: int) -> None:
    async with demo_of(settings) as (demo, shown):
        assert await demo.run(TREES, users) == 0
    text = shown.getvalue()
    assert f"{users} at once" in text
    assert f"Engines and bridges: {users} of each, no two the same." in text
    assert f"Torn down: {users} session and {users} request scopes" in text
    assert "FAULT" not in text


@pytest.mark.asyncio
async def test_a_shared_bridge_fails_the_demonstration(settings: Settings) -> None:
    """Sessions that hand every user one and the same engine are told by the verdict."""

    class SharingSessions:
        def __init__(self, app: ScopedContainer) -> None:
            self.app = app
            self.engine: Any = None

        @asynccontextmanager
        async def open_session(self, identity: Any, connection: Any) -> AsyncIterator[Any]:
            yield self

        @asynccontextmanager
        async def open_run(self, context: Any) -> AsyncIterator[Any]:
            async with self.app.enter(context) as request:
                self.engine = self.engine or request.get(Application.engine)
                yield self.engine

    shown = io.StringIO()
    async with Application(settings=providers.Object(settings)) as app:
        demo = app.demo(
            console=Console(file=shown, width=120), sessions=SharingSessions(app), patience=2.0
        )
        assert await demo.run(TREES, 3) == 1
    assert "FAULT  two requests shared one engine" in shown.getvalue()


@pytest.mark.asyncio
async def test_a_tree_that_is_no_directory_fails_the_demonstration(
    settings: Settings, tmp_path: Path
) -> None:
    async with demo_of(settings) as (demo, shown):
        assert await demo.run([tmp_path / "gone"], 2) == 1
    assert "There is no directory" in shown.getvalue()


@pytest.mark.asyncio
async def test_the_command_runs_it_and_returns_its_exit_code() -> None:
    root = Path(__file__).parents[3]
    command = str(Path(sys.executable).with_name("trunkline"))
    process = await asyncio.create_subprocess_exec(
        command,
        *("demo", "--path", str(TREES[0]), "--users", "2"),
        cwd=root,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    assert b"Engines and bridges: 2 of each, no two the same." in out


@pytest.mark.asyncio
async def test_a_terminal_sees_a_bar_for_each_user(settings: Settings) -> None:
    shown = io.StringIO()
    container: Any = Application(settings=providers.Object(settings))
    async with container as app:
        demo = app.demo(console=Console(file=shown, width=120, force_terminal=True))
        assert await demo.run(TREES, 2) == 0
    text = shown.getvalue()
    assert "━" in text
    assert "user-01" in text
    assert "user-02" in text
    assert " events" in text
    assert "Engines and bridges: 2 of each" in text


@pytest.mark.asyncio
async def test_users_that_cannot_connect_fail_the_demonstration(settings: Settings) -> None:
    async with demo_of(settings, signer=make_signer()) as (demo, shown):
        assert await demo.run(TREES, 3) == 1
    text = shown.getvalue()
    assert "HTTP 401" in text
    assert "requests for []" in text
