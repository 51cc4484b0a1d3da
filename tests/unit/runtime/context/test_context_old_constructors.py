"""The old constructors lead to the context and warn at the line that used them."""

from __future__ import annotations

import importlib
import linecache
from collections.abc import Callable
from typing import Any

import pytest

import trunkline_runtime.context as context_package
from trunkline_runtime.context import Environment, UserExecutionContext
from trunkline_runtime.errors import InvalidField, InvalidIdentifier, InvalidMetadata

IDS = ("user-7", "thread-3", "run-12")


def source_of(recorded: pytest.WarningsRecorder) -> str:
    """The line of this file that the one recorded warning points at."""
    (warning,) = recorded.list
    assert warning.category is DeprecationWarning
    assert warning.filename == __file__
    return linecache.getline(warning.filename, warning.lineno).strip()


FORMS: dict[str, Callable[[], UserExecutionContext]] = {
    "from_request": lambda: UserExecutionContext.from_request(*IDS, metadata={"a": 1}),
    "create_for_user": lambda: UserExecutionContext.create_for_user(*IDS, metadata={"a": 1}),
    "from_websocket_request": lambda: UserExecutionContext.from_websocket_request(
        "user-7", metadata={"a": 1}
    ),
    "metadata=": lambda: UserExecutionContext(*IDS, metadata={"a": 1}),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_a_context_and_one_warning(form: str) -> None:
    with pytest.warns(DeprecationWarning, match="use ") as recorded:
        context = FORMS[form]()
    assert source_of(recorded)
    assert type(context) is UserExecutionContext
    assert context.user_id == "user-7"
    assert context.agent_context == {"a": 1}


def test_the_warning_names_the_callers_line() -> None:
    with pytest.warns(DeprecationWarning, match="deprecated") as recorded:
        UserExecutionContext.from_request(*IDS)
    assert source_of(recorded) == "UserExecutionContext.from_request(*IDS)"


def test_positions_and_keywords_of_the_old_constructors() -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context = UserExecutionContext.from_request(
            *IDS, "request-1", None, "socket-1", {"a": 1}, {"a": 2, "b": 3}, {"c": 4}
        )
    assert context.request_id == "request-1"
    assert context.websocket_client_id == "socket-1"
    assert context.agent_context == {"a": 2, "b": 3}
    assert context.audit_metadata == {"c": 4}
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old_name = UserExecutionContext.from_request(*IDS, websocket_connection_id="socket-1")
    assert old_name.websocket_client_id == "socket-1"


def test_a_websocket_request_gets_the_identifiers_it_lacks() -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        first = UserExecutionContext.from_websocket_request("user-7", "socket-1", "chat")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        second = UserExecutionContext.from_websocket_request("user-7", thread_id="thread-3")
    assert first.thread_id != second.thread_id == "thread-3"
    assert first.run_id != second.run_id
    assert first.websocket_client_id == "socket-1"
    assert first.operation_name == "chat"


@pytest.mark.parametrize("name", ["from_request", "create_for_user"])
class TestTheRulesHold:
    def refused(self, name: str, error: type[Exception], *args: Any, **kwargs: Any) -> str:
        with pytest.warns(DeprecationWarning, match="deprecated"), pytest.raises(error) as caught:
            getattr(UserExecutionContext, name)(*args, **kwargs)
        return str(caught.value)

    def test_identifiers(self, name: str) -> None:
        assert "user_id" in self.refused(name, InvalidIdentifier, "default", "t-1", "r-1")

    def test_metadata(self, name: str) -> None:
        assert "user_id" in self.refused(name, InvalidMetadata, *IDS, metadata={"user_id": "x"})
        assert "metadata" in self.refused(name, InvalidMetadata, *IDS, metadata=7)
        assert "metadata" in self.refused(name, InvalidMetadata, *IDS, metadata=7, agent_context={})

    def test_a_live_session_is_refused(self, name: str) -> None:
        text = self.refused(name, InvalidField, *IDS, db_session=object())
        assert "db_session is a live object" in text
        assert "request's scope" in text

    def test_test_ids(self, name: str) -> None:
        with pytest.warns(DeprecationWarning, match="deprecated"):
            made = getattr(UserExecutionContext, name)(
                "test_1", "t-1", "r-1", environment=Environment.TEST
            )
        assert made.user_id == "test_1"


class TestTheOldName:
    def test_it_is_the_class_itself(self) -> None:
        with pytest.warns(DeprecationWarning, match="deprecated"):
            alias = context_package.StronglyTypedUserExecutionContext
        assert alias is UserExecutionContext

    def test_an_import_warns_once_and_where_it_stands(self) -> None:
        with pytest.warns(DeprecationWarning, match="StronglyTyped") as recorded:
            from trunkline_runtime.context import StronglyTypedUserExecutionContext as Old
        assert Old is UserExecutionContext
        assert source_of(recorded).endswith("StronglyTypedUserExecutionContext as Old")

    def test_importlib_and_getattr_warn_where_they_stand(self) -> None:
        module = importlib.import_module("trunkline_runtime.context")
        name = "StronglyTypedUserExecutionContext"
        with pytest.warns(DeprecationWarning, match=name) as recorded:
            getattr(module, name)
        assert source_of(recorded) == "getattr(module, name)"

    def test_another_missing_name_is_still_missing(self) -> None:
        with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
            context_package.Nonsense  # noqa: B018  # the access is the test

    def test_what_is_public_is_there_and_not_deprecated(self) -> None:
        for name in context_package.__all__:
            assert getattr(context_package, name) is not None
