"""Every old way to call create_from_legacy leads to the canonical factory, or says why not."""

import inspect
import warnings
from unittest.mock import Mock

import pytest

from tests.unit.runtime.engine.parts import QUICK, Line, a_context, agents_with
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import (
    AgentRegistry,
    NoCanonicalFactory,
    UserExecutionEngine,
    installed,
)
from trunkline_runtime.errors import ContextTypeError, ForeignContext


class Factory:
    """A canonical factory: each engine has a bridge of its own user."""

    def __init__(self):
        self.calls = []

    def create(self, context, *, bridge=None, agents=None):
        self.calls.append((context, bridge, agents))
        line = Line(context)
        return UserExecutionEngine(context, bridge or line.bridge, agents or agents_with(), QUICK)


@pytest.fixture
def factory():
    made = Factory()
    with installed(made):
        yield made


CONTEXT = a_context()
REGISTRY = AgentRegistry()
BRIDGE = Line(CONTEXT).bridge

FORMS = {
    "context alone": lambda new: new(CONTEXT),
    "context by name": lambda new: new(context=CONTEXT),
    "user_context by name": lambda new: new(user_context=CONTEXT),
    "three": lambda new: new(REGISTRY, BRIDGE, CONTEXT),
    "two and user_context": lambda new: new(REGISTRY, BRIDGE, user_context=CONTEXT),
    "registry and user_context": lambda new: new(REGISTRY, user_context=CONTEXT),
    "all by name": lambda new: new(registry=REGISTRY, bridge=BRIDGE, context=CONTEXT),
    "old names": lambda new: new(registry=REGISTRY, websocket_bridge=BRIDGE, user_context=CONTEXT),
    "older names": lambda new: new(
        context=CONTEXT, agent_factory=REGISTRY, websocket_emitter=BRIDGE
    ),
}


def legacy(*arguments, **keywords):
    with pytest.warns(DeprecationWarning, match="create_from_legacy is deprecated"):
        return UserExecutionEngine.create_from_legacy(*arguments, **keywords)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_without_await_gives_an_engine_of_the_canonical_factory(form, factory):
    engine = form(legacy)
    assert type(engine) is UserExecutionEngine
    assert engine.context is CONTEXT
    assert engine.bridge.context.user_id == CONTEXT.user_id
    assert len(factory.calls) == 1


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.asyncio
async def test_each_form_with_await_gives_the_same(form, factory):
    engine = form(legacy)
    assert await engine is engine


@pytest.mark.parametrize(
    ("form", "bridge", "registry"),
    [
        ("context alone", None, None),
        ("registry and user_context", None, REGISTRY),
        ("three", BRIDGE, REGISTRY),
        ("two and user_context", BRIDGE, REGISTRY),
        ("all by name", BRIDGE, REGISTRY),
        ("old names", BRIDGE, REGISTRY),
        ("older names", BRIDGE, REGISTRY),
    ],
)
def test_the_registry_and_bridge_of_this_runtime_are_passed_on(form, bridge, registry, factory):
    FORMS[form](legacy)
    [(_, given_bridge, given_registry)] = factory.calls
    assert given_bridge is bridge
    assert given_registry is registry


def test_the_warning_points_at_the_callers_line(factory):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        UserExecutionEngine.create_from_legacy(CONTEXT)
    [warning] = caught
    assert (warning.filename, warning.lineno) == (__file__, line)


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ((), "None"),
        ((None,), "None"),
        ((REGISTRY, BRIDGE), "None"),
        ((REGISTRY, BRIDGE, None), "None"),
        ((Mock(),), "Mock"),
        ((Mock(spec=UserExecutionContext),), "Mock"),
        ((REGISTRY, BRIDGE, "user-7"), "str"),
    ],
)
def test_a_missing_or_mocked_context_is_refused_with_the_remedy(arguments, got, factory):
    with pytest.raises(
        ContextTypeError, match=f"Expected UserExecutionContext, got {got}"
    ) as caught:
        UserExecutionEngine.create_from_legacy(*arguments)
    assert caught.value.remedy
    assert factory.calls == []


def test_a_bridge_of_another_user_is_refused(factory):
    foreign = Line(a_context(user="user-8")).bridge
    with pytest.raises(ForeignContext, match=r"'user-8'.*'user-7'"):
        UserExecutionEngine.create_from_legacy(REGISTRY, foreign, CONTEXT)
    assert factory.calls == []


class _HoldsContext:
    context = CONTEXT


class _OldBridge:
    def __init__(self, user_id):
        self.user_id = user_id


def test_an_old_bridge_that_names_another_user_is_refused(factory):
    with pytest.raises(ForeignContext):
        UserExecutionEngine.create_from_legacy(REGISTRY, _OldBridge("user-8"), CONTEXT)


@pytest.mark.parametrize("bridge", [Mock(), _OldBridge("user-7"), _HoldsContext(), object()])
def test_an_object_that_is_no_bridge_of_this_runtime_is_not_used_and_that_is_said(bridge, factory):
    with pytest.warns(DeprecationWarning, match=r"not used here: registry \(Mock\), bridge"):
        UserExecutionEngine.create_from_legacy(Mock(), bridge, CONTEXT)
    [(_, given_bridge, given_agents)] = factory.calls
    assert (given_bridge, given_agents) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "keywords", "problem"),
    [
        ((REGISTRY, BRIDGE, CONTEXT, 1), {}, "not 4 arguments"),
        ((CONTEXT,), {"session": 1}, "unexpected keyword argument 'session'"),
        ((REGISTRY, BRIDGE, CONTEXT), {"user_context": CONTEXT}, "two values for the context"),
        ((), {"context": CONTEXT, "user_context": CONTEXT}, "two values for the context"),
    ],
)
def test_arguments_of_no_known_form_are_refused(arguments, keywords, problem, factory):
    with pytest.raises(TypeError, match=problem):
        UserExecutionEngine.create_from_legacy(*arguments, **keywords)


def test_without_a_canonical_factory_nothing_else_is_built():
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(NoCanonicalFactory, match="no canonical factory is installed") as caught,
    ):
        UserExecutionEngine.create_from_legacy(CONTEXT)
    assert "Start the application" in caught.value.remedy


def test_a_factory_that_returns_no_engine_is_named():
    class Wrong:
        def create(self, context, *, bridge=None, agents=None):
            return "engine"

    with (
        installed(Wrong()),
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(NoCanonicalFactory, match="returned str"),
    ):
        UserExecutionEngine.create_from_legacy(CONTEXT)


def test_an_engine_of_another_user_is_never_handed_out():
    class Mixed:
        def create(self, context, *, bridge=None, agents=None):
            line = Line(a_context(user="user-8"))
            return UserExecutionEngine(line.context, line.bridge, agents_with())

    with (
        installed(Mixed()),
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(ForeignContext, match="This engine belongs to user 'user-8'"),
    ):
        UserExecutionEngine.create_from_legacy(CONTEXT)


def test_a_subclass_of_an_old_call_site_gets_the_canonical_engine(factory):
    class Mine(UserExecutionEngine):
        pass

    with pytest.warns(DeprecationWarning, match="Mine.create_from_legacy is deprecated"):
        engine = Mine.create_from_legacy(CONTEXT)
    assert type(engine) is UserExecutionEngine


def test_factories_nest_and_the_outer_one_comes_back(factory):
    inner = Factory()
    with installed(inner):
        legacy(CONTEXT)
    legacy(CONTEXT)
    assert (len(inner.calls), len(factory.calls)) == (1, 1)
