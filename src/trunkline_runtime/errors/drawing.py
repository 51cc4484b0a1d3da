"""How values and names are shown in the text of an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["kept", "listed", "shown"]

_SHOWN: Final = 64
"""Characters of a text, and bits of a number, that a message shows."""


def kept(value: object) -> object:
    """Reduce a value to what an error may keep: text, numbers and None, else its type."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)  # pyright: ignore[reportArgumentType]  # its class is a str
    return value if value is None or kind in {bool, int, float, type} else kind


def shown(value: object) -> str:
    """Draw a value for a message: escaped, on one line, and short however long it is.

    Args:
        value: Anything. Of what is neither text nor number, the type alone is shown.
    """
    plain = kept(value)
    if isinstance(plain, type):
        return f"an object of type {plain.__name__}"  # its repr may be long, secret or broken
    if isinstance(plain, str):
        return ascii(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "...")
    if isinstance(plain, int) and plain.bit_length() > _SHOWN:
        return "a very large integer"  # beyond some thousand digits even its repr is refused
    return repr(plain)


def listed(names: Iterable[object]) -> str:
    """Draw names for a message, in their order."""
    return ", ".join(str(name) for name in names) or "none"
