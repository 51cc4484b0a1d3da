"""Strict mode of the pytest plugin: a new use of an old name fails the test that has it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from trunkline.legacy import Baseline, NewLegacyCallError, UsageFileError, usage

__all__ = ["LegacyStrict"]

_NO_BASELINE = frozenset({"on", "true", "1"})


class LegacyStrict:
    """Refuses old names at new places, while tests are collected and while they run.

    Args:
        baseline: The places at which old names may be used.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._refused: list[NewLegacyCallError] = []

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
        with usage().strict(self._baseline) as self._refused:
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Fail what swallows a refusal while it is imported."""
        self._refused.clear()
        report = yield
        if self._refused and report.passed:
            report.outcome, report.longrepr = "failed", str(self._refused[0])
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Refuse new uses in a test and in its fixtures."""
        with usage().strict(self._baseline) as self._refused:
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Fail the fixtures of a test that swallow a refusal."""
        return (yield from self._raise_swallowed())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Fail a test that swallows a refusal."""
        return (yield from self._raise_swallowed())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Fail the end of fixtures that swallows a refusal."""
        return (yield from self._raise_swallowed())

    def _raise_swallowed(self) -> Iterator[None]:
        """Raise the first refusal of what came to its end all the same."""
        self._refused.clear()
        yield
        if self._refused:
            raise self._refused[0]
