"""Promise 7: compiled code is readable, is found by tracebacks, and goes with its container."""

from __future__ import annotations

import gc
import linecache
import traceback
from typing import Any

import pytest

from trunkline import ScopedContainer, providers
from trunkline.compiler.loader import is_loaded
from trunkline.compiler.printed import scope_source


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
    plan = Application().program().plan
    source = scope_source(plan, ("APP", "REQUEST"), locked=True).text
    compile(source, "<read>", "exec")
    assert "class RequestScope(OpenScope):" in source
    assert "value = raise_value_error(thing)" in source


def test_compiled_code_is_told_from_other_code() -> None:
    with Application() as app, app.enter() as request:
        request.get(Application.thing)
        assert is_loaded(type(request).get.__code__)
    assert not is_loaded(raise_value_error.__code__)


def entries() -> set[str]:
    """The scopes of the application above whose source stands in ``linecache``."""
    return {name for name in linecache.cache if f"REQUEST of {__name__}:Application" in name}


def test_an_entry_in_linecache_goes_with_its_container() -> None:
    gc.collect()
    before = entries()
    with Application() as app, app.enter() as request:
        request.get(Application.thing)
        (entry,) = entries() - before
        assert type(request).get.__code__.co_filename == entry
    del app, request
    gc.collect()
    assert entries() == before


def test_a_method_is_written_when_it_is_first_called() -> None:
    before = entries()
    with Application() as app, app.enter() as request:
        (entry,) = entries() - before
        assert "def failing_(self):" not in "".join(linecache.getlines(entry))
        request.get(Application.thing)
        assert "def failing_(self):" not in "".join(linecache.getlines(entry))
        with pytest.raises(ValueError, match="Thing"):
            request.failing_()  # type: ignore[attr-defined]
        lines = linecache.getlines(entry)
        code = type(request).failing_.__code__  # type: ignore[attr-defined]
        assert lines[code.co_firstlineno - 1] == "    def failing_(self):\n"
        compile("".join(lines), entry, "exec")


def test_what_is_written_while_another_method_is_keeps_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Application() as app, app.enter() as request:
        functions = type(request).thing.__globals__["LOAD"]  # type: ignore[attr-defined]
        write = functions._write

        def interrupted(name: str) -> str:
            text: str = write(name)
            monkeypatch.setattr(functions, "_write", write)
            request.thing()  # type: ignore[attr-defined]  # as a signal handler may
            return text

        monkeypatch.setattr(functions, "_write", interrupted)
        with pytest.raises(ValueError, match="Thing") as caught:
            request.failing_()  # type: ignore[attr-defined]
        assert caught.value.args[0] is request.get(Application.thing)
        frames = traceback.extract_tb(caught.value.__traceback__)
        assert "value = raise_value_error(thing)" in {frame.line for frame in frames}
