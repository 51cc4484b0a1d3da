"""Checks over a dependency graph, shared by the live container and the auditor."""

from trunkline.validation.findings import Finding, draw
from trunkline.validation.lifetimes import check_captive_dependencies, check_cycles

__all__ = ["Finding", "check_captive_dependencies", "check_cycles", "draw"]
