"""What the server says beside the events of runs: answers about the connection and its requests."""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from trunkline_runtime.errors import RuntimeFault

__all__ = ["Accepted", "ErrorReply", "Pong", "Reply", "Resumed", "ServerReply"]


class Reply(BaseModel):
    """A frame of the server that belongs to no run."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    def to_json(self) -> str:
        """Return the frame that goes over the wire; pure ASCII."""
        return json.dumps(self.__dict__, separators=(",", ":"))


class Pong(Reply):
    """The answer to a ping, with the nonce it brought."""

    type: Literal["pong"] = "pong"
    nonce: str | None = None


class ErrorReply(Reply):
    """A request that was not served; the connection lives on.

    Attributes:
        code: A stable word for the kind of fault.
        message: What is wrong; safe to show.
        retryable: Whether the same request may succeed later.
        about: The field or the run it is about, where there is one.
    """

    type: Literal["error"] = "error"
    code: str
    message: str
    retryable: bool = False
    about: str | None = None

    @classmethod
    def of(cls, fault: RuntimeFault, about: str | None = None) -> ErrorReply:
        """Draw the answer to a request that ended in a fault.

        Args:
            fault: What was raised; only what is meant for the user's eyes is used.
            about: The field or the run it is about, where the fault does not say.
        """
        return cls(
            code=str(fault.code),
            message=fault.public_message,
            retryable=fault.retryable,
            about=getattr(fault, "about", None) or about,
        )


class Accepted(Reply):
    """A run was taken on; its events follow."""

    type: Literal["accepted"] = "accepted"
    run_id: str


class Resumed(Reply):
    """The events of a run after ``after_seq`` have been sent again.

    Attributes:
        run_id: The run.
        after_seq: The number that was asked for.
        events: How many were sent.
        complete: Whether none is missing. It is False where the store no longer holds all.
    """

    type: Literal["resumed"] = "resumed"
    run_id: str
    after_seq: Annotated[int, Field(ge=0)]
    events: Annotated[int, Field(ge=0)]
    complete: bool = True


ServerReply: TypeAlias = Pong | ErrorReply | Accepted | Resumed
