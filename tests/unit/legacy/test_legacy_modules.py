"""A module or a package that has moved is imported, read and patched by its old name."""

from __future__ import annotations

import importlib
import pickle
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from trunkline.errors import DeclarationError
from trunkline.legacy import MovedPackages, Usage, redirect_module

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

FILES = {
    "newmod.py": """
        '''The new module.'''
        LIMIT = 3
        class Engine:
            pass
        def limit():
            return LIMIT
        _private = 1
        """,
    "oldmod.py": """
        from trunkline.legacy import redirect_module
        OWN = "stays"
        __getattr__, __dir__ = redirect_module(
            __name__, to="newmod", names={"OldEngine": "Engine", "Place": "newpkg.sub:Place"},
            removed_in="2.0",
        )
        """,
    "newpkg/__init__.py": "TOP = 1\n",
    "newpkg/sub.py": """
        '''The new submodule.'''
        VALUE = 2
        class Place:
            pass
        def value():
            return VALUE
        """,
    "star.py": "from oldmod import *\n",
    "cycle_new.py": """
        import cycle_old
        class Thing:
            pass
        """,
    "cycle_old.py": """
        from trunkline.legacy import redirect_module
        __getattr__, __dir__ = redirect_module(__name__, to="cycle_new")
        """,
}


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)) or name.split(".")[0].startswith(("old", "new")):
            del sys.modules[name]


def module(name: str) -> Any:
    return importlib.import_module(name)


def test_old_names_are_the_new_objects_themselves() -> None:
    old, new = module("oldmod"), module("newmod")
    assert old.Engine is new.Engine
    assert old.OldEngine is new.Engine
    assert old.Place is module("newpkg.sub").Place
    assert old.OWN == "stays"
    assert {"OldEngine", "Engine", "OWN", "limit"} <= set(dir(old))


def test_the_new_module_is_imported_at_the_first_use() -> None:
    old = module("oldmod")
    assert "newmod" not in sys.modules
    old.LIMIT  # noqa: B018
    assert "newmod" in sys.modules


def test_a_star_import_gives_the_public_names() -> None:
    star = module("star")
    assert {"LIMIT", "Engine", "limit", "OldEngine"} <= set(vars(star))
    assert "_private" not in vars(star)


def test_a_name_that_is_nowhere_is_told_with_where_it_was_looked_for() -> None:
    with pytest.raises(AttributeError, match="it has moved to newmod, which has no nothing"):
        getattr(module("oldmod"), "nothing")  # noqa: B009  # its plain form looks like no use
    with pytest.raises(ImportError):
        exec("from oldmod import nothing")


def test_what_is_patched_by_the_old_path_is_patched_in_the_new_module() -> None:
    old, new = module("oldmod"), module("newmod")
    with patch("oldmod.LIMIT", 9):
        assert new.limit() == 9
    assert (new.LIMIT, old.LIMIT) == (3, 3)
    with patch("oldmod.OldEngine") as fake:
        assert new.Engine is fake
    assert new.Engine is old.OldEngine
    with patch("oldmod.OWN", "patched"):
        assert old.OWN == "patched"
    assert old.OWN == "stays"


def test_each_importing_line_is_one_use(counts: Usage) -> None:
    exec(compile("from oldmod import Engine\nfrom oldmod import Engine, LIMIT\n", "user", "exec"))
    found = {(use.name, use.line): use.count for use in counts.uses()}
    assert found == {("oldmod.Engine", 1): 1, ("oldmod.Engine", 2): 1, ("oldmod.LIMIT", 2): 1}


def test_a_new_module_that_imports_its_old_one_does_no_harm() -> None:
    assert module("cycle_old").Thing is module("cycle_new").Thing


def test_pickles_by_the_old_path_load() -> None:
    new = module("newmod")
    data = pickle.dumps(new.Engine).replace(b"newmod", b"oldmod")
    assert pickle.loads(data) is new.Engine


def test_packages_are_found_by_their_old_names_once_installed(counts: Usage) -> None:
    with pytest.raises(ModuleNotFoundError):
        module("oldpkg.sub")
    with MovedPackages({"oldpkg": "newpkg"}, removed_in="2.0").installed():
        old, new = module("oldpkg.sub"), module("newpkg.sub")
        assert old.value is new.value
        assert module("oldpkg").TOP == 1
        assert module("oldpkg").sub is old
        assert old.__doc__ == "The new submodule."
        assert new.__spec__.name == "newpkg.sub"
        with patch("oldpkg.sub.VALUE", 5):
            assert new.value() == 5
        assert new.value() == 2
        with pytest.raises(ModuleNotFoundError):
            module("oldpkg.nothing")
        with pytest.raises(AttributeError):
            old.nothing  # noqa: B018
    assert "oldpkg.sub" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        module("oldpkg")
    assert {use.name for use in counts.uses()} >= {"oldpkg.TOP", "oldpkg.sub.value"}


def test_installing_twice_is_the_same() -> None:
    finder = MovedPackages({"oldpkg": "newpkg"})
    finder.install()
    finder.install()
    try:
        assert sys.meta_path.count(finder) == 1
    finally:
        finder.remove()
        finder.remove()


@pytest.mark.parametrize("packages", [{"a": "a"}, {"a": "a.b"}, {"": "b"}, {"a": ""}])
def test_a_package_cannot_move_into_itself(packages: dict[str, str]) -> None:
    with pytest.raises(DeclarationError, match="can't have moved"):
        MovedPackages(packages)


def test_a_module_that_is_not_imported_yet_may_be_described() -> None:
    get, listed = redirect_module("not.imported", to="newmod")
    assert get("LIMIT") == 3
    with pytest.raises(AttributeError):
        get("__wrapped__")
    assert get("__all__") == ["LIMIT", "Engine", "limit"]
    assert callable(listed)
