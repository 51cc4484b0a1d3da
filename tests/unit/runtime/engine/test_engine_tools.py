"""Tools: validated by their annotations, paired by id, blocking ones in threads."""

import asyncio
import functools
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tests.unit.runtime.engine.parts import QUICK, Line, agents_with, running_besides_this
from trunkline_runtime.engine import AgentRegistry, InvalidToolParameters, RegistrationRefused
from trunkline_runtime.errors import UnknownTool


async def _call(tool, /, *, blocking=False, show=None, limits=QUICK, catch=(), **params):
    """Run an agent that calls one tool; return the line, the result, and what the agent saw."""
    seen = []

    async def work(run, given):
        try:
            seen.append(await run.call_tool("tool", **params))
        except catch as error:
            seen.append(error)
        return "done"

    agents = agents_with(work=work)
    agents.register_tool("tool", tool, blocking=blocking, show=show)
    line = Line()
    result = await line.engine(agents, limits).execute("work")
    assert line.problems() == []
    assert running_besides_this() == set()
    return line, result, seen


def _events(line):
    executing, completed = line.events[1:3]
    assert [executing.type, completed.type] == ["tool_executing", "tool_completed"]
    assert executing.payload["tool_call_id"] == completed.payload["tool_call_id"]
    return executing.payload, completed.payload


@pytest.mark.asyncio
async def test_parameters_are_converted_by_their_annotations():
    async def tool(path: Path, count: int = 1) -> str:
        assert isinstance(path, Path)
        return f"{path.name} {count + 1}"

    line, _, seen = await _call(tool, path="/tmp/a", count="2")
    executing, completed = _events(line)
    assert seen == ["a 3"]
    assert executing["parameters"] == {"path": "/tmp/a", "count": "2"}
    assert (completed["result"], completed["ok"]) == ("a 3", True)
    assert completed["duration_ms"] >= 0


@pytest.mark.asyncio
async def test_every_wrong_parameter_is_named_and_no_value_is_quoted():
    def tool(path: Path, count: Annotated[int, Field(ge=1)], flag: bool = False) -> None:
        raise AssertionError("it must not be called")

    line, result, seen = await _call(
        tool, catch=InvalidToolParameters, count=0, flag="secret", other=1
    )
    [error] = seen
    assert [problem.partition(":")[0] for problem in error.problems] == [
        "path",
        "count",
        "flag",
        "other",
    ]
    assert "secret" not in str(error)
    _, completed = _events(line)
    assert completed["ok"] is False
    assert result.ok


@pytest.mark.asyncio
async def test_a_tool_that_raises_is_completed_and_its_error_reaches_the_agent_only(caplog):
    async def tool() -> None:
        raise OSError("password=hunter2")

    line, _, seen = await _call(tool, catch=OSError)
    _, completed = _events(line)
    assert completed["ok"] is False
    assert completed["result"] == {"error": "The tool failed."}
    assert isinstance(seen[0], OSError)
    assert "hunter2" in caplog.text
    assert caplog.records[0].run_id == "run-12"


@pytest.mark.asyncio
async def test_an_uncaught_tool_error_ends_the_run_after_the_tool(caplog):
    def tool() -> None:
        raise OSError("boom")

    line, result, _ = await _call(tool)
    assert line.types() == ["agent_started", "tool_executing", "tool_completed", "agent_error"]
    assert result.error_code == "agent_failed"


@pytest.mark.asyncio
async def test_a_tool_that_hangs_is_reported_stopped_when_the_run_times_out():
    async def tool() -> None:
        await asyncio.get_running_loop().create_future()

    line, result, _ = await _call(tool, limits=replace(QUICK, run_seconds=0.05))
    _, completed = _events(line)
    assert (completed["ok"], completed["result"]) == (False, {"error": "The tool was stopped."})
    assert result.error_code == "timeout"


@pytest.mark.asyncio
async def test_an_unknown_tool_is_refused_with_the_known_ones_and_no_event():
    async def work(run, given):
        await run.call_tool("toll")

    agents = agents_with(work=work)
    agents.register_tool("tool", lambda: None)
    line = Line()
    result = await line.engine(agents).execute("work")
    assert line.types() == ["agent_started", "agent_error"]
    assert result.error_code == "unknown_tool"
    with pytest.raises(UnknownTool, match="known: tool"):
        agents.get_tool("toll")


@pytest.mark.asyncio
async def test_a_plain_tool_runs_on_the_loop_and_a_blocking_one_in_a_thread():
    def tool() -> int:
        return threading.get_ident()

    _, _, [here] = await _call(tool)
    _, _, [there] = await _call(tool, blocking=True)
    assert here == threading.get_ident()
    assert there != threading.get_ident()


class Thread:
    """A blocking tool that is inside from ``begun`` to ``release``."""

    def __init__(self):
        self.begun, self.release, self.finished = (threading.Event() for _ in range(3))

    def __call__(self) -> None:
        self.begun.set()
        self.release.wait(10)
        self.finished.set()

    async def cancelled_in_the_middle(self, limits):
        """Run an agent that calls this tool, and cancel it while the thread is inside."""

        async def work(run, given):
            await run.call_tool("tool")

        agents = agents_with(work=work)
        agents.register_tool("tool", self, blocking=True)
        line = Line()
        engine = line.engine(agents, limits)
        call = asyncio.create_task(engine.execute("work"))
        await asyncio.to_thread(self.begun.wait, 10)
        engine.cancel("run-12")
        return line, engine, call


