"""Each command does what its help says, prints what a person or a tool can read, and exits so."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import click
import pytest

from tests.unit.cli.conftest import APPLICATION, Project
from trunkline.cli.commands import COMMANDS
from trunkline.cli.lazy import LazyCommand, LazyGroup

BROKEN = (
    APPLICATION
    + """
        cache = providers.Singleton(Engine, user)
"""
)


ASYNC = """
    from trunkline import ScopedContainer, providers


    async def connect() -> str:
        return ""


    class Application(ScopedContainer):
        connection = providers.Scoped(connect)
        size = providers.Scoped(len, connection)
"""

TAKING = """
    from typing import Annotated

    from trunkline import (
        Inject,
        inject,
    )

    from {application} import Application


    @inject
    def take(size: Annotated[int, Inject(Application.size)]) -> int:
        return size
"""


# help


def test_help_lists_the_commands_that_are_installed_and_imports_none() -> None:
    script = (
        "import sys\n"
        "from trunkline.cli import main\n"
        "sys.argv = ['trunkline', '--help']\n"
        "try:\n    main()\nexcept SystemExit as exit:\n    assert exit.code == 0\n"
        "heavy = {'dependency_injector', 'rich', 'asyncio', 'trunkline.graph', 'libcst'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    listed = [line.split()[0] for line in shown.split("Commands:")[1].splitlines() if line.strip()]
    installed = [command.name for command in COMMANDS if command.exists()]
    assert listed[: len(installed)] == installed
    assert {"check", "graph", "serve", "demo"} <= set(installed)
    assert shown.splitlines()[-1] == "[]"


def test_a_command_whose_module_is_missing_is_neither_listed_nor_found(project: Project) -> None:
    group = LazyGroup(
        name="group",
        lazy=[
            LazyCommand("there", "trunkline.cli.check:check", "It is there."),
            LazyCommand("absent", "trunkline.absent.command:absent", "It is not."),
            LazyCommand("later", "trunkline.cli.later:later", "Not either."),
        ],
    )
    context = click.Context(group)
    assert group.list_commands(context) == ["there"]
    assert group.get_command(context, "absent") is None
    assert group.get_command(context, "unheard-of") is None
    assert "absent" not in group.get_help(context)
    assert project.run("unheard-of").exit_code == 2


@pytest.mark.parametrize("command", [c.name for c in COMMANDS if c.exists()])
def test_every_command_has_its_help(project: Project, command: str) -> None:
    result = project.run(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: command-line {command}" in result.output or "Usage:" in result.output


def test_version_is_the_packages_own(project: Project) -> None:
    assert project.run("--version").output.startswith("trunkline, version ")


# check


def test_check_exits_with_1_and_prints_every_finding_relative_to_the_project(
    project: Project,
) -> None:
    project.application(BROKEN)
    result = project.run("check")
    assert result.exit_code == 1
    assert result.output.startswith(f"{project.module}.py:28: cache lives as long as APP but")
    assert "[captive-dependency]" in result.output
    assert "[missing-argument]" in result.output
    assert result.output.endswith("2 findings: 1 captive-dependency, 1 missing-argument\n")
    assert str(project.root) not in result.output


def test_check_writes_json_for_tools(project: Project) -> None:
    project.application(BROKEN)
    result = project.run("check", "--format", "json")
    assert result.exit_code == 1
    findings = json.loads(result.output)["findings"]
    assert [f["check"] for f in findings] == ["captive-dependency", "missing-argument"]
    assert findings[0]["location"] == {"file": f"{project.module}.py", "line": 28}


def test_check_imports_the_modules_that_are_named_for_their_injected_functions(
    project: Project,
) -> None:
    project.application(ASYNC)
    names = [f"{project.module}_{name}" for name in ("web", "jobs", "plain")]
    web, jobs, plain = names
    for name in (web, jobs):
        project.write(f"{name}.py", TAKING.format(application=project.module))
    project.write(f"{plain}.py", "from dependency_injector.wiring import inject\n")
    project.write("tests/test_it.py", "from trunkline import inject\n")
    unaware = project.run_apart("check")
    assert unaware.returncode == 0
    assert unaware.stdout == f"{project.module}:Application: 2 providers, no findings\n"
    assert unaware.stderr.startswith(
        f"not checked: the injected functions of {jobs}.py, {web}.py, which nothing has imported; "
    )
    assert unaware.stderr.endswith(f'imports = ["{jobs}"]\n')
    with (project.root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'imports = ["{web}"]\n')
    partly = project.run_apart("check")
    assert partly.returncode == 1
    assert "[async-from-sync]" in partly.stdout
    assert f"injected into {web}.take" in partly.stdout
    assert f"injected functions of {jobs}.py, which" in partly.stderr
    wholly = project.run_apart("check", "--import", jobs)
    assert f"injected into {jobs}.take" in wholly.stdout
    assert wholly.stderr == ""


@pytest.mark.parametrize(
    ("imports", "told"),
    [('"app.web"', "write a list of modules"), ('["app_absent"]', "there is no module app_absent")],
)
def test_imports_that_can_not_be_read_or_found_are_a_usage_error(
    project: Project, imports: str, told: str
) -> None:
    project.application()
    with (project.root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"imports = {imports}\n")
    result = project.run_apart("check")
    assert result.returncode == 2
    assert told in result.stderr


# graph


def test_graph_prints_plain_text_where_nobody_sits_at_a_terminal(project: Project) -> None:
    project.application()
    result = project.run("graph")
    assert result.exit_code == 0
    assert result.output.startswith(f"{project.module}:Application: 3 providers\n\nAPP\n  pool")
    assert f"user, pool  {project.module}.py:" in result.output


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("text", "app_"),
        ("json", '{\n  "format": "trunkline-graph"'),
        ("mermaid", "flowchart LR"),
        ("dot", 'digraph "'),
        ("html", "<!doctype html>"),
    ],
)
def test_every_format_goes_to_the_terminal_or_to_a_file(
    project: Project, form: str, start: str
) -> None:
    project.application()
    printed = project.run("graph", "--format", form)
    assert printed.exit_code == 0
    assert printed.output.startswith(start)
    written = project.run("graph", "-f", form, "-o", "graph.out")
    assert written.output == ""
    assert (project.root / "graph.out").read_text(encoding="utf-8") == printed.output


def test_a_faulty_graph_is_drawn_all_the_same(project: Project) -> None:
    project.application(BROKEN)
    result = project.run("graph")
    assert result.exit_code == 0
    assert "user (!captive)" in result.output


def test_a_file_that_cannot_be_written_is_a_clear_error(project: Project) -> None:
    project.application()
    result = project.run("graph", "-o", "absent/graph.txt")
    assert result.exit_code == 2
    assert "absent/graph.txt can't be written" in result.output


def test_diff_exits_like_diff(project: Project) -> None:
    project.application()
    old = project.root / "graph.json"
    assert project.run("graph", "-f", "json", "-o", old).exit_code == 0
    same = project.run("graph", "--diff", old)
    assert (same.exit_code, same.output) == (0, "The graphs are the same.\n")
    changed = old.read_text(encoding="utf-8").replace('"scope": "REQUEST"', '"scope": "SESSION"')
    old.write_text(changed, encoding="utf-8")
    text = project.run("graph", "--diff", old)
    assert text.exit_code == 1
    assert "~ engine\n    scope: SESSION -> REQUEST\n" in text.output
    markdown = project.run("graph", "--diff", old, "--format", "markdown")
    assert markdown.exit_code == 1
    assert "| `engine` | scope | `SESSION` | `REQUEST` |" in markdown.output


def test_an_old_graph_that_cannot_be_read_is_an_error_not_a_difference(project: Project) -> None:
    project.application()
    project.write("graph.json", "{}")
    result = project.run("graph", "--diff", "graph.json")
    assert result.exit_code == 2
    assert "graph.json is no graph that can be read" in result.output
    assert 'its "format" is not "trunkline-graph"' in result.output
    (project.root / "graph.json").write_bytes(b"\xff\xfe")
    assert project.run("graph", "--diff", "graph.json").exit_code == 2
    assert project.run("graph", "--diff", "absent.json").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--source", "engine", "--format", "dot"],
        ["--source", "engine", "--diff", "graph.json"],
        ["--diff", "graph.json", "--format", "html"],
        ["--format", "markdown"],
    ],
)
def test_options_that_do_not_go_together_are_refused(
    project: Project, arguments: list[str]
) -> None:
    project.application()
    project.write("graph.json", "{}")
    result = project.run("graph", *arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.output


def test_source_prints_the_code_that_builds_an_object(project: Project) -> None:
    project.application()
    result = project.run("graph", "--source", "engine")
    assert result.exit_code == 0
    assert "def " in result.output
    compile(result.output, "shown", "exec")
    unknown = project.run("graph", "--source", "engin")
    assert unknown.exit_code == 2
    assert "Error: " in unknown.output


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_person_gets_tables_and_colours_only_if_wanted(project: Project, no_color: str) -> None:
    project.application()
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm", "COLUMNS": "120"}
    try:
        subprocess.run(
            [Path(sys.executable).parent / "trunkline", "graph"],
            stdout=theirs,
            env={k: v for k, v in environment.items() if v},
            cwd=project.root,
            check=True,
        )
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "┏" in shown
    assert "Engine" in shown
    assert ("\x1b[36m" in shown) == (not no_color)


@pytest.mark.parametrize("arguments", [["graph", "-f", "json"], ["check"], ["--help"]])
def test_a_reader_that_leaves_ends_the_command_quietly(
    project: Project, arguments: list[str]
) -> None:
    project.application()
    process = project.spawn(*arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert error == b""


# serve and demo

RUNNABLE = """
    import os
    from trunkline import ScopedContainer, providers

    PORT = os.environ.get("TRUNKLINE_SERVER__PORT")


    class Remedied(RuntimeError):
        remedy = "set it"


    class Server:
        async def serve(self) -> int:
            print("serving", os.environ.get("TRUNKLINE_SERVER__HOST"), PORT)
            print("in", os.environ.get("TRUNKLINE_ENVIRONMENT"))
            return 7


    class Demo:
        async def run(self, paths, users) -> int:
            print(users, [path.name for path in paths])
            return 0


    async def open_log():
        try:
            yield "log"
        finally:
            print("closed")


    class Application(ScopedContainer):
        log = providers.ScopedResource(open_log, scope=ScopedContainer.scopes.APP)
        server = providers.Singleton(Server)
        demo = providers.Singleton(Demo)
