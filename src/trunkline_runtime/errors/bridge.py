"""What a bridge refuses, and an engine that belongs to one user."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline_runtime.errors.drawing import shown
from trunkline_runtime.errors.fault import RuntimeFault

__all__ = ["BridgeClosed", "BridgeError", "EventOrderError", "ForeignContext", "InvalidPayload"]


class BridgeError(RuntimeFault):
    """A bridge refused what it was asked."""

    code = "bridge_error"


class ForeignContext(BridgeError):
    """A bridge or an engine that belongs to one user met another user's context.

    Args:
        owner: The user the object belongs to.
        other: The user whose context was passed.
        what: The object: "bridge", "engine".
    """

    code = "foreign_context"

    def __init__(self, owner: str, other: str, what: str = "bridge") -> None:
        super().__init__(
            f"This {what} belongs to user {shown(owner)} and refuses the context of user "
            f"{shown(other)}",
            f"Each request gets its own {what} from the canonical factory; never keep one in a "
            "module, a singleton or a cache.",
        )
        self.owner = owner
        self.other = other
        self.what = what


class EventOrderError(BridgeError):
    """An event that the order of its run forbids: a defect of its sender, not of the user.

    Args:
        event_type: The type of the refused event.
        problem: What is wrong, as a sentence without its full stop.
        remedy: What to do instead, as a full sentence.
        run_id: The run, where the checker knows it.
    """

    code = "event_order"

    def __init__(
        self, event_type: str, problem: str, remedy: str = "", run_id: str | None = None
    ) -> None:
        where = "" if run_id is None else f" of run {shown(run_id)}"
        super().__init__(f"Event {event_type}{where} is out of order: {problem}", remedy)
        self.event_type = event_type
        self.problem = problem
        self.run_id = run_id


class InvalidPayload(BridgeError):
    """The payload of an event breaks the schema of its type: a defect of its sender.

    Args:
        event_type: The type of the event.
        problems: What is wrong, each with the path of the value: "progress: ...".
    """

    code = "invalid_payload"

    def __init__(self, event_type: str, problems: Iterable[str]) -> None:
        self.event_type = event_type
        self.problems = tuple(problems)
        super().__init__(
            f"The payload of {event_type} breaks its schema: {'; '.join(self.problems)}",
            "Send JSON-like data only: text, finite numbers, booleans, None, lists, mappings.",
        )


class BridgeClosed(BridgeError):
    """A bridge was used after its request had ended.

    Args:
        user_id: The user it belonged to.
    """

    code = "bridge_closed"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"The bridge of user {shown(user_id)} is closed",
            "Finish or cancel every task of a request before its scope ends.",
        )
        self.user_id = user_id
