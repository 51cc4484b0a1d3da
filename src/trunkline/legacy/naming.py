"""What users of an old name are told."""

from __future__ import annotations

from types import FrameType

from trunkline.legacy.sites import OldName

__all__ = ["old_name"]


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
