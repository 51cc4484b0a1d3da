"""What users of an old name are told."""

from __future__ import annotations

from types import FrameType

from trunkline.legacy.usage import OldName

__all__ = ["old_name"]


def old_name(
    name: str, to: str, removed_in: str, advice: str, module: str | None, frame: FrameType
) -> OldName:
    """An old name with its module, and with advice if it has none of its own.

    Args:
        name: The name in its module.
        to: What is canonical.
        removed_in: The version that removes it.
        advice: What to write instead; the canonical path unless given.
        module: The module; that of ``frame`` unless given.
        frame: The frame that declares the redirect.
    """
    home = module if module is not None else str(frame.f_globals.get("__name__", "__main__"))
    path, _, attribute = to.partition(":")
    usual = f"use {attribute} of {path}" if attribute else f"use {path}"
    return OldName(f"{home}.{name}", to, advice or usual, removed_in)
