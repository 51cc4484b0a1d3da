"""Redirected functions, getters and scopes, awaited or not."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import pickle
import threading
from typing import Any

import pytest

from tests.threads import together
from tests.unit.legacy.old_names import create, simple, till
from tests.unit.legacy.shop import ENGINE, HERE, Engine, PlainShop, Shop, User, Waiting
from trunkline.legacy import (
    ApplicationNotFoundError,
    Arguments,
    LegacyCallError,
    Value,
    redirect_factory,
    redirect_function,
    redirect_scope,
)
from trunkline.legacy.functions import LegacyFactory

OF_USER = Arguments("user", user=Value("user"))
get_factory: Any = redirect_factory("get_factory", to=ENGINE, methods={"create_for": OF_USER})
engine_scope: Any = redirect_scope("engine_scope", to=ENGINE, adapt=OF_USER)
waiting: Any = redirect_function("waiting", to=f"{HERE}:Waiting.engine", adapt=OF_USER)
ready: Any = redirect_function("ready", to=f"{HERE}:Waiting.ready", adapt=OF_USER)
till_scope: Any = redirect_scope("till_scope", to=f"{HERE}:PlainShop.till")
registry: Any = redirect_function("registry", to=f"{HERE}:Shop.registry")

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


@pytest.mark.asyncio
async def test_awaited_or_not_gives_the_canonical_object(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user) as request:
        engine = request.get(Shop.engine)
        assert create(user) is engine
        assert await create(user) is engine
        assert await create(None, None, user) is engine
        factory = get_factory()
        assert factory.create_for(user) is engine
        assert await factory.create_for(user) is engine
        assert await (await get_factory()).create_for(user) is engine


@pytest.mark.asyncio
async def test_without_forms_the_scope_values_are_the_arguments(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user) as request:
        assert simple() is request.get(Shop.engine)
        assert simple(user) is request.get(Shop.engine)
        assert simple(user=user) is request.get(Shop.engine)


@pytest.mark.asyncio
async def test_what_needs_no_user_needs_no_scope(shop: Any) -> None:
    assert registry() is shop.get(Shop.registry)


@pytest.mark.asyncio
async def test_a_factory_names_the_methods_that_it_has(shop: Any) -> None:
    factory = get_factory()
    assert isinstance(factory, LegacyFactory)
    with pytest.raises(AttributeError, match="no redirected destroy; it has create_for"):
        factory.destroy()
    assert "create_for" in repr(factory)


@pytest.mark.asyncio
async def test_an_engine_made_by_await_without_a_wait_is_given_without_await() -> None:
    async with Waiting() as app:
        user = User("ann")
        async with app.enter(user) as request:
            made = ready(user)
            assert made is await request.aget(Waiting.ready)
            assert await ready(user) is made


@pytest.mark.asyncio
async def test_an_engine_that_has_to_wait_must_be_awaited_and_that_is_said() -> None:
    async with Waiting() as app:
        user = User("ann")
        async with app.enter(user) as request:
            with pytest.raises(LegacyCallError, match="must be awaited here") as caught:
                waiting(user)
            assert "await waiting(...)" in caught.value.remedy
            made = await waiting(user)
            assert made is await request.aget(Waiting.engine)
            assert waiting(user) is made  # it is there now


@pytest.mark.asyncio
async def test_a_call_inside_a_plain_function_is_not_awaited_unless_it_says_so() -> None:
    make = redirect_function("make", to=f"{HERE}:Waiting.engine")
    make_later = redirect_function("make_later", to=f"{HERE}:Waiting.engine", is_async=True)

    def old(user: User) -> Any:
        return make(user)

    def old_later(user: User) -> Any:
        return make_later(user)

    async with Waiting():
        user = User("ann")
        with pytest.raises(LegacyCallError, match="must be awaited here"):
            await old(user)
        assert (await old_later(user)).user is user


@pytest.mark.asyncio
async def test_a_scope_in_the_old_form_is_closed_at_its_end(shop: Any) -> None:
    user = User("ann")
    async with engine_scope(user) as engine:
        assert engine.user is user
        assert create(None, None) is engine
    assert engine.closed


def test_a_scope_in_the_old_form_works_without_await_too() -> None:
    with PlainShop():
        user = User("ann")
        with till_scope(user) as made:
            assert till() is made


@pytest.mark.asyncio
async def test_a_scope_that_was_open_before_is_joined_and_left_open(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user) as request:
        async with engine_scope(user) as engine:
            assert engine is request.get(Shop.engine)
        assert not engine.closed
    made = create(user_two := User("bob"))
    async with engine_scope(user_two) as engine:
        assert engine is made
        assert create(None, None) is made
    assert not made.closed


@pytest.mark.asyncio
async def test_the_bodys_exception_goes_on_through_an_old_scope(shop: Any) -> None:
    engines = []
    with pytest.raises(ValueError, match="of the body"):
        async with engine_scope(User("ann")) as engine:
            engines.append(engine)
            raise ValueError("of the body")
    assert engines[0].closed


@pytest.mark.asyncio
async def test_one_old_scope_is_entered_once(shop: Any) -> None:
    scope = engine_scope(User("ann"))
    async with scope:
        with pytest.raises(LegacyCallError, match="entered twice"):
            async with scope:
                pass


@pytest.mark.asyncio
async def test_a_thread_without_the_context_finds_the_one_started_application(shop: Any) -> None:
    user = User("ann")
    found: list[Engine] = []
    thread = threading.Thread(target=lambda: found.append(create(user)))
    thread.start()
    thread.join()
    assert found[0].user is user
    assert create(user) is found[0]


@pytest.mark.asyncio
async def test_of_two_started_applications_none_is_guessed(shop: Any) -> None:
    async with Shop():
        user = User("ann")
        errors: list[Exception] = []

        def work() -> None:
            try:
                create(user)
            except ApplicationNotFoundError as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert "can't tell which" in str(errors[0])
    assert "2 are started" in str(errors[0])


def test_without_a_started_application_the_error_says_how_to_start_one() -> None:
    gc.collect()  # containers of other tests that were never stopped
    with pytest.raises(ApplicationNotFoundError, match=r"no .*:Shop is started") as caught:
        create(User("ann"))
    assert "async with Shop() as app" in caught.value.remedy


@pytest.mark.asyncio
async def test_many_threads_get_one_engine(shop: Any) -> None:
    user = User("ann")
    found = together(lambda: create(user))
    assert len({id(engine) for engine in found}) == 1


def test_faces_are_those_of_the_old_functions() -> None:
    assert (create.__name__, create.__module__) == ("create", "tests.unit.legacy.old_names")
    assert "is deprecated" in create.__deprecated__
    assert list(inspect.signature(get_factory).parameters) == []
    assert list(inspect.signature(engine_scope).parameters) == ["user"]


@pytest.mark.asyncio
async def test_an_override_of_the_canonical_provider_is_what_old_calls_get(shop: Any) -> None:
    user = User("ann")
    fake = object()
    async with shop.enter(user):
        made = create(user)
        with shop.engine.override(fake):
            async with shop.enter(user):
                assert create(user) is fake
    assert made is not fake


@pytest.mark.asyncio
async def test_a_scope_may_be_awaited_before_it_is_entered(shop: Any) -> None:
    async with await engine_scope(User("ann")) as engine:
        assert type(engine) is Engine
    assert engine.closed


def test_functions_and_factories_pickle_and_copy_as_what_they_are() -> None:
    factory = get_factory()
    for one in (create, get_factory, factory):
        assert pickle.loads(pickle.dumps(one)) is one
        assert copy.copy(one) is copy.deepcopy(one) is one


@pytest.mark.asyncio
async def test_methods_of_a_factory_may_have_been_coroutine_functions(shop: Any) -> None:
    get = redirect_factory("get", to=ENGINE, methods={"create": OF_USER}, is_async=True)
    user = User("ann")
    async with shop.enter(user) as request:
        factory = await get()
        [one, other] = await asyncio.gather(factory.create(user), factory.create(user))
        assert one is other is request.engine()
