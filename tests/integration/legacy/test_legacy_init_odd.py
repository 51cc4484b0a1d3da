"""``trunkline init`` in odd projects: it harms nothing, says what is left to do, or refuses whole."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.cli.commands import command_line

FILES = {
    "shop/__init__.py": "",
    "shop/users.py": "class User: ...\n",
    "shop/engine.py": "from shop.users import User\n\n\nclass Engine:\n"
    "    def __init__(self, user: User): ...\n",
    "shop/old.py": "class ExecutionEngine:\n    def __init__(self, registry, user): ...\n\n\n"
    "async def create_engine(user, *, limit=3): ...\n",
}
TYPE = ("--type", "shop.engine:Engine", "--value", "shop.users:User")
CLASS = ("--old", "shop.old:ExecutionEngine")
FUNCTION = ("--old", "shop.old:create_engine")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line, ["init", *arguments])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        ({"pyproject.toml": "[[["}, CLASS, "pyproject.toml can't be read"),
        ({"pyproject.toml": "tool = {x = 1}\n"}, CLASS, "can't take a table [tool.trunkline]"),
        ({"shop/engine.py": "def ("}, CLASS, "invalid syntax (engine.py, line 1)"),
        ({"shop/containers.py": "class Container: ..."}, CLASS, "defines no Application"),
        ({"shop/containers/__init__.py": ""}, CLASS, "name another module for the container"),
        ({"shop/older.py": FILES["shop/old.py"]}, (*CLASS, "--old", "shop.older:ExecutionEngine"),
         "would be one name in shop.legacy"),
        ({"shop/legacy.py": FILES["shop/old.py"]}, ("--old", "shop.legacy:ExecutionEngine"),
         "is where its redirect would be written"),
        ({}, (*CLASS, "--module", "not.one"), "--module 'not.one' is no name"),
    ],
)  # fmt: skip
def test_it_refuses_before_it_writes_anything(
    shop: Path, files: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    write(shop, files)
    before = contents(shop)
    result = run(*TYPE, *options)
    assert result.exit_code == 2
    assert said in result.output
    assert contents(shop) == before


def test_a_file_that_cannot_be_written_is_told_with_what_was(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_bytes

    def refuse(path: Path, data: bytes) -> int:
        if path.name == "legacy.py":
            raise PermissionError(13, "Permission denied")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    result = run(*TYPE, *CLASS)
    assert result.exit_code == 2
    assert "shop/legacy.py can't be written; before that, shop/containers.py was" in result.output


def test_what_an_existing_file_lacks_is_printed_to_be_brought_in(shop: Path) -> None:
    assert run(*TYPE, *CLASS).exit_code == 0
    before = contents(shop)
    result = run(*TYPE, *CLASS, *FUNCTION)
    assert contents(shop) == before
    assert "kept   shop/legacy.py (it exists, without create_engine)" in result.output
    _, redirects, table = result.output.partition("\nNext:")[0].split("\nBring into ")
    assert redirects.startswith("shop/legacy.py:\n")
    assert 'create_engine = redirect_function(\n            "create_engine",' in redirects
    assert "ExecutionEngine" not in redirects
    assert table.startswith("pyproject.toml:\n")
    assert 'legacy = ["shop.old:ExecutionEngine", "shop.old:create_engine"]' in table
    text = "\n".join(line.removeprefix("    ") for line in redirects.splitlines()[1:])
    compile(text, "legacy.py", "exec")


def test_a_configuration_of_another_kind_is_kept(shop: Path) -> None:
    write(shop, {"pyproject.toml": "[tool.trunkline]\ncontainer = 'other:App'"})
    result = run(*TYPE, *CLASS)
    assert (shop / "pyproject.toml").read_text() == "[tool.trunkline]\ncontainer = 'other:App'"
    assert "Bring into pyproject.toml:" in result.output
    assert 'container = "shop.containers:Application"' in result.output


def test_the_container_may_be_in_another_module(shop: Path) -> None:
    write(shop, {"shop/containers.py": "class Container: ..."})
    assert run(*TYPE, *CLASS, "--module", "wiring").exit_code == 0
    configured = tomllib.loads((shop / "pyproject.toml").read_text())["tool"]["trunkline"]
    assert configured["container"] == "shop.wiring:Application"
    assert configured["canonical"][0]["factory"] == "shop.wiring:Application.engine"
    assert 'to="shop.wiring:Application.engine"' in (shop / "shop/legacy.py").read_text()
    assert (shop / "shop/containers.py").read_text() == "class Container: ..."


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_what_is_added_has_the_line_ends_of_the_file(shop: Path, end: bytes) -> None:
    """And what was there stays as it was, to the byte."""
    project, ignored = shop / "pyproject.toml", shop / ".gitignore"
    project.write_bytes(b'[project]\nname = "shop"'.replace(b"\n", end))
    ignored.write_bytes(b"\xff\xfe" + end + b"*.pyc")
    before = project.read_bytes(), ignored.read_bytes()
    assert run(*TYPE, *CLASS).exit_code == 0
    for path, was in zip((project, ignored), before, strict=True):
        now = path.read_bytes()
        assert now.startswith(was + end)
        assert now.count(b"\n") == now.count(end)
    assert tomllib.loads(project.read_text())["project"] == {"name": "shop"}


@pytest.mark.parametrize("line", [".trunkline", ".trunkline/", "/.trunkline/"])
def test_a_folder_that_is_ignored_is_not_named_again(shop: Path, line: str) -> None:
    write(shop, {".gitignore": f"{line}\n"})
    assert "kept   .gitignore (it names .trunkline)" in run().output
    assert (shop / ".gitignore").read_text() == f"{line}\n"


def test_a_project_without_configuration_is_told_that_it_has_one_now(shop: Path) -> None:
    assert "wrote  pyproject.toml (there was none)" in run().output


def test_a_package_without_an_init_is_written_into_where_it_is_named(shop: Path) -> None:
    (shop / "shop/__init__.py").unlink()
    assert run().exit_code == 2
    assert run("--package", "shop").exit_code == 0
    assert run(*TYPE, *CLASS, "--dry-run").exit_code == 0
    assert (shop / "shop/containers.py").exists()


def test_sources_of_another_language_are_no_package(shop: Path) -> None:
    write(shop, {"src/extension.c": "", "src/more/extension.h": ""})
    assert "wrote  shop/containers.py" in run(*TYPE, *CLASS).output
    assert "(install the package before)" not in run(*TYPE, *CLASS).output


def test_of_several_packages_it_takes_that_of_the_type(shop: Path) -> None:
    write(shop, {"second/__init__.py": ""})
    result = run()
    assert result.exit_code == 2
    assert "name it: --package NAME" in result.output
    assert "wrote  shop/containers.py" in run(*TYPE, *CLASS).output
