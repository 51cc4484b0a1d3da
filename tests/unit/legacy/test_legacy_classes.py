"""A redirected class answers like the canonical one, and is called like the old one."""

from __future__ import annotations

import abc
import copy
import inspect
import pickle
import sys
import types
from typing import Any, Optional
from unittest.mock import Mock, create_autospec, patch

import pytest

from tests.unit.legacy.shop import ENGINE, FORMS, HERE, Bridge, Engine, Registry, Shop, User
from trunkline.legacy import LegacyCallError, redirect_class

OldEngine: Any = redirect_class(
    "OldEngine", to=ENGINE, adapt=FORMS, removed_in="2.0", closes_with="cleanup"
)

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.filterwarnings("ignore:.*OldEngine is deprecated:DeprecationWarning"),
]


async def test_every_form_gives_the_engine_of_the_open_scope(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user) as request:
        engine = request.get(Shop.engine)
        assert OldEngine(user) is engine
        assert OldEngine(Registry(), None, user) is engine
        assert OldEngine(Registry(), engine.bridge) is engine
        assert OldEngine(Registry(), engine.bridge, for_user=user) is engine
        assert OldEngine(registry=None, bridge=None, user=user) is engine
        assert await OldEngine(user) is engine
    assert type(engine) is Engine


async def test_isinstance_and_issubclass_answer_as_for_the_canonical_class(shop: Any) -> None:
    user = User("ann")
    engine = Engine(user, Bridge(user), Registry())
    assert isinstance(engine, OldEngine)
    assert not isinstance(user, OldEngine)
    assert issubclass(Engine, OldEngine)
    assert issubclass(OldEngine, Engine)
    assert not issubclass(User, OldEngine)
    assert isinstance(OldEngine, type)
    assert inspect.isclass(OldEngine)


async def test_a_subclass_of_the_old_class_is_built_with_the_old_arguments(shop: Any) -> None:
    class Special(OldEngine):
        def __init__(self, registry: Any, bridge: Any, user: User, mood: str) -> None:
            super().__init__(registry, bridge, user)
            self.mood = mood

        def run(self) -> str:
            return f"{super().run()}, {self.mood}"

    user = User("ann")
    async with shop.enter(user) as request:
        special = Special(None, None, user, "gladly")
        assert special.run() == "ran for ann, gladly"
        assert special.bridge is request.get(Shop.bridge)
        assert special.registry is shop.get(Shop.registry)
        assert isinstance(special, Engine)
        assert isinstance(special, OldEngine)
        assert issubclass(Special, OldEngine)
        assert special is not request.get(Shop.engine)


async def test_a_subclass_that_passes_the_canonical_arguments_already_gets_them(shop: Any) -> None:
    class Migrated(OldEngine):
        pass

    user = User("ann")
    bridge, registry = Bridge(user), Registry()
    migrated = Migrated(user, bridge, registry, limit=7)
    assert (migrated.bridge, migrated.registry, migrated.limit) == (bridge, registry, 7)


async def test_a_subclass_may_have_mixins_abstract_ones_too(shop: Any) -> None:
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def speak(self) -> str: ...

    class Loud:
        def shout(self) -> str:
            return "!"

    class Mixed(OldEngine, Loud, Abstract):
        def speak(self) -> str:
            return self.run() + self.shout()

    user = User("ann")
    async with shop.enter(user):
        assert Mixed(user).speak() == "ran for ann!"


async def test_a_subclass_may_call_the_old_constructor_by_name(shop: Any) -> None:
    class Special(OldEngine):
        def __init__(self, user: User) -> None:
            OldEngine.__init__(self, None, None, user)

    user = User("ann")
    async with shop.enter(user) as request:
        assert Special(user).bridge is request.get(Shop.bridge)


async def test_subclassing_warns_at_the_class_statement() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    line = frame.f_lineno + 3
    with pytest.warns(DeprecationWarning, match="OldEngine is deprecated") as caught:

        class Special(OldEngine):
            pass

    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


async def test_patching_the_old_path_replaces_it_and_brings_it_back(shop: Any) -> None:
    with patch(f"{__name__}.OldEngine") as fake:
        fake.return_value = "fake"
        assert OldEngine(1, 2) == "fake"
    assert isinstance(OldEngine, type)
    with patch(f"{__name__}.OldEngine", autospec=True) as fake:
        fake.return_value.run.return_value = "spied"
        assert OldEngine(User("ann")).run() == "spied"


async def test_patching_a_method_of_the_old_class_patches_the_canonical_one(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user) as request:
        engine = request.get(Shop.engine)
        with patch.object(OldEngine, "run", lambda self: "patched"):
            assert engine.run() == "patched"
        with patch(f"{__name__}.OldEngine.run", return_value="again"):
            assert engine.run() == "again"
        assert engine.run() == "ran for ann"


async def test_mocks_with_the_old_class_for_their_spec_pass_isinstance(shop: Any) -> None:
    assert isinstance(Mock(spec=OldEngine), OldEngine)
    assert create_autospec(OldEngine, instance=True).run is not None
    with pytest.raises(AttributeError):
        Mock(spec=OldEngine).no_such_thing  # noqa: B018


async def test_attributes_are_those_of_the_canonical_class() -> None:
    assert OldEngine.kind == "canonical"
    assert OldEngine.run is Engine.run
    assert "cleanup" in dir(OldEngine)
    with pytest.raises(AttributeError):
        OldEngine.no_such_thing  # noqa: B018


