"""One message format, one strict schema for each type of payload."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.runtime.wire_data import EVENT_KEYS, json_data
from trunkline_runtime.errors import InvalidPayload
from trunkline_runtime.messages import PAYLOADS, Event, EventType, validate_payload

FIELDS: dict[str, Any] = {
    "seq": 1,
    "user_id": "user-7",
    "thread_id": "thread-3",
    "run_id": "run-12",
    "request_id": "request-1",
    "agent_name": "inspect",
    "timestamp": datetime(2030, 1, 2, 3, 4, 5, 6, UTC),
}
VALID: dict[EventType, dict[str, Any]] = {
    EventType.AGENT_STARTED: {"message": "begins"},
    EventType.AGENT_THINKING: {"reasoning": "why", "step": 1, "progress": 0.5},
    EventType.TOOL_EXECUTING: {"tool_call_id": "c", "tool_name": "t", "parameters": {"a": [1]}},
    EventType.TOOL_COMPLETED: {
        "tool_call_id": "c",
        "tool_name": "t",
        "result": [1, {"a": None}],
        "duration_ms": 1.5,
        "ok": True,
    },
    EventType.AGENT_COMPLETED: {"result": {"files": 3}, "duration_ms": 0},
    EventType.AGENT_ERROR: {"code": "timeout", "message": "too long", "retryable": True},
    EventType.PROGRESS_UPDATE: {"done": 3, "of": 9},
    EventType.CUSTOM: {},
}


def event(event_type: EventType, payload: Any = None, **fields: Any) -> Event:
    return Event(
        type=event_type,
        payload=VALID[event_type] if payload is None else payload,
        **{**FIELDS, **fields},
    )


def test_there_is_one_schema_for_each_type() -> None:
    assert set(PAYLOADS) == set(VALID) == set(EventType)


@pytest.mark.parametrize("event_type", EventType)
class TestEveryType:
    def test_a_valid_payload_goes_over_the_wire_in_the_one_format(
        self, event_type: EventType
    ) -> None:
        frame = json.loads(event(event_type).to_json())
        assert list(frame) == EVENT_KEYS
        assert frame["type"] == event_type.value
        assert frame["payload"] == VALID[event_type]
        assert frame["timestamp"] == "2030-01-02T03:04:05.000006+00:00"

    def test_a_frame_reads_back_as_the_event_it_was(self, event_type: EventType) -> None:
        sent = event(event_type)
        assert Event.from_json(sent.to_json()) == sent
        assert Event.from_json(sent.to_json()).to_json() == sent.to_json()

    def test_unknown_fields_are_refused_except_where_the_payload_is_free(
        self, event_type: EventType
    ) -> None:
        payload = {**VALID[event_type], "surplus": 1}
        if event_type in {EventType.PROGRESS_UPDATE, EventType.CUSTOM}:
            assert validate_payload(event_type, payload) == payload
        else:
            with pytest.raises(InvalidPayload, match="surplus: Extra inputs"):
                validate_payload(event_type, payload)

    def test_a_missing_field_is_refused_or_filled_with_none(self, event_type: EventType) -> None:
        for field in VALID[event_type]:
            payload = {key: value for key, value in VALID[event_type].items() if key != field}
            model = PAYLOADS[event_type]
            if field in model.model_fields and not model.model_fields[field].is_required():
                assert validate_payload(event_type, payload)[field] is None
            elif field in model.model_fields:
                with pytest.raises(InvalidPayload, match=f"{field}: Field required"):
                    validate_payload(event_type, payload)

    def test_live_objects_and_numbers_that_are_not_finite_are_refused(
        self, event_type: EventType
    ) -> None:
        for wrong in (object(), {1}, b"x", float("nan"), datetime.now(UTC)):
            with pytest.raises(InvalidPayload):
                validate_payload(event_type, {**VALID[event_type], "surplus": {"deep": [wrong]}})

    def test_what_is_no_mapping_is_refused(self, event_type: EventType) -> None:
        with pytest.raises(InvalidPayload, match="no mapping but list"):
            validate_payload(event_type, [1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event_type", "field", "wrong"),
    [
        (EventType.AGENT_STARTED, "message", 7),
        (EventType.AGENT_THINKING, "reasoning", None),
        (EventType.AGENT_THINKING, "step", "1"),
        (EventType.AGENT_THINKING, "step", -1),
        (EventType.AGENT_THINKING, "step", True),
        (EventType.AGENT_THINKING, "progress", 1.01),
        (EventType.AGENT_THINKING, "progress", -0.01),
        (EventType.AGENT_THINKING, "progress", "0.5"),
        (EventType.TOOL_EXECUTING, "tool_call_id", ""),
        (EventType.TOOL_EXECUTING, "tool_call_id", 1),
        (EventType.TOOL_EXECUTING, "tool_name", "x" * 257),
        (EventType.TOOL_EXECUTING, "parameters", [1]),
        (EventType.TOOL_COMPLETED, "ok", 1),
        (EventType.TOOL_COMPLETED, "duration_ms", -1),
        (EventType.AGENT_COMPLETED, "duration_ms", None),
        (EventType.AGENT_ERROR, "retryable", "yes"),
        (EventType.AGENT_ERROR, "code", ""),
    ],
)
def test_a_field_of_a_wrong_type_or_size_is_refused(
    event_type: EventType, field: str, wrong: object
) -> None:
    with pytest.raises(InvalidPayload) as caught:
        validate_payload(event_type, {**VALID[event_type], field: wrong})
    assert [problem.split(":")[0] for problem in caught.value.problems] == [field]
    with pytest.raises(ValidationError, match=field):
        event(event_type, {**VALID[event_type], field: wrong})


def test_every_problem_is_reported() -> None:
    with pytest.raises(InvalidPayload) as caught:
        validate_payload(EventType.AGENT_ERROR, {"code": 1, "surplus": 2})
    assert len(caught.value.problems) == 4
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), InvalidPayload)


@given(payload=st.dictionaries(st.text(), json_data(), max_size=4))
def test_any_json_survives_the_wire(payload: dict[str, Any]) -> None:
    sent = event(EventType.CUSTOM, payload)
    assert sent.to_json().isascii()
    assert json.loads(sent.to_json())["payload"] == payload
    assert hash(sent) == hash(pickle.loads(pickle.dumps(sent)))


def test_a_file_name_that_is_no_unicode_does_not_break_the_frame() -> None:
    sent = event(EventType.CUSTOM, {"name": b"caf\xe9.py".decode("utf-8", "surrogateescape")})
    assert sent.to_json().encode()
    assert json.loads(sent.to_json())["payload"]["name"] == "caf\udce9.py"


class TestAnEventIsFrozen:
    def test_fields_and_payload_refuse_changes(self) -> None:
        sent = event(EventType.TOOL_EXECUTING)
        with pytest.raises(ValidationError):
            sent.seq = 2  # type: ignore[misc]
        with pytest.raises(TypeError, match="read-only"):
            sent.payload["parameters"]["a"] = 1
        assert sent.payload["parameters"]["a"] == (1,)

    def test_changing_what_was_given_changes_nothing(self) -> None:
        payload: dict[str, Any] = {"a": [1]}
        sent = event(EventType.CUSTOM, payload)
        payload["a"].append(2)
        assert json.loads(sent.to_json())["payload"] == {"a": [1]}

    def test_the_frame_is_drawn_once(self) -> None:
        sent = event(EventType.CUSTOM)
        assert sent.to_json() is sent.to_json()
        assert sent == event(EventType.CUSTOM, event_id=sent.event_id)

    def test_a_changed_copy_draws_its_own_frame(self) -> None:
        sent = event(EventType.CUSTOM)
        assert json.loads(sent.to_json())["seq"] == 1
        assert json.loads(sent.model_copy(update={"seq": 2}).to_json())["seq"] == 2


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("type", "agent_exploded"),
        ("seq", 0),
        ("seq", "1"),
        ("user_id", ""),
        ("run_id", None),
        ("event_id", ""),
        ("timestamp", datetime(2030, 1, 1)),  # noqa: DTZ001  # naive on purpose
        ("timestamp", "2030-01-01T00:00:00Z"),
        ("colour", "red"),
    ],
)
def test_a_wrong_field_of_the_envelope_is_refused(field: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=field):
        Event(**{"type": EventType.CUSTOM, "payload": {}, **FIELDS, field: wrong})


def test_the_timestamp_is_in_utc() -> None:
    local = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert event(EventType.CUSTOM, timestamp=local).timestamp.tzinfo is UTC


def test_every_event_has_an_id_of_its_own() -> None:
    assert len({event(EventType.CUSTOM).event_id for _ in range(50)}) == 50


@pytest.mark.parametrize("frame", ["", "[]", "{}", "null", '{"type":"custom"}'])
def test_what_is_no_event_does_not_read_back(frame: str) -> None:
    with pytest.raises(ValidationError):
        Event.from_json(frame)


def test_no_error_quotes_what_an_event_holds() -> None:
    with pytest.raises(ValidationError) as caught:
        event(EventType.AGENT_THINKING, {"reasoning": 1, "progress": "s3cret"}, seq="s3cret")
    assert "s3cret" not in str(caught.value)
