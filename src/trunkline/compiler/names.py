"""Lines of source, and the objects that they name."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Lines", "is_literal", "is_name"]

STEP = "    "


@dataclass(eq=False, repr=False)
class Lines:
    """Source in the making.

    Attributes:
        lines: What is written.
        names: The objects that it names, by the names it uses.
    """

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    _bound: dict[int, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def _constant(self, value: object) -> str:
        return repr(value) if is_literal(value) else self._name("K", value)

    def _callable(self, call: Any) -> str:
        name = getattr(call, "__name__", None)
        return self._name(name if isinstance(name, str) else type(call).__name__, call)

    def _name(self, hint: str, value: object) -> str:
        """A name for an object in the namespace of the source."""
        known = self._bound.get(id(value))
        if known is not None:
            return known
        name = hint = hint if is_name(hint) else "thing"
        count = 1
        while name in self.names or name in self._taken:
            count += 1
            name = f"{hint}_{count}"
        self.names[name] = value
        self._bound[id(value)] = name
        return name

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(STEP * depth + text if text else "")


def is_literal(value: object) -> bool:
    """Whether source can write the object as it is."""
    return value is None or value is True or value is False or type(value) in (int, str)


def is_name(text: str) -> bool:
    """Whether source can write it as it is: in a class, ``__private`` would mean another name."""
    is_private = text.startswith("__") and not text.endswith("__")
    return text.isidentifier() and not keyword.iskeyword(text) and not is_private
