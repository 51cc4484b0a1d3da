"""Taking the right to build: nothing may come between the test and the store.

CPython switches threads and runs signal handlers only where it checks its eval breaker: at the
start of a function, at calls, at backward jumps and where a generator goes on. (``ceval.c`` and
``bytecodes.c`` of each version.) Trace functions run at the start of a line.
"""

from __future__ import annotations

import dis
import re
from collections.abc import AsyncIterator, Iterator
from types import CodeType

import pytest

from trunkline import Scope, ScopedContainer, providers
from trunkline.compiler.planner import SLOTS
from trunkline.compiler.printed import scope_source
from trunkline.resolution.program import Program

HARMLESS = {
    "BINARY_SUBSCR",
    "CACHE",
    "COPY",
    "EXTENDED_ARG",
    "IS_OP",
    "LOAD_ATTR",
    "LOAD_CONST",
    "LOAD_FAST",
    "LOAD_FAST_CHECK",
    "LOAD_FAST_LOAD_FAST",
    "LOAD_GLOBAL",
    "NOP",
    "POP_JUMP_FORWARD_IF_FALSE",
    "POP_JUMP_FORWARD_IF_NONE",
    "POP_JUMP_FORWARD_IF_NOT_NONE",
    "POP_JUMP_IF_FALSE",
    "POP_JUMP_IF_NONE",
    "POP_JUMP_IF_NOT_NONE",
    "STORE_ATTR",
    "STORE_FAST",
    "STORE_FAST_LOAD_FAST",
    "STORE_SUBSCR",
    "SWAP",
    "TO_BOOL",
}
"""Opcodes of the versions supported that check no eval breaker and run no code of anyone's.

``STORE_FAST`` is one of them where the local that it fills held nothing that it could let go: a
page that a closed scope has dropped is followed by one on which nothing can be taken. Of a list
and an index, ``BINARY_SUBSCR`` and ``STORE_SUBSCR`` are.
"""
EXITS = ("__exit__", "__aexit__")
IN_LINE = re.compile(r"_building = '\w")
"""What the source has once for each object that a method builds for another."""


class Thing:
    """Anything."""


class Pair:
    """Something made from others, which its method builds in line."""

    def __init__(self, *things: Thing) -> None:
        self.things = things


async def coroutine() -> Thing:
    return Thing()


def generator() -> Iterator[Thing]:
    yield Thing()


async def async_generator() -> AsyncIterator[Thing]:
    yield Thing()


class Application(ScopedContainer):
    """A stored object of every kind, in every scope."""

    single = providers.Singleton(Thing)
    asingle = providers.Singleton(coroutine)
    session = providers.Scoped(Thing, scope=Scope.SESSION)
    thing = providers.Scoped(Thing)
    athing = providers.Scoped(coroutine)
    resource = providers.ScopedResource(generator)
    aresource = providers.ScopedResource(async_generator)
    top = providers.Scoped(Pair, thing, resource)
    atop = providers.Scoped(Pair, athing, aresource)


def compiled(app: ScopedContainer) -> Program:
    """The container's program, with every method compiled."""
    program: Program = app.program()
    for namespace in program._namespaces.values():
        for name in [*namespace["LOAD"].pending]:
            namespace["LOAD"](name)
    return program


def takings(code: CodeType) -> Iterator[list[dis.Instruction]]:
    """The instructions from each read of a slot to the store that takes the right to fill it."""
    for run in _runs(code, ("v_", "_page")):
        if run[-1].opname in ("STORE_ATTR", "STORE_SUBSCR") and "TAKEN" in named(run[-4:]):
            yield run


def beginnings(code: CodeType) -> Iterator[list[dis.Instruction]]:
    """The instructions from each look whether a page is begun to the store of a new one."""
    for run in _runs(code, ("_page",)):
        if run[-1].opname == "STORE_ATTR" and str(run[-1].argval).startswith("_page"):
            yield run


def _runs(code: CodeType, slots: tuple[str, ...]) -> Iterator[list[dis.Instruction]]:
    """The instructions from the last read of such a slot to each instruction."""
    run: list[dis.Instruction] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_ATTR" and str(instruction.argval).startswith(slots):
            run = [instruction]
        elif run:
            run.append(instruction)
            yield [*run]


def named(run: list[dis.Instruction]) -> list[object]:
    return [instruction.argval for instruction in run]


