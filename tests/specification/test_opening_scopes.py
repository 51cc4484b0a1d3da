"""Opening scopes: their values, their chain, and the ambient one."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from trunkline import BaseScope, OpenScope, Scope, ScopedContainer, override, providers
from trunkline.errors import (
    DeclarationError,
    ScopeNotOpenError,
    ScopeOrderError,
    ScopeValueError,
    UnknownProviderError,
)


class User:
    """A value."""

    def __init__(self, name: str) -> None:
        self.name = name


class Admin(User):
    """A value of a subclass."""


class Trace:
    """Another value."""


class Engine:
    """Made from values."""

    def __init__(self, user: User, trace: Trace) -> None:
        self.user = user
        self.trace = trace


class Application(ScopedContainer):
    """Two values a request."""

    user = providers.ScopeValue(User)
    trace = providers.ScopeValue(Trace)
    engine = providers.Scoped(Engine, user, trace)


@pytest.fixture
def app() -> Iterator[Any]:
    with Application() as started:
        yield started


ANN, TRACE = User("ann"), Trace()
WAYS: list[tuple[tuple[object, ...], dict[Any, object] | None]] = [
    ((ANN, TRACE), None),
    ((TRACE, ANN), None),
    ((ANN,), {Application.trace: TRACE}),
    ((TRACE,), {Application.user: ANN}),
    ((), {Application.user: ANN, Application.trace: TRACE}),
]


@pytest.mark.parametrize(("values", "given"), WAYS)
def test_values_are_matched_by_type_or_named_by_provider(
    app: Any, values: tuple[object, ...], given: Any
) -> None:
    with app.enter(*values, given=given) as request:
        engine = request.get(Application.engine)
        assert (engine.user, engine.trace) == (ANN, TRACE)
        assert request.get(Application.user) is request.user() is ANN


def test_a_value_may_be_named_by_the_instances_provider(app: Any) -> None:
    with app.enter(TRACE, given={app.user: ANN}) as request:
        assert request.get(app.user) is ANN


def test_a_value_of_a_subclass_is_accepted(app: Any) -> None:
    admin = Admin("root")
    with app.enter(admin, TRACE) as request:
        assert request.get(Application.engine).user is admin


class Claims:
    """Says that it is a User."""

    @property
    def __class__(self) -> type:  # type: ignore[override]  # what mocks do
        return User


REFUSED: dict[str, tuple[tuple[object, ...], str]] = {
    "none": ((), "opened without user: User, trace: Trace"),
    "one missing": ((ANN,), "opened without trace: Trace"),
    "wrong type": ((object(), TRACE), "Expected User, got object"),
    "a mock": ((Mock(spec=User), TRACE), "Expected User, got Mock"),
    "a liar": ((Claims(), TRACE), "Expected User, got Claims"),
    "a class": ((User, TRACE), "Expected User, got type"),
    "None": ((None, TRACE), "Expected User, got NoneType"),
    "twice": ((ANN, ANN, TRACE), "."),
    "surplus": ((ANN, TRACE, object()), "."),
    "many": ((ANN, TRACE, 1, 2, 3, 4, 5, 6, 7), "."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_do_not_fit_are_refused_before_anything_is_built(app: Any, case: str) -> None:
    values, message = REFUSED[case]
    with pytest.raises(TypeError, match=message) as caught:
        app.enter(*values)
    if case != "many":
        assert isinstance(caught.value, ScopeValueError)


@pytest.mark.parametrize("calls_before", [0, 1], ids=["first call", "later call"])
@pytest.mark.parametrize(
    ("values", "options"),
    [
        ((ANN, TRACE, ANN), {}),
        ((ANN, TRACE, ANN), {"scope": Scope.REQUEST}),
        ((ANN, TRACE, ANN), {"scope": Scope.REQUEST, "ambient": False}),
        ((ANN, TRACE, ANN, TRACE), {"ambient": False}),
        ((ANN, TRACE, ANN, TRACE, ANN), {}),
    ],
    ids=["one", "with a scope", "with all", "two", "three"],
)
def test_a_value_too_many_is_told_with_what_the_scope_takes_and_where_it_says_so(
    app: Any, values: tuple[object, ...], options: Any, calls_before: int
) -> None:
    for _ in range(calls_before):
        app.enter(ANN, TRACE).close()
    with pytest.raises(ScopeValueError) as caught:
        app.enter(*values, **options)
    assert caught.value.failed == (
        "a User was given to the REQUEST scope, which takes only user: User, trace: Trace"
    )
    assert caught.value.location == Application.user.location
    assert caught.value.cause == "the value was given twice"
    assert caught.value.remedy == "enter(user: User, trace: Trace)"


@pytest.mark.parametrize("values", [(Scope.STEP,), (ANN, TRACE, Scope.STEP)])
def test_a_scope_that_is_given_as_a_value_is_told_from_one(
    app: Any, values: tuple[object, ...]
) -> None:
    with pytest.raises(ScopeValueError, match=r"name it: .* scope=Scope\.STEP") as caught:
        app.enter(*values)
    assert caught.value.failed == "the scope STEP was given to the REQUEST scope as a value"


def test_what_names_no_providers_is_taken_for_a_value(app: Any) -> None:
    with pytest.raises(ScopeValueError, match="a list was given to the REQUEST scope"):
        app.enter(ANN, TRACE, given=[(Application.user, ANN)])


def test_a_named_value_must_fit_and_belong_to_the_scope(app: Any) -> None:
    with pytest.raises(ScopeValueError, match="Expected User, got Trace"):
        app.enter(given={Application.user: TRACE, Application.trace: TRACE})
    with pytest.raises(ScopeValueError, match="engine is no value of the REQUEST scope"):
        app.enter(ANN, TRACE, given={Application.engine: 1})
    with pytest.raises(UnknownProviderError):
        app.enter(ANN, TRACE, given={providers.ScopeValue(User): ANN})


def test_values_of_one_class_have_to_be_named() -> None:
    class Twins(ScopedContainer):
        one = providers.ScopeValue(str)
        two = providers.ScopeValue(str)
        both = providers.Scoped(lambda one, two: (one, two), one, two)

    with Twins() as app:
        for values in (("a", "b"), ("a",)):
            with pytest.raises(ScopeValueError, match="fits one and two"):
                app.enter(*values)
        with app.enter(given={Twins.one: "a", Twins.two: "b"}) as request:
            assert request.get(Twins.both) == ("a", "b")
        with app.enter("b", given={Twins.one: "a"}) as request:
            assert request.get(Twins.both) == ("a", "b")


def test_the_nearest_class_wins_where_several_fit() -> None:
    class Family(ScopedContainer):
        user = providers.ScopeValue(User)
        admin = providers.ScopeValue(Admin)
        both = providers.Scoped(lambda user, admin: (user, admin), user, admin)

    root = Admin("root")
    with Family() as app:
        for values in ((ANN, root), (root, ANN)):
            with app.enter(*values) as request:
                assert request.get(Family.both) == (ANN, root)


# chains


class Lifetime(BaseScope):
    """A chain of one's own."""

    PROCESS = "process"
    TENANT = "tenant"
    CALL = "call"


