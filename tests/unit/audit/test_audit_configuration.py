"""Every mistake in the configuration is named with its line and a remedy, all at once."""

import tomllib
from pathlib import Path

import pytest

from trunkline.audit.config import AuditConfig, Name, find_root
from trunkline.audit.config_lines import KeyLines
from trunkline.audit.config_reader import load_config
from trunkline.audit.problems import ConfigurationError


def _mistakes(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(str(tmp_path))
    return [(m.line, m.key, m.problem) for m in caught.value.mistakes]


def test_defaults_hold_without_a_file(tmp_path: Path) -> None:
    assert load_config(str(tmp_path)) == AuditConfig(str(tmp_path))


def test_reads_everything(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        """
[[tool.trunkline.canonical]]
type = "app.engine:Engine"
factory = "app.wired:App.engine"
family = ["*Engine"]
legacy = ["app.old:OldEngine", "app.older"]
scope = "request"
built-in = ["app.make.*"]

[[tool.trunkline.contract]]
name = "layers"
layers = ["app.web", "app.core"]

[tool.trunkline.audit]
source = ["lib", "."]
extend-exclude = ["data"]
select = ["TL2"]
ignore = ["legacy-import"]
"""
    )
    config = load_config(str(tmp_path))
    (canonical,) = config.canonical
    assert canonical.type == Name("app.engine", "Engine")
    assert canonical.legacy == (Name("app.old", "OldEngine"), Name("app.older", ""))
    assert canonical.factory is not None
    assert canonical.factory.last == "engine"
    assert config.contracts[0].layers == ("app.web", "app.core")
    assert config.sources == ("lib", "")
    assert config.excludes[-1] == "data"
    assert config.select == ("TL2",)


def test_finds_src_by_itself(tmp_path: Path) -> None:
    assert load_config(str(tmp_path)).sources == ("",)
    (tmp_path / "src").mkdir()
    assert load_config(str(tmp_path)).sources == ("src", "")


def test_names_every_mistake_with_its_line(tmp_path: Path) -> None:
    found = _mistakes(
        tmp_path,
        """
[[tool.trunkline.canonical]]
type = "app.engine.Engine"
famly = ["*Engine"]

[[tool.trunkline.canonical]]
factory = 3

[tool.trunkline.audit]
select = ["TL9", "nonsense"]
max-bytes = -1
exclude = "data"
""",
    )
    assert sorted((line, key) for line, key, _ in found) == [
        (3, "tool.trunkline.canonical[0].type"),
        (4, "tool.trunkline.canonical[0].famly"),
        (6, "tool.trunkline.canonical[1].type"),
        (10, "tool.trunkline.audit.select"),
        (10, "tool.trunkline.audit.select"),
        (11, "tool.trunkline.audit.max-bytes"),
        (12, "tool.trunkline.audit.exclude"),
    ]


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("[tool]\ntrunkline = 3", "tool.trunkline", "must be a table"),
        (
            "[tool.trunkline]\ncanonical = 3",
            "tool.trunkline.canonical",
            "must be an array of tables",
        ),
        (
            "[[tool.trunkline.canonical]]\ntype = 'a b:C'",
            "tool.trunkline.canonical[0].type",
            "'a b:C' is not a name",
        ),
        (
            "[[tool.trunkline.contract]]\nname = 'x'",
            "tool.trunkline.contract[0]",
            "must have exactly one form",
        ),
        (
            "[[tool.trunkline.contract]]\nforbidden = ['x']",
            "tool.trunkline.contract[0].source",
            "is missing",
        ),
        (
            "[[tool.trunkline.contract]]\nlayers = ['x', 'y']\nsource = ['y']",
            "tool.trunkline.contract[0].source",
            "means nothing beside layers",
        ),
        (
            "[tool.trunkline.audit]\nsource = ['scr']",
            "tool.trunkline.audit.source",
            "there is no folder 'scr' in the project",
        ),
        (
            "[tool.trunkline.audit]\nsource = ['..']",
            "tool.trunkline.audit.source",
            "there is no folder '..' in the project",
        ),
        (
            "[tool.trunkline]\ncontainer = 'app'",
            "tool.trunkline.container",
            "'app' does not say where the module ends",
        ),
        ("[tool.trunkline]\ncanonical = [3]", "tool.trunkline.canonical[0]", "must be a table"),
        (
            "[[tool.trunkline.contract]]\nlayers = []",
            "tool.trunkline.contract[0].layers",
            "names nothing",
        ),
        (
            "[[tool.trunkline.contract]]\nlayers = ['a', 'b | ']",
            "tool.trunkline.contract[0].layers",
            "'' is not a package",
        ),
        (
            "[[tool.trunkline.contract]]\nlayers = ['a']",
            "tool.trunkline.contract[0].layers",
            "names one package alone",
        ),
        (
            "[[tool.trunkline.contract]]\ntarget = ['a']\nimporters = []",
            "tool.trunkline.contract[0].importers",
            "names nothing",
        ),
        (
            "[[tool.trunkline.contract]]\nsource = ['a.*']\nforbidden = ['b']",
            "tool.trunkline.contract[0].source",
            "'a.*' is not a package",
        ),
        ("[tool.trunkline.audit]\nsource = []", "tool.trunkline.audit.source", "names nothing"),
        ("[tool.trunkline.audit]\ntests = [' ']", "tool.trunkline.audit.tests", "holds an empty"),
        (
            "[tool.trunkline.audit]\nbaseline = ''",
            "tool.trunkline.audit.baseline",
            "must be a path",
        ),
        (
            "[tool.trunkline.audit]\nselect = ['TL2']\nignore = ['TL2']",
            "tool.trunkline.audit.ignore",
            "leaves no rule to run",
        ),
        ("\ufeff[tool]", "pyproject.toml", "starts with a byte order mark"),
        ("a = " + "[" * 5000, "pyproject.toml", "nested too deeply"),
        ("tool = 3", "pyproject.toml", "tool must be a table"),
        ("[tool.trunkline.audti]", "tool.trunkline.audti", "unknown key"),
        ("[tool.trunkline", "pyproject.toml", "not valid TOML"),
    ],
)
def test_names_a_mistake(tmp_path: Path, text: str, key: str, problem: str) -> None:
    ((line, found_key, found_problem),) = _mistakes(tmp_path, text)
    assert found_key == key
    assert found_problem.startswith(problem)
    assert line >= 0