def closings(code: CodeType) -> Iterator[list[dis.Instruction]]:
    """The instructions from the look for attention to the note that the scope has closed."""
    run: list[dis.Instruction] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_ATTR" and instruction.argval == "_attention":
            run = []
        run.append(instruction)
        if instruction.opname == "STORE_ATTR" and instruction.argval == "_token":
            yield [*run]


def is_undivided(run: list[dis.Instruction]) -> bool:
    """Whether nothing can come between a run's instructions: a new line lets trace functions in."""
    lines = {i.positions.lineno for i in run if i.positions}
    return {i.opname for i in run} <= HARMLESS and len(lines) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("slots", [0, SLOTS], ids=["on pages", "in slots"])
async def test_no_thread_can_come_between_the_test_and_the_store_of_a_right(
    slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.compiler.planner.SLOTS", slots)
    async with Application() as app, app.enter(scope=Scope.SESSION) as session, session.enter():
        program = compiled(app)
        rights = begun = 0
        for cls in program._classes.values():
            for name, method in {id(m): (n, m) for n, m in vars(cls).items()}.values():
                code = getattr(method, "__code__", None)
                if code is None or name in ("_seal", "_forget", *EXITS):
                    continue
                for run in takings(code):
                    rights += 1
                    assert is_undivided(run), f"{name}: {run}"
                    if run[-1].opname == "STORE_ATTR":
                        assert run[0].argval == run[-1].argval
                for run in beginnings(code):
                    begun += 1
                    assert is_undivided(run), f"{name}: {run}"
                    assert {"UNBEGUN", "_token"} <= {*named(run)}
                    assert run[0].argval == run[-1].argval
        # the first attempt and the one after a wait, of each stored object of each class and of
        # the one that `get` builds, and one of each that a method builds in line for another
        stored = sum(
            (node.stored and not node.given) + (node.attr == cls._likeliest)
            for path, cls in program._classes.items()
            for node in program.plan.at_home(path[-1])
        )
        texts = {
            path: scope_source(program.plan, path, locked=True).text for path in program._classes
        }
        in_line = sum(len(IN_LINE.findall(text)) for text in texts.values())
        requests = [path for path in texts if path[-1] == "REQUEST"]
        assert in_line == 6 * len(requests) > 0
        assert rights == 2 * stored + in_line
        assert begun == (0 if slots else stored)


@pytest.mark.asyncio
async def test_no_thread_can_come_between_the_look_for_attention_and_the_close() -> None:
    async with Application() as app, app.enter(scope=Scope.SESSION) as session, session.enter():
        for cls in compiled(app)._classes.values():
            for method in (cls.__exit__, cls.__aexit__):
                (run,) = closings(method.__code__)  # type: ignore[attr-defined]  # a function
                assert is_undivided(run), run


def test_an_opcode_that_lets_threads_in_would_be_noticed() -> None:
    namespace: dict[str, CodeType] = {}
    lines = ["def take(self):", " if self.v_x is MISSING and len(self): self.v_x = TAKEN"]
    exec("\n".join(lines), namespace)
    (run,) = takings(namespace["take"].__code__)  # type: ignore[attr-defined]  # a function
    assert not is_undivided(run)


def test_a_line_of_its_own_would_be_noticed() -> None:
    namespace: dict[str, CodeType] = {}
    exec("def take(self):\n if self.v_x is MISSING:\n  self.v_x = TAKEN", namespace)
    (run,) = takings(namespace["take"].__code__)  # type: ignore[attr-defined]  # a function
    assert not is_undivided(run)


def test_without_locks_there_are_no_rights() -> None:
    class Unlocked(ScopedContainer):
        locked = False
        thing = providers.Scoped(Thing)

    with Unlocked() as app, app.enter() as request:
        assert request.get(Unlocked.thing) is request.get(Unlocked.thing)
        classes = compiled(app)._classes.values()
        methods = [method for cls in classes for method in vars(cls).values()]
        codes = [method.__code__ for method in methods if hasattr(method, "__code__")]
        building = [code for code in codes if code.co_name not in ("_forget", *EXITS)]
        assert building
        assert not [run for code in building for run in takings(code)]


def test_without_locks_errors_of_builders_are_their_own() -> None:
    class Failing(ScopedContainer):
        locked = False
        thing = providers.Scoped(lambda: 1 / 0)

    with Failing() as app, app.enter() as request:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                request.get(Failing.thing)
