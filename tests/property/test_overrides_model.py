"""Random trees of overrides, entered and left in any order, against a model.

The model knows no caches: what a context sees of a node follows from the overrides that were
entered there and are still active, and an object is identified by the scope that it lives in and
by the outermost layer of overrides that makes it what it is.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from trunkline import Scope, ScopedContainer, providers
from trunkline.overrides import Override, UnusedOverrideWarning, override

NODES = ("settings", "pool", "session", "audit", "context", "bridge", "engine", "step")
DEPENDS: dict[str, tuple[str, ...]] = {
    "settings": (),
    "pool": ("settings",),
    "session": ("pool",),
    "audit": ("settings",),
    "bridge": ("session", "pool"),
    "engine": ("bridge", "audit"),
    "step": ("engine", "settings"),
}
HOME = {
    "settings": Scope.APP,
    "pool": Scope.APP,
    "session": Scope.SESSION,
    "audit": Scope.REQUEST,
    "bridge": Scope.REQUEST,
    "engine": Scope.REQUEST,
    "step": Scope.STEP,
}


class Made:
    """An object that remembers what it was made from, and whether it was torn down."""

    def __init__(self, name: str, fake: object, made_from: tuple[Made, ...]) -> None:
        self.name, self.fake, self.made_from = name, fake, made_from
        self.torn_down = self.closed = False


def making(name: str) -> Any:
    def make(*made_from: Made) -> Any:
        made = Made(name, None, made_from)
        made.torn_down = True
        yield made
        assert not made.closed
        made.closed = True

    return make


def build_container() -> type[ScopedContainer]:
    class Application(ScopedContainer):
        settings = providers.Singleton(lambda: Made("settings", None, ()))
        pool = providers.Singleton(lambda s: Made("pool", None, (s,)), settings)
        session = providers.ScopedResource(making("session"), pool, scope=Scope.SESSION)
        audit = providers.Scoped(lambda s: Made("audit", None, (s,)), settings)
        bridge = providers.ScopedResource(making("bridge"), session, pool)
        engine = providers.ScopedResource(making("engine"), bridge, audit)
        step = providers.ScopedResource(making("step"), engine, settings, scope=Scope.STEP)

    return Application


def downstream(names: set[str], faked: set[str]) -> set[str]:
    """The names with all that depends on them; a fake depends on nothing."""
    users = set(names)
    for node, targets in DEPENDS.items():
        if node not in faked and any(target in users for target in targets):
            users.add(node)
    return users


class Here:
    """A place where code runs, with the overrides that were entered in it or where it began."""

    def __init__(self, entered: list[Override]) -> None:
        self.entered = list(entered)

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function there."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it."""


class InContext(Here):
    """A context in the thread of the test."""

    def __init__(self, entered: list[Override], context: contextvars.Context) -> None:
        super().__init__(entered)
        self.run = context.run  # type: ignore[method-assign]


class InThread(Here):
    """A thread that does one thing after the other."""

    def __init__(self, entered: list[Override]) -> None:
        super().__init__(entered)
        self._asked: SimpleQueue[Any] = SimpleQueue()
        self._answered: SimpleQueue[Any] = SimpleQueue()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self._asked.put(partial(function, *args, **options))
        return self._answered.get(timeout=30)()

    def stop(self) -> None:
        self._asked.put(None)
        self.thread.join(30)

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None:
            self._answered.put(outcome_of(asked))