def test_refuses_one_type_twice(tmp_path: Path) -> None:
    table = "[[tool.trunkline.canonical]]\ntype = 'app.engine:Engine'\n"
    ((_, key, problem),) = _mistakes(tmp_path, table * 2)
    assert key == "tool.trunkline.canonical[1].type"
    assert "is named by entry 0 already" in problem


def test_finds_the_lines_of_tables_that_are_written_inline(tmp_path: Path) -> None:
    text = "[tool.trunkline]\naudit = {select = 3}\ncanonical = [{type = 'a:B', famly = []}]\n"
    assert [line for line, _, _ in _mistakes(tmp_path, text)] == [2, 3]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("tool.trunkline.audit.select = 3\n\ntool.trunkline.audit.max-bytes = 0\n", [3, 1]),
        ("[tool]\ntrunkline.audit.ignore = 3\ntrunkline.canonical = 3\n", [2, 3]),
        ("[tool.trunkline]\n\naudit.ignore = 3\n'canonical' = 3\n", [3, 4]),
        ("[tool.trunkline.audit]\nselect = [\n  'TL2',\n  3,\n]\n'ignore' = 3\n", [2, 6]),
        ("[tool.trunkline.audit]\n'tests' = [\n  '[x]',\n]\n\"ignore\" = 3\n", [5]),
        ("a = '''\n[tool.trunkline.audit]\nselect = 3\n'''\n[tool.trunkline]\naudit = 3\n", [6]),
        ('a = """\n[[tool.trunkline.contract]]\n"""\n[[tool.trunkline.contract]]\n', [4]),
        ("# x\u2028y\r\n[tool.trunkline.audit]\r\nselect = 3\r\n", [3]),
        ("[ tool . 'trunkline' . audit ] # x\n  select=3\n", [2]),
        (
            "[[tool.trunkline.canonical]]\ntype = 'a:B'\n[[tool.trunkline.canonical]]\ntype=3\n",
            [4],
        ),
        ("[[tool.trunkline.canonical]]\ntype = 'a:B'\n[tool.trunkline.canonical.scope]\n", [3]),
        ("[tool.trunkline]\ncanonical = [\n  {type = 'a:B'},\n  {type = 3},\n]\n", [2]),
        ("[tool]\ntrunkline = 3\n", [2]),
    ],
)
def test_finds_the_line_however_a_key_is_written(
    tmp_path: Path, text: str, lines: list[int]
) -> None:
    assert [line for line, _, _ in _mistakes(tmp_path, text)] == lines


@pytest.mark.parametrize("header", [0, 1, 2])
@pytest.mark.parametrize("inline", [0, 1, 2])
@pytest.mark.parametrize("before", ["", "# c\n\n", "[z]\n", "[z]\ny = [\n'''\n[a]''',\n]\n"])
def test_the_line_of_a_key_is_where_it_was_written(header: int, inline: int, before: str) -> None:
    """So many parts of a key stand in a header, so many in a table written inline."""
    path = ["a", "b", "c", "d", "e"]
    value = "1"
    for part in reversed(path[5 - inline :]):
        value = f"{{{part} = {value}}}"
    if "[z]" in before:
        header = max(header, 1)  # or the key would be one of that table
    head = f"[{'.'.join(path[:header])}]\n" if header else ""
    text = f"{before}{head}{'.'.join(path[header : 5 - inline])} = {value}\n"
    tomllib.loads(text)
    assert KeyLines(text).line_of("a.b.c.d.e") == text.count("\n")


def test_a_layer_of_strangers_is_a_contract(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[[tool.trunkline.contract]]\nlayers = ['a | b']\n")
    assert load_config(str(tmp_path)).contracts[0].layers == ("a | b",)


def test_suggests_the_rule_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.trunkline.audit]\nselect = ['tl201']\n")
    with pytest.raises(ConfigurationError) as caught:
        load_config(str(tmp_path))
    assert caught.value.mistakes[0].remedy == "did you mean 'TL201'?"


def test_suggests_the_key_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.trunkline.audit]\nslect = ['TL2']\n")
    with pytest.raises(
        ConfigurationError, match=r"pyproject.toml:2: .*slect: unknown key"
    ) as caught:
        load_config(str(tmp_path))
    assert caught.value.mistakes[0].remedy == "did you mean 'select'?"


def test_root_is_the_nearest_folder_with_a_project(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("")
    assert find_root(str(inner)) == str(tmp_path)
