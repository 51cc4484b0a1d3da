"""Every rule of the context refuses, naming the field, what is wrong and what to do."""

from __future__ import annotations

import enum
import unicodedata
from collections import UserDict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.context import (
    MAX_DEPTH,
    RESERVED_KEYS,
    ConnectionId,
    Environment,
    RequestId,
    RunId,
    ThreadId,
    UserExecutionContext,
    UserId,
    require_context,
)
from trunkline_runtime.errors import (
    ContextError,
    ContextTypeError,
    DepthExceeded,
    InvalidField,
    InvalidIdentifier,
    InvalidMetadata,
)

VALID: dict[str, Any] = {"user_id": "user-7", "thread_id": "thread-3", "run_id": "run-12"}
IDENTIFIERS = {
    "user_id": UserId,
    "thread_id": ThreadId,
    "run_id": RunId,
    "request_id": RequestId,
    "websocket_client_id": ConnectionId,
    "parent_request_id": RequestId,
}
# fmt: off
PLACEHOLDERS = [
    "registry", "placeholder", "default", "temp", "none", "null", "undefined", "0", "1", "xxx",
    "yyy", "example", "test", "demo", "sample", "template", "mock", "fake", "dummy",
]
PREFIXES = [
    "placeholder", "registry", "temp", "example", "demo", "sample", "template", "mock", "fake",
    "default",
]
# fmt: on


def build(**fields: Any) -> UserExecutionContext:
    return UserExecutionContext(**{**VALID, **fields})


def refusal(**fields: Any) -> ContextError:
    with pytest.raises(ContextError) as caught:
        build(**fields)
    return caught.value


@pytest.mark.parametrize("field", IDENTIFIERS)
class TestIdentifiers:
    @pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0\u2003"])
    def test_empty_and_blank_are_refused(self, field: str, blank: str) -> None:
        fault = refusal(**{field: blank})
        assert isinstance(fault, InvalidIdentifier)
        assert (fault.field, fault.problem) == (field, "must not be empty or blank")
        assert field in str(fault)
        assert fault.remedy

    @pytest.mark.parametrize("value", [7, 1.5, True, b"user-7", ["user-7"], object()])
    def test_what_is_no_text_is_refused(self, field: str, value: object) -> None:
        fault = refusal(**{field: value})
        assert fault.field == field
        assert f"must be text, not {type(value).__name__}" in str(fault)

    def test_a_mock_that_claims_to_be_text_is_refused(self, field: str) -> None:
        assert "not Mock" in str(refusal(**{field: Mock(spec=str)}))

    @pytest.mark.parametrize("word", PLACEHOLDERS)
    def test_placeholders_are_refused_whatever_their_case(self, field: str, word: str) -> None:
        for spelling in (word, word.upper(), word.title(), f"  {word} "):
            fault = refusal(**{field: spelling})
            assert (fault.field, fault.problem) == (field, "is a placeholder")

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_short_ids_with_a_placeholder_prefix_are_refused(self, field: str, prefix: str) -> None:
        for value in (f"{prefix}_", f"{prefix}_17", f"{prefix.upper()}_Value"):
            assert f"begins with '{prefix}_'" in str(refusal(**{field: value}))

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_a_long_id_may_begin_like_a_placeholder(self, field: str, prefix: str) -> None:
        value = f"{prefix}_3f2a9c1e-55aa-4bb0-9c1c"
        assert getattr(build(**{field: value}), field) == value

    @pytest.mark.parametrize("value", ["test_1", "TEST_user", "test_3f2a9c1e-55aa-4bb0-9c1c-01"])
    @pytest.mark.parametrize("environment", Environment)
    def test_test_ids_pass_in_the_test_environment_alone(
        self, field: str, value: str, environment: Environment
    ) -> None:
        if environment is Environment.TEST:
            assert getattr(build(**{field: value}, environment=environment), field) == value
        else:
            fault = refusal(**{field: value}, environment=environment)
            assert f"the {environment} environment refuses" in str(fault)

    def test_the_strict_rules_hold_where_no_environment_is_given(self, field: str) -> None:
        assert refusal(**{field: "test_1"}).field == field

    @pytest.mark.parametrize("value", ["default_user", "default_admin", "default_guest"])
    def test_default_roles_are_allowed(self, field: str, value: str) -> None:
        assert getattr(build(**{field: value}), field) == value

    @pytest.mark.parametrize("value", ["default_temp", "default_1", "default_", "default_mock"])
    def test_default_placeholders_are_not(self, field: str, value: str) -> None:
        assert refusal(**{field: value}).field == field

    @pytest.mark.parametrize(
        "character", ["\0", "\n", "\x1b", "\x7f", "\u200b", "\u202e", "\u2028", "\ud800"]
    )
    def test_control_and_invisible_characters_are_refused(self, field: str, character: str) -> None:
        fault = refusal(**{field: f"user{character}seven"})
        assert f"U+{ord(character):04X}" in fault.problem
        assert character not in str(fault)

    def test_256_characters_pass_and_one_more_does_not(self, field: str) -> None:
        assert getattr(build(**{field: "u" * 256}), field) == "u" * 256
        assert "is longer than 256 characters (257)" in str(refusal(**{field: "u" * 257}))

    @pytest.mark.parametrize("value", ["ada@example.org", "josé", "用户-7", "a b", "x", "2"])
    def test_ordinary_ids_pass_unchanged(self, field: str, value: str) -> None:
        assert getattr(build(**{field: value}), field) == value

    def test_the_field_holds_its_own_type(self, field: str) -> None:
        assert type(getattr(build(**{field: "some-id"}), field)) is IDENTIFIERS[field]

    def test_an_identifier_of_another_kind_is_refused(self, field: str) -> None:
        right = IDENTIFIERS[field]
        for wrong in {UserId, ThreadId, RunId, RequestId, ConnectionId} - {right}:
            fault = refusal(**{field: wrong("some-id")})
            assert f"must be a {right.__name__}, not a {wrong.__name__}" in str(fault)


