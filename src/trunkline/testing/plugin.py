"""The pytest plugin: its options, the ``override`` marker, leak checks, and what it registers.

pytest loads this module in every run of every project that has trunkline installed, so it imports
pytest alone; everything else is imported when a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__: list[str] = []

OURS = frozenset(
    ["application", "container", "live_server", "override", "scope", "staging", "websocket_client"]
)
"""Fixtures that turn the leak checks on."""
LATENCY = "latency: "
"""What the names of figures begin with that suites record, to be shown at the end."""
_RUNNING = pytest.StashKey[pytest.Item]()
"""The test that runs, if it is watched."""
PYTEST_ASYNCIO = ("asyncio", "pytest_asyncio", "pytest_asyncio.plugin")
"""What the plugin is called: by its entry point, and by ``-p`` with either module."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("trunkline")
    group.addoption(
        "--trunkline-graph-snapshot",
        nargs="?",
        const="trunkline-graph.json",
        metavar="FILE",
        help="compare the container's graph with this file (default: trunkline-graph.json)",
    )
    group.addoption(
        "--trunkline-graph-update",
        action="store_true",
        help="write the snapshot's file anew instead of comparing",
    )
    group.addoption(
        "--trunkline-audit",
        action="store_true",
        help="add a test of each audit rule for each canonical type",
    )
    group.addoption(
        "--trunkline-audit-no-baseline",
        action="store_true",
        help="fail these tests for what the audit's baseline lets by, too",
    )
    group.addoption(
        "--trunkline-staging",
        metavar="ADDRESS",
        help="address of the running server that the `staging` fixture gives, host:port or URL",
    )
    group.addoption(
        "--trunkline-legacy-strict",
        nargs="?",
        const="on",
        metavar="BASELINE",
        help="make each use of an old name that this file doesn't list an error (without: every)",
    )
    parser.addini(
        "trunkline_legacy_strict",
        "the baseline of --trunkline-legacy-strict, or `on` for strict mode without one",
    )
    parser.addini(
        "trunkline_container",
        "the container, as module:Class (default: [tool.trunkline] container in pyproject.toml)",
    )
    parser.addini(
        "trunkline_server",
        "the name of the container's provider that the `live_server` fixture starts",
        default="server",
    )
    parser.addini(
        "trunkline_leaks",
        "which tests to fail that leave scopes, tasks or overrides behind: `used` (tests that use "
        "the plugin, or whose module imports from trunkline or a container), `all`, or `off`",
        default="used",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means, and bring the fixtures; async ones where pytest-asyncio runs."""
    config.addinivalue_line(
        "markers",
        "override(fakes, *, container=None, everywhere=False, strict=True): run the test under "
        "an override of the container's providers",
    )
    strict = config.getoption("--trunkline-legacy-strict")
    strict = strict or config.getini("trunkline_legacy_strict")
    if strict:
        from trunkline.testing.legacy_strict import LegacyStrict

        config.pluginmanager.register(
            LegacyStrict.of(strict, config.rootpath), "trunkline-legacy-strict"
        )
    from trunkline.testing import fixtures, server_fixtures

    config.pluginmanager.register(fixtures, "trunkline-fixtures")
    config.pluginmanager.register(server_fixtures, "trunkline-servers")
    # One of the two: of fixtures with one name in two plugins, either might be taken.
    if any(config.pluginmanager.hasplugin(name) for name in PYTEST_ASYNCIO):
        from trunkline.testing import async_fixtures

        config.pluginmanager.register(async_fixtures, "trunkline-async")
    else:
        from trunkline.testing import sync_fixtures

        config.pluginmanager.register(sync_fixtures, "trunkline-sync")


# the graph


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the comparison with the snapshot, and the audit, as tests of their own."""
    file = config.getoption("--trunkline-graph-snapshot")
    if file:  # in each worker of pytest-xdist too: they have to collect the same tests
        from trunkline.testing.snapshot import SnapshotItem

        path = Path(file) if Path(file).is_absolute() else config.rootpath / file
        items.append(SnapshotItem.from_parent(session, name="graph-snapshot", snapshot=path))
    if config.getoption("--trunkline-audit"):
        from trunkline.testing.audit import audit_items

        items.extend(audit_items(session))


# each test


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Note what there is before the test and its fixtures."""
    if _is_watched(item):
        from trunkline.testing.guarding import begin_watching

        item.config.stash[_RUNNING] = item
        begin_watching(item)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Iterator[None]:
    """Hold nothing against a test that a fixture of longer life begins for others too."""
    item = request.config.stash.get(_RUNNING, None)
    if item is None or fixturedef.scope == "function":
        return (yield)
    from trunkline.testing.guarding import longer_lived

    with longer_lived(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run the test under its marks' overrides, and look at the tasks that it leaves."""
    is_watched = item.config.stash.get(_RUNNING, None) is item
    if not is_watched and not _is_marked(item):
        return (yield)
    from trunkline.testing.guarding import guarded

    with guarded(item):
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail a test that left something behind once its fixtures are torn down."""
    try:
        result = yield
    except BaseException as error:
        _check_left_behind(item, error)
        raise
    _check_left_behind(item)
    return result


def _check_left_behind(item: pytest.Item, error: BaseException | None = None) -> None:
    if item.config.stash.get(_RUNNING, None) is item:
        from trunkline.testing.guarding import check_left_behind

        del item.config.stash[_RUNNING]
        check_left_behind(item, error)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the latencies that suites have measured, in milliseconds."""
    reports = [
        (report.nodeid, figures)
        for report in terminalreporter.getreports("passed")
        if (figures := [p for p in report.user_properties if p[0].startswith(LATENCY)])
    ]
    if reports:
        terminalreporter.section("latency of agent events, milliseconds")
    for node, figures in reports:
        terminalreporter.write_line(node)
        for name, value in figures:
            terminalreporter.write_line(f"    {name.removeprefix(LATENCY):<24}{value:>10}")


def pytest_sessionfinish() -> None:
    """Leave dependency-injector as it was."""
    if "trunkline.testing.guarding" in sys.modules:
        from trunkline.testing.guarding import end_watching

        end_watching()


def _is_marked(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and item.get_closest_marker("override") is not None


def _is_watched(item: pytest.Item) -> bool:
    mode = item.config.getini("trunkline_leaks")
    if mode == "off" or not isinstance(item, pytest.Function):
        return False
    if _is_marked(item) or _uses_fixtures(item):
        return True
    if "trunkline.containers" not in sys.modules:  # then there is nothing that it could leave
        return False
    from trunkline.testing.guarding import knows_trunkline

    return mode == "all" or (item.module is not None and knows_trunkline(item.module))


def _uses_fixtures(item: pytest.Function) -> bool:
    """Whether the test uses fixtures of this plugin, not others of the same names."""
    known = item._fixtureinfo.name2fixturedefs  # noqa: SLF001  # nothing public tells whose fixtures they are
    return any(
        known[name][-1].func.__module__.startswith("trunkline.testing")
        for name in OURS & known.keys()
    )
