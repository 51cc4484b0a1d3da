"""What a client may ask: four messages, told apart by ``type``, read from text nobody vouches for.

A message is bounded in size and depth before anything looks at it, and read strictly: unknown
fields, coerced types, repeated keys, numbers that are not finite and text that is not Unicode are
refused, each with an answer that is safe to send back.
"""

from __future__ import annotations

import json
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Final, Literal, NoReturn, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from trunkline_runtime.errors import RequestRefused, shown

__all__ = [
    "MAX_REQUEST_BYTES",
    "MAX_REQUEST_DEPTH",
    "CancelRun",
    "ClientRequest",
    "Ping",
    "RefusalCode",
    "Resume",
    "RunAgent",
    "parse_request",
]

MAX_REQUEST_BYTES: Final = 65_536
MAX_REQUEST_DEPTH: Final = 16
_PROBLEMS_SHOWN: Final = 5


class RefusalCode(StrEnum):
    """Why a message could not be read."""

    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    UNKNOWN_TYPE = "unknown_type"
    INVALID = "invalid_request"


class _Request(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )


_Identifier = Annotated[str, Field(min_length=1, max_length=256)]


class RunAgent(_Request):
    """Run an agent.

    Attributes:
        agent: The name it is registered by.
        thread_id: The conversation the run belongs to.
        run_id: The run's identifier; the server chooses one where it is missing.
        input: What the agent gets: JSON-like data.
    """

    type: Literal["run_agent"] = "run_agent"
    agent: Annotated[str, Field(min_length=1, max_length=128)]
    thread_id: _Identifier
    run_id: _Identifier | None = None
    input: dict[str, Any] = Field(default_factory=dict)


class CancelRun(_Request):
    """Cancel a run of one's own."""

    type: Literal["cancel_run"] = "cancel_run"
    run_id: _Identifier


class Ping(_Request):
    """Ask for a pong, which brings the same ``nonce``."""

    type: Literal["ping"] = "ping"
    nonce: Annotated[str, Field(max_length=128)] | None = None


class Resume(_Request):
    """Ask for the events of a run after the last one that was seen (0: all of them)."""

    type: Literal["resume"] = "resume"
    run_id: _Identifier
    after_seq: Annotated[int, Field(ge=0)] = 0


ClientRequest: TypeAlias = RunAgent | CancelRun | Ping | Resume

_REQUESTS: Final[TypeAdapter[ClientRequest]] = TypeAdapter(
    Annotated[ClientRequest, Field(discriminator="type")]
)


def parse_request(
    data: str | bytes,
    *,
    max_bytes: int = MAX_REQUEST_BYTES,
    max_depth: int = MAX_REQUEST_DEPTH,
) -> ClientRequest:
    """Read a client's message.

    Args:
        data: The frame as it came: text, or bytes that are UTF-8.
        max_bytes: The size that is refused beyond, in bytes.
        max_depth: How many objects and arrays may be nested, the message itself included.

    Raises:
        RequestRefused: With a `RefusalCode` and a message that may be shown to the client.
    """
    value = _parse_json(data, max_bytes)
    if not isinstance(value, dict):
        raise _refused(RefusalCode.INVALID, "The message must be a JSON object.")
    _check_values(value, max_depth)
    try:
        return _REQUESTS.validate_python(value)
    except ValidationError as fault:
        raise _refusal_of(fault, value) from None


def _parse_json(data: str | bytes, max_bytes: int) -> object:
    # A character takes 1 to 4 bytes, so that most oversized texts need not be encoded to know it.
    if len(data) > max_bytes or (isinstance(data, str) and _utf8_length(data) > max_bytes):
        raise _refused(RefusalCode.TOO_LARGE, f"The message is larger than {max_bytes} bytes.")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_object_without_repeated_keys,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise _refused(RefusalCode.TOO_DEEP, "The message is nested too deep.") from None
    except UnicodeError:
        raise _refused(RefusalCode.NOT_JSON, "The message is not UTF-8 text.") from None
    except json.JSONDecodeError as fault:
        raise _refused(
            RefusalCode.NOT_JSON,
            f"The message is not JSON: {fault.msg} at line {fault.lineno} column {fault.colno}.",
        ) from None
    except ValueError:  # an integer of more digits than the interpreter converts
        raise _refused(RefusalCode.INVALID, "A number is too large.") from None


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _object_without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _refused(RefusalCode.INVALID, f"The key {shown(key)} is repeated.")
            seen.add(key)
    return value


def _finite_float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _refused(RefusalCode.INVALID, "A number is too large.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _refused(RefusalCode.INVALID, f"{name} is not a number that JSON knows.")


def _check_values(value: dict[str, Any], max_depth: int) -> None:
    """Refuse what parses but cannot be handled: deep nesting, and text that is no Unicode."""
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        inner: list[Any] = []
        for container in level:
            items = container
            if isinstance(container, dict):
                _check_text(container)
                items = container.values()
            _check_text(items)
            inner.extend(item for item in items if isinstance(item, dict | list))
        if depth > max_depth:
            raise _refused(
                RefusalCode.TOO_DEEP, f"The message is nested deeper than {max_depth} levels."
            )
        level = inner


def _check_text(items: Any) -> None:
    for item in items:
        if isinstance(item, str) and not item.isascii():
            try:
                item.encode("utf-8")
            except UnicodeEncodeError:
                raise _refused(
                    RefusalCode.INVALID, "A text holds half of a surrogate pair."
                ) from None


def _refusal_of(fault: ValidationError, value: dict[str, Any]) -> RequestRefused:
    problems = fault.errors(include_url=False, include_input=False, include_context=False)
    known = ", ".join(sorted(_types()))
    if problems[0]["type"] == "union_tag_not_found":
        return _refused(
            RefusalCode.UNKNOWN_TYPE, f"The message has no type; known: {known}.", "type"
        )
    if problems[0]["type"] == "union_tag_invalid":
        return _refused(
            RefusalCode.UNKNOWN_TYPE,
            f"The type {shown(value['type'])} is unknown; known: {known}.",
            "type",
        )
    # The first part of a location is the type that told the union apart.
    places = [".".join(map(_place, problem["loc"][1:])) for problem in problems]
    texts = [f"{place}: {problem['msg']}" for place, problem in zip(places, problems, strict=True)]
    more = len(texts) - _PROBLEMS_SHOWN
    tail = f"; and {more} more" if more > 0 else ""
    return _refused(
        RefusalCode.INVALID, "; ".join(texts[:_PROBLEMS_SHOWN]) + tail + ".", places[0] or None
    )


def _types() -> list[str]:
    models: tuple[type[BaseModel], ...] = (RunAgent, CancelRun, Ping, Resume)
    return [str(model.model_fields["type"].default) for model in models]


def _place(part: int | str) -> str:
    return (
        part if isinstance(part, str) and part.isidentifier() and len(part) <= 64 else shown(part)
    )


def _refused(code: RefusalCode, message: str, about: str | None = None) -> RequestRefused:
    return RequestRefused(code, message, about)
