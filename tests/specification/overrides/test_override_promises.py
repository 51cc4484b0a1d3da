"""What an override promises, each sentence a test."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from trunkline import Inject, Scope, ScopedContainer, inject, providers
from trunkline.errors import OverrideError, ScopeCloseError
from trunkline.overrides import UnusedOverrideWarning, override


class User:
    def __init__(self, name: str) -> None:
        self.name = name


class Clock:
    def now(self) -> int:
        return 1


class Registry:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


class Bridge:
    def __init__(self, user: User, registry: Registry) -> None:
        self.user, self.registry = user, registry

    async def emit(self, event: str, *, urgent: bool = False) -> None: ...


class RecordingBridge:
    def __init__(self, user: User) -> None:
        self.user = user

    async def emit(self, event: str, *, urgent: bool = False) -> None: ...


class Engine:
    def __init__(self, user: User, bridge: Bridge, registry: Registry) -> None:
        self.user, self.bridge, self.registry = user, bridge, registry


class Application(ScopedContainer):
    clock = providers.Singleton(Clock)
    registry = providers.Singleton(Registry, clock)
    user = providers.ScopeValue(User)
    bridge = providers.Scoped(Bridge, user, registry)
    engine = providers.Scoped(Engine, user, bridge, registry)


class FixedClock:
    def now(self) -> int:
        return 2


@pytest.fixture
def app() -> Iterator[Any]:
    with Application() as started:
        yield started


@pytest.fixture
def request_scope(app: Any) -> Iterator[Any]:
    with app.enter(User("ann")) as opened:
        yield opened


def test_what_was_cached_before_shadows_nothing_inside(app: Any, request_scope: Any) -> None:
    engine, registry = request_scope.engine(), app.registry()
    with override(app, {Application.clock: FixedClock()}):
        inside = request_scope.get(Application.engine)
        assert inside is not engine
        assert inside.registry.clock.now() == 2
        assert app.registry() is inside.registry is inside.bridge.registry
        assert inside.user is engine.user
    assert request_scope.engine() is engine
    assert app.registry() is registry


def test_what_does_not_depend_on_the_fake_is_shared(app: Any, request_scope: Any) -> None:
    engine = request_scope.engine()
    with override(app, {Application.bridge: RecordingBridge}):
        assert request_scope.engine().registry is engine.registry
        assert request_scope.engine() is request_scope.engine()


def test_every_way_to_ask_sees_the_fake(app: Any, request_scope: Any) -> None:
    @inject
    def injected(bridge: Annotated[Bridge, Inject(Application.bridge)]) -> Bridge:
        return bridge

    real = injected()
    with override(app, {Application.bridge: RecordingBridge}):
        fake = request_scope.get(Application.bridge)
        assert isinstance(fake, RecordingBridge)
        assert request_scope.get(app.bridge) is fake
        assert request_scope.bridge() is fake
        assert app.bridge() is fake
        assert injected() is fake
        assert asyncio.run(request_scope.aget(Application.bridge)) is fake
    assert injected() is real


def test_threads_and_pools_started_inside_inherit_it_and_nobody_else_sees_it(app: Any) -> None:
    inside, begin, end = threading.Event(), threading.Event(), threading.Event()
    seen: dict[str, object] = {}

    def look(name: str) -> None:
        seen[name] = app.clock()

    def elsewhere() -> None:
        begin.wait(5)
        look("elsewhere")
        end.set()

    other = threading.Thread(target=elsewhere)
    other.start()
    fake = FixedClock()
    with ThreadPoolExecutor(1) as pool:
        with override(app, {Application.clock: fake}):
            thread = threading.Thread(target=look, args=("thread",))
            thread.start()
            thread.join()
            pool.submit(look, "pool").result()
            begin.set()
            end.wait(5)
        pool.submit(look, "pool afterwards").result()
    other.join()
    inside.set()
    assert seen["thread"] is seen["pool"] is fake
    assert seen["elsewhere"] is seen["pool afterwards"] is app.clock()


def test_everywhere_is_seen_by_threads_that_run_already(app: Any) -> None:
    begin, end = threading.Event(), threading.Event()
    seen = []

    def elsewhere() -> None:
        begin.wait(5)
        seen.append(app.clock())
        end.set()

    other = threading.Thread(target=elsewhere)
    other.start()
    fake = FixedClock()
    with override(app, {Application.clock: fake}, everywhere=True):
        begin.set()
        end.wait(5)
    other.join()
    assert seen == [fake]
    assert app.clock() is not fake


def test_overrides_nest_and_may_be_left_in_any_order(app: Any, request_scope: Any) -> None:
    real = request_scope.engine()
    outer = override(app, {Application.bridge: RecordingBridge})
    inner = override(app, {Application.clock: FixedClock()})
    outer.__enter__()
    inner.__enter__()
    assert isinstance(request_scope.engine().bridge, RecordingBridge)
    outer.__exit__(None, None, None)
    assert isinstance(request_scope.engine().bridge, Bridge)
    assert request_scope.engine().registry.clock.now() == 2
    inner.__exit__(None, None, None)
    assert request_scope.engine() is real


def test_teardown_of_what_was_built_inside_runs_when_it_ends(app: Any) -> None:
    log = []

    def bridge(user: User) -> Iterator[RecordingBridge]:
        yield RecordingBridge(user)
        log.append(f"closed for {user.name}")

    with app.enter(User("ann")) as before:
        with override(app, {Application.bridge: bridge}):
            before.bridge()
            inside = app.enter(User("bob"), ambient=False)
            inside.bridge()
        assert log == ["closed for bob", "closed for ann"]
        assert isinstance(inside.bridge(), Bridge)
        inside.close()
    assert len(log) == 2


def test_a_fake_sees_the_exception_of_the_block_and_its_failures_are_raised(app: Any) -> None:
    seen = []

    def clock() -> Iterator[FixedClock]:
        try:
            yield FixedClock()
        except KeyError as error:
            seen.append(error)
            raise RuntimeError("teardown") from None

    with pytest.raises(ScopeCloseError) as failed, override(app, {Application.clock: clock}):
        app.clock()
        raise KeyError("body")
    assert isinstance(seen[0], KeyError)
    assert isinstance(failed.value.exceptions[0], RuntimeError)


def test_a_class_gets_what_it_asks_for_by_name(app: Any, request_scope: Any) -> None:
    class Fake:
        def __init__(self, clock: Clock, user: User) -> None:
            self.clock, self.user = clock, user

        async def emit(self, event: str, *, urgent: bool = False) -> None: ...

    with override(app, {Application.bridge: Fake}):
        assert request_scope.bridge().clock is app.clock()
        assert request_scope.bridge().user is request_scope.user()


def test_a_fake_may_wrap_what_it_replaces(app: Any, request_scope: Any) -> None:
    class Spy:
        def __init__(self, wrapped: Bridge) -> None:
            self.wrapped = wrapped

        async def emit(self, event: str, *, urgent: bool = False) -> None:
            await self.wrapped.emit(event, urgent=urgent)

    with override(app, {Application.bridge: providers.Scoped(Spy, Application.bridge)}):
        assert isinstance(request_scope.bridge().wrapped, Bridge)
        assert request_scope.engine().bridge is request_scope.bridge()


def test_whether_users_await_stays_as_it_is() -> None:
    async def connect() -> AsyncIterator[str]:
        yield "connection"

    class Asynchronous(ScopedContainer):
        connection = providers.ScopedResource(connect)

    async def main() -> None:
        async with Asynchronous() as app, app.enter() as scope:
            assert await scope.connection() == "connection"
            with override(app, {Asynchronous.connection: "fake"}):
                assert await scope.connection() == "fake"
                assert await scope.aget(Asynchronous.connection) == "fake"

    asyncio.run(main())


def test_async_with_starts_what_the_container_started_by_await() -> None:
    log = []

    async def connect() -> AsyncIterator[str]:
        log.append("real")
        yield "connection"

    async def fake() -> AsyncIterator[str]:
        log.append("open")
        yield "fake"
        log.append("close")

    class Asynchronous(ScopedContainer):
        connection = providers.ScopedResource(connect, scope=Scope.APP)
        registry = providers.Singleton(User, connection)

    async def main() -> None:
        async with Asynchronous() as app:
            async with override(app, {Asynchronous.connection: fake}):
                assert app.registry().name == "fake"
            assert log == ["real", "open", "close"]
            with (
                pytest.raises(OverrideError, match="use `async with"),
                override(app, {Asynchronous.connection: fake}),
            ):
                pass
            assert app.registry().name == "connection"

    asyncio.run(main())


def test_a_declared_class_means_its_instances_those_that_start_inside_too(app: Any) -> None:
    started = []

    class Real(Clock):
        def __init__(self) -> None:
            started.append(self)

    class Declared(ScopedContainer):
        clock = providers.Singleton(Real)
        registry = providers.Singleton(Registry, clock)

    with override(Declared, {Declared.clock: FixedClock()}), Declared() as inside:
        assert inside.registry().clock.now() == 2
    assert started == []
    with Declared() as before, override(Declared, {Declared.clock: FixedClock()}):
        assert before.registry().clock.now() == 2


@pytest.mark.parametrize("everywhere", [False, True])
def test_direct_calls_of_other_providers_see_it_too(everywhere: bool) -> None:
    class Mixed(ScopedContainer):
        clock = providers.Factory(Clock)
        limit = providers.Object(5)
        registry = providers.ThreadSafeSingleton(Registry, clock)
        both = providers.List(clock, limit)
        user = providers.Scoped(User, both)

    with Mixed() as app, app.enter():
        registry = app.registry()
        fakes = {Mixed.clock: FixedClock, Mixed.limit: 6}
        with override(app, fakes, everywhere=everywhere):
            assert isinstance(app.clock(), FixedClock)
            assert app.limit() == 6
            assert isinstance(app.registry().clock, FixedClock)
            assert app.registry() is app.registry()
            assert isinstance(app.user().name[0], FixedClock)
            assert app.both()[1] == 6
        assert app.registry() is registry
        assert type(app.clock()) is Clock
        assert app.limit() == 5
        assert not app.clock.overridden


def test_stock_overrides_keep_their_meaning(app: Any, request_scope: Any) -> None:
    engine, clock = request_scope.engine(), app.clock()
    app.clock.override(FixedClock())
    assert request_scope.engine().registry.clock.now() == 2
    with app.enter(User("bob")) as other:
        assert other.engine().registry.clock.now() == 2
        app.clock.reset_override()
        assert other.engine().registry is engine.registry
    assert request_scope.engine() is engine
    assert app.clock() is clock


def test_a_reset_singleton_is_built_again(app: Any, request_scope: Any) -> None:
    clock, engine = app.clock(), request_scope.engine()
    app.clock.reset()
    assert app.clock() is not clock
    assert request_scope.engine() is not engine
    assert request_scope.engine().registry.clock is app.clock()


def test_new_arguments_are_noticed(app: Any, request_scope: Any) -> None:
    real = request_scope.engine()
    app.registry.set_args("another clock")
    assert request_scope.engine().registry.clock == "another clock"
    app.registry.set_args(app.clock)
    assert request_scope.engine() is real


class Incomplete:
    def emit(self, event: str) -> None: ...


class Silent:
    pass


def test_a_fake_that_does_not_fit_is_refused_with_the_difference(app: Any) -> None:
    wanted = "async def emit(self, event: 'str', *, urgent: 'bool' = False) -> 'None'"
    with pytest.raises(OverrideError) as refused:
        override(app, {Application.bridge: Silent}).__enter__()
    assert f"Silent can't stand in for Bridge (bridge):\n    missing: {wanted}" in str(
        refused.value
    )
    with pytest.raises(OverrideError) as refused:
        override(app, {Application.bridge: Incomplete()}).__enter__()
    assert f"differs: def emit(event: 'str') -> 'None', instead of {wanted}" in str(
        refused.value
    ) or (
        f"differs: def emit(self, event: 'str') -> 'None', instead of {wanted}"
        in str(refused.value)
    )


def test_strict_is_waived_on_request(app: Any, request_scope: Any) -> None:
    with override(app, {Application.bridge: Silent}, strict=False):
        assert isinstance(request_scope.bridge(), Silent)


@pytest.mark.parametrize(
    ("fakes", "message"),
    [
        ({providers.Singleton(Clock): Clock}, "is no provider of"),
        ({Application.clock: providers.Factory(Registry, Application.bridge)}, "faulty"),
        ({Application.clock: lambda missing: missing}, "nothing fills `missing`"),
        (Clock, "doesn't say what it replaces"),
    ],
)
def test_what_can_not_be_overridden_is_refused(app: Any, fakes: Any, message: str) -> None:
    with pytest.raises(OverrideError, match=message):
        override(app, fakes, strict=False).__enter__()
    assert type(app.root_scope()).get is type(app.root_scope()).m_get


def test_a_fake_that_nothing_asks_for_is_a_finding(app: Any) -> None:
    entered = override(app, {Application.clock: FixedClock()})
    with pytest.warns(UnusedOverrideWarning, match="clock of Application was overridden"), entered:
        assert [finding.subject for finding in entered.findings] == ["clock"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with override(app, {Application.clock: FixedClock()}):
            app.registry()


def test_without_an_override_the_compiled_methods_stand_alone(app: Any) -> None:
    with app.enter(User("ann")) as scope:
        compiled = type(scope).get
        with override(app, {Application.clock: FixedClock()}):
            scope.engine()
            assert type(scope).get is not compiled
        assert type(scope).get is compiled
        assert app.enter.__func__ is type(app.root_scope()).m_enter
        assert scope._attention is app.root_scope()._attention is None


def test_what_replaces_a_fake_value_lives_as_long_as_the_original(app: Any) -> None:
    """A class in the place of another override's object is made once a request, not once."""
    fake = RecordingBridge(User("fake"))
    outer = override(app, {Application.bridge: fake})
    with outer, app.enter(User("ann")) as a, app.enter(User("bob")) as b:
        assert a.bridge() is b.bridge() is fake
        with override(app, {Application.bridge: RecordingBridge}):
            assert a.bridge() is a.bridge()
            assert a.bridge() is not b.bridge()
            assert b.engine().bridge.user is b.user()


def test_in_the_place_of_an_object_a_class_is_the_object_however_deep() -> None:
    class Given(ScopedContainer):
        kind = providers.Object(Clock)

    with Given() as app, override(app, {Given.kind: FixedClock}, strict=False):
        assert app.kind() is FixedClock
        with override(app, {Given.kind: Clock}, strict=False):
            assert app.kind() is Clock


@pytest.mark.asyncio
async def test_what_must_be_awaited_must_be_so_too_where_it_has_been_built() -> None:
    async def connect() -> Clock:
        return Clock()

    class Late(ScopedContainer):
        clock = providers.Singleton(connect)  # not started: it may never be chosen
        chosen = providers.Selector(lambda: "real", real=clock, none=providers.Object(None))
        user = providers.Scoped(User, name=chosen)
        other = providers.Scoped(User, name="other")

    async with Late() as app, app.enter() as request:
        clock = (await request.aget(Late.user)).name
        async with override(app, {Late.other: User("fake")}, strict=False):
            assert await request.aget(Late.clock) is clock
            assert await request.clock() is clock  # type: ignore[attr-defined]  # by name
            assert await app.enter().aget(Late.clock) is clock
            assert request.get(Late.other).name == "fake"
