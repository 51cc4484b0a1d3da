"""Runs the examples of the README and of the docs as tests, and lets the plugin be tested."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_plugins = ["pytester"]

settings.register_profile("trunkline", deadline=None)  # no test asserts how long something takes
settings.load_profile("trunkline")

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
).pytest()


@pytest.fixture(autouse=True, scope="session")
def _own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the auditor's key of this run apart from the user's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_sessionstart() -> None:
    """Say that the main thread has no event loop of its own.

    Else the first look at the current loop makes one. pytest-asyncio 1.0 takes that look,
    and closes nothing: some later test, whichever runs as it is collected, fails by the warning.
    """
    asyncio.set_event_loop(None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the examples first: those of a page build on one another, and run in one process.

    Work is given to processes in runs of tests, and taken again from the end of a run alone.
    """
    items.sort(key=lambda item: item.path.suffix != ".md")
