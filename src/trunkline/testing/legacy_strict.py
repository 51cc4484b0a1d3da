"""Strict mode of the pytest plugin: a new use of an old name fails the test that has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.legacy import Baseline, UsageFileError, usage

__all__ = ["LegacyStrict"]

_NO_BASELINE = frozenset({"on", "true", "1"})


class LegacyStrict:
    """Refuses old names at new places, while tests are collected and while they run.

    Args:
        baseline: The places at which old names may be used.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline

    @classmethod
    def of(cls, named: str, folder: Path) -> LegacyStrict:
        """Strict mode as an option or the configuration asks for it.

        Args:
            named: Path of the baseline, relative to the folder; ``on`` for none.
            folder: The folder that pytest's configuration is in.

        Raises:
            pytest.UsageError: There is no such baseline.
        """
        if named in _NO_BASELINE:
            return cls(Baseline(root=folder))
        try:
            return cls(Baseline.read(folder / named, folder))
        except UsageFileError as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        """Refuse new uses in what test modules import and in their own top level."""
        with usage().strict(self._baseline):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Refuse new uses in a test and in its fixtures."""
        with usage().strict(self._baseline):
            return (yield)