class Custom(ScopedContainer):
    """Lives by that chain."""

    scopes = Lifetime
    default_scope = Lifetime.CALL
    process = providers.Scoped(dict, scope=Lifetime.PROCESS)
    single = providers.Singleton(dict)
    tenant = providers.Scoped(dict, scope=Lifetime.TENANT)
    call = providers.Scoped(dict, process=process, tenant=tenant)


def test_custom_chains_work_like_the_usual_one() -> None:
    with Custom() as app:
        assert app.get(Custom.process) is app.get(Custom.process)
        with app.enter(scope=Lifetime.TENANT) as tenant:  # noqa: SIM117  # one level a line
            with tenant.enter() as one, tenant.enter() as two:
                assert one.scope is Lifetime.CALL
                assert one.get(Custom.call) is not two.get(Custom.call)
                assert one.get(Custom.tenant) is two.get(Custom.tenant)
                assert one.get(Custom.process) is app.get(Custom.process)
        with app.enter() as call, pytest.raises(ScopeNotOpenError, match="lives in a TENANT"):
            call.get(Custom.call)


def test_the_innermost_scope_is_the_default_of_a_chain_of_ones_own() -> None:
    class Unnamed(ScopedContainer):
        scopes = Lifetime
        call = providers.Scoped(dict)

    with Unnamed() as app, app.enter() as call:
        assert call.scope is Lifetime.CALL
        assert call.get(Unnamed.call) == {}