"""


def test_serve_runs_the_server_in_a_started_container_and_exits_with_its_code(
    project: Project,
) -> None:
    project.application(RUNNABLE)
    arguments = ["--host", "127.0.0.1", "--port", "0", "--environment", "staging"]
    result = project.run("serve", *arguments)
    assert result.exit_code == 7
    assert result.output == "serving 127.0.0.1 0\nin staging\nclosed\n"
    assert not [name for name in os.environ if name.startswith("TRUNKLINE_SERVER")]


def test_demo_is_given_directories_and_users(project: Project) -> None:
    project.application(RUNNABLE)
    (project.root / "one").mkdir()
    result = project.run("demo", "--path", "one", "--path", ".", "--users", "5")
    assert result.exit_code == 0
    assert result.output == "5 ['one', 'project']\nclosed\n"
    assert project.run("demo").output == "3 []\nclosed\n"


def test_a_missing_directory_is_a_usage_error(project: Project) -> None:
    project.application(RUNNABLE)
    result = project.run("demo", "--path", "absent")
    assert result.exit_code == 2
    assert "Directory 'absent' does not exist" in result.output
    assert project.run("demo", "--users", "0").exit_code == 2


def test_a_container_without_a_server_says_what_to_declare(project: Project) -> None:
    project.application()
    result = project.run("serve")
    assert result.exit_code == 2
    assert f"{project.module}:Application has no provider named server" in result.output
    assert "whose object has the coroutine method serve" in result.output


def test_a_container_with_faults_is_not_started(project: Project) -> None:
    project.application(BROKEN)
    text = project.write(f"{project.module}.py", BROKEN).read_text(encoding="utf-8")
    project.write(f"{project.module}.py", f"{text}\n    server = providers.Object(None)\n")
    result = project.run("serve")
    assert result.exit_code == 1
    assert "Error: " in result.output
    assert "[captive-dependency]" in result.output


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("Remedied('the port is odd')", "Error: the port is odd\n"),
        ("OSError(98, 'Address already in use')", "Error: [Errno 98] Address already in use\n"),
        ("ExceptionGroup('two', [Remedied('one'), Remedied('other')])", "Error: one\nError: other"),
    ],
)
def test_an_error_drawn_for_a_person_is_printed_without_a_traceback(
    project: Project, raised: str, said: str
) -> None:
    project.application(RUNNABLE.replace("return 7", f"raise {raised}"))
    result = project.run("serve")
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_failed_teardowns_are_listed_each(project: Project) -> None:
    project.application(RUNNABLE.replace('print("closed")', 'raise ValueError("stuck")'))
    result = project.run("demo")
    assert result.exit_code == 2
    assert "Error: 1 teardown of scope APP failed\n  - ValueError: stuck\n" in result.output


@pytest.mark.parametrize(
    "raised", ["ValueError('a bug')", "ExceptionGroup('', [ValueError('a bug'), Remedied('')])"]
)
def test_a_bug_goes_on_as_a_bug(project: Project, raised: str) -> None:
    project.application(RUNNABLE.replace("return 7", f"raise {raised}"))
    result = project.run("serve")
    assert isinstance(result.exception, ValueError | ExceptionGroup)


def test_an_interrupt_ends_quietly(project: Project) -> None:
    project.application(RUNNABLE.replace("return 7", "raise KeyboardInterrupt"))
    result = project.run("serve")
    assert result.exit_code == 130
    assert "Interrupted." in result.output


INTERRUPTED_IMPORT = """
import signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[-1]:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from trunkline.cli import main
sys.argv[1:1] = ["audit"]
main()
"""


@pytest.mark.parametrize("module", ["click", "trunkline.cli.commands", "trunkline.audit.command"])
def test_an_interrupt_amid_an_import_ends_quietly(project: Project, module: str) -> None:
    """Whoever waits for a command that starts slowly presses Ctrl-C before it runs."""
    command = [sys.executable, "-c", INTERRUPTED_IMPORT, module]
    done = subprocess.run(command, cwd=project.root, capture_output=True, check=False, text=True)
    assert done.returncode == 130, done.stderr
    assert done.stdout == ""
    assert done.stderr.strip() in {"", "Interrupted."}


def test_a_signal_from_the_keyboard_stops_a_server_in_order(project: Project) -> None:
    waiting = "await __import__('asyncio').sleep(60)"
    text = RUNNABLE.replace("return 7", f"print('up', flush=True); {waiting}")
    project.application(text)
    process = project.spawn("serve")
    assert process.stdout is not None
    assert process.stderr is not None
    assert any(line == b"up\n" for line in process.stdout), process.stderr.read()
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == b"closed\n"
    assert error.strip() == b"Interrupted."


def test_the_group_can_be_run_by_another_program() -> None:
    group = LazyGroup(name="group", lazy=[])
    with pytest.raises(click.UsageError), patch.object(sys, "argv", ["group"]):
        group.main(["unheard-of"], standalone_mode=False)
