"""Every old call form of the runtime gets a real engine from the application's one factory."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest.mock import Mock, patch

import pytest
import pytest_asyncio

import containers.legacy
from containers.application import Application
from containers.legacy import (
    ExecutionEngine,
    create_request_scoped_engine,
    get_execution_engine_factory,
    user_execution_scope,
)
from tests.integration.server.wiring import register_agents
from trunkline import providers
from trunkline.legacy import ApplicationNotFoundError, Usage, check_redirects, isolated_usage, usage
from trunkline_runtime.bridge import AgentWebSocketBridge
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import AgentRegistry, NoCanonicalFactory, UserExecutionEngine
from trunkline_runtime.errors import ForeignContext
from trunkline_runtime.settings import load_settings

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def counts() -> Iterator[Usage]:
    with isolated_usage() as usage:
        yield usage


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Any]:
    container: Any = Application(settings=providers.Object(load_settings("test")))
    async with container as app:
        register_agents(app.get(Application.agents))
        yield app


def a_context(user: str = "user-1") -> UserExecutionContext:
    return UserExecutionContext(user, "thread-1", "run-1")


REGISTRY = AgentRegistry()
Make = Callable[..., Any]
FORMS: dict[str, Callable[[UserExecutionContext, Any], Any]] = {
    "create_from_legacy(context)": lambda c, b: UserExecutionEngine.create_from_legacy(c),
    "create_from_legacy(registry, bridge, context)": lambda c, b: (
        UserExecutionEngine.create_from_legacy(REGISTRY, b, c)
    ),
    "create_from_legacy(registry, bridge, user_context=)": lambda c, b: (
        UserExecutionEngine.create_from_legacy(REGISTRY, b, user_context=c)
    ),
    "create_from_legacy by keyword": lambda c, b: UserExecutionEngine.create_from_legacy(
        registry=REGISTRY, bridge=b, context=c
    ),
    "ExecutionEngine(registry, bridge, context)": lambda c, b: ExecutionEngine(REGISTRY, b, c),
    "ExecutionEngine(context, agent_factory, websocket_emitter)": lambda c, b: ExecutionEngine(
        context=c, agent_factory=REGISTRY, websocket_emitter=b
    ),
    "create_request_scoped_engine(context)": lambda c, b: create_request_scoped_engine(c),
    "create_request_scoped_engine(registry, bridge, context)": lambda c, b: (
        create_request_scoped_engine(REGISTRY, b, c)
    ),
    "create_request_scoped_engine(context, registry, bridge)": lambda c, b: (
        create_request_scoped_engine(c, REGISTRY, b)
    ),
    "get_execution_engine_factory().create_for_user(context)": lambda c, b: (
        get_execution_engine_factory().create_for_user(c)
    ),
}
by_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@by_form
async def test_without_a_scope_each_form_opens_one_for_its_user(app: Any, form: Make) -> None:
    context = a_context()
    engine = form(context, None)
    assert type(engine) is UserExecutionEngine
    assert engine.context is context
    assert type(engine.bridge) is AgentWebSocketBridge
    assert engine.bridge.context is context
    assert (await engine.execute("sum", {"numbers": [1, 2]})).result["total"] == 3
    await engine.cleanup()
    assert engine.bridge.closed


@by_form
async def test_in_an_open_scope_each_form_gives_the_scopes_engine(app: Any, form: Make) -> None:
    context = a_context()
    async with app.enter(context) as request:
        engine = request.get(Application.engine)
        assert form(context, engine.bridge) is engine
        assert await form(context, None) is engine


@by_form
@pytest.mark.parametrize("awaited", [False, True])
async def test_each_form_gives_each_of_many_users_their_own(
    app: Any, form: Make, awaited: bool
) -> None:
    async def one(number: int) -> UserExecutionEngine:
        context = a_context(f"user-{number}")
        await asyncio.sleep(0)
        engine = form(context, None)
        return await engine if awaited else engine

    engines = await asyncio.gather(*(one(number) for number in range(20)))
    assert len({id(engine) for engine in engines}) == 20
    assert len({id(engine.bridge) for engine in engines}) == 20
    for number, engine in enumerate(engines):
        assert engine.context.user_id == engine.bridge.context.user_id == f"user-{number}"


@by_form
@pytest.mark.parametrize(
    ("context", "got"), [(None, "None"), (Mock(spec=UserExecutionContext), "Mock")]
)
async def test_a_missing_or_mocked_context_is_refused_with_the_remedy(
    app: Any, form: Make, context: Any, got: str
) -> None:
    with pytest.raises(TypeError, match=f"Expected UserExecutionContext, got {got}") as caught:
        form(context, None)
    assert getattr(caught.value, "remedy")  # noqa: B009  # both error trees have one


@pytest.mark.parametrize(
    "form", [form for name, form in FORMS.items() if "bridge" in name or "keyword" in name]
)
async def test_a_bridge_of_another_user_is_refused(app: Any, form: Make) -> None:
    async with app.enter(a_context("user-2")) as other:
        foreign = other.get(Application.bridge)
        with pytest.raises(ForeignContext):
            form(a_context("user-1"), foreign)


async def test_a_registry_and_a_bridge_alone_need_an_open_scope(app: Any) -> None:
    with pytest.raises(TypeError, match="Expected UserExecutionContext, got nothing"):
        ExecutionEngine(REGISTRY, None)
    async with app.enter(a_context()) as request:
        assert ExecutionEngine(REGISTRY, None) is request.get(Application.engine)


async def test_the_old_scope_is_a_request_scope(app: Any) -> None:
    context = a_context()
    async with user_execution_scope(context) as engine:
        assert engine.context is context
        assert ExecutionEngine(REGISTRY, engine.bridge) is engine
        assert await Application.engine() is engine
    assert engine.closed
    assert engine.bridge.closed


async def test_the_bridges_own_face_and_the_engines_share_a_scope(app: Any) -> None:
    context = a_context()
    bridge = AgentWebSocketBridge.create_for_user(context)
    engine = UserExecutionEngine.create_from_legacy(REGISTRY, bridge, context)
    assert engine.bridge is bridge


async def test_a_subclass_a_check_and_a_patch_work(app: Any) -> None:
    class Special(ExecutionEngine):  # type: ignore[misc, unused-ignore]  # a class at run time
        pass

    context = a_context()
    async with app.enter(context) as request:
        special = Special(REGISTRY, None, context)
        assert isinstance(special, UserExecutionEngine)
        assert isinstance(special, ExecutionEngine)
        assert special.bridge is request.get(Application.bridge)
        assert isinstance(request.get(Application.engine), ExecutionEngine)
        assert not isinstance(special.bridge, ExecutionEngine)
    with patch("containers.legacy.ExecutionEngine") as fake:
        assert containers.legacy.ExecutionEngine is fake
    assert containers.legacy.ExecutionEngine is ExecutionEngine


async def test_each_site_warns_once_at_its_line_and_is_counted(app: Any) -> None:
    context = a_context()
    async with app.enter(context):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for _ in range(3):
                ExecutionEngine(REGISTRY, None, context)
                UserExecutionEngine.create_from_legacy(context)
        frame = inspect.currentframe()
        assert frame is not None
        line = frame.f_lineno - 5
    assert [(w.filename, w.lineno) for w in caught] == [
        (__file__, line + 1),
        (__file__, line + 2),
    ]
    assert {(use.file, use.line, use.count) for use in usage().uses()} == {
        (__file__, line + 1, 3),
        (__file__, line + 2, 3),
    }


async def test_threads_that_inherited_nothing_get_their_users_engine(app: Any) -> None:
    found: dict[str, Any] = {}

    def work(user: str) -> None:
        context = a_context(user)
        found[user] = create_request_scoped_engine(context)
        assert UserExecutionEngine.create_from_legacy(context) is found[user]
        assert AgentWebSocketBridge.create_for_user(context) is found[user].bridge

    threads = [threading.Thread(target=work, args=(f"user-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {user: engine.context.user_id for user, engine in found.items()} == {
        f"user-{n}": f"user-{n}" for n in range(4)
    }


async def test_of_two_started_applications_none_is_guessed(app: Any) -> None:
    other: Any = Application(settings=providers.Object(load_settings("test")))
    async with other:
        nowhere = contextvars.Context()
        with pytest.raises(NoCanonicalFactory):
            nowhere.run(UserExecutionEngine.create_from_legacy, a_context())
        with pytest.raises(ApplicationNotFoundError, match="2 are started"):
            nowhere.run(create_request_scoped_engine, a_context())
        inner = create_request_scoped_engine(a_context())
        assert UserExecutionEngine.create_from_legacy(a_context()).agents is inner.agents
        assert inner.agents is other.get(Application.agents)
    assert nowhere.run(create_request_scoped_engine, a_context()).agents is app.get(
        Application.agents
    )


async def test_the_stop_closes_what_old_calls_left_and_disconnects(
    caplog: pytest.LogCaptureFixture, counts: Usage
) -> None:
    container: Any = Application(settings=providers.Object(load_settings("test")))
    with caplog.at_level(logging.WARNING, "trunkline.legacy"):
        async with container:
            engines = [ExecutionEngine(REGISTRY, None, a_context(f"user-{n}")) for n in range(3)]
    assert all(engine.closed and engine.bridge.closed for engine in engines)
    assert counts.left_open == 3
    with pytest.raises(NoCanonicalFactory):
        UserExecutionEngine.create_from_legacy(a_context())


async def test_engines_that_were_closed_for_idleness_are_let_go(app: Any, counts: Usage) -> None:
    engines = [ExecutionEngine(REGISTRY, None, a_context(f"user-{n}")) for n in range(10)]
    for engine in engines:
        engine._expire()
    for n in range(10, 16):
        ExecutionEngine(REGISTRY, None, a_context(f"user-{n}"))
    await asyncio.sleep(0.01)
    assert all(engine.bridge.closed for engine in engines)


async def test_the_declared_names_fit_the_canonical_factories() -> None:
    check_redirects(containers.legacy)
