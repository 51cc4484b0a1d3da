"""What a user execution context costs, against a frozen dataclass that checks nothing.

Run it alone with ``python -m tests.benchmarks.bench_context``. Only the ratios mean something:
they are taken in one process, the best of several rounds, after every contender was checked.
"""

from __future__ import annotations

import copy
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from trunkline_runtime.context import RunId, ThreadId, UserExecutionContext, UserId

__all__ = ["Measurement", "measure"]

_USER, _THREAD, _RUN = "user-7f0c2a41", "thread-3b9d", "run-12e5"
_METADATA = {"path": "src", "limits": {"files": 100, "seconds": 5.0}, "tags": ["a", "b"]}


@dataclass(frozen=True, slots=True)
class _Bare:
    """The same fields, unchecked: the floor under any class in plain Python."""

    user_id: str
    thread_id: str
    run_id: str
    request_id: str
    websocket_client_id: str | None
    created_at: datetime
    agent_context: dict[str, Any]
    audit_metadata: dict[str, Any]
    operation_depth: int
    parent_request_id: str | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender.

    Attributes:
        name: What was built.
        microseconds: The best time of one construction.
        ratio: That time over the bare dataclass's.
    """

    name: str
    microseconds: float
    ratio: float


def _bare(metadata: dict[str, Any] | None = None) -> _Bare:
    return _Bare(
        _USER,
        _THREAD,
        _RUN,
        str(uuid4()),
        None,
        datetime.now(UTC),
        copy.deepcopy(metadata) if metadata else {},
        {},
        0,
        None,
    )


def _contenders() -> dict[str, Callable[[], Any]]:
    typed = (UserId(_USER), ThreadId(_THREAD), RunId(_RUN))
    parent = UserExecutionContext(*typed)
    return {
        "bare dataclass": _bare,
        "context": lambda: UserExecutionContext(_USER, _THREAD, _RUN),
        "context, typed identifiers": lambda: UserExecutionContext(*typed),
        "child": lambda: parent.child("summarise"),
        "bare dataclass, metadata deep-copied": lambda: _bare(_METADATA),
        "context, metadata": lambda: UserExecutionContext(*typed, agent_context=_METADATA),
    }


def _check(contenders: dict[str, Callable[[], Any]]) -> None:
    """Assert that every contender gives the right answer before it is timed."""
    requests = set()
    for name, build in contenders.items():
        made = build()
        assert (made.user_id, made.thread_id, made.run_id) == (_USER, _THREAD, _RUN), name
        assert len(made.request_id) == 36, name
        assert made.created_at.tzinfo is UTC, name
        if "metadata" in name:
            assert made.agent_context["limits"] == _METADATA["limits"], name
            assert made.agent_context["limits"] is not _METADATA["limits"], name
        requests.add(made.request_id)
    assert len(requests) == len(contenders)


def measure(constructions: int = 20_000, rounds: int = 5) -> list[Measurement]:
    """Time every contender.

    Args:
        constructions: How many objects a round builds.
        rounds: How many rounds; the best one counts.
    """
    contenders = _contenders()
    _check(contenders)
    best = {
        name: min(timeit.repeat(build, number=constructions, repeat=rounds)) / constructions * 1e6
        for name, build in contenders.items()
    }
    floor = best["bare dataclass"]
    return [Measurement(name, micros, micros / floor) for name, micros in best.items()]


def main() -> None:
    """Print one line for each contender."""
    for result in measure():
        print(f"{result.name:<40} {result.microseconds:7.2f} us {result.ratio:6.2f} x bare")


if __name__ == "__main__":
    main()
