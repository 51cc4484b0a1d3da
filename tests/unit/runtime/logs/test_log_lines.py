"""Log lines name their request, cannot be forged, and never tell a secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.logs import (
    MASK,
    JsonFormatter,
    PlainFormatter,
    RecordFormatter,
    context_fields,
    current_fields,
    log_fields,
    logging_to,
)

CONTEXT = UserExecutionContext("user-7", "thread-3", "run-12", "request-1", "connection-1")
IDENTIFIERS = {
    "user_id": "user-7",
    "thread_id": "thread-3",
    "run_id": "run-12",
    "request_id": "request-1",
    "connection_id": "connection-1",
}
SECRET = 'key"with\\odd=characters-0042'
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTcifQ.c2lnbmF0dXJl-_0"
FORMATTERS = [JsonFormatter, PlainFormatter]


def record(message: str = "hello", *args: object, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("trunkline.x", logging.INFO, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


def failed(fault: BaseException) -> logging.LogRecord:
    try:
        raise fault
    except type(fault):
        made = record("failed")
        made.exc_info = sys.exc_info()
        return made


class TestJson:
    def test_a_record_is_one_object(self) -> None:
        made = record("%s files", 3, agent="inspect", count=3, ratio=0.5, ok=True, none=None)
        made.created = 0.0
        assert json.loads(JsonFormatter().format(made)) == {
            "time": "1970-01-01T00:00:00.000+00:00",
            "level": "INFO",
            "logger": "trunkline.x",
            "message": "3 files",
            "agent": "inspect",
            "count": 3,
            "ratio": 0.5,
            "ok": True,
            "none": None,
        }

    def test_a_field_cannot_replace_a_part_of_the_line(self) -> None:
        line = json.loads(JsonFormatter().format(record(level="forged", time="forged")))
        assert line["level"] == "INFO"
        assert line["field_level"] == "forged"

    def test_a_traceback_is_part_of_the_object(self) -> None:
        line = json.loads(JsonFormatter().format(failed(ValueError("no"))))
        assert line["traceback"].startswith("Traceback (most recent call last)")
        assert line["traceback"].endswith("ValueError: no")

    def test_other_objects_are_drawn_by_their_repr(self) -> None:
        assert json.loads(JsonFormatter().format(record(what={1: object})))["what"].startswith("{1")

    @given(message=st.text(), value=st.text())
    def test_any_text_makes_one_line_of_ascii_and_is_kept(self, message: str, value: str) -> None:
        line = JsonFormatter().format(record("%s", message, field=value))
        assert len(line.splitlines()) == 1
        assert line.isascii()
        assert line.isprintable()


class TestPlain:
    def test_a_record_is_one_line(self) -> None:
        made = record("%s files", 3, agent="inspect", count=3)
        made.created = 0.0
        assert PlainFormatter().format(made) == (
            "1970-01-01T00:00:00.000+00:00 INFO     trunkline.x: 3 files [agent=inspect count=3]"
        )

    @given(message=st.text(), value=st.text())
    def test_any_text_makes_one_line_that_can_be_printed(self, message: str, value: str) -> None:
        line = PlainFormatter().format(record("%s", message, field=value))
        assert len(line.splitlines()) == 1
        line.encode()
        assert not any(character < " " or character == "\x7f" for character in line)

    def test_control_characters_are_escaped(self) -> None:
        line = PlainFormatter().format(record("a\nb\x1b[31m\u202ec\u2028d"))
        assert r"a\nb\x1b[31m\u202ec\u2028d" in line

    def test_a_field_cannot_pass_for_others(self) -> None:
        line = PlainFormatter().format(record(agent="x user_id=root] ["))
        assert line.endswith('[agent="x user_id=root] ["]')

    def test_the_lines_of_a_traceback_are_marked(self) -> None:
        forged = "x\n1970-01-01T00:00:00.000+00:00 INFO     trunkline.x: all is well"
        head, *rest = PlainFormatter().format(failed(ValueError(forged))).split("\n")
        assert head.endswith("failed")
        assert all(line.startswith("    | ") for line in rest)
        assert rest[-1].endswith("all is well")


@pytest.mark.parametrize("formatter", FORMATTERS)
class TestSecrets:
    def line(self, formatter: type[RecordFormatter], made: logging.LogRecord) -> str:
        return formatter([SECRET, ""]).format(made)

    @pytest.mark.parametrize(
        "message",
        [
            f"Authorization: Bearer {JWT}",
            f"authorization: bearer {JWT}",
            f"Sec-WebSocket-Protocol: trunkline, bearer.{JWT}",
            f"GET /socket?token={JWT}&x=1",
            f"it was {JWT}, which is expired",
            f"{{'password': '{JWT}'}}",
            f'{{"api_key": "{JWT}"}}',
            f"Authorization: Basic {JWT}",
            f"nats://service:{JWT}@127.0.0.1:4222 refused",
        ],
    )
    def test_what_looks_like_a_token_is_masked(
        self, formatter: type[RecordFormatter], message: str
    ) -> None:
        for made in (
            record(message),
            record("%s", message),
            record(header=message),
            failed(ValueError(message)),
            record(parts=[message]),
        ):
            line = self.line(formatter, made)
            assert MASK in line
            assert not any(part in line for part in JWT.split("."))

    def test_known_secrets_are_masked_wherever_they_are(
        self, formatter: type[RecordFormatter]
    ) -> None:
        for made in (
            record(f"it is {SECRET}!"),
            record("%s", SECRET),
            record(what=SECRET),
            failed(ValueError(SECRET)),
        ):
            line = self.line(formatter, made)
            assert MASK in line
            assert "odd=characters" not in line

    @pytest.mark.parametrize(
        "field",
        ["secret", "password", "authorization", "api_key", "token", "access_token", "Cookie"],
    )
    def test_fields_with_telling_names_are_masked(
        self, formatter: type[RecordFormatter], field: str
    ) -> None:
        line = self.line(formatter, record(**{field: "abc"}))
        assert MASK in line
        assert "abc" not in line

    def test_other_text_is_left_alone(self, formatter: type[RecordFormatter]) -> None:
        message = "the token has expired; a bearer of bad news, 3 tokens, basic facts"
        line = self.line(formatter, record(message, token_seconds=900))
        assert message in line
        assert MASK not in line

    def test_a_cached_traceback_and_a_stack_are_masked(
        self, formatter: type[RecordFormatter]
    ) -> None:
        made = record()
        made.exc_text, made.stack_info = f"Traceback: {SECRET}", f"Stack: {SECRET}"
        line = self.line(formatter, made)
        assert "Traceback" in line
        assert "Stack" in line
        assert "odd=characters" not in line


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize("message", ["%d files", "%s and %s", "%(name)s", "%"])
def test_a_message_that_does_not_fit_its_arguments_is_still_one_masked_line(
    formatter: type[RecordFormatter], message: str
) -> None:
    line = formatter().format(record(f"token={JWT} {message}", "three"))
    assert "do not fit" in line
    assert MASK in line
    assert JWT not in line


class TestFields:
    def test_a_context_gives_its_identifiers(self) -> None:
        assert context_fields(CONTEXT) == IDENTIFIERS
        assert "connection_id" not in context_fields(
            UserExecutionContext("user-7", "thread-3", "run-12")
        )

    def test_every_line_inside_carries_them(self) -> None:
        with log_fields(CONTEXT, agent="inspect"):
            line = json.loads(JsonFormatter().format(record()))
        assert {**IDENTIFIERS, "agent": "inspect"}.items() <= line.items()
        assert not current_fields()

    def test_inner_fields_win_and_end_with_their_block(self) -> None:
        with log_fields(CONTEXT), log_fields(run_id="run-13"):
            assert current_fields()["run_id"] == "run-13"
            assert current_fields()["user_id"] == "user-7"
            assert json.loads(JsonFormatter().format(record(run_id="run-14")))["run_id"] == "run-14"

    def test_they_end_with_a_block_that_raises(self) -> None:
        with pytest.raises(KeyError), log_fields(CONTEXT):
            raise KeyError
        assert not current_fields()

    def test_they_cannot_be_changed(self) -> None:
        with log_fields(CONTEXT) as fields, pytest.raises(TypeError):
            fields["user_id"] = "another"  # type: ignore[index]

    @pytest.mark.asyncio
    async def test_tasks_carry_the_fields_of_their_own_request(self) -> None:
        async def request(user: str) -> list[str]:
            async def inner() -> str:
                await asyncio.sleep(0)
                return str(json.loads(JsonFormatter().format(record()))["user_id"])

            with log_fields(UserExecutionContext(user, "thread-3", "run-12")):
                await asyncio.sleep(0)
                return [await inner(), *await asyncio.gather(inner(), inner())]

        users = [f"user-{number}" for number in range(20)]
        seen = await asyncio.gather(*(request(user) for user in users))
        assert seen == [[user] * 3 for user in users]


class TestLoggingTo:
    @pytest.fixture(autouse=True)
    def _root(self) -> Iterator[None]:
        root = logging.getLogger()
        before = (root.handlers[:], root.level)
        yield
        assert (root.handlers, root.level) == before

    @pytest.mark.parametrize(
        ("format_", "kind"), [("json", JsonFormatter), ("plain", PlainFormatter)]
    )
    def test_the_logs_of_the_block_go_to_the_stream(self, format_: Any, kind: type) -> None:
        stream = io.StringIO()
        log = logging.getLogger("trunkline.test_logs")
        with logging_to(stream, level="WARNING", format=format_, secrets=[SECRET]) as handler:
            assert isinstance(handler.formatter, kind)
            log.info("not this")
            log.warning("this: %s", SECRET)
        log.warning("nor this, afterwards")
        (line,) = stream.getvalue().splitlines()
        assert f"this: {MASK}" in line

    def test_what_was_there_is_put_back_when_the_block_raises(self) -> None:
        with pytest.raises(KeyError), logging_to(io.StringIO()):
            raise KeyError