@given(
    text=st.text(max_size=300)
    | st.sampled_from(PLACEHOLDERS + [f"{prefix}_" for prefix in PREFIXES]).flatmap(
        lambda word: st.builds(
            "{}{}{}".format, st.text(" \t", max_size=2), st.just(word), st.text()
        )
    ),
    environment=st.sampled_from(Environment),
)
def test_any_text_is_taken_unchanged_or_refused_for_a_reason(
    text: str, environment: Environment
) -> None:
    """What is taken keeps every rule; what is refused breaks one that the error names."""
    word = text.strip().casefold()
    breaks_a_rule = (
        not word
        or len(text) > 256
        or any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text)
        or word in PLACEHOLDERS
        or (word.startswith("test_") and environment is not Environment.TEST)
        or (len(word) < 20 and word.startswith(tuple(f"{prefix}_" for prefix in PREFIXES)))
    )
    try:
        user_id = build(user_id=text, environment=environment).user_id
    except InvalidIdentifier as fault:
        assert breaks_a_rule
        assert (fault.field, bool(fault.problem), bool(fault.remedy)) == ("user_id", True, True)  # noqa: PT017  # likewise
    else:
        assert user_id == text
        assert not breaks_a_rule or word.startswith("default_")


def test_another_kind_of_text_is_reduced_to_its_real_value() -> None:
    class User(enum.StrEnum):
        ADA = "ada"

    class Liar(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "somebody-else"

    assert build(user_id=User.ADA).user_id == "ada"
    assert build(user_id=Liar("ada")).user_id == "ada"


def test_a_request_is_not_its_own_parent() -> None:
    assert refusal(request_id="r-1", parent_request_id="r-1").field == "parent_request_id"


@pytest.mark.parametrize("field", ["agent_context", "audit_metadata"])
class TestMetadata:
    @pytest.mark.parametrize("value", [[("a", 1)], "a", 7, {1}, Mock(spec=dict)])
    def test_what_is_no_mapping_is_refused(self, field: str, value: object) -> None:
        fault = refusal(**{field: value})
        assert isinstance(fault, InvalidMetadata)
        assert fault.field == field
        assert "must be a mapping" in str(fault)

    @pytest.mark.parametrize("key", sorted(RESERVED_KEYS))
    def test_reserved_keys_are_refused(self, field: str, key: str) -> None:
        fault = refusal(**{field: {"fine": 1, key: "user-7"}})
        assert fault.field == f"{field}.{key}"
        assert "reserved" in fault.problem

    @pytest.mark.parametrize(
        ("key", "step"),
        [
            ("user_id", ".user_id"),
            ("userId", ".userId"),
            ("USER-ID", "['USER-ID']"),
            ("user id", "['user id']"),
        ],
    )
    def test_another_users_id_is_refused_at_any_depth(
        self, field: str, key: str, step: str
    ) -> None:
        fault = refusal(**{field: {"steps": [{"by": {key: "user-8"}}]}})
        assert fault.field == f"{field}.steps[0].by{step}"
        assert fault.problem == "carries another user's id"
        assert "user-8" not in str(fault)

    def test_another_users_id_is_refused_in_any_shape(self, field: str) -> None:
        for value in (8, ["user-8"], ["user-7", "user-8"], {"id": "user-8"}, True):
            assert refusal(**{field: {"a": {"user_id": value}}}).field == f"{field}.a.user_id"

    def test_ones_own_id_may_be_nested(self, field: str) -> None:
        own = build(**{field: {"a": {"user_id": "user-7"}, "b": [{"userId": None}]}})
        assert getattr(own, field)["a"]["user_id"] == "user-7"
        number = build(user_id="42", **{field: {"a": {"user_id": 42}}})
        assert getattr(number, field)["a"]["user_id"] == 42

    @pytest.mark.parametrize(
        "live", [object(), {1, 2}, b"bytes", datetime.now(UTC), lambda: None, MagicMock(), 1j]
    )
    def test_live_objects_are_refused(self, field: str, live: object) -> None:
        fault = refusal(**{field: {"a": [0, {"b": live}]}})
        assert fault.field == f"{field}.a[1].b"
        assert fault.problem == "is not JSON-like data"
        assert type(live).__name__ in str(fault)

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_numbers_that_are_not_finite_are_refused(self, field: str, number: float) -> None:
        assert refusal(**{field: {"a": number}}).field == f"{field}.a"

    def test_keys_that_are_no_text_are_refused(self, field: str) -> None:
        assert "key that is not text" in str(refusal(**{field: {"a": {1: 2}}}))

    def test_a_structure_that_holds_itself_is_refused(self, field: str) -> None:
        endless: dict[str, Any] = {}
        endless["again"] = endless
        assert "nested too deep" in str(refusal(**{field: endless}))

    def test_no_error_quotes_what_metadata_holds(self, field: str) -> None:
        for value in ({"user_id": "s3cret"}, {"a": {"user_id": "s3cret"}}, ["s3cret"]):
            assert "s3cret" not in str(refusal(**{field: value}))

    def test_any_real_mapping_is_taken(self, field: str) -> None:
        assert getattr(build(**{field: UserDict({"a": 1})}), field) == {"a": 1}


class TestOtherFields:
    @pytest.mark.parametrize("value", ["2030-01-01", 0, Mock(spec=datetime)])
    def test_created_at_must_be_a_datetime(self, value: object) -> None:
        assert refusal(created_at=value).field == "created_at"

    def test_created_at_must_be_aware(self) -> None:
        naive = datetime(2030, 1, 1)  # noqa: DTZ001  # the point of the test
        assert "aware" in str(refusal(created_at=naive))

    def test_created_at_is_converted_to_utc(self) -> None:
        local = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
        created_at = build(created_at=local).created_at
        assert created_at == local
        assert created_at.tzinfo is UTC

    def test_a_time_without_an_equal_in_utc_is_refused(self) -> None:
        last = datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))
        assert refusal(created_at=last).field == "created_at"

    @pytest.mark.parametrize("depth", [True, 1.0, "1", None])
    def test_depth_must_be_an_int(self, depth: object) -> None:
        assert isinstance(refusal(operation_depth=depth), InvalidField)

    def test_depth_must_not_be_negative(self) -> None:
        assert refusal(operation_depth=-1).field == "operation_depth"

    def test_depth_ten_is_the_last(self) -> None:
        assert build(operation_depth=MAX_DEPTH).operation_depth == 10
        assert isinstance(refusal(operation_depth=MAX_DEPTH + 1), DepthExceeded)

    def test_an_unknown_environment_is_refused_and_a_known_name_taken(self) -> None:
        assert refusal(environment="laptop").field == "environment"
        assert build(user_id="test_1", environment="test").environment is Environment.TEST


class TestRequireContext:
    def test_a_context_is_returned_as_it_is(self) -> None:
        context = build()
        assert require_context(context) is context

    @pytest.mark.parametrize("mock", [Mock, MagicMock])
    def test_a_mock_is_refused_by_its_real_class(self, mock: type) -> None:
        with pytest.raises(ContextTypeError) as caught:
            require_context(mock(spec=UserExecutionContext))
        assert str(caught.value).startswith(f"Expected UserExecutionContext, got {mock.__name__}. ")
        assert "no need to mock" in caught.value.remedy

    def test_a_missing_context_is_refused(self) -> None:
        with pytest.raises(ContextTypeError, match="Expected UserExecutionContext, got None"):
            require_context(None)
