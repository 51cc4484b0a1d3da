"""Servers and websocket clients of the plugin, on this project's runtime: runs of pytest each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFTEST = """
import pytest
from containers.application import Application
from tests.integration.testing.runtime_subject import make_agents
from trunkline_runtime.messages import EventType, RunOrder
from trunkline_runtime.server import SUBPROTOCOL
from trunkline.testing import EventOrder


class RuntimeOrder(EventOrder):
    def __init__(self):
        super().__init__()
        self.runs = {}

    def __call__(self, message):
        super().__call__(message)
        if "seq" in message:
            order = self.runs.setdefault(message["run_id"], RunOrder(message["run_id"]))
            order.accept(EventType(message["type"]), message["payload"])


@pytest.fixture(scope="session")
def application_fakes():
    return {Application.agents: make_agents}

@pytest.fixture(scope="session")
def staging_fakes():
    return {Application.agents: make_agents}

@pytest.fixture
def websocket_headers():
    def headers(server, user):
        token = server.application.get(Application.signer).sign(user)
        return {"Authorization": f"Bearer {token}"}
    return headers

@pytest.fixture
def websocket_options():
    return {"subprotocols": [SUBPROTOCOL]}

@pytest.fixture
def event_checker():
    return RuntimeOrder

@pytest.fixture
def ask():
    async def ask(client, message, fault=""):
        input = {"message": message, "fault": fault}
        await client.send(
            {"type": "run_agent", "agent": "echo", "thread_id": "thread-1", "input": input}
        )
        return await client.until("agent_completed", "agent_error")
    return ask
"""
GREETING = """

def make_greeting_agents():
    agents = make_agents()

    async def greet(run, input):
        return "hello"

    agents.register("greet", greet)
    return agents


@pytest.fixture(scope="session")
def application_fakes():
    return {Application.agents: make_greeting_agents}
