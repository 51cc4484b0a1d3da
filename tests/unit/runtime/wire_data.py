"""What goes over the wire: the keys of an event, and any data that JSON can say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

EVENT_KEYS = [
    "type",
    "event_id",
    "seq",
    "user_id",
    "thread_id",
    "run_id",
    "request_id",
    "agent_name",
    "timestamp",
    "payload",
]


def json_data(keys: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Any]:
    """Data that JSON can say.

    Args:
        keys: The keys of its objects; any text unless given.
    """
    named = st.text() if keys is None else keys
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(named, inner, max_size=4),
        max_leaves=12,
    )
