"""The order of a run: every legal run is accepted, and every change of one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.errors import EventOrderError
from trunkline_runtime.messages import Event, EventType, RunOrder, check_run

FREE = (EventType.AGENT_THINKING, EventType.PROGRESS_UPDATE, EventType.CUSTOM)
ENDS = (EventType.AGENT_COMPLETED, EventType.AGENT_ERROR)
PAYLOADS: dict[EventType, dict[str, Any]] = {
    EventType.AGENT_STARTED: {"message": "begins"},
    EventType.AGENT_THINKING: {"reasoning": "why"},
    EventType.AGENT_COMPLETED: {"result": None, "duration_ms": 1},
    EventType.AGENT_ERROR: {"code": "timeout", "message": "too long", "retryable": True},
    EventType.PROGRESS_UPDATE: {},
    EventType.CUSTOM: {},
}


@dataclass(frozen=True)
class Step:
    """One event of a run, as the tests write it."""

    type: EventType
    call: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        tool = {"tool_call_id": self.call, "tool_name": f"tool-of-{self.call}"}
        if self.type is EventType.TOOL_EXECUTING:
            return {**tool, "parameters": {}}
        if self.type is EventType.TOOL_COMPLETED:
            return {**tool, "result": None, "duration_ms": 1, "ok": True}
        return PAYLOADS[self.type]


STARTED = Step(EventType.AGENT_STARTED)
COMPLETED = Step(EventType.AGENT_COMPLETED)
FAILED = Step(EventType.AGENT_ERROR)
THINKING = Step(EventType.AGENT_THINKING)


def executing(call: str) -> Step:
    return Step(EventType.TOOL_EXECUTING, call)


def completed(call: str) -> Step:
    return Step(EventType.TOOL_COMPLETED, call)


@st.composite
def legal_runs(draw: st.DrawFn) -> list[Step]:
    """Any run that keeps the order: tools may overlap and complete in any order."""
    run = [STARTED]
    waiting: list[str] = []
    for number in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["free", "open", "close"]))
        if kind == "open":
            waiting.append(f"call-{number}")
            run.append(executing(waiting[-1]))
        elif kind == "close" and waiting:
            run.append(completed(waiting.pop(draw(st.integers(0, len(waiting) - 1)))))
        else:
            run.append(Step(draw(st.sampled_from(FREE))))
    run += [completed(call) for call in draw(st.permutations(waiting))]
    return [*run, Step(draw(st.sampled_from(ENDS)))]


def events(run: Sequence[Step], **fields: Any) -> list[Event]:
    return [
        Event(
            **{
                "type": step.type,
                "seq": seq,
                "user_id": "user-7",
                "thread_id": "thread-3",
                "run_id": "run-12",
                "request_id": "request-1",
                "agent_name": "inspect",
                "timestamp": datetime(2030, 1, 1, tzinfo=UTC),
                "payload": step.payload,
                **fields,
            }
        )
        for seq, step in enumerate(run, start=1)
    ]


def accepted(run: Sequence[Step]) -> RunOrder:
    order = RunOrder()
    for step in run:
        order.accept(step.type, step.payload)
    return order


def first_refusal(run: Sequence[Step]) -> EventOrderError:
    with pytest.raises(EventOrderError) as caught:
        accepted(run)
    return caught.value


@given(run=legal_runs())
def test_every_legal_run_is_accepted(run: list[Step]) -> None:
    order = accepted(run)
    assert order.started
    assert order.ended
    assert not order.open_tools
    assert check_run(events(run)) == []


@given(run=legal_runs(), data=st.data())
def test_an_event_that_decides_the_order_cannot_be_left_out(
    run: list[Step], data: st.DataObject
) -> None:
    decisive = [place for place, step in enumerate(run) if step.type not in FREE]
    left_out = data.draw(st.sampled_from(decisive))
    assert check_run(events(run[:left_out] + run[left_out + 1 :]))


@given(run=legal_runs(), data=st.data())
def test_an_event_that_decides_the_order_cannot_come_twice(
    run: list[Step], data: st.DataObject
) -> None:
    decisive = [place for place, step in enumerate(run) if step.type not in FREE]
    doubled = run[data.draw(st.sampled_from(decisive))]
    place = data.draw(st.integers(0, len(run)))
    assert check_run(events([*run[:place], doubled, *run[place:]]))


@given(run=legal_runs(), data=st.data())
def test_nothing_comes_before_the_start_or_after_the_end(
    run: list[Step], data: st.DataObject
) -> None:
    extra = Step(data.draw(st.sampled_from(FREE)))
    first_refusal([extra, *run])
    first_refusal([*run, extra])


@given(run=legal_runs(), data=st.data())
def test_a_refused_event_leaves_the_run_as_it_was(run: list[Step], data: st.DataObject) -> None:
    """A sender that made one mistake can still end its run."""
    order = RunOrder()
    wrong = [STARTED, COMPLETED, FAILED, executing("call-0"), completed("call-0"), THINKING]
    for step in run:
        attempt = data.draw(st.sampled_from(wrong))
        before = (order.started, order.ended, dict(order.open_tools))
        try:
            RunOrder.accept(_copy(order), attempt.type, attempt.payload)
        except EventOrderError:
            with pytest.raises(EventOrderError):
                order.accept(attempt.type, attempt.payload)
            assert (order.started, order.ended, dict(order.open_tools)) == before
        order.accept(step.type, step.payload)
    assert order.ended


def _copy(order: RunOrder) -> RunOrder:
    twin = RunOrder()
    twin._started, twin._ended = order._started, order._ended
    twin._open, twin._used = dict(order._open), set(order._used)
    return twin


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        ([THINKING], "the run has not started"),
        ([COMPLETED], "the run has not started"),
        ([executing("c")], "the run has not started"),
        ([STARTED, STARTED], "the run has started before"),
        ([STARTED, COMPLETED, THINKING], "the run has ended"),
        ([STARTED, COMPLETED, COMPLETED], "the run has ended"),
        ([STARTED, FAILED, COMPLETED], "the run has ended"),
        ([STARTED, COMPLETED, STARTED], "the run has ended"),
        ([STARTED, completed("c")], "the tool call 'c' was never made"),
        (
            [STARTED, executing("c"), completed("c"), completed("c")],
            "the tool call 'c' has completed before",
        ),
        ([STARTED, executing("c"), executing("c")], "the tool call 'c' was made before"),
        (
            [STARTED, executing("c"), completed("c"), executing("c")],
            "the tool call 'c' was made before",
        ),
        ([STARTED, executing("c"), COMPLETED], "tool calls are open: 'c' ('tool-of-c')"),
        ([STARTED, executing("c"), FAILED], "tool calls are open: 'c' ('tool-of-c')"),
    ],
)
def test_each_refusal_says_what_is_wrong_and_what_to_do(run: list[Step], problem: str) -> None:
    fault = first_refusal(run)
    assert fault.problem == problem
    assert fault.remedy
    assert fault.event_type is run[-1].type


def test_a_call_is_answered_under_the_name_it_was_made_to() -> None:
    order = accepted([STARTED, executing("c")])
    payload = {**completed("c").payload, "tool_name": "another"}
    with pytest.raises(EventOrderError, match="was made to 'tool-of-c', not to 'another'"):
        order.accept(EventType.TOOL_COMPLETED, payload)
    assert order.open_tools == {"c": "tool-of-c"}


@pytest.mark.parametrize("payload", [{}, {"tool_call_id": 1, "tool_name": "t"}])
def test_a_tool_event_names_its_call(payload: dict[str, Any]) -> None:
    order = accepted([STARTED])
    with pytest.raises(EventOrderError, match="names no tool call"):
        order.accept(EventType.TOOL_EXECUTING, payload)


def test_the_refusal_names_the_run_where_it_is_known() -> None:
    with pytest.raises(EventOrderError, match="of run 'run-12' is out of order"):
        RunOrder("run-12").accept(EventType.CUSTOM, {})


def test_open_tools_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        accepted([STARTED, executing("c")]).open_tools["d"] = "x"  # type: ignore[index]


class TestCheckRun:
    RUN = (STARTED, THINKING, executing("c"), completed("c"), COMPLETED)

    def test_no_events_are_no_run(self) -> None:
        assert check_run([]) == ["the run has no events"]

    def test_a_run_without_its_end_is_reported(self) -> None:
        assert check_run(events(self.RUN[:-1])) == [
            "the run has no end: agent_completed or agent_error is missing"
        ]

    @pytest.mark.parametrize("field", ["user_id", "thread_id", "run_id", "request_id"])
    def test_one_event_of_another_is_reported(self, field: str) -> None:
        run = events(self.RUN)
        run[2] = run[2].model_copy(update={field: "foreign"})
        (problem,) = check_run(run)
        assert problem.startswith(f"event 3 (tool_executing): {field} is 'foreign'")

    @given(place=st.integers(0, 4), seq=st.integers(1, 9))
    def test_a_wrong_number_is_reported(self, place: int, seq: int) -> None:
        run = events(self.RUN)
        run[place] = run[place].model_copy(update={"seq": seq})
        assert bool(check_run(run)) == (seq != place + 1)

    @given(order=st.permutations(range(5)))
    def test_any_other_order_of_arrival_is_reported(self, order: list[int]) -> None:
        run = events(self.RUN)
        assert bool(check_run([run[place] for place in order])) == (order != sorted(order))

    def test_an_event_that_comes_twice_is_reported(self) -> None:
        run = events(self.RUN)
        problems = check_run([*run[:2], *run[1:]])
        assert any("came before" in problem for problem in problems)

    def test_every_problem_is_reported(self) -> None:
        run = events([THINKING, STARTED, STARTED, completed("c")])
        assert len(check_run(run)) == 4