"""
PROJECT = """
[tool.trunkline]
container = "containers.application:Application"
[tool.pytest.ini_options]
asyncio_mode = "strict"
asyncio_default_fixture_loop_scope = "function"
trunkline_server = "agent_server"
filterwarnings = ["error"]
"""


class Project:
    """A folder with this project's settings, in which pytest is run as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "config", folder / "config")
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")

    def run(self, tests: str, *options: str, **variables: str) -> str:
        """Run tests and return what pytest printed."""
        (self.folder / "test_it.py").write_text(textwrap.dedent(tests), encoding="utf-8")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TRUNKLINE_")}
        plugins = ("-p", "pytest_asyncio.plugin", "-p", "trunkline.testing.plugin")
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *plugins, *options],
            cwd=self.folder,
            env={
                **clean,
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": "",
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def assert_lines(output: str, *expected: str) -> None:
    pytest.LineMatcher(output.splitlines()).fnmatch_lines([f"*{line}*" for line in expected])


def test_clients_check_what_the_live_server_sends(project: Project) -> None:
    """Users' runs are read and checked; disorder fails at its event; leaks are the test's own."""
    output = project.run(
        """
        import asyncio
        import os
        import pytest
        from containers.application import Application
        from trunkline.testing import CrossUserError
        from websockets.exceptions import InvalidStatus
        from trunkline_runtime.context import Environment

        session = pytest.mark.asyncio(loop_scope="session")

        @session
        async def test_it_runs_on_the_test_settings(application):
            settings = application.get(Application.settings)
            assert (settings.environment, settings.server.port) == ("test", 0)
            assert "TRUNKLINE_ENVIRONMENT" not in os.environ

        @session
        async def test_a_canary_checks_what_is_read(live_server, websocket_client, ask, canary):
            async with websocket_client("ann") as ann, websocket_client("bob") as bob:
                await asyncio.gather(ask(ann, canary.mark("ann")), ask(bob, canary.mark("bob")))
                with pytest.raises(CrossUserError, match="an event of bob shows the mark of ann"):
                    await ask(bob, canary.mark("ann"))

        @session
        async def test_two_users(live_server, websocket_client, ask):
            assert live_server.url.startswith("ws://127.0.0.1:")
            async with websocket_client("ann") as ann, websocket_client("bob") as bob:
                answers = await asyncio.gather(ask(ann, "a"), ask(bob, "b"))
                assert [a[-1]["payload"]["result"]["said"] for a in answers] == ["a", "b"]
                assert {m["user_id"] for m in bob.received if "seq" in m} == {"bob"}

        @session
        async def test_failed_and_repeated_runs(websocket_client, ask):
            async with websocket_client("ann") as ann:
                assert (await ask(ann, "a", fault="raise"))[-1]["type"] == "agent_error"
                assert (await ask(ann, "b"))[-1]["type"] == "agent_completed"

        class TestAnotherChecker:
            @pytest.fixture
            def event_checker(self):
                def check(message):
                    if message["type"] == "tool_executing":
                        raise ValueError("no tools here")
                return lambda: check

            @session
            async def test_fails_at_the_event(self, websocket_client, ask):
                async with websocket_client("ann") as ann:
                    with pytest.raises(AssertionError, match="no tools here") as failed:
                        await ask(ann, "a")
                    assert "message 4 (tool_executing 3)" in str(failed.value)
                    assert ann.received[-1]["type"] == "tool_executing"

        class TestWithoutToken:
            @pytest.fixture
            def websocket_headers(self):
                return lambda server, user: {}

            @session
            async def test_is_refused(self, websocket_client):
                with pytest.raises(InvalidStatus):
                    async with websocket_client("ann"):
                        pass

        @pytest.mark.asyncio
        async def test_the_wrong_loop_is_named(websocket_client):
            with pytest.raises(RuntimeError, match='loop_scope="session"'):
                async with websocket_client("ann"):
                    pass

        @session
        async def test_without_the_package(websocket_client, monkeypatch):
            monkeypatch.setitem(__import__("sys").modules, "websockets.asyncio.client", None)
            with pytest.raises(ImportError, match="pip install websockets"):
                async with websocket_client("ann"):
                    pass

        @session
        async def test_task_left(websocket_client, ask):
            async with websocket_client("ann") as ann:
                await ask(ann, "a")
            asyncio.create_task(asyncio.sleep(60), name="sleeper")
        """
    )
    assert_lines(output, "the test left 1 task running", "sleeper", "1 failed, 8 passed in *")


def test_staging_runs_on_its_settings(project: Project) -> None:
    """With its secret in a variable, as a deployment has it; beside the live server."""
    output = project.run(
        """
        import os
        import pytest
        from containers.application import Application

        session = pytest.mark.asyncio(loop_scope="session")

        @session
        async def test_staging(staging, websocket_client, ask):
            settings = staging.application.get(Application.settings)
            assert (settings.environment, settings.log.level) == ("staging", "DEBUG")
            async with websocket_client("ann") as ann:
                assert (await ask(ann, "a"))[-1]["payload"]["result"] == {"said": "a"}
            assert "TRUNKLINE_ENVIRONMENT" not in os.environ

        @session
        async def test_live(live_server, websocket_client, ask):
            assert live_server.application.get(Application.settings).environment == "test"
            async with websocket_client("test_ann") as ann:
                await ask(ann, "a")
        """,
        TRUNKLINE_AUTH__SECRET="a-secret-of-a-staging-server-long-enough",
    )
    assert_lines(output, "2 passed in *")


STAGED = """
    def test_staging(staging):
        assert staging.url == "wss://staging.example.com"
"""


def test_staging_is_skipped_with_its_reason_where_a_secret_is_missing(project: Project) -> None:
    output = project.run(STAGED, "-rs")
    assert_lines(output, "can't be loaded: SettingsError: *", "1 skipped in *")
    assert "auth.secret: is missing" in output


def test_staging_is_the_server_whose_address_is_given(project: Project) -> None:
    output = project.run(STAGED, "--trunkline-staging=https://staging.example.com/")
    assert_lines(output, "1 passed in *")


def test_a_provider_of_something_else_is_refused(project: Project) -> None:
    """The default, `server`, is here a service with signal handlers, and no context manager."""
    output = project.run("def test_live(live_server): pass", "-o", "trunkline_server=server")
    assert_lines(
        output, "Service can't be started for tests: it has no __aenter__ *", "1 error in*"
    )
    output = project.run("def test_live(live_server): pass", "-o", "trunkline_server=servant")
    assert "Application has no provider named servant" in output


def test_the_examples_of_the_documentation_run(project: Project) -> None:
    """Those that pytest has to run; the others are run where they stand."""
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    examples = [
        example
        for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if re.search(r"^(async )?def test_|^class Test", example, re.MULTILINE)
    ]
    assert len(examples) == 2
    with (project.folder / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(GREETING)
    output = project.run("\n\n".join(examples), "-k", "greeting or three_users")
    assert_lines(output, "2 passed, * deselected in *")