def test_scopes_open_inside_and_never_outside_of_one_another() -> None:
    with Custom() as app, app.enter() as call:
        for scope in Lifetime:
            with pytest.raises(ScopeOrderError, match="does not lie inside"):
                call.enter(scope=scope)
        with pytest.raises(ScopeOrderError, match="innermost"):
            call.enter()
        with pytest.raises(ScopeValueError, match="no scope of"):
            app.enter(scope=Scope.REQUEST)


def test_a_foreign_scope_in_a_declaration_is_refused() -> None:
    with pytest.raises(DeclarationError, match="is no scope"):
        providers.Scoped(dict, scope="request")  # type: ignore[arg-type]  # the point

    class Mixed(ScopedContainer):
        thing = providers.Scoped(dict, scope=Lifetime.CALL)

    with pytest.raises(DeclarationError, match=r"thing .*CALL"):
        Mixed().check()


def test_a_session_lives_as_long_as_its_connection_and_requests_share_it() -> None:
    class Sessions(ScopedContainer):
        user = providers.ScopeValue(User, scope=Scope.SESSION)
        cart = providers.Scoped(dict, user=user, scope=Scope.SESSION)
        order = providers.Scoped(dict, cart=cart)

    with Sessions() as app, app.enter(ANN, scope=Scope.SESSION) as session:
        with session.enter() as one:
            first = one.get(Sessions.order)
        with session.enter() as two:
            second = two.get(Sessions.order)
        assert first is not second
        assert first["cart"] is second["cart"] is session.get(Sessions.cart)
        assert first["cart"]["user"] is ANN
        with session.enter() as request, request.enter() as step:
            assert step.scope is Scope.STEP
            assert step.get(Sessions.order) is request.get(Sessions.order)
            assert step.parent is request
            assert request.parent is session


def test_values_are_visible_in_inner_scopes_and_the_nearest_wins() -> None:
    class Nested(ScopedContainer):
        session_user = providers.ScopeValue(User, scope=Scope.SESSION)
        user = providers.ScopeValue(User)
        seen = providers.Scoped(list, scope=Scope.STEP)
        names = providers.Scoped(
            lambda *users: [user.name for user in users], session_user, user, scope=Scope.STEP
        )

    with Nested() as app, app.enter(User("outer"), scope=Scope.SESSION) as session:  # noqa: SIM117  # one level a line
        with session.enter(User("inner")) as request, request.enter() as step:
            assert step.get(Nested.names) == ["outer", "inner"]
            assert step.get(Nested.user).name == "inner"


# the ambient scope


class Ambient(ScopedContainer):
    """One object in each scope."""

    single = providers.Singleton(dict)
    thing = providers.Scoped(dict)
    step = providers.Scoped(dict, thing=thing, scope=Scope.STEP)


def test_calling_a_provider_resolves_in_the_ambient_scope() -> None:
    with Ambient() as app:
        with app.enter() as one:
            assert app.thing() is one.get(Ambient.thing) is Ambient.thing()
            with app.enter() as two:
                assert app.thing() is two.get(Ambient.thing) is not one.get(Ambient.thing)
                with two.enter() as step:
                    assert app.step() is step.get(Ambient.step)
            assert app.thing() is one.get(Ambient.thing)
        with pytest.raises(ScopeNotOpenError, match="lives in a REQUEST scope"):
            app.thing()


