"""Counts of their own for every test, a started shop, and a tree of modules that have moved."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.unit.legacy.moved import FILES
from tests.unit.legacy.shop import Shop
from trunkline.legacy import Usage, isolated_usage


@pytest.fixture(autouse=True)
def counts() -> Iterator[Usage]:
    with isolated_usage() as usage:
        yield usage


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Any]:
    async with Shop() as app:
        yield app


@pytest.fixture
def moved_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
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