async def test_the_class_itself_pickles_and_copies_by_name() -> None:
    assert pickle.loads(pickle.dumps(OldEngine)) is OldEngine
    assert copy.copy(OldEngine) is OldEngine
    assert copy.deepcopy([OldEngine]) == [OldEngine]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_pickles_from_when_the_old_class_was_real_load_as_canonical(protocol: int) -> None:
    """They name the old module and class; the object that loads is a canonical one."""

    class Real:
        __module__ = HERE
        __qualname__ = "OldEngine"

    holder: Any = sys.modules[HERE]
    holder.OldEngine = Real
    try:
        was = Real()
        vars(was).update(user="ann", limit=5)
        data = pickle.dumps(was, protocol)
        holder.OldEngine = OldEngine
        loaded = pickle.loads(data)
    finally:
        del holder.OldEngine
    assert type(loaded) is Engine
    assert (loaded.user, loaded.limit) == ("ann", 5)


async def test_canonical_objects_pickle_and_copy_as_themselves(shop: Any) -> None:
    user = User("ann")
    made = OldEngine(user)  # in a scope of its own, which its cleanup closes
    for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert type(copied) is Engine
        assert copied.run() == "ran for ann"
    await copied.cleanup()
    assert copied.closed
    assert not made.closed


async def test_its_face_says_what_it_is() -> None:
    assert OldEngine.__name__ == "OldEngine"
    assert OldEngine.__module__ == __name__
    assert isinstance(object(), OldEngine) is False  # the first question binds it
    assert OldEngine.__doc__ == f"Deprecated: use Shop.engine of {HERE}.\n\nThe canonical engine."
    assert "will be removed in 2.0" in OldEngine.__deprecated__
    assert inspect.signature(OldEngine).return_annotation is Engine


async def test_one_form_is_the_signature() -> None:
    from trunkline.legacy import Arguments, Dropped, Value

    forms = Arguments("user, registry=", user=Value("user"), registry=Dropped("it has its own"))
    Narrow = redirect_class("Narrow", to=ENGINE, adapt=forms)
    assert list(inspect.signature(Narrow).parameters) == ["user", "registry"]


async def test_it_can_be_used_in_annotations() -> None:
    assert Optional[OldEngine]  # noqa: UP045
    assert isinstance(OldEngine | None, types.UnionType)


async def test_nothing_is_imported_before_the_first_use() -> None:
    redirect = redirect_class("Nowhere", to="there.is.no:Such.thing")
    with pytest.warns(DeprecationWarning, match="Nowhere"), pytest.raises(ModuleNotFoundError):
        redirect(1)


async def test_a_plain_class_takes_the_arguments_as_they_are() -> None:
    Plain = redirect_class("Plain", to=f"{HERE}:Bridge")
    user = User("ann")
    with pytest.warns(DeprecationWarning, match="Plain is deprecated"):
        made = Plain(user)
    assert type(made) is Bridge
    assert made.user is user
    assert list(inspect.signature(Plain).parameters) == ["user"]


async def test_a_class_with_slots_is_answered_for_as_well(shop: Any) -> None:
    class Slotted:
        __slots__ = ("value",)

        def __init__(self, value: int) -> None:
            self.value = value

    holder: Any = sys.modules[HERE]
    holder.Slotted = Slotted
    try:
        Old = redirect_class("Old", to=f"{HERE}:Slotted")
        assert isinstance(Slotted(1), Old)
        with pytest.warns(DeprecationWarning, match="Old is deprecated"):
            assert Old(3).value == 3
        with pytest.warns(DeprecationWarning, match="Old is deprecated"):

            class Special(Old):
                __slots__ = ()

        assert Special(4).value == 4
    finally:
        del holder.Slotted


async def test_a_foreign_bridge_is_refused_by_the_declared_check(shop: Any) -> None:
    user = User("ann")
    async with shop.enter(user):
        with pytest.raises(PermissionError):
            OldEngine(None, Bridge(User("bob")), user)
        with pytest.raises(PermissionError):
            OldEngine(None, Bridge(User("bob")))
    with pytest.raises(PermissionError):
        OldEngine(None, Bridge(User("bob")), user)


@pytest.mark.parametrize(
    ("arguments", "got"), [((None,), "None"), ((Mock(spec=User),), "Mock"), ((7,), "int")]
)
async def test_what_is_no_user_is_refused_with_the_line_and_the_remedy(
    shop: Any, arguments: tuple[Any, ...], got: str
) -> None:
    frame = inspect.currentframe()
    assert frame is not None
    with pytest.raises(LegacyCallError, match=f"Expected User, got {got}") as caught:
        OldEngine(*arguments)
    assert str(caught.value.site) == f"{__file__}:{frame.f_lineno - 1}"
    assert f"called at: {__file__}" in str(caught.value)
    assert "use Shop.engine" in caught.value.remedy


async def test_a_call_of_no_form_is_refused_with_the_forms(shop: Any) -> None:
    with pytest.raises(LegacyCallError) as caught:
        OldEngine(1, 2, 3, 4, mode="x")
    assert str(caught.value.failed).startswith("OldEngine(int, int, int, int, mode=str) is no form")
    assert "OldEngine(registry, bridge, *, for_user)" in caught.value.cause


async def test_a_call_without_a_user_needs_an_open_scope(shop: Any) -> None:
    with pytest.raises(LegacyCallError, match="Expected User, got nothing"):
        OldEngine(None, None)
