"""What tests patch through an old name is patched in the canonical place, and put back whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.legacy.moved import module
from trunkline.legacy import Usage, redirect_class

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning"),
    pytest.mark.usefixtures("moved_tree"),
]
HERE = __name__


class Base:
    def inherited(self) -> str:
        return "real"


class Canonical(Base):
    limit = 3

    def run(self) -> str:
        return "real"

    @staticmethod
    def free() -> str:
        return "real"

    @classmethod
    def named(cls) -> str:
        return cls.__name__


Old: Any = redirect_class("Old", to=f"{HERE}:Canonical")
NAMES = ("run", "free", "named", "limit", "inherited")


@pytest.fixture(autouse=True)
def unharmed() -> Iterator[None]:
    before = dict(vars(Canonical))
    yield
    assert dict(vars(Canonical)) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_mock_of_an_attribute_of_the_old_class(name: str) -> None:
    with patch.object(Old, name, "one"), patch(f"{HERE}.Old.{name}", "two"):
        assert getattr(Canonical(), name) == "two"
        assert getattr(Old, name) == "two"
    with patch.object(Old, name, autospec=name != "limit"):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_a_monkeypatch_of_an_attribute_of_the_old_class(name: str) -> None:
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(Old, name, "one")
        patching.setattr(f"{HERE}.Old.{name}", "two")
        assert getattr(Canonical, name) == "two"
    if name != "inherited":
        with pytest.MonkeyPatch.context() as patching:
            patching.delattr(Old, name)
            assert name not in vars(Canonical)


def test_a_monkeypatch_of_a_name_of_an_old_module(counts: Usage) -> None:
    old, new = module("oldmod"), module("newmod")
    engine = new.Engine
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr("oldmod.LIMIT", 4)
        patching.setattr(old, "LIMIT", 5)
        patching.setattr("oldmod.OldEngine", "fake")
        assert (new.LIMIT, new.Engine) == (5, "fake")
    assert (new.LIMIT, new.Engine) == (3, engine)
    with pytest.MonkeyPatch.context() as patching:
        patching.delattr("oldmod.LIMIT")
        assert not hasattr(new, "LIMIT")
    assert new.LIMIT == 3
    assert counts.uses() == []  # a patch is no use


def test_mocks_of_a_name_of_an_old_module_nest() -> None:
    new = module("newmod")
    with patch("oldmod.LIMIT", 4):
        with patch("oldmod.LIMIT", 5):
            assert new.LIMIT == 5
        assert new.LIMIT == 4
        with patch.multiple("oldmod", LIMIT=6, OldEngine=7):
            assert (new.LIMIT, new.Engine) == (6, 7)
        assert new.LIMIT == 4
    assert new.LIMIT == 3


def test_a_name_that_is_bound_anew_for_ever_keeps_few_of_its_values() -> None:
    old, new = module("oldmod"), module("newmod")
    value = object()
    references = sys.getrefcount(value)
    old.LIMIT = value
    for number in range(100):
        old.LIMIT = number
    assert sys.getrefcount(value) == references
    while new.LIMIT != 3:
        del old.LIMIT
    with pytest.raises(AttributeError):
        old.nothing  # noqa: B018
