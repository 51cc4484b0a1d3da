"""The server's own frames, and the truth about a delivery."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from trunkline_runtime.errors import (
    EngineBusy,
    RequestRefused,
    RuntimeFault,
    RunTimeout,
    UnknownAgent,
)
from trunkline_runtime.messages import Accepted, Delivery, ErrorReply, Pong, Reply, Resumed


@pytest.mark.parametrize(
    ("reply", "frame"),
    [
        (Pong(nonce="n"), {"type": "pong", "nonce": "n"}),
        (Accepted(run_id="run-1"), {"type": "accepted", "run_id": "run-1"}),
        (
            Resumed(run_id="run-1", after_seq=3, events=2, complete=False),
            {"type": "resumed", "run_id": "run-1", "after_seq": 3, "events": 2, "complete": False},
        ),
        (
            ErrorReply(code="busy", message="later", retryable=True, about="run-1"),
            {
                "type": "error",
                "code": "busy",
                "message": "later",
                "retryable": True,
                "about": "run-1",
            },
        ),
    ],
)
def test_each_reply_has_one_form(reply: Reply, frame: dict[str, Any]) -> None:
    assert json.loads(reply.to_json()) == frame
    assert next(iter(json.loads(reply.to_json()))) == "type"


@pytest.mark.parametrize(
    ("fault", "code", "retryable", "about"),
    [
        (RequestRefused("invalid_request", "no", "agent"), "invalid_request", False, "agent"),
        (UnknownAgent("nobody", ["inspect"]), "unknown_agent", False, "run-1"),
        (EngineBusy("runs at once", 3, "the queue is full"), "busy", True, "run-1"),
        (RunTimeout("run-1", 25.0), "timeout", True, "run-1"),
        (RuntimeFault("/etc/passwd cannot be read"), "runtime_fault", False, "run-1"),
    ],
)
def test_an_error_reply_says_what_is_meant_for_the_user(
    fault: RuntimeFault, code: str, retryable: bool, about: str
) -> None:
    reply = ErrorReply.of(fault, about="run-1")
    assert (reply.code, reply.retryable, reply.about) == (code, retryable, about)
    assert reply.message == fault.public_message
    assert "/etc" not in reply.to_json()


def test_replies_are_strict() -> None:
    with pytest.raises(ValidationError):
        Accepted(run_id=7)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Resumed(run_id="r", after_seq=-1, events=0)


class TestDelivery:
    def test_it_is_true_unless_the_event_was_refused(self) -> None:
        assert Delivery.delivered(2, seq=1)
        assert Delivery.stored(seq=1)
        assert not Delivery.refused("closed")
        assert not Delivery.refused("closed").ok

    def test_it_says_what_became_of_the_event(self) -> None:
        assert Delivery.delivered(2, 7) == Delivery("delivered", 2, None, 7)
        assert Delivery.stored(7, "no connection") == Delivery("stored", 0, "no connection", 7)
        assert Delivery.refused("closed") == Delivery("refused", 0, "closed", None)

    @pytest.mark.parametrize(
        ("kind", "connections", "reason"),
        [("delivered", 0, None), ("stored", 1, None), ("refused", 1, "x"), ("refused", 0, None)],
    )
    def test_it_cannot_contradict_itself(
        self, kind: Literal["delivered", "stored", "refused"], connections: int, reason: str | None
    ) -> None:
        with pytest.raises(ValueError, match="event"):
            Delivery(kind, connections, reason, 1)