def test_where_no_scope_is_open_the_error_says_so() -> None:
    app = Ambient()
    with pytest.raises(ScopeNotOpenError, match="where no scope is open"):
        app.thing()


def test_a_scope_that_is_not_to_be_ambient_is_none() -> None:
    with Ambient() as app, app.enter() as outer, app.enter(ambient=False) as inner:
        assert app.thing() is outer.get(Ambient.thing) is not inner.get(Ambient.thing)


def test_a_container_may_keep_its_scopes_from_being_ambient() -> None:
    class InHand(Ambient):
        ambient = False

    def check(app: Any, enter: Any) -> None:
        with enter(), pytest.raises(ScopeNotOpenError, match="lives in a REQUEST scope"):
            app.thing()
        with enter(ambient=True) as told:
            assert app.thing() is told.get(InHand.thing)

    with InHand() as app:
        check(app, app.enter)
        with app.enter(scope=Scope.SESSION) as session:
            check(app, session.enter)
        with override(app, {InHand.single: "fake"}):
            assert app.get(InHand.single) == "fake"
            check(app, app.enter)


def test_a_scope_left_in_another_context_restores_nothing_there() -> None:
    with Ambient() as app:
        request = app.enter()
        context = contextvars.copy_context()
        context.run(request.__enter__)
        assert context.run(app.thing) is request.get(Ambient.thing)
        request.__exit__(None, None, None)
        assert request.closed
        assert app.single() is app.get(Ambient.single)


@pytest.mark.asyncio
async def test_tasks_have_ambient_scopes_of_their_own() -> None:
    async def use(app: Any) -> bool:
        async with app.enter() as request:
            mine = app.thing()
            await asyncio.sleep(0)
            return mine is app.thing() is request.get(Ambient.thing)

    async with Ambient() as app:
        assert all(await asyncio.gather(*(use(app) for _ in range(100))))


@pytest.mark.asyncio
async def test_threads_that_inherit_the_context_see_the_scope() -> None:
    async with Ambient() as app, app.enter() as request:
        assert await asyncio.to_thread(app.thing) is request.get(Ambient.thing)
        context = contextvars.copy_context()
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(context.run(app.thing)))
        thread.start()
        thread.join()
        assert found == [request.get(Ambient.thing)]


def test_an_object_that_is_shared_takes_no_arguments_of_one_caller() -> None:
    with Ambient() as app, app.enter(), pytest.raises(DeclarationError, match="with arguments"):
        app.thing(1)


def test_unknown_providers_are_named_with_what_there_is() -> None:
    with Ambient() as app, app.enter() as request:
        for unknown in (providers.Scoped(dict), Application.user, "thing", 5, None, []):
            with pytest.raises(UnknownProviderError, match="single, thing, step"):
                request.get(unknown)


def test_scopes_are_named_in_their_repr() -> None:
    with Ambient() as app, app.enter() as request:
        assert isinstance(request, OpenScope)
        assert repr(request).startswith("<open APP > REQUEST of ")
        assert "Ambient" in repr(request)


# opening during the start


def test_a_scope_opened_during_the_start_is_refused_until_all_it_may_need_is_built() -> None:
    seen: list[str] = []

    def warm_up(first: dict[str, int]) -> str:
        with pytest.raises(ScopeNotOpenError, match="last was asked for before the container"):
            app.enter()
        with app.enter(scope=Scope.SESSION) as session:
            assert session.get(Early.uses_first)["first"] is first
        seen.append("warm")
        return "warm"

    class Early(ScopedContainer):
        first = providers.Singleton(dict)
        warm = providers.Singleton(warm_up, first)
        last = providers.Singleton(list, warm)
        uses_first = providers.Scoped(dict, first=first, scope=Scope.SESSION)
        uses_last = providers.Scoped(dict, last=last)

    app = Early()
    with app, app.enter() as request:
        assert seen == ["warm"]
        assert request.get(Early.uses_last) == {"last": ["w", "a", "r", "m"]}
