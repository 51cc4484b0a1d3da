"""The budget of faults: a burst, and a rate in the long run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline_runtime.server.budget import FaultBudget


@given(
    st.integers(min_value=1, max_value=20),
    st.floats(min_value=0.1, max_value=10),
    st.lists(st.floats(min_value=0, max_value=3), max_size=60),
)
def test_no_more_is_forgiven_than_the_burst_and_the_rate_allow(
    burst: int, rate: float, pauses: list[float]
) -> None:
    """Over any time, what is forgiven is at most the burst and what the time has earned."""
    now = 0.0
    budget = FaultBudget(burst, rate, lambda: now)
    forgiven = 0
    for pause in pauses:
        now += pause
        forgiven += budget.spend()
        assert forgiven <= burst + now * rate + 1e-6


def test_a_client_that_errs_seldom_is_always_forgiven() -> None:
    """One fault each time one is earned goes on for ever; a burst is forgiven whole."""
    now = 0.0
    budget = FaultBudget(3, 1.0, lambda: now)
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
    for _ in range(100):
        now += 1.0
        assert budget.spend()
