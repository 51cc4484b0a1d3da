"""The agent reads real trees through the engine, tells how far it is, and leaves nothing behind."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import trunkline_runtime
from tests.unit.runtime.engine.parts import QUICK, Line, running_besides_this
from trunkline_runtime.engine import AgentRegistry, EngineLimits
from trunkline_runtime.inspection import InspectionLimits, ParserPool, register_inspection
from trunkline_runtime.inspection import processes as processes_module
from trunkline_runtime.inspection.agent import _Inspection

pytestmark = pytest.mark.asyncio

SOURCES = Path(trunkline_runtime.__file__).parent


async def _inspect(given, *, pool=None, inspection=None, limits=None):
    agents = AgentRegistry()
    register_inspection(agents, pool, inspection or InspectionLimits())
    line = Line()
    engine = line.engine(agents, limits or EngineLimits())
    result = await engine.execute("inspect", given)
    assert line.problems() == []
    assert running_besides_this() == set()
    return line, result


def _write(root, **files):
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)


async def test_the_runtimes_own_sources_are_reported():
    line, result = await _inspect({"path": str(SOURCES)})
    assert result.ok
    report = result.result
    modules = sorted(SOURCES.rglob("*.py"))
    assert report["totals"]["files"] == report["totals"]["read"] == len(modules)
    assert report["complete"]
    assert report["unreadable"]["total"] == 0
    assert any(found["name"] == "asyncio" for found in report["imports"]["shown"])
    tools = {e.payload["tool_name"] for e in line.events if e.type == "tool_executing"}
    assert tools == {"list_files", "parse_file", "parse_files", "summarise"}


async def test_a_small_tree_with_every_fault(tmp_path):
    _write(
        tmp_path,
        engine="class Engine: ...\ndef make(): ...\n",
        old_engine="class Engine: ...\n",
        twice="def f(): ...\ndef f(): ...\n",
        broken="def (:\n",
    )
    (tmp_path / "null.py").write_bytes(b"\0")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    (tmp_path / "large.py").write_text("#" * 3000)
    (tmp_path / os.fsdecode(b"odd\xff.py")).write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    _, result = await _inspect({"path": str(tmp_path)}, pool=ParserPool(max_bytes=2000))
    report = result.result
    assert result.ok
    assert {found["path"]: found["reason"] for found in report["unreadable"]["shown"]} == {
        "broken.py": "syntax",
        "null.py": "null_bytes",
        "latin.py": "encoding",
        "large.py": "too_large",
    }
    [shared] = report["defined_in_several_modules"]["shown"]
    assert (shared["name"], shared["places"]) == ("Engine", ["engine.py:1", "old_engine.py:1"])
    [twice] = report["defined_twice_in_a_module"]["shown"]
    assert (twice["name"], twice["path"], twice["lines"]) == ("f", "twice.py", [1, 2])
    assert report["totals"]["files"] == 8
    assert report["totals"]["links_not_followed"] == 1


async def test_a_large_tree_sends_a_bounded_number_of_events(tmp_path):
    for n in range(1000):
        (tmp_path / f"m{n:04}.py").write_text(f"def f{n}(): ...\n")
    line, result = await _inspect({"path": str(tmp_path)})
    assert result.result["totals"]["read"] == 1000
    assert [f["name"] for f in result.result["functions"]["shown"][:3]] == ["f0", "f1", "f2"]
    assert len(line.events) < 100
    assert max(len(event.to_json()) for event in line.events) < 256 * 1024
    told = [event.payload for event in line.events if event.type == "progress_update"]
    assert [payload["files"] for payload in told] == sorted({p["files"] for p in told})
    assert (told[-1]["files"], told[-1]["total"], told[-1]["progress"]) == (1000, 1000, 1.0)


async def test_an_empty_directory_has_a_report(tmp_path):
    _, result = await _inspect({"path": str(tmp_path)})
    assert result.ok
    assert result.result["totals"]["files"] == 0


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"path": "/no/such/directory"},
            "invalid_path",
            "There is no directory /no/such/directory",
        ),
        ({"path": __file__}, "invalid_path", "is no directory"),
        ({"path": "a\0b"}, "invalid_path", "cannot be read"),
        ({"path": "x" * 4000}, "invalid_path", "cannot be read"),
        ({}, "invalid_input", "path: Field required"),
        ({"path": ""}, "invalid_input", "path"),
        ({"path": 3}, "invalid_input", "path"),
        ({"path": "/", "mode": "w"}, "invalid_input", "mode"),
    ],
)
async def test_a_path_that_is_no_directory_is_a_clear_error(given, code, message):
    line, result = await _inspect(given)
    assert line.types() == ["agent_started", "agent_error"]
    assert result.error_code == code
    assert message in result.error_message


async def test_a_link_to_itself_is_a_clear_error(tmp_path):
    (tmp_path / "self").symlink_to(tmp_path / "self")
    _, result = await _inspect({"path": str(tmp_path / "self")})
    assert result.error_code == "invalid_path"


async def test_when_the_time_is_over_the_report_says_what_was_not_looked_at(tmp_path):
    for n in range(30):
        (tmp_path / f"m{n}.py").write_text("")
    _, result = await _inspect({"path": str(tmp_path)}, inspection=InspectionLimits(seconds=1e-9))
    assert result.ok
    assert result.result["complete"] is False
    assert result.result["stopped"] == "after 1e-09 seconds"
    assert result.result["totals"]["not_looked_at"] == 30


@pytest.mark.parametrize(("left", "seconds"), [(10.0, 8.0), (25.0, 20.0), (600.0, 20.0)])
async def test_an_inspection_takes_no_more_time_than_its_run_has(left, seconds):
    run = SimpleNamespace(seconds_left=left)
    assert _Inspection(run, Path(), InspectionLimits(seconds=20.0))._seconds == seconds


async def test_at_the_limit_of_files_the_report_says_so(tmp_path):
    for n in range(5):
        (tmp_path / f"m{n}.py").write_text("")
    _, result = await _inspect({"path": str(tmp_path)}, inspection=InspectionLimits(files=3))
    assert result.result["totals"]["read"] == 3
    assert "limit of 3 files" in result.result["stopped"]
    assert result.result["complete"] is False


async def test_a_cancelled_inspection_stops_its_processes(tmp_path):
    for n in range(500):
        (tmp_path / f"m{n}.py").write_text("x = [" + "1," * 5000 + "]\n")
    pool = ParserPool()
    agents = AgentRegistry()
    register_inspection(agents, pool)
    line = Line()
    engine = line.engine(agents, replace(QUICK, grace_seconds=5.0))
    call = asyncio.create_task(engine.execute("inspect", {"path": str(tmp_path)}))
    while "progress_update" not in line.types():
        await asyncio.sleep(0.001)
    engine.cancel("run-12")
    result = await call
    assert result.error_code == "cancelled"
    assert line.problems() == []
    assert running_besides_this() == set()
    assert (pool._free, pool._killed) == ([], [])


async def test_three_inspections_at_once_share_the_processes_and_know_nothing_of_each_other(
    tmp_path,
):
    agents, pool = AgentRegistry(), ParserPool()
    register_inspection(agents, pool)
    lines, calls = [], []
    for name in ("a", "b", "c"):
        root = tmp_path / name
        root.mkdir()
        _write(root, **{f"{name}{n}": f"class Of{name}{n}: ...\n" for n in range(20)})
        line = Line()
        lines.append(line)
        calls.append(line.engine(agents, EngineLimits()).execute("inspect", {"path": str(root)}))
    results = await asyncio.gather(*calls)
    for name, line, result in zip("abc", lines, results, strict=True):
        assert line.problems() == []
        assert result.result["totals"]["classes"] == 20
        found = {entry["name"] for entry in result.result["classes"]["shown"]}
        assert found == {f"Of{name}{n}" for n in range(20)}
        others = [f"Of{root}" for root in "abc" if root != name]
        assert not any(other in json.dumps(result.result) for other in others)
    assert (pool._free, pool._killed, pool._users) == ([], [], 0)


async def test_a_parser_that_crashes_costs_one_file(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    if 'crash' in line: os._exit(1)\n"
        "    if 'hang' in line:\n"
        "        while True: pass\n"
        "    print(json.dumps({'problem': None}), flush=True)\n"
    )
    monkeypatch.setattr(processes_module.source, "__file__", str(program))
    pool = ParserPool(processes=1, seconds_a_file=0.5)
    async with pool.open():
        answers = [await pool.parse(name) for name in ("/a", "/crash", "/b", "/hang", "/c")]
    assert [answer["problem"] for answer in answers] == [None, "crashed", None, "timeout", None]
    assert (pool._free, pool._killed) == ([], [])
    assert running_besides_this() == set()


async def test_a_pool_without_an_inspection_has_no_processes(tmp_path):
    pool = ParserPool()
    _write(tmp_path, a="x = 1\n")
    assert (await pool.parse(str(tmp_path / "a.py")))["lines"] == 1
    assert (pool._free, pool._killed, pool._users) == ([], [], 0)
