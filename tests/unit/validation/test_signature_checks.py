"""Arguments that a class or function can't take are found; all that it can take is let pass."""

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.unit.validation.blueprints import blueprint, recipe
from trunkline.graph.blueprint import Opening, Recipe, Ref
from trunkline.graph.model import Kind
from trunkline.validation.arguments import check_arguments
from trunkline.validation.findings import Finding
from trunkline.validation.parameters import Parameters, parameters_of
from trunkline.validation.signatures import call_of, match_arguments

T = TypeVar("T")


class Engine:
    def __init__(self, context, bridge, *, agents, limit=3):
        pass


def check(made: Recipe, kind: Kind = Kind.SCOPED) -> list[Finding]:
    blue = blueprint({"it": made}, {"it": kind})
    return list(check_arguments(blue.graph, blue.recipes))


def checks(made: Recipe) -> list[str]:
    return [finding.check for finding in check(made)]


def test_missing_arguments_are_named_together_with_the_signature() -> None:
    (finding,) = check(recipe(Engine, 1))
    assert str(finding) == (
        "app.py:1: it builds Engine without its arguments 'bridge', 'agents' [missing-argument]\n"
        "    Engine(context, bridge, *, agents, limit=3)\n"
        "    remedy: add bridge=..., agents=... to the provider, or give the parameters a default"
    )


def test_an_unknown_keyword_is_surplus_and_its_likely_meaning_is_named() -> None:
    (finding,) = check(recipe(Engine, 1, 2, agents=3, limits=4))
    assert finding.check == "surplus-argument"
    assert finding.message == "it passes 'limits' to Engine, which has no such parameter"
    assert finding.remedy == "remove the argument, or write limit if that is meant"


def test_positional_arguments_that_nothing_takes_are_surplus() -> None:
    (finding,) = check(recipe(Engine, 1, 2, 3, agents=4))
    assert finding.check == "surplus-argument"
    assert finding.message == "it passes 3 positional arguments to Engine, which takes 2"


def test_a_parameter_filled_twice_is_a_duplicate() -> None:
    (finding,) = check(recipe(Engine, 1, 2, context=3, agents=4))
    assert finding.check == "duplicate-argument"
    assert finding.message == "it fills 'context' of Engine twice: by position and by keyword"


def test_all_faults_of_one_provider_are_reported_at_once() -> None:
    found = checks(recipe(Engine, 1, context=2, other=3))
    assert found == ["missing-argument", "surplus-argument", "duplicate-argument"]


@dataclasses.dataclass
class Data:
    a: int
    b: int = 2
    c: int = dataclasses.field(init=False, default=3)
    d: int = dataclasses.field(kw_only=True)


class Pair(NamedTuple):
    left: object
    right: object = None


class Model(BaseModel):
    port: int
    host: str = "localhost"


class Callable1:
    def __call__(self, a, /, b):
        pass

    def method(self, a):
        pass

    @classmethod
    def build(cls, a):
        pass

    @staticmethod
    def make(a):
        pass


class New:
    def __new__(cls, a):
        return super().__new__(cls)


class Meta(type):
    def __call__(cls, *, only):
        return super().__call__()


class WithMeta(metaclass=Meta):
    pass


class Box(Generic[T]):
    def __init__(self, item):
        pass


class Plain:
    pass


def function(a, *rest, b, **options):
    pass


def positional(a, /, **options):
    pass


async def coroutine(a):
    pass


@contextlib.contextmanager
def managed(a: int) -> Iterator[int]:
    yield a


@contextlib.asynccontextmanager
async def async_managed(a: int) -> AsyncIterator[int]:
    yield a


@functools.lru_cache
def cached(a):
    return a


