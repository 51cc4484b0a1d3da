"""Overrides: fakes in the place of a container's providers, for as long as a block lasts."""

from trunkline.overrides.override import Override, UnusedOverrideWarning, override

__all__ = ["Override", "UnusedOverrideWarning", "override"]
