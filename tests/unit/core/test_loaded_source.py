"""Promise 7: compiled code is readable, is found by tracebacks, and is shared where it is alike."""

from __future__ import annotations

import linecache
import traceback
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.compiler.loader import is_loaded


class Thing:
    """Takes anything."""

    def __init__(self, *args: Any) -> None:
        self.args = args


def raise_value_error(thing: Thing) -> None:
    raise ValueError(thing)


class Application(ScopedContainer):
    """One that fails."""

    thing = providers.Scoped(Thing)
    failing_ = providers.Scoped(raise_value_error, thing)


def test_tracebacks_show_the_lines_of_compiled_code() -> None:
    with Application() as app, app.enter() as request:
        with pytest.raises(ValueError, match="Thing") as caught:
            request.get(Application.failing_)
        frames = traceback.extract_tb(caught.value.__traceback__)
        lines = {frame.line for frame in frames if frame.filename.startswith("<trunkline")}
        assert "value = raise_value_error(thing)" in lines
        linecache.checkcache()
        shown = "".join(traceback.format_exception(caught.value))
        assert "value = raise_value_error(thing)" in shown, "also after the cache was checked"


def test_the_source_of_every_scope_can_be_read() -> None:
    with Application() as app, app.enter():
        sources = dict(app.program().sources())
    assert list(sources) == [("APP",), ("APP", "REQUEST")]
    assert "class RequestScope(OpenScope):" in sources["APP", "REQUEST"]
    assert "value = raise_value_error(thing)" in sources["APP", "REQUEST"]


def test_compiled_code_is_told_from_other_code() -> None:
    with Application() as app, app.enter() as request:
        request.get(Application.thing)
        assert is_loaded(type(request).get.__code__)
    assert not is_loaded(raise_value_error.__code__)


def test_containers_that_are_alike_share_their_source() -> None:
    with Application() as one, Application() as two:
        first, second = one.enter(), two.enter()
        for scope in (first, second):
            scope.get(Application.thing)
        assert type(first) is not type(second)
        files = {type(scope).get.__code__.co_filename for scope in (first, second)}
        assert len(files) == 1, "one entry in linecache"
