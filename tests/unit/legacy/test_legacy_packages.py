"""A package that has moved as a whole is found by its old name, once that is installed."""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
import pickle
import pkgutil
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.threads import together
from tests.unit.legacy.moved import module
from trunkline.errors import DeclarationError
from trunkline.legacy import MovedPackages, RedirectError, Usage, check_redirects

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning"),
    pytest.mark.usefixtures("moved_tree"),
]


@pytest.fixture
def moved() -> Iterator[MovedPackages]:
    finder = MovedPackages({"oldpkg": "newpkg"})
    with finder.installed():
        yield finder


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


@pytest.mark.parametrize(
    "packages",
    [
        {"a": "a"},
        {"a": "a.b"},
        {"": "b"},
        {"a": ""},
        {"a": "b", "b": "a"},
        {"a": "b.c", "b": "a"},
        {"a": "b", "b": "c", "c": "a"},
    ],
)
def test_a_package_cannot_move_into_itself(packages: dict[str, str]) -> None:
    with pytest.raises(DeclarationError, match="can't have moved"):
        MovedPackages(packages)


@pytest.mark.usefixtures("moved")
def test_every_way_to_import_a_module_finds_the_moved_one() -> None:
    new = module("newpkg.sub")
    namespace: dict[str, Any] = {}
    exec(
        "import oldpkg.sub as one\nfrom oldpkg import sub as two\nfrom oldpkg.sub import Place\n"
        "import importlib\nthree = importlib.import_module('.sub', 'oldpkg')\n",
        namespace,
    )
    assert namespace["one"] is namespace["two"] is namespace["three"]
    assert namespace["Place"] is new.Place
    data = pickle.dumps(new.Place(), 0).replace(b"newpkg", b"oldpkg")
    assert type(pickle.loads(data)) is new.Place
    star: dict[str, Any] = {}
    exec("from oldpkg.sub import *", star)
    assert star["value"] is new.value
    assert importlib.reload(module("oldpkg.sub")).value is new.value


@pytest.mark.usefixtures("moved")
def test_its_source_and_data_files_are_those_of_the_new_package(
    moved_tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (moved_tree / "newpkg" / "data.txt").write_text("data")
    (moved_tree / "newpkg" / "main.py").write_text("print(__name__)\n")
    old = module("oldpkg")
    assert inspect.getsource(module("oldpkg.sub")) == inspect.getsource(module("newpkg.sub"))
    assert importlib.resources.files("oldpkg").joinpath("data.txt").read_text() == "data"
    assert pkgutil.get_data("oldpkg", "data.txt") == b"data"
    assert {found.name for found in pkgutil.iter_modules(old.__path__)} == {"main", "sub"}
    runpy.run_module("oldpkg.main", run_name="__main__")
    assert capsys.readouterr().out == "__main__\n"


def test_packages_around_the_old_one_that_are_gone_are_there_again() -> None:
    with MovedPackages({"oldest.of.all": "newpkg"}).installed():
        assert module("oldest.of.all.sub").VALUE == 2
    assert not [name for name in sys.modules if name.startswith("oldest")]


def test_a_package_around_the_old_one_that_is_there_stays_itself(moved_tree: Path) -> None:
    (moved_tree / "oldtop").mkdir()
    (moved_tree / "oldtop" / "__init__.py").write_text("HERE = 1\n")
    with MovedPackages({"oldtop.sub": "newpkg.sub"}).installed():
        assert module("oldtop.sub").VALUE == 2
        assert module("oldtop").HERE == 1
    assert not hasattr(module("oldtop"), "sub")


def test_a_package_that_moved_twice_is_found_where_it_is_now(counts: Usage) -> None:
    with MovedPackages({"oldest": "oldpkg", "oldpkg": "newpkg"}).installed():
        assert module("oldest.sub").VALUE == 2
    [use] = counts.uses()
    assert (use.name, use.target) == ("oldest.sub.VALUE", "newpkg.sub:VALUE")


@pytest.mark.usefixtures("moved")
def test_threads_that_import_at_once_get_one_module() -> None:
    found = together(lambda: module("oldpkg.sub"))
    assert len({id(one) for one in found}) == 1


def test_new_packages_that_do_not_exist_are_found_at_start_up() -> None:
    check_redirects(MovedPackages({"oldpkg": "newpkg"}))
    with pytest.raises(RedirectError, match="oldpkg leads nowhere: No module named 'nowhere'"):
        check_redirects(MovedPackages({"oldpkg": "nowhere"}))
