"""Stock faults of checks and wiring."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import pytest
from dependency_injector import containers
from dependency_injector import providers as stock
from dependency_injector.wiring import Provide
from dependency_injector.wiring import inject as stock_inject

from tests.specification.stock_faults.things import Thing
from trunkline import INJECTED, Inject, ScopedContainer, inject, providers
from trunkline.errors import DeclarationError, GraphError

# 7: checking


class Needy:
    """Needs an argument."""

    def __init__(self, needed: str) -> None:
        self.needed = needed


def test_7_the_check_passes_what_can_not_work() -> None:
    class Stock(containers.DeclarativeContainer):
        short = stock.Factory(Thing)
        captive = stock.Singleton(Thing, short)
        missing = stock.Singleton(Needy)
        one = stock.Factory(Thing)
        two = stock.Factory(Thing, one)
        one.add_args(two)

    Stock().check_dependencies()

    class Application(ScopedContainer):
        short = providers.Scoped(Thing)
        captive = providers.Singleton(Thing, short)
        missing = providers.Singleton(Needy)
        one = providers.Scoped(Thing)
        two = providers.Scoped(Thing, one)
        one.add_args(two)

    with pytest.raises(GraphError) as caught:
        Application().check()
    assert {finding.check for finding in caught.value.findings} >= {
        "captive-dependency",
        "cycle",
        "missing-argument",
    }
    assert all(finding.location is not None for finding in caught.value.findings)


CYCLE = """
from dependency_injector import containers, providers as stock
from trunkline import ScopedContainer

class Cycle({base}):
    one = stock.{kind}(dict)
    two = stock.{kind}(dict, one=one)
    one.add_kwargs(two=two)

Cycle().{use}()
"""


def run_apart(**what: str) -> subprocess.CompletedProcess[str]:
    """Declare a cycle and use it in an interpreter that may crash."""
    command = [sys.executable, "-c", CYCLE.format(**what)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["ThreadSafeSingleton", "Singleton", "Factory"])
def test_7_a_cycle_recurses_without_end_or_crashes_the_interpreter(kind: str) -> None:
    crashed = run_apart(kind=kind, base="containers.DeclarativeContainer", use="one")
    ended_by_a_signal = crashed.returncode < 0
    assert ended_by_a_signal or "RecursionError" in crashed.stderr
    assert ended_by_a_signal or kind != "ThreadSafeSingleton"

    refused = run_apart(kind=kind, base="ScopedContainer", use="check")
    assert refused.returncode == 1
    assert "GraphError" in refused.stderr


# 8: wiring


class Wired(containers.DeclarativeContainer):
    """Wired twice."""

    thing = stock.Singleton(Thing)


class Ours(ScopedContainer):
    """Started twice."""

    thing = providers.Singleton(Thing)


@stock_inject
def stock_wired(thing: Thing = Provide[Wired.thing]) -> Thing:
    return thing


@stock_inject
def stock_unresolved(thing: Thing = Provide["nothing_of_the_kind"]) -> Thing:
    return thing


@inject
def ours(thing: Annotated[Thing, Inject(Ours.thing)] = INJECTED) -> Thing:
    return thing


def test_8_the_last_container_that_is_wired_serves_all_and_unwiring_one_unwires_both() -> None:
    one, two = Wired(), Wired()
    one.wire(modules=[sys.modules[__name__]])
    two.wire(modules=[sys.modules[__name__]])
    assert stock_wired() is two.thing() is not one.thing()
    two.unwire()
    assert stock_wired() is not one.thing()
    one.unwire()

    with Ours() as first, Ours() as second:
        assert ours() is second.thing() is not first.thing()
        with first.enter():
            assert ours() is first.thing()


def test_8_an_unresolved_marker_reaches_the_function() -> None:
    container = Wired()
    container.wire(modules=[sys.modules[__name__]])
    assert not isinstance(stock_unresolved(), Thing)
    container.unwire()

    with pytest.raises(DeclarationError):

        @inject
        def unresolved(
            thing: Annotated[Thing, Inject(Ours.nothing_of_the_kind)],  # type: ignore[attr-defined]  # the point
        ) -> Thing:
            return thing


def test_8_a_required_option_goes_stale() -> None:
    class Options(containers.DeclarativeContainer):
        config = stock.Configuration()

    container = Options()
    required = container.config.limit.required()
    container.config.from_dict({"limit": 1})
    assert required() == 1
    container.config.from_dict({"limit": 2})
    assert (required(), container.config.limit()) == (1, 2)

    class Application(ScopedContainer):
        config = providers.Configuration()
        limited = providers.Scoped(Thing, config.limit.required(), config.limit.required().as_int())

    app = Application()
    app.config.from_dict({"limit": "1"})
    with app:
        with app.enter() as request:
            assert request.get(Application.limited).args == ("1", 1)
        app.config.from_dict({"limit": "2"})
        with app.enter() as request:
            assert request.get(Application.limited).args == ("2", 2)
        with app.config.override({"limit": "3"}), app.enter() as request:
            assert request.get(Application.limited).args == ("3", 3)
