"""What is read of one file when a rule asks agrees with the reading of the whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.audit.conftest import Audit
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.on_demand import read_block, read_everything, read_names

_BLOCKS = [
    "import app.engine",
    "from app.engine import Engine as E",
    "def plain(a, b=1):\n    c = a\n    return E(c)",
    "class Box(E):\n    one = E(1)\n    two = one\n\n    def f(self):\n        self.three = E(2)",
    "class Outer:\n    class Inner:\n        one = E()\n\n    two = Inner()",
    "@decorated\nasync def late():\n    from app import other\n    return await other.go()",
    "TEXT = '''\nclass Hidden:\n    x = E()\n'''",
]
_PADDING = "def padding():\n" + "    x = 1\n" * 600
_FIELDS = ("calls", "references", "stores", "fallbacks", "texts", "classes", "functions")


@given(st.lists(st.sampled_from(_BLOCKS), min_size=1, max_size=8), st.data())
@settings(max_examples=150)
def test_a_block_is_read_as_it_is_in_the_whole(blocks: list[str], drawn: st.DataObject) -> None:
    data = ("\n".join([*blocks, _PADDING]) + "\n").encode()
    last = data.count(b"\n")
    line = drawn.draw(st.integers(1, last - 602), label="line")
    whole = read_everything(data, "app.x", is_package=False)
    assert isinstance(whole, Facts)
    block = read_block(data, "app.x", False, line)
    assert block is not None
    assert block.partial
    tops = [item for item in (*whole.classes, *whole.functions) if "." not in item.name]
    holding = [item for item in tops if item.line <= line <= item.end_line]
    for field in _FIELDS:
        read = getattr(block, field)
        assert set(read) <= set(getattr(whole, field))
        for item in holding:
            inside = [
                one for one in getattr(whole, field) if item.line <= one.line <= item.end_line
            ]
            assert [one for one in read if item.line <= one.line <= item.end_line] == inside


@given(st.lists(st.sampled_from(_BLOCKS), min_size=1, max_size=8))
@settings(max_examples=50)
def test_names_are_those_of_the_whole(blocks: list[str]) -> None:
    data = ("\n".join(blocks) + "\n").encode()
    names = read_names(data, "app.x", is_package=False)
    whole = read_everything(data, "app.x", is_package=False)
    assert isinstance(names, Facts)
    assert isinstance(whole, Facts)
    assert names.level == 1
    for field in ("imports", "definitions", "exports", "dynamic"):
        assert getattr(names, field) == getattr(whole, field)


@pytest.mark.parametrize(
    "data", [b"x = (", b"\0", b"x = " + b"(" * 300], ids=["cut", "null", "deep"]
)
def test_what_cannot_be_read_is_not_read_in_part(data: bytes) -> None:
    assert read_block(data + b"\n" + _PADDING.encode(), "app.x", False, 1) is None


_TREE: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.trunkline.audit]\n\n"
    "[[tool.trunkline.canonical]]\ntype = 'app.engine:Engine'\n",
    "app/__init__.py": "",
    "app/engine.py": "class Engine:\n    def __init__(self, context: object) -> None: ...\n",
    "app/own.py": "from app.engine import Engine\n\n\nclass Own:\n"
    "    kind = Engine\n\n    def build(self):\n        self.other = self.kind\n"
    f"        return self.other(1)\n\n\n{_PADDING}",
}


def test_what_was_read_on_demand_is_kept_for_the_next_run(
    write: Callable[[dict[str, str | bytes]], Path], run: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(_TREE)
    first = run("TL201", cached=True)
    assert [(finding.path, finding.line) for finding in first.findings] == [("app/own.py", 9)]

    read: list[tuple[str, int]] = []

    def watched(data: bytes, module: str, is_package: bool, line: int) -> Facts | None:
        read.append((module, line))
        return read_block(data, module, is_package, line)

    monkeypatch.setattr("trunkline.audit.source.library.read_block", watched)
    assert run("TL201", cached=True).findings == first.findings
    assert read == []
    twice = "self.other = self.kind\n        self.other = print\n"
    write({"app/own.py": str(_TREE["app/own.py"]).replace("self.other = self.kind\n", twice)})
    assert run("TL201", cached=True).findings == ()
    assert read == [("app.own", 4)]


def test_what_is_kept_does_not_grow_where_nothing_changed(
    write: Callable[[dict[str, str | bytes]], Path], run: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(_TREE)
    # a file that was written just now would be read again
    monkeypatch.setattr("trunkline.audit.source.tree._TICK_NANOSECONDS", 0)
    run("TL201", cached=True)
    (kept,) = root.glob(".trunkline/cache/*.bin")
    first, written = kept.read_bytes(), kept.stat().st_mtime_ns
    run("TL201", cached=True)
    assert kept.read_bytes() == first
    assert kept.stat().st_mtime_ns == written, "nor is it written again"
