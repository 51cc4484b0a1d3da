"""A client's message is bounded, strict, and refused with words that are safe to send back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.errors import RequestRefused
from trunkline_runtime.messages import (
    CancelRun,
    ErrorReply,
    Ping,
    RefusalCode,
    Resume,
    RunAgent,
    parse_request,
)

RUN: dict[str, Any] = {"type": "run_agent", "agent": "inspect", "thread_id": "thread-3"}


def refused(data: str | bytes, **bounds: int) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        parse_request(data, **bounds)
    return caught.value


@pytest.mark.parametrize(
    ("message", "request_"),
    [
        (RUN, RunAgent(agent="inspect", thread_id="thread-3")),
        (
            {**RUN, "run_id": "run-1", "input": {"path": ["a", {"b": 1.5}]}},
            RunAgent(
                agent="inspect",
                thread_id="thread-3",
                run_id="run-1",
                input={"path": ["a", {"b": 1.5}]},
            ),
        ),
        ({"type": "cancel_run", "run_id": "run-1"}, CancelRun(run_id="run-1")),
        ({"type": "ping"}, Ping()),
        ({"type": "ping", "nonce": "é"}, Ping(nonce="é")),
        ({"type": "resume", "run_id": "r-1", "after_seq": 3}, Resume(run_id="r-1", after_seq=3)),
    ],
)
def test_each_message_is_read_from_text_and_from_bytes(message: object, request_: object) -> None:
    text = json.dumps(message, ensure_ascii=False)
    assert parse_request(text) == parse_request(text.encode()) == request_


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        ("", RefusalCode.NOT_JSON, "not JSON"),
        ("hello", RefusalCode.NOT_JSON, "line 1 column 1"),
        ('{"type": "ping"} extra', RefusalCode.NOT_JSON, "Extra data"),
        ("{'type': 'ping'}", RefusalCode.NOT_JSON, "not JSON"),
        (b"\xff\xfe{}", RefusalCode.NOT_JSON, "not UTF-8"),
        ("[]", RefusalCode.INVALID, "must be a JSON object"),
        ('"ping"', RefusalCode.INVALID, "must be a JSON object"),
        ("{}", RefusalCode.UNKNOWN_TYPE, "has no type"),
        ('{"type": "explode"}', RefusalCode.UNKNOWN_TYPE, "'explode' is unknown"),
        ('{"type": 7}', RefusalCode.UNKNOWN_TYPE, "type 7 is unknown"),
        ('{"type": ["ping"]}', RefusalCode.UNKNOWN_TYPE, "unknown"),
        ('{"type": "ping", "type": "ping"}', RefusalCode.INVALID, "'type' is repeated"),
        ('{"type": "ping", "nonce": NaN}', RefusalCode.INVALID, "NaN"),
        ('{"type": "ping", "nonce": -Infinity}', RefusalCode.INVALID, "-Infinity"),
        ('{"type": "ping", "nonce": 1e999}', RefusalCode.INVALID, "too large"),
        ('{"type": "ping", "nonce": ' + "9" * 5_000 + "}", RefusalCode.INVALID, "too large"),
        ('{"type": "ping", "nonce": 7}', RefusalCode.INVALID, "nonce: "),
        ('{"type": "ping", "nonce": "\\ud800"}', RefusalCode.INVALID, "surrogate"),
        ('{"type": "ping", "\\ud800": 1}', RefusalCode.INVALID, "surrogate"),
        ('{"type": "ping", "loud": true}', RefusalCode.INVALID, "loud: Extra inputs"),
        ('{"type": "cancel_run"}', RefusalCode.INVALID, "run_id: Field required"),
        ('{"type": "cancel_run", "run_id": ""}', RefusalCode.INVALID, "run_id: "),
        ('{"type": "resume", "run_id": "r", "after_seq": -1}', RefusalCode.INVALID, "after_seq"),
        ('{"type": "resume", "run_id": "r", "after_seq": "1"}', RefusalCode.INVALID, "after_seq"),
        ('{"type": "resume", "run_id": "r", "after_seq": true}', RefusalCode.INVALID, "after"),
        (json.dumps({**RUN, "input": [1]}), RefusalCode.INVALID, "input: "),
        (json.dumps({**RUN, "agent": "x" * 129}), RefusalCode.INVALID, "agent: "),
        (json.dumps({**RUN, "user_id": "another"}), RefusalCode.INVALID, "user_id: Extra"),
    ],
)
def test_each_fault_has_its_code_and_its_words(
    data: str | bytes, code: RefusalCode, says: str
) -> None:
    fault = refused(data)
    assert fault.code == code
    assert says in fault.message
    assert not fault.retryable


class TestBounds:
    def test_the_size_is_counted_in_bytes(self) -> None:
        text = json.dumps({"type": "ping", "nonce": "é" * 10}, ensure_ascii=False)
        size = len(text.encode())
        assert parse_request(text, max_bytes=size) == parse_request(text.encode(), max_bytes=size)
        for data in (text, text.encode()):
            fault = refused(data, max_bytes=size - 1)
            assert fault.code == RefusalCode.TOO_LARGE
            assert str(size - 1) in fault.message

    @pytest.mark.parametrize("brackets", ["[]", "{}"])
    def test_the_depth_is_counted_from_the_message_itself(self, brackets: str) -> None:
        def nested(depth: int) -> str:
            inner: Any = 0
            for _ in range(depth - 1):
                inner = [inner] if brackets == "[]" else {"a": inner}
            return json.dumps({**RUN, "input": {"a": inner}})

        assert parse_request(nested(4), max_depth=5)
        fault = refused(nested(5), max_depth=5)
        assert fault.code == RefusalCode.TOO_DEEP
        assert "deeper than 5 levels" in fault.message

    @pytest.mark.parametrize("bomb", ["[" * 60_000, '{"a":' * 10_000])
    def test_a_bomb_of_brackets_is_refused(self, bomb: str) -> None:
        assert refused(bomb).code == RefusalCode.TOO_DEEP


class TestWhatIsSentBack:
    def test_the_first_faulty_field_is_named(self) -> None:
        assert refused(json.dumps({**RUN, "agent": 1, "input": 2})).about == "agent"
        assert refused('{"type": "explode"}').about == "type"

    def test_only_some_of_many_faults_are_listed(self) -> None:
        many = {**RUN, **{f"extra{number}": 1 for number in range(50)}}
        assert refused(json.dumps(many)).message.endswith("and 45 more.")

    def test_what_the_client_sent_comes_back_short_and_escaped(self) -> None:
        for fault in (
            refused(json.dumps({"type": "\x1b[31m\n" + "x" * 1_000})),
            refused(json.dumps({**RUN, "\x1b[31m\n" + "x" * 1_000: 1})),
            refused('{"\\u001b' + "x" * 1_000 + '": 1, "\\u001b' + "x" * 1_000 + '": 1}'),
        ):
            assert "\x1b" not in fault.message
            assert len(fault.message) < 300
            assert ErrorReply.of(fault).to_json().isascii()

    def test_a_value_is_never_quoted(self) -> None:
        assert "s3cret" not in refused(json.dumps({**RUN, "input": "s3cret"})).message


@given(data=st.binary(max_size=200) | st.text(max_size=200))
def test_no_input_raises_anything_else(data: str | bytes) -> None:
    try:
        parse_request(data)
    except RequestRefused as fault:
        json.loads(ErrorReply.of(fault).to_json())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    message=st.fixed_dictionaries(
        {"type": st.sampled_from(["run_agent", "cancel_run", "ping", "resume"])},
        optional=dict.fromkeys(
            ("agent", "thread_id", "run_id", "input", "nonce", "after_seq", "user_id"), json_values
        ),
    )
)
def test_no_json_raises_anything_else(message: dict[str, Any]) -> None:
    try:
        request = parse_request(json.dumps(message))
    except RequestRefused as fault:
        json.loads(ErrorReply.of(fault).to_json())
    else:
        sent = {key: value for key, value in message.items() if value is not None}
        assert request.model_dump(exclude_none=True) == {
            **({"input": {}} if message["type"] == "run_agent" else {}),
            **({"after_seq": 0} if message["type"] == "resume" else {}),
            **sent,
        }


def test_requests_cannot_be_changed() -> None:
    request = parse_request('{"type": "ping"}')
    with pytest.raises(ValueError, match="frozen"):
        request.type = "resume"  # type: ignore[assignment,misc]
