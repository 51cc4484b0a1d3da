"""Whatever is imported and called first, every old name leads to one type by one provider."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from containers import legacy as names
from containers.application import Application
from tests.fixtures.legacy_application.trees import write_tree
from trunkline import providers
from trunkline.legacy import isolated_usage
from trunkline_runtime.bridge import AgentWebSocketBridge
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import UserExecutionEngine
from trunkline_runtime.settings import load_settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODULES = (
    "acme.containers",
    "acme.core.user_execution_engine",
    "acme.engines",
    "acme.engines.consolidated",
    "acme.engines.execution_engine",
    "acme.engines.request_scoped",
    "acme.factories.bridge_factory",
    "acme.factories.engine_factory",
    "acme.factories.scopes",
    "acme.factories.unified_factory",
    "acme.forms",
    "acme.services.audited",
    "acme.services.star",
)


def module(name: str) -> Any:
    return importlib.import_module(name)


async def scoped(context: Any) -> Any:
    async with module("acme.factories.scopes").user_execution_scope(context) as engine:
        return engine


CALLS: dict[str, Callable[[Any], Any]] = {
    "execution engine": lambda c: module("acme.engines.execution_engine").ExecutionEngine(
        None, None, c
    ),
    "by the package": lambda c: module("acme.engines").ExecutionEngine(None, None, c),
    "by the star": lambda c: module("acme.services.star").ExecutionEngine(None, None, c),
    "consolidated": lambda c: module("acme.engines.consolidated").ConsolidatedEngine(context=c),
    "request scoped class": lambda c: module(
        "acme.engines.request_scoped"
    ).RequestScopedExecutionEngine(c),
    "request scoped": lambda c: module("acme.engines.request_scoped").create_request_scoped_engine(
        c
    ),
    "factory": lambda c: (
        module("acme.factories.engine_factory").get_execution_engine_factory().create_for_user(c)
    ),
    "unified": lambda c: module("acme.factories.unified_factory").create_unified_engine(c),
    "scope": scoped,
    "bridge": lambda c: module("acme.factories.bridge_factory").create_agent_bridge(c),
    "canonical": lambda c: module("acme.containers").Application.engine(),
}


@pytest.fixture(scope="module")
def redirected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = write_tree("redirected", tmp_path_factory.mktemp("legacy") / "tree")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "acme"]:
        del sys.modules[name]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    imports=st.permutations(MODULES),
    before=st.integers(0, len(MODULES)),
    calls=st.permutations(sorted(CALLS)),
    in_scope=st.booleans(),
)
def test_every_old_name_builds_the_canonical_type_by_the_canonical_provider(
    redirected: Path, imports: list[str], before: int, calls: list[str], in_scope: bool
) -> None:
    forget()
    for name in imports[:before]:
        module(name)

    async def work() -> None:
        application = module("acme.containers").Application
        async with application() as app:
            for name in imports[before:]:
                module(name)
            context = module("acme.core.context").UserContext("ann")
            made: dict[str, Any] = {}
            if in_scope:
                async with app.enter(context):
                    for call in calls:
                        made[call] = await settled(CALLS[call](context))
            else:
                for call in calls:
                    if call != "canonical":
                        made[call] = await settled(CALLS[call](context))
            if not in_scope and next(iter(made)) == "scope":
                made.pop("scope")  # it opened a scope of its own, and closed it
            bridge = made.pop("bridge")
            assert {type(engine) for engine in made.values()} == {
                module("acme.core.user_execution_engine").UserExecutionEngine
            }
            assert len({id(engine) for engine in made.values()}) == 1
            assert bridge is made["factory"].bridge

    with isolated_usage():
        asyncio.run(work())


async def settled(made: Any) -> Any:
    return await made if asyncio.iscoroutine(made) else made


async def runtime_scope(context: UserExecutionContext) -> UserExecutionEngine:
    async with names.user_execution_scope(context) as engine:
        return engine


RUNTIME_CALLS: dict[str, Callable[[UserExecutionContext], Any]] = {
    "create_from_legacy": UserExecutionEngine.create_from_legacy,
    "three": lambda c: UserExecutionEngine.create_from_legacy(None, None, c),
    "ExecutionEngine": lambda c: names.ExecutionEngine(None, None, c),
    "keywords": lambda c: names.ExecutionEngine(
        context=c, agent_factory=None, websocket_emitter=None
    ),
    "function": names.create_request_scoped_engine,
    "factory": lambda c: names.get_execution_engine_factory().create_for_user(c),
    "scope": runtime_scope,
    "bridge": AgentWebSocketBridge.create_for_user,
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(calls=st.permutations(sorted(RUNTIME_CALLS)), in_scope=st.booleans())
def test_every_old_name_of_the_runtime_does_so_too(calls: list[str], in_scope: bool) -> None:
    async def work() -> None:
        container: Any = Application(settings=providers.Object(load_settings("test")))
        async with container as app:
            context = UserExecutionContext("user-1", "thread-1", "run-1")
            made: dict[str, Any] = {}
            if in_scope:
                async with app.enter(context) as request:
                    for call in calls:
                        made[call] = await settled(RUNTIME_CALLS[call](context))
                    made["canonical"] = request.get(Application.engine)
            else:
                for call in calls:
                    made[call] = await settled(RUNTIME_CALLS[call](context))
                if calls[0] == "scope":
                    made.pop("scope")  # it opened a scope of its own, and closed it
            bridge = made.pop("bridge")
            assert {type(engine) for engine in made.values()} == {UserExecutionEngine}
            assert len({id(engine) for engine in made.values()}) == 1
            assert made["factory"].bridge is bridge

    with isolated_usage():
        asyncio.run(work())
