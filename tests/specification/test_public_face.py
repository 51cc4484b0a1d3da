"""The public face: what ``trunkline`` names is there, is imported when used, and is documented."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import trunkline


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_all_names_what_can_be_imported_lazily_and_nothing_else() -> None:
    assert set(trunkline.__all__) == {*trunkline._HOMES, "providers"}
    assert len(set(trunkline.__all__)) == len(trunkline.__all__)
    assert set(trunkline.__all__) <= set(dir(trunkline))


@pytest.mark.parametrize("name", sorted(trunkline.__all__))
def test_each_name_is_the_object_of_its_home_and_documented(name: str) -> None:
    value = getattr(trunkline, name)
    if name in trunkline._HOMES:
        assert value is getattr(import_module(trunkline._HOMES[name]), name)
        assert name in import_module(trunkline._HOMES[name]).__all__
    if isinstance(value, type) or inspect.isfunction(value) or inspect.ismodule(value):
        assert inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = trunkline.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    loaded = run(
        "import sys; before = set(sys.modules); import trunkline;"
        "print(*sorted(m for m in set(sys.modules) - before if 'trunkline' in m or 'depend' in m))"
    )
    assert loaded == "trunkline"


def test_a_container_is_used_without_the_tools_for_tests_audits_and_commands() -> None:
    loaded = run(
        "import sys\n"
        "from trunkline import ScopedContainer, providers\n"
        "class Application(ScopedContainer):\n"
        "    thing = providers.Scoped(dict)\n"
        "with Application() as app, app.enter() as request: request.get(Application.thing)\n"
        "print(*(m for m in sys.modules if m.split('.')[:2][-1] in "
        "('audit', 'cli', 'testing', 'legacy', 'click', 'rich', 'pytest', 'libcst')))"
    )
    assert loaded == ""


@pytest.mark.parametrize("name", sorted(import_module("trunkline.errors").__all__))
def test_every_error_is_documented_and_of_the_family(name: str) -> None:
    error = getattr(import_module("trunkline.errors"), name)
    assert issubclass(error, trunkline.errors.TrunklineError)
    assert inspect.getdoc(error)
