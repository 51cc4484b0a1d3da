"""Counts of their own for every test, and a started shop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

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
