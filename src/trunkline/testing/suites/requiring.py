"""What a suite requires, also where Python runs without assertions."""

from __future__ import annotations

__all__ = ["require"]


def require(holds: object, message: str) -> None:
    """Fail with a message unless something holds.

    Raises:
        AssertionError: It does not.
    """
    if not holds:
        raise AssertionError(message)