@pytest.mark.asyncio
async def test_a_blocking_tool_is_waited_for_when_its_run_is_stopped():
    """No thread can be stopped from outside, so its run ends after it, if it is quick enough."""
    thread = Thread()
    line, engine, call = await thread.cancelled_in_the_middle(replace(QUICK, grace_seconds=10.0))
    while "tool_completed" not in line.types():
        await asyncio.sleep(0)
    assert not call.done()
    thread.release.set()
    assert (await call).error_code == "cancelled"
    assert thread.finished.is_set()
    assert line.types() == ["agent_started", "tool_executing", "tool_completed", "agent_error"]
    assert engine.stats().abandoned == 0


@pytest.mark.asyncio
async def test_a_blocking_tool_that_takes_too_long_is_given_up_and_reported(caplog):
    thread = Thread()
    try:
        line, engine, call = await thread.cancelled_in_the_middle(QUICK)
        assert (await call).error_code == "cancelled"
        assert not thread.finished.is_set()
    finally:
        thread.release.set()
    assert line.problems() == []
    assert running_besides_this() == set()
    assert engine.stats().abandoned == 1
    assert "would not stop" in caplog.text


@pytest.mark.asyncio
async def test_calls_at_once_have_ids_of_their_own():
    async def tool(n: int) -> int:
        await asyncio.sleep(0)
        return n

    async def work(run, given):
        return await asyncio.gather(*(run.call_tool("tool", n=n) for n in range(20)))

    agents = agents_with(work=work)
    agents.register_tool("tool", tool)
    line = Line()
    result = await line.engine(agents).execute("work")
    assert result.result == list(range(20))
    assert line.problems() == []
    executing = [event for event in line.events if event.type == "tool_executing"]
    assert len({event.payload["tool_call_id"] for event in executing}) == 20


@pytest.mark.asyncio
async def test_a_live_object_reaches_the_agent_untouched_and_the_user_as_its_class():
    def tool() -> object:
        return iter([1, 2, 3])

    line, _, [iterator] = await _call(tool)
    _, completed = _events(line)
    assert list(iterator) == [1, 2, 3]
    assert completed["result"] == "<list_iterator>"


@pytest.mark.asyncio
async def test_a_large_value_is_left_out_of_the_event_only():
    def tool(text: str, n: int) -> str:
        return text

    line, _, [text] = await _call(
        tool, text="x" * 5000, n=1, limits=replace(QUICK, tool_bytes=1000)
    )
    executing, completed = _events(line)
    assert text == "x" * 5000
    assert executing["parameters"] == {"text": {"omitted": "larger than 500 bytes"}, "n": 1}
    assert completed["result"] == {"omitted": "larger than 1000 bytes"}


@pytest.mark.asyncio
async def test_show_decides_what_the_user_sees_of_a_result():
    def tool() -> dict[str, str]:
        return {"name": "a", "password": "hunter2"}

    line, _, [result] = await _call(tool, show=lambda result: {"name": result["name"]})
    assert result["password"] == "hunter2"
    assert _events(line)[1]["result"] == {"name": "a"}


@pytest.mark.asyncio
async def test_a_show_that_fails_does_not_undo_the_tools_work(caplog):
    line, result, seen = await _call(lambda: 5, show=lambda result: result["no"])
    assert (result.ok, seen) == (True, [5])
    assert (_events(line)[1]["result"], _events(line)[1]["ok"]) == (None, True)
    assert "could not be shown" in caplog.text


class _Options(BaseModel):
    depth: int


@dataclass
class _Point:
    x: int


class _Live:
    pass


@pytest.mark.asyncio
async def test_models_dataclasses_and_plain_classes_are_validated():
    def tool(options: _Options, point: _Point, live: _Live) -> list[int]:
        return [options.depth, point.x, isinstance(live, _Live)]

    _, _, seen = await _call(tool, options={"depth": 1}, point={"x": "2"}, live=_Live())
    assert seen == [[1, 2, True]]
    _, _, [error] = await _call(
        tool, catch=InvalidToolParameters, options={}, point=_Point(1), live=object()
    )
    assert [problem.partition(":")[0] for problem in error.problems] == ["options.depth", "live"]


class _Object:
    def method(self, n: int) -> int:
        return n

    async def __call__(self, n: int) -> int:
        return n


@pytest.mark.parametrize(
    "tool",
    [_Object().method, _Object(), functools.partial(_Object().method)],
    ids=["method", "callable object", "partial"],
)
@pytest.mark.asyncio
async def test_every_kind_of_callable_with_annotations_is_a_tool(tool):
    _, _, seen = await _call(tool, n="4")
    assert seen == [4]


def _positional(a: int, /) -> None: ...
def _many(*a: int) -> None: ...
def _any_names(**a: int) -> None: ...
def _unknown_type(a: "Nowhere") -> None: ...  # noqa: F821  # that is the case
def _no_type(a: 3) -> None: ...
async def _async() -> None: ...


@pytest.mark.parametrize(
    ("tool", "options", "problem"),
    [
        (3, {}, "is no function"),
        (_Live, {}, "is no function"),
        (_positional, {}, "by position"),
        (_many, {}, "in any number"),
        (_any_names, {}, "in any number"),
        (_unknown_type, {}, "cannot be read"),
        (_no_type, {}, "annotates a with a type that cannot be validated"),
        (lambda n: n, {}, "has no annotation for n"),
        (_async, {"blocking": True}, "is async and declared blocking"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_when_it_is_registered(tool, options, problem):
    with pytest.raises(RegistrationRefused, match=problem) as caught:
        AgentRegistry().register_tool("tool", tool, **options)
    assert caught.value.remedy
