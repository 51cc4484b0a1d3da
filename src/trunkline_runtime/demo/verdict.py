"""What has to hold after the demonstration, checked against what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trunkline_runtime.demo.ledger import Ledger
from trunkline_runtime.demo.visitor import Visitor
from trunkline_runtime.messages import check_run

__all__ = ["find_faults"]


def find_faults(visitors: Sequence[Visitor], ledger: Ledger) -> Iterator[str]:
    """Compare what users heard and what the server opened with what was promised.

    Args:
        visitors: The users, after their runs.
        ledger: What the server opened and closed, after its stop.

    Yields:
        A sentence for each promise that does not hold.
    """
    for visitor in visitors:
        yield from _faults_of(visitor)
    users = sorted(visitor.user_id for visitor in visitors)
    if sorted(run.user_id for run in ledger.runs) != users:
        yield f"the server opened requests for {[run.user_id for run in ledger.runs]}"
    for what, objects in (
        ("engine", [run.engine for run in ledger.runs]),
        ("bridge", [run.bridge for run in ledger.runs]),
    ):
        if len({id(one) for one in objects}) != len(objects):
            yield f"two requests shared one {what}"
    for run in ledger.runs:
        if (
            run.bridge.context is not run.engine.context
            or run.bridge.context.user_id != run.user_id
        ):
            yield f"{run.user_id}: the bridge or the engine has another's context"
        if not run.closed:
            yield f"{run.user_id}: the request scope, its engine or its bridge was not torn down"
    if ledger.open_sessions:
        yield f"{ledger.open_sessions} session scopes were not torn down"


def _faults_of(visitor: Visitor) -> Iterator[str]:
    name = visitor.user_id
    if visitor.trouble:
        yield f"{name}: {visitor.trouble}"
        return
    foreign = [event for event in visitor.events if event.user_id != name]
    if foreign:
        yield f"{name}: heard {len(foreign)} events of {foreign[0].user_id}"
    for problem in check_run(visitor.events):
        yield f"{name}: {problem}"
    last = visitor.events[-1]
    if last.type == "agent_error":
        yield f"{name}: the run failed: {last.payload['message']}"
