"""What users of an old name are told."""

from __future__ import annotations

from dataclasses import dataclass
from types import FrameType

__all__ = ["OldName", "old_name"]


@dataclass(frozen=True, slots=True)
class OldName:
    """An old name, as its users are told of it.

    Attributes:
        name: Its full name, for example ``shop.engine.ExecutionEngine``.
        target: The canonical one, as ``module:Class.provider``.
        advice: What to write instead, a phrase that begins with a verb.
        removed_in: The version that removes the old name; may be empty.
        is_quiet: True where uses are counted without a warning.
    """

    name: str
    target: str
    advice: str
    removed_in: str = ""
    is_quiet: bool = False

    @property
    def short(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]

    @property
    def warning(self) -> str:
        """The text of its deprecation warning."""
        end = f" and will be removed in {self.removed_in}" if self.removed_in else ""
        return f"{self.name} is deprecated{end}: {self.advice}"


def old_name(name: str, to: str, removed_in: str, advice: str, home: str | FrameType) -> OldName:
    """An old name with its module, and with advice if it has none of its own.

    Args:
        name: The name in its module.
        to: What is canonical.
        removed_in: The version that removes it.
        advice: What to write instead; the canonical path unless given.
        home: The module's name, or the frame of the module that declares the redirect.
    """
    module = home if isinstance(home, str) else str(home.f_globals.get("__name__", "__main__"))
    path, _, attribute = to.partition(":")
    usual = f"use {attribute} of {path}" if attribute else f"resolve {path} in a scope"
    return OldName(f"{module}.{name}", to, advice or usual, removed_in)
