"""Finds, in source alone, everything that goes round the canonical factory."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trunkline.audit.config import AuditConfig
    from trunkline.audit.config_reader import load_config
    from trunkline.audit.engine import Result, run_audit
    from trunkline.audit.findings import Finding, Undecided
    from trunkline.audit.problems import CheckerError, ConfigurationError, UsageError
    from trunkline.audit.registry import all_rules, load_rule, select_rules
    from trunkline.audit.rule import Rule

__all__ = [
    "AuditConfig",
    "CheckerError",
    "ConfigurationError",
    "Finding",
    "Result",
    "Rule",
    "Undecided",
    "UsageError",
    "all_rules",
    "load_config",
    "load_rule",
    "run_audit",
    "select_rules",
]

_HOMES: Final = {
    "AuditConfig": "config",
    "CheckerError": "problems",
    "ConfigurationError": "problems",
    "Finding": "findings",
    "Result": "engine",
    "Rule": "rule",
    "Undecided": "findings",
    "UsageError": "problems",
    "all_rules": "registry",
    "load_config": "config_reader",
    "load_rule": "registry",
    "run_audit": "engine",
    "select_rules": "registry",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"trunkline.audit.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
