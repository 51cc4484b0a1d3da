"""Checks over a dependency graph, shared by the live container and the auditor.

What the start of every application needs is at hand here; all checks together are in
:mod:`trunkline.validation.report`.
"""

from trunkline.validation.findings import Finding, draw
from trunkline.validation.lifetimes import check_captive_dependencies, check_cycles

__all__ = ["Finding", "check_captive_dependencies", "check_cycles", "draw"]