def filling(call: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that fills an argument itself, as injecting ones do."""

    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return call(*args, b=1, **kwargs)

    return wrapper


@filling
def filled(a, b):
    pass


def called(made: Recipe) -> str:
    """A name for a test that is the same in every process."""
    return getattr(made.call, "__qualname__", type(made.call).__name__)


GOOD = [
    recipe(Data, 1, d=2),
    recipe(Pair, 1),
    recipe(Model, port="80"),
    recipe(Callable1(), 1, b=2),
    recipe(Callable1().method, 1),
    recipe(Callable1.build, 1),
    recipe(Callable1.make, 1),
    recipe(New, 1),
    recipe(WithMeta, only=1),
    recipe(Box[int], 1),
    recipe(Plain),
    recipe(function, 1, 2, 3, b=4, x=5),
    recipe(positional, 1, a=2),
    recipe(coroutine, 1, opening=Opening.COROUTINE),
    recipe(managed, 1, opening=Opening.CONTEXT_MANAGER),
    recipe(async_managed, 1, opening=Opening.ASYNC_CONTEXT_MANAGER),
    recipe(cached, 1),
    recipe(filled, 1),
    recipe(partial(Engine, 1, 2), agents=3),
    recipe(partial(Engine, 1, 2, agents=3), agents=4),
    recipe(partial(partial(Engine, 1), 2), agents=3),
    recipe(lambda: 1),
]
BAD = [
    recipe(Data, 1),
    recipe(Data, 1, d=2, c=3),
    recipe(Pair),
    recipe(Model, host="a"),
    recipe(Callable1(), b=1),
    recipe(Callable1(), 1, 2, b=3),
    recipe(Callable1().method),
    recipe(Callable1.build, 1, 2),
    recipe(Callable1.make),
    recipe(New),
    recipe(WithMeta),
    recipe(Box[int]),
    recipe(Plain, 1),
    recipe(function, 1),
    recipe(positional, a=1),
    recipe(coroutine, opening=Opening.COROUTINE),
    recipe(managed, opening=Opening.CONTEXT_MANAGER),
    recipe(async_managed, 1, 2, opening=Opening.ASYNC_CONTEXT_MANAGER),
    recipe(cached),
    recipe(partial(Engine, 1, 2)),
    recipe(partial(Engine, 1, 2, agents=3), 4),
    recipe(partial(Engine, context=1), 2, agents=3),
]


@pytest.mark.parametrize("made", GOOD, ids=called)
def test_what_can_be_called_is_let_pass(made: Recipe) -> None:
    assert check(made) == []


@pytest.mark.parametrize("made", BAD, ids=called)
def test_what_cannot_be_called_is_found(made: Recipe) -> None:
    assert check(made)
    with pytest.raises((TypeError, ValidationError)):
        made.call(*(a.value for a in made.args), **{k: a.value for k, a in made.kwargs})


@pytest.mark.parametrize("call", [dict, min, type, 3])
def test_what_shows_no_signature_is_not_checked(call: Any) -> None:
    assert call_of(recipe(call)) is None
    assert check(recipe(call, 1, 2, 3, 4, surplus=5)) == []


def test_openings_that_call_nothing_are_not_checked() -> None:
    for opening in (Opening.GIVEN, Opening.CONSTANT, Opening.LIVE, Opening.METHOD):
        assert check(Recipe(opening, Engine)) == []


def test_a_factory_may_lack_what_its_callers_give_but_not_where_it_is_injected() -> None:
    assert check(recipe(Engine, 1), Kind.FACTORY) == []
    assert checks(recipe(Plain, 1)) == ["surplus-argument"]
    made = {"it": recipe(Engine, 1), "user": recipe(Box, Ref("it"))}
    injected = blueprint(made, {"it": Kind.FACTORY})
    (finding,) = check_arguments(injected.graph, injected.recipes)
    assert (finding.check, finding.subject) == ("missing-argument", "it")
    deferred = blueprint(made, {"it": Kind.FACTORY}, "it")
    assert list(check_arguments(deferred.graph, deferred.recipes)) == []


def test_an_argument_written_inside_another_is_placed_where_the_outer_one_is_declared() -> None:
    blue = blueprint({"outer": recipe(Box, Ref("outer[0]")), "outer[0]": recipe(Box)})
    nodes = dict(blue.graph.nodes)
    nodes["outer[0]"] = dataclasses.replace(nodes["outer[0]"], location=None)
    graph = dataclasses.replace(blue.graph, nodes=nodes)
    (finding,) = check_arguments(graph, blue.recipes)
    assert str(finding.location) == "app.py:1"


NAMES = ("a", "b", "c")


@st.composite
def functions(draw: st.DrawFn) -> Callable[..., Any]:
    """A function with any mixture of parameters."""
    sections = []
    names = list(NAMES)
    count = draw(st.integers(0, len(names)))
    for index, name in enumerate(names[:count]):
        default = "=0" if draw(st.booleans()) or any("=" in s for s in sections) else ""
        sections.append(f"{name}{default}")
        if index == 0 and draw(st.booleans()):
            sections.append("/")
    star = draw(st.sampled_from(["", "*", "*rest"]))
    keywords = [
        f"{n}{'=0' if draw(st.booleans()) else ''}" for n in ("k", "m")[: draw(st.integers(0, 2))]
    ]
    if star == "*rest" or (star == "*" and keywords):
        sections += [star, *keywords]
    if draw(st.booleans()):
        sections.append("**options")
    namespace: dict[str, Any] = {}
    exec(f"def function({', '.join(sections)}): pass", namespace)
    return namespace["function"]


@given(
    functions(),
    st.lists(st.integers(), max_size=4),
    st.dictionaries(st.sampled_from([*NAMES, "k", "m", "other"]), st.integers(), max_size=4),
)
def test_a_match_has_faults_exactly_where_the_interpreter_refuses_the_call(
    call: Callable[..., Any], args: list[int], kwargs: dict[str, int]
) -> None:
    try:
        call(*args, **kwargs)
        refused = False
    except TypeError:
        refused = True
    read = call_of(recipe(call, *args, **kwargs))
    assert read is not None
    match = match_arguments(read)
    assert bool(match.missing or match.surplus or match.unknown or match.duplicate) == refused


@given(functions(), st.booleans())
def test_parameters_read_from_code_are_those_that_inspect_finds(
    function: Callable[..., Any], constructs: bool
) -> None:
    call: Any = type("Constructed", (), {"__init__": function}) if constructs else function
    try:
        signature = inspect.signature(call)
    except ValueError:  # a constructor that takes not even its object
        assert parameters_of(call) is None
    else:
        assert parameters_of(call) == Parameters.of(signature)


class ShowsAnother:
    __signature__ = inspect.Signature([inspect.Parameter("shown", inspect.Parameter.KEYWORD_ONLY)])

    def __init__(self, taken: int) -> None:
        pass


class Inherits(Engine):
    pass


def shows_another(taken: int) -> None:
    pass


shows_another.__signature__ = ShowsAnother.__signature__  # type: ignore[attr-defined]  # read by inspect


@pytest.mark.parametrize(
    "call",
    [
        *(
            made.call
            for made in GOOD
            if made.call is not cached and not isinstance(made.call, partial)
        ),
        ShowsAnother,
        Inherits,
        shows_another,
        filling,
        functools.partialmethod,
        type("PartialInit", (), {"__init__": functools.partialmethod(lambda self, a, b: None, 1)}),
        type("Both", (New,), {"__init__": lambda self, a: None}),
    ],
    ids=lambda call: getattr(call, "__qualname__", type(call).__name__),
)
def test_parameters_of_odd_callables_are_those_that_inspect_finds(call: Any) -> None:
    assert parameters_of(call) == Parameters.of(inspect.signature(call, follow_wrapped=False))
