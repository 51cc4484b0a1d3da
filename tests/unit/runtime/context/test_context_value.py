"""A context is a value: frozen to its depths, a copy, hashable, picklable, quiet."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import weakref
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runtime.wire_data import json_data
from trunkline_runtime.context import MAX_DEPTH, Environment, UserExecutionContext
from trunkline_runtime.errors import DepthExceeded, InvalidIdentifier, InvalidMetadata

FIELDS = tuple(field.name for field in dataclasses.fields(UserExecutionContext))
WHEN = datetime(2030, 1, 2, tzinfo=UTC)

# No key says "user id" or is reserved, so that all of this is legal.
keys = st.text().map(lambda key: f"k{key}")
metadata = st.dictionaries(keys, json_data(keys), max_size=4)
identifiers = st.uuids(version=4).map(str)


def build(**fields: Any) -> UserExecutionContext:
    required = {"user_id": "user-7", "thread_id": "thread-3", "run_id": "run-12"}
    return UserExecutionContext(**{**required, **fields})


def thawed(value: Any) -> Any:
    """What JSON makes of the data: tuples are lists there."""
    return json.loads(json.dumps(value))


def test_optional_fields_have_their_defaults() -> None:
    before = datetime.now(UTC)
    context = build()
    assert UUID(context.request_id).version == 4
    assert before <= context.created_at <= datetime.now(UTC)
    assert context.created_at.utcoffset() == timedelta(0)
    assert context.agent_context == context.audit_metadata == {}
    assert (context.operation_depth, context.parent_request_id) == (0, None)
    assert context.websocket_client_id is None
    assert context.environment is Environment.PRODUCTION


def test_every_context_has_a_request_of_its_own() -> None:
    assert len({build().request_id for _ in range(100)}) == 100


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_can_be_set_or_deleted(field: str) -> None:
    context = build()
    with pytest.raises(AttributeError):
        setattr(context, field, getattr(context, field))
    with pytest.raises(AttributeError):
        delattr(context, field)


def test_no_attribute_can_be_added() -> None:
    with pytest.raises((AttributeError, TypeError)):
        build().session = object()  # type: ignore[attr-defined]


@pytest.mark.parametrize("field", ["agent_context", "audit_metadata"])
class TestMetadataIsFrozen:
    def test_mappings_refuse_every_change(self, field: str) -> None:
        outer = getattr(build(**{field: {"a": {"b": [1, {"c": 2}]}}}), field)
        for data in (outer, outer["a"], outer["a"]["b"][1]):
            key = next(iter(data))
            for change in (
                lambda data=data, key=key: data.__setitem__(key, 1),
                lambda data=data, key=key: data.__delitem__(key),
                lambda data=data, key=key: data.pop(key),
                lambda data=data: data.update(z=1),
                lambda data=data: data.setdefault("z", 1),
                lambda data=data: data.popitem(),
                lambda data=data: data.clear(),
                lambda data=data: data.__ior__({"z": 1}),
            ):
                with pytest.raises(TypeError, match="read-only"):
                    change()
        assert outer == {"a": {"b": (1, {"c": 2})}}

    def test_lists_become_tuples(self, field: str) -> None:
        data = getattr(build(**{field: {"a": [1, [2, (3,)]]}}), field)
        assert data["a"] == (1, (2, (3,)))

    def test_changing_what_was_given_changes_nothing(self, field: str) -> None:
        given_data: dict[str, Any] = {"a": {"b": [1]}}
        context = build(**{field: given_data})
        given_data["a"]["b"].append(2)
        given_data["a"]["c"] = 3
        given_data["z"] = 4
        assert getattr(context, field) == {"a": {"b": (1,)}}

    @given(data=metadata)
    def test_it_says_what_was_given_and_hashes(self, field: str, data: dict[str, Any]) -> None:
        frozen = getattr(build(**{field: data}), field)
        assert thawed(frozen) == thawed(data)
        hash(frozen)

    def test_it_is_written_as_json_as_it_is(self, field: str) -> None:
        assert json.dumps(getattr(build(**{field: {"a": [1, {"b": None}]}}), field)) == (
            '{"a": [1, {"b": null}]}'
        )


@given(
    ids=st.tuples(identifiers, identifiers, identifiers, identifiers),
    agent=metadata,
    audit=metadata,
    depth=st.integers(0, MAX_DEPTH),
)
def test_equal_fields_make_equal_contexts_and_copies_are_equal(
    ids: tuple[str, str, str, str], agent: dict[str, Any], audit: dict[str, Any], depth: int
) -> None:
    def made() -> UserExecutionContext:
        return UserExecutionContext(*ids, None, WHEN, agent, audit, depth)

    context = made()
    assert context == made()
    assert hash(context) == hash(made()) == hash(context.request_id)
    for twin in (
        pickle.loads(pickle.dumps(context)),
        copy.copy(context),
        copy.deepcopy(context),
        dataclasses.replace(context),
    ):
        assert twin == context
        assert type(twin.user_id) is type(context.user_id)
        assert type(twin.agent_context) is type(context.agent_context)


def test_a_difference_in_any_field_makes_contexts_unequal() -> None:
    fields: dict[str, Any] = {"request_id": "request-1", "created_at": WHEN}
    others: dict[str, Any] = {
        "user_id": "user-8",
        "thread_id": "thread-4",
        "run_id": "run-13",
        "request_id": "request-2",
        "websocket_client_id": "connection-1",
        "created_at": WHEN + timedelta(seconds=1),
        "agent_context": {"a": 1},
        "audit_metadata": {"a": 1},
        "operation_depth": 1,
        "parent_request_id": "request-0",
    }
    assert set(others) == set(FIELDS) - {"environment"}
    for field, value in others.items():
        assert build(**{**fields, field: value}) != build(**fields)


def test_a_leak_can_be_looked_for() -> None:
    """Tests of scopes ask whether a context outlives its request."""
    context = build()
    reference = weakref.ref(context)
    assert reference() is context
    del context
    assert reference() is None


def test_replace_checks_like_the_constructor() -> None:
    with pytest.raises(InvalidIdentifier):
        dataclasses.replace(build(), user_id="default")


def test_the_repr_names_the_request_and_no_metadata() -> None:
    context = build(request_id="request-1", agent_context={"pin": "0042"}, audit_metadata={"a": 1})
    assert repr(context) == (
        "UserExecutionContext(user_id='user-7', thread_id='thread-3', run_id='run-12', "
        "request_id='request-1', operation_depth=0, agent_context=<1 key>, "
        "audit_metadata=<1 key>)"
    )


class TestChild:
    def test_it_is_the_same_users_in_a_request_of_its_own(self) -> None:
        parent = build(websocket_client_id="connection-1", agent_context={"a": 1})
        child = parent.child("summarise")
        for field in ("user_id", "thread_id", "run_id", "websocket_client_id", "environment"):
            assert getattr(child, field) == getattr(parent, field)
        assert child.request_id != parent.request_id
        assert UUID(child.request_id).version == 4
        assert child.parent_request_id == parent.request_id
        assert child.operation_depth == parent.operation_depth + 1
        assert child.created_at >= parent.created_at
        assert child.operation_name == "summarise"
        assert parent.operation_name is None

    def test_it_inherits_metadata_and_adds_its_own(self) -> None:
        parent = build(agent_context={"a": 1, "b": 2}, audit_metadata={"ip": "::1"})
        child = parent.child("op", agent_context={"b": 3}, audit_metadata={"why": "x"})
        assert child.agent_context == {"a": 1, "b": 3}
        assert child.audit_metadata == {"ip": "::1", "why": "x", "operation_name": "op"}
        assert parent.agent_context == {"a": 1, "b": 2}

    def test_ten_levels_and_no_more(self) -> None:
        context = build()
        for depth in range(1, MAX_DEPTH + 1):
            context = context.child("again")
            assert context.operation_depth == depth
        with pytest.raises(DepthExceeded) as caught:
            context.child("again")
        assert caught.value.field == "operation_depth"
        assert "is deeper than 10" in str(caught.value)

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 257, None, 7])
    def test_the_operation_must_have_a_name(self, name: Any) -> None:
        with pytest.raises(InvalidIdentifier) as caught:
            build().child(name)
        assert caught.value.field == "operation_name"

    def test_any_word_may_name_an_operation(self) -> None:
        assert build().child("sample").operation_name == "sample"

    def test_its_metadata_is_checked(self) -> None:
        with pytest.raises(InvalidMetadata, match="another user's id"):
            build().child("op", agent_context={"a": {"user_id": "user-8"}})
        with pytest.raises(InvalidMetadata, match="must be a mapping"):
            build().child("op", agent_context=[1])  # type: ignore[arg-type]

    def test_it_cannot_take_its_parents_request(self) -> None:
        parent = build()
        with pytest.raises(InvalidIdentifier, match="request's own id"):
            parent.child("op", request_id=parent.request_id)

    def test_it_keeps_the_environment(self) -> None:
        parent = build(user_id="test_1", environment=Environment.TEST)
        assert parent.child("op").user_id == "test_1"
