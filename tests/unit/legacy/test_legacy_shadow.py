"""Shadow calls compare the old way with the new, and never fail the call they shadow."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import Any

import pytest

from tests.unit.legacy.shop import ENGINE, FORMS, Engine, Shop, User
from trunkline.errors import DeclarationError
from trunkline.legacy import Shadow, Usage, class_name, redirect_function

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning"),
]


class OldEngine:
    def __init__(self, user: User, limit: int = 3) -> None:
        self.user = user
        self.limit = limit
        self.closed = False

    def run(self) -> str:
        return f"ran for {self.user.name}"

    async def cleanup(self) -> None:
        self.closed = True


def old_way(user: User) -> OldEngine:
    return OldEngine(user)


def shadowed(shadow: Shadow) -> Any:
    return redirect_function("create", to=ENGINE, adapt=FORMS, shadow=shadow)


def differences(counts: Usage) -> list[tuple[str, str, str]]:
    return [(d.aspect, d.old, d.new) for d in counts.differences]


async def test_what_is_equal_is_no_difference(shop: Any, counts: Usage) -> None:
    create = shadowed(
        Shadow(old_way, compare={"result": lambda engine: engine.run()}, every=1, identity=True)
    )
    async with shop.enter(User("ann")) as request:
        user = request.user()
        assert create(user) is request.get(Shop.engine)
    assert differences(counts) == []


async def test_each_declared_aspect_that_differs_is_reported(shop: Any, counts: Usage) -> None:
    create = shadowed(
        Shadow(
            lambda user: OldEngine(user, limit=5),
            compare={
                "class": class_name,
                "limit": lambda engine: engine.limit,
                "run": lambda engine: engine.run(),
            },
            every=1,
        )
    )
    user = User("ann")
    async with shop.enter(user):
        create(user)
    assert differences(counts) == [("class", "'OldEngine'", "'Engine'"), ("limit", "5", "3")]
    assert counts.differences[0].file == __file__
    assert counts.difference_counts[f"{__name__}.create", "limit"] == 1


async def test_the_sample_is_every_nth_call(shop: Any) -> None:
    made = []

    def note(user: User) -> OldEngine:
        made.append(user)
        return OldEngine(user)

    create = shadowed(Shadow(note, compare={}, every=10))
    user = User("ann")
    async with shop.enter(user):
        for _ in range(25):
            create(user)
    assert len(made) == 3


async def test_identity_is_compared_between_calls(shop: Any, counts: Usage) -> None:
    """The old way makes another engine for the same user each time; the new gives the same."""
    kept: list[Any] = []

    def remember(user: User) -> OldEngine:
        kept.append(OldEngine(user))
        return kept[-1]

    create = shadowed(Shadow(remember, compare={}, identity=True, every=1))
    user = User("ann")
    async with shop.enter(user):
        create(user)
        create(user)
    assert differences(counts) == [("identity", "another object", "the same object again")]


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_shadow_that_fails_is_a_difference_and_the_call_goes_on(
    shop: Any, counts: Usage, awaited: bool
) -> None:
    def fail(user: User) -> Any:
        raise OSError("the old database is gone")

    create = shadowed(Shadow(fail, compare={"class": class_name}, every=1))
    user = User("ann")
    async with shop.enter(user) as request:
        made = await create(user) if awaited else create(user)
        assert made is request.get(Shop.engine)
    assert differences(counts) == [("error", "OSError: the old database is gone", "no error")]


async def test_an_aspect_that_fails_is_a_difference_too(shop: Any, counts: Usage) -> None:
    create = shadowed(Shadow(old_way, compare={"x": lambda engine: engine.registry}, every=1))
    user = User("ann")
    async with shop.enter(user):
        assert type(create(user)) is Engine
    [(aspect, _, new)] = differences(counts)
    assert aspect == "x"
    assert "AttributeError" in new


async def test_a_call_that_fails_by_itself_still_fails(shop: Any, counts: Usage) -> None:
    create = shadowed(Shadow(old_way, compare={}, every=1))
    with pytest.raises(TypeError, match="Expected User, got int"):
        create(7)
    assert differences(counts)[0][0] == "error"


async def test_the_old_way_may_serve_while_the_new_is_the_shadow(shop: Any, counts: Usage) -> None:
    create = shadowed(Shadow(old_way, compare={"class": class_name}, every=2, serve="old"))
    user = User("ann")
    assert type(create(user)) is OldEngine
    assert type(create(user)) is OldEngine
    assert type(await create(user)) is OldEngine
    assert len(differences(counts)) == 2
    await asyncio.sleep(0.01)
    assert counts.left_open == 0


async def made_anew(user: User) -> OldEngine:
    return OldEngine(user)


@pytest.mark.parametrize(
    ("to", "old", "serve", "expected"),
    [
        ("OldEngine", made_anew, "new", ("it must be awaited", "it need not be")),
        ("made_anew", OldEngine, "old", ("it need not be", "it must be awaited")),
    ],
)
async def test_a_way_that_alone_has_to_be_awaited_is_told_from_the_other(
    counts: Usage, to: str, old: Any, serve: Any, expected: tuple[str, str]
) -> None:
    shadow = Shadow(old, compare={}, every=1, serve=serve)
    create: Any = redirect_function("create", to=f"{__name__}:{to}", shadow=shadow)
    assert type(create(User("ann"))) is OldEngine
    assert differences(counts) == [("error", *expected)]


async def test_a_new_shadow_leaves_no_scope_open(counts: Usage) -> None:
    create = shadowed(Shadow(old_way, compare={}, every=1, serve="old"))
    async with Shop():
        for name in "abc":
            create(User(name))
        await asyncio.sleep(0.01)
    assert counts.left_open == 0


async def test_old_shadows_are_closed(shop: Any) -> None:
    made = []

    async def old(user: User) -> OldEngine:
        made.append(OldEngine(user))
        return made[-1]

    shadow = Shadow(old, compare={}, every=1, close=lambda engine: engine.cleanup())
    create = shadowed(shadow)
    user = User("ann")
    async with shop.enter(user):
        assert type(await create(user)) is Engine
    await shadow.settle()
    assert made[0].closed


async def test_awaited_results_are_compared_in_a_task(shop: Any, counts: Usage) -> None:
    async def result(engine: Any) -> int:
        await asyncio.sleep(0)
        return 1 if isinstance(engine, Engine) else 2

    shadow = Shadow(old_way, compare={"result": result}, every=1)
    user = User("ann")
    async with shop.enter(user):
        shadowed(shadow)(user)
        await shadow.settle()
    assert differences(counts) == [("result", "2", "1")]


async def test_a_shadow_that_hangs_is_cut_off(shop: Any, counts: Usage) -> None:
    async def hang(user: User) -> Any:
        await asyncio.Event().wait()

    create = shadowed(Shadow(hang, compare={}, every=1, seconds=0.01))
    user = User("ann")
    async with shop.enter(user):
        assert type(await create(user)) is Engine
    assert differences(counts) == [("error", "TimeoutError: no end in 0.01 s", "no error")]


async def test_the_old_way_may_be_a_path_that_is_imported_late(shop: Any, counts: Usage) -> None:
    create = shadowed(Shadow(f"{__name__}:old_way", compare={"class": class_name}, every=1))
    user = User("ann")
    async with shop.enter(user):
        create(user)
    assert differences(counts) == [("class", "'OldEngine'", "'Engine'")]


async def test_a_broken_repr_fails_nothing(shop: Any, counts: Usage) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    create = shadowed(Shadow(old_way, compare={"x": lambda engine: Broken()}, every=1))
    user = User("ann")
    async with shop.enter(user):
        assert type(create(user)) is Engine
    assert "in its repr" in differences(counts)[0][1]


async def test_a_shadow_that_cannot_work_is_refused() -> None:
    with pytest.raises(DeclarationError):
        Shadow(old_way, compare={}, every=0)
    with pytest.raises(DeclarationError):
        Shadow(old_way, compare={}, serve="both")  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "failure", [SystemExit(1), asyncio.CancelledError(), BaseExceptionGroup("", [SystemExit()])]
)
async def test_a_shadow_that_ends_the_program_ends_nothing(
    failure: BaseException, shop: Any, counts: Usage
) -> None:
    """Old code may call ``sys.exit``, or cancel itself; only an interrupt is the caller's."""

    def fails(_: object) -> Any:
        raise failure

    async def fails_later(_: object) -> Any:
        raise failure

    user = User("ann")
    async with shop.enter(user):
        assert type(shadowed(Shadow(fails, compare={}, every=1))(user)) is Engine
        assert type(await shadowed(Shadow(fails_later, compare={}, every=1))(user)) is Engine
        aspects = Shadow(old_way, compare={"sync": fails, "async": fails_later}, every=1)
        assert type(shadowed(aspects)(user)) is Engine
        await aspects.settle()
        assert type(shadowed(Shadow(old_way, compare={}, close=fails, every=1))(user)) is Engine
    shown = f"{type(failure).__name__}: {failure}"
    assert differences(counts) == [
        ("error", shown, "no error"),
        ("error", shown, "no error"),
        ("sync", "compared", shown),
        ("async", "compared", shown),
        ("close", "closed", shown),
    ]