class InTask(Here):
    """A task of an event loop that does the same."""

    def __init__(self, entered: list[Override], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(entered)
        self._loop = loop
        self._asked: asyncio.Queue[Any] = asyncio.Queue()
        self._answered: asyncio.Queue[Any] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start the task, in the context that this is called in; the loop stands still then."""
        self._task = self._loop.create_task(self._serve())

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self._asked.put_nowait(partial(function, *args, **options))
        return self._loop.run_until_complete(self._answered.get())()

    def stop(self) -> None:
        assert self._task is not None
        self._asked.put_nowait(None)
        self._loop.run_until_complete(self._task)

    async def _serve(self) -> None:
        while (asked := await self._asked.get()) is not None:
            self._answered.put_nowait(outcome_of(asked))


def outcome_of(call: Callable[[], Any]) -> Callable[[], Any]:
    """What gives a call's result, or raises what it raised, where that is asked for."""
    try:
        result = call()
    except BaseException as error:
        raised = error

        def fail() -> Any:
            raise raised

        return fail
    return lambda: result


class Overrides(RuleBasedStateMachine):
    """Contexts, threads, tasks, scopes and overrides in any order.

    Each context, thread and task begins where another one is, so that they are a tree as well.
    """

    contexts = Bundle("contexts")
    scopes = Bundle("scopes")
    overrides = Bundle("overrides")

    def __init__(self) -> None:
        super().__init__()
        self.declared = build_container()
        self.app = self.declared()
        self.loop = asyncio.new_event_loop()
        self.first: Here = InContext([], contextvars.copy_context())
        self.first.run(self.app.__enter__)
        self.begun = [self.first]
        self.open: list[Any] = []
        self.opened_under: dict[Any, tuple[Override, ...]] = {}
        self.faked: dict[Override, dict[str, object]] = {}
        self.seen: dict[object, Made] = {}
        self.keys: dict[Made, object] = {}
        self.under: list[tuple[tuple[Override, ...], Made]] = []

    def active(self, context: Here) -> tuple[Override, ...]:
        local = [o for o in context.entered if o.active]
        shared = [o for o in self.faked if o.active and o.everywhere]
        return tuple(sorted({*local, *shared}, key=lambda o: o.number))

    def fake_of(self, name: str, overrides: tuple[Override, ...]) -> object:
        for o in reversed(overrides):
            if name in self.faked[o]:
                return self.faked[o][name]
        return None

    def layer_of(self, name: str, overrides: tuple[Override, ...]) -> tuple[Override, ...]:
        """The shortest row of overrides, from the first, that makes the node what it is."""
        for count in range(len(overrides), 0, -1):
            row = overrides[:count]
            faked = set().union(*(self.faked[o] for o in row))
            if name in downstream(set(self.faked[row[-1]]), faked):
                return row
        return ()

    @rule(target=contexts)
    def same_context(self) -> Here:
        return self.first

    @rule(target=contexts, parent=contexts)
    def copy(self, parent: Here) -> Here:
        return self.begin(InContext(parent.entered, parent.run(contextvars.copy_context)))

    @rule(target=contexts, parent=contexts)
    def start_thread(self, parent: Here) -> Here:
        begun = InThread(parent.entered)
        parent.run(begun.thread.start)
        return self.begin(begun)

    @rule(target=contexts, parent=contexts)
    def start_task(self, parent: Here) -> Here:
        begun = InTask(parent.entered, self.loop)
        parent.run(begun.begin)
        return self.begin(begun)

    def begin(self, begun: Here) -> Here:
        self.begun.append(begun)
        for scope in self.open[-2:]:  # what it inherits may be over before a rule looks
            for name in DEPENDS:
                self.look(begun, scope, name)
        return begun

    @rule(target=scopes, context=contexts, scope=st.sampled_from(list(Scope)[1:]))
    def open_scope(self, context: Here, scope: Scope) -> Any:
        opened = context.run(self.app.enter, scope=scope, ambient=False)
        return self.opened(opened, context)

    def opened(self, opened: Any, context: Here) -> Any:
        self.open.append(opened)
        self.opened_under[opened] = self.active(context)
        return opened

    @rule(target=scopes, context=contexts, around=scopes)
    def open_inner(self, context: Here, around: Any) -> Any:
        if around.closed or around.scope is Scope.STEP:
            return around
        inner = list(Scope)[around.scope.depth + 1]
        opened = context.run(around.enter, scope=inner, ambient=False)
        assert opened.parent is around
        return self.opened(opened, context)

    @rule(
        target=overrides,
        context=contexts,
        names=st.sets(st.sampled_from(sorted(DEPENDS)), min_size=1, max_size=2),
        form=st.sampled_from(["value", "function", "generator", "provider"]),
        everywhere=st.sampled_from([False, False, False, True]),
    )
    def enter_override(
        self, context: Here, names: set[str], form: str, everywhere: bool
    ) -> Override:
        fakes, identities = {}, {}
        for name in names:
            identity = object()
            identities[name] = identity
            fakes[getattr(self.declared, name)] = self.build_fake(name, identity, form)
        entered = override(self.app, fakes, everywhere=everywhere)
        self.faked[entered] = identities
        context.run(entered.__enter__)
        if not everywhere:
            context.entered.append(entered)
        return entered

    @staticmethod
    def build_fake(name: str, identity: object, form: str) -> Any:
        if form == "value":
            return Made(name, identity, ())
        if form == "function":
            return lambda: Made(name, identity, ())

        def generator() -> Any:
            made = Made(name, identity, ())
            made.torn_down = True
            yield made
            assert not made.closed
            made.closed = True

        if form == "generator":
            return generator
        return providers.ScopedResource(generator, scope=HOME[name])

    @rule(context=contexts, entered=overrides)
    def leave_override(self, context: Here, entered: Override) -> None:
        if entered.active:
            # a fake that nothing asked for is reported, which is not the subject here
            with expected(entered):
                context.run(entered.__exit__, None, None, None)

    @rule(scope=scopes)
    def close_scope(self, scope: Any) -> None:
        if not scope.closed:
            scope.close()

    @rule(
        context=contexts, scope=scopes, name=st.sampled_from(sorted(DEPENDS)), way=st.integers(0, 3)
    )
    def get(self, context: Here, scope: Any, name: str, way: int) -> None:
        self.look(context, scope, name, way)

    def look(self, context: Here, scope: Any, name: str, way: int = 0) -> None:
        """Ask a scope for an object in a context, and hold it against the model."""
        path = {scope.scope: scope}
        around = scope.parent
        while around is not None:
            path[around.scope] = around
            around = around.parent
        if scope.closed or HOME[name] not in path or not self.reaches(name, context, path):
            return
        provider = getattr(self.declared, name)
        ways = [
            lambda: scope.get(provider),
            lambda: scope.get(getattr(self.app, name)),
            getattr(scope, name),
            lambda: scope.resolve(provider),
        ]
        self.verify(context.run(ways[way]), name, context, path)

    def reaches(self, name: str, context: Here, path: dict[Any, Any]) -> bool:
        """Whether all that the object is made from has an open scope."""
        fake = self.fake_of(name, self.active(context))
        return fake is not None or all(
            HOME[target] in path and self.reaches(target, context, path) for target in DEPENDS[name]
        )

    def verify(self, made: Made, name: str, context: Here, path: dict[Any, Any]) -> None:
        overrides = self.active(context)
        assert made.name == name
        assert not made.closed
        assert made.fake is self.fake_of(name, overrides)
        layer = self.layer_of(name, overrides)
        value = made.fake is not None and made in self._values(overrides)
        home = None if value else path[HOME[name]]
        if not self.is_unsettled(name, path[HOME[name]]):
            key = (home, name, layer)
            assert self.seen.setdefault(key, made) is made
            assert self.keys.setdefault(made, key) == key or value
        if made.fake is None:
            for target, object_ in zip(DEPENDS[name], made.made_from, strict=True):
                self.verify(object_, target, context, path)
        if layer:
            self.under.append((layer, made))

    def is_unsettled(self, name: str, scope: Any) -> bool:
        """Whether the scope was opened under an override of the object that has ended since.

        The scope itself then has no place for the object: each row of overrides makes its own.
        """
        return any(
            name in downstream(set(self.faked[o]), set())
            for o in self.opened_under.get(scope, ())
            if not o.active
        )

    def _values(self, overrides: tuple[Override, ...]) -> set[Any]:
        return {v for o in overrides for v in o._fakes.values() if isinstance(v, Made)}

    @invariant()
    def nothing_is_left_behind(self) -> None:
        """Once no override is active, the container is as it was."""
        if any(o.active for o in self.faked):
            return
        root = self.app.root_scope()
        assert root is not None
        assert type(root).get is type(root).m_get
        assert not getattr(root, "_views", None)

    @invariant()
    def what_was_made_under_an_override_ends_with_it(self) -> None:
        for layer, made in self.under:
            if made.torn_down and not all(o.active for o in layer):
                assert made.closed

    def teardown(self) -> None:
        for entered in self.faked:
            if entered.active:
                with expected(entered):
                    self.first.run(entered.__exit__, None, None, None)
        for scope in reversed(self.open):
            if not scope.closed:
                scope.close()
        self.first.run(self.app.__exit__, None, None, None)
        for begun in self.begun:
            begun.stop()
        self.loop.close()


def expected(entered: Override) -> Any:
    """Let an override end that may have fakes which nothing asked for."""
    return pytest.warns(UnusedOverrideWarning) if entered.findings else nullcontext()


def test_what_a_context_sees_follows_from_its_overrides_alone() -> None:
    run_state_machine_as_test(
        Overrides,
        settings=settings(max_examples=100, stateful_step_count=40),
    )


def test_tasks_see_their_own_overrides_alone() -> None:
    """200 tasks override the same provider at once, awaiting between their steps."""
    declared = build_container()

    async def run(app: Any, number: int) -> None:
        fake = Made("pool", number, ())
        with override(app, {declared.pool: fake}):
            for _ in range(3):
                await asyncio.sleep(0)
                with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
                    await asyncio.sleep(0)
                    assert request.bridge().made_from[1] is fake
                    assert session.session().made_from == (fake,)
                    assert app.pool() is fake
        with app.enter(scope=Scope.SESSION) as session:
            assert session.session().made_from[0].fake is None

    async def main() -> None:
        with declared() as app:
            await asyncio.gather(*(run(app, number) for number in range(200)))
            assert app.pool().fake is None

    asyncio.run(main())


def test_threads_see_their_own_overrides_alone() -> None:
    """Eight threads override the same providers again and again, and share open scopes."""
    declared = build_container()
    wrong: list[object] = []

    def run(app: Any, shared: Any, number: int) -> None:
        for turn in range(8):
            fake = Made("pool", (number, turn), ())
            with override(app, {declared.pool: fake}):
                if shared.session().made_from != (fake,) or app.pool() is not fake:
                    wrong.append((number, turn))
                with shared.enter() as request:
                    if request.engine().made_from[0].made_from[1] is not fake:
                        wrong.append((number, turn))
            if shared.session().made_from[0].fake is not None:
                wrong.append((number, turn))

    with declared() as app, app.enter(scope=Scope.SESSION) as shared:
        threads = [threading.Thread(target=run, args=(app, shared, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert not getattr(shared, "_views", None)


def test_keyed_objects_made_from_a_fake_stay_apart() -> None:
    """A pool of keyed objects is not shared with an override, and its objects end with it."""
    closed = []

    def tenant(key: str, source: str) -> Any:
        yield f"{key} of {source}"
        closed.append(source)

    class Application(ScopedContainer):
        source = providers.Singleton(lambda: "real")
        tenant_id = providers.Scoped(lambda: "acme")
        tenant_object = providers.KeyedSingleton(tenant, "acme", source, key=tenant_id)

    with Application() as app, app.enter() as request:
        assert request.tenant_object() == "acme of real"
        with override(app, {Application.source: "fake"}):
            assert request.tenant_object() == "acme of fake"
        assert closed == ["fake"]
        assert request.tenant_object() == "acme of real"
    assert closed == ["fake", "real"]
