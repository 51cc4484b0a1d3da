"""A module or a package that has moved is imported, read and patched by its old name."""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.legacy.moved import module
from trunkline.errors import DeclarationError
from trunkline.legacy import RedirectError, Usage, check_redirects, redirect_module

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning"),
    pytest.mark.usefixtures("moved_tree"),
]


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


def test_a_module_that_is_not_imported_yet_may_be_described() -> None:
    get, listed = redirect_module("not.imported", to="newmod")
    assert get("LIMIT") == 3
    with pytest.raises(AttributeError):
        get("__wrapped__")
    assert get("__all__") == ["LIMIT", "Engine", "limit"]
    assert callable(listed)


def test_metadata_of_the_new_module_is_found_and_its_machinery_is_not() -> None:
    old, new = module("oldmod"), module("newmod")
    new.__version__ = "1.2"
    assert old.__version__ == "1.2"
    assert not hasattr(old, "__path__")
    assert old.__file__ != new.__file__


def test_a_module_of_the_new_package_is_found_in_the_old_one(moved_tree: Path) -> None:
    (moved_tree / "oldtop.py").write_text(
        "from trunkline.legacy import redirect_module\n"
        "__getattr__, __dir__ = redirect_module(__name__, to='newpkg')\n"
    )
    namespace: dict[str, Any] = {}
    exec("from oldtop import sub", namespace)
    assert namespace["sub"] is module("newpkg.sub")


def test_reloading_an_old_module_leaves_the_new_one_alone() -> None:
    old, new = module("oldmod"), module("newmod")
    engine = new.Engine
    assert importlib.reload(old) is old
    assert old.OldEngine is engine
    assert old.OWN == "stays"


def test_a_module_that_moved_twice_is_used_by_the_importing_line_alone(
    moved_tree: Path, counts: Usage
) -> None:
    (moved_tree / "older.py").write_text(
        "from trunkline.legacy import redirect_module\n"
        "__getattr__, __dir__ = redirect_module(__name__, to='oldmod')\n"
    )
    assert module("older").limit() == 3
    assert [use.name for use in counts.uses()] == ["older.limit"]


def test_what_leads_nowhere_is_found_at_start_up() -> None:
    lost: Any = sys.modules.setdefault("lostmod", type(sys)("lostmod"))
    try:
        redirect_module(
            "lostmod", to="newmod", names={"A": "Engine", "B": "nowhere:X", "C": "Missing"}
        )
        with pytest.raises(RedirectError) as caught:
            check_redirects(lost)
    finally:
        del sys.modules["lostmod"]
    assert [finding.subject for finding in caught.value.findings] == ["lostmod.B", "lostmod.C"]
    assert "newmod has no Missing" in str(caught.value)
    check_redirects(module("oldmod"))


def test_a_module_cannot_move_to_itself() -> None:
    with pytest.raises(DeclarationError, match="can't have moved to itself"):
        redirect_module("same", to="same")
