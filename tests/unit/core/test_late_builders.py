"""A builder that learns late that its scope has closed."""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.errors import ScopeClosedError


def test_a_builder_that_learns_late_of_the_close_leaves_the_teardown_to_its_turn() -> None:
    log: list[str] = []
    published, go_on = threading.Event(), threading.Event()

    def connection() -> Iterator[str]:
        yield "connection"
        log.append("close connection")

    def session(connection: str) -> Iterator[str]:
        yield "session"
        go_on.set()
        builder.join(10)
        log.append("close session")

    class Application(ScopedContainer):
        shared = providers.ScopedResource(connection)
        session_ = providers.ScopedResource(session, shared)

    def hold_up(frame: Any, event: str, _: object) -> Any:
        """Stop the builder where its object is there for all, before it looks for a close."""
        if event == "line" and frame.f_locals.get("value") == "connection":
            line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
            if frame.f_code.co_name == "shared" and "self._attention is not None" in line:
                published.set()
                assert go_on.wait(10)
        return hold_up

    def build() -> None:
        sys.settrace(hold_up)
        with pytest.raises(ScopeClosedError):
            request.shared()
        log.append("told")

    with Application() as app, app.enter() as request:
        builder = threading.Thread(target=build)
        builder.start()
        assert published.wait(10)
        request.get(Application.session_)
    assert log == ["told", "close session", "close connection"]