async def test_an_interrupt_in_a_shadow_is_the_callers(shop: Any) -> None:
    def interrupted(_: object) -> Any:
        raise KeyboardInterrupt

    user = User("ann")
    async with shop.enter(user):
        with pytest.raises(KeyboardInterrupt):
            shadowed(Shadow(interrupted, compare={}, every=1))(user)


async def test_a_call_that_is_cancelled_takes_its_shadow_with_it(shop: Any) -> None:
    ended: list[str] = []

    async def hangs(_: object) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("shadow")

    user = User("ann")
    shadow = Shadow(hangs, compare={}, every=1)
    create = shadowed(shadow)

    async def call() -> Any:
        return await create(user)

    async with shop.enter(user):
        task = asyncio.create_task(call())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await shadow.settle()
    assert ended == ["shadow"]


async def test_a_shadow_that_will_not_be_cancelled_holds_nobody_up(
    shop: Any, counts: Usage
) -> None:
    go_on = asyncio.Event()

    async def stubborn(_: object) -> Any:
        while not go_on.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await go_on.wait()

    user = User("ann")
    shadow = Shadow(stubborn, compare={}, every=1, seconds=0.01)
    async with shop.enter(user):
        create = shadowed(shadow)
        assert type(await create(user)) is Engine
    go_on.set()
    await shadow.settle()
    assert [aspect for aspect, *_ in differences(counts)] == ["error"]


async def test_context_variables_of_a_shadow_are_its_own(shop: Any) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="untouched")

    def sets(user: User) -> OldEngine:
        variable.set("by the shadow")
        return OldEngine(user)

    async def sets_later(user: User) -> OldEngine:
        return sets(user)

    user = User("ann")
    async with shop.enter(user):
        shadowed(Shadow(sets, compare={}, every=1))(user)
        create = shadowed(Shadow(sets_later, compare={}, every=1))
        await create(user)
    assert variable.get() == "untouched"
