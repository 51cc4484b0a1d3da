"""``pytest --trunkline-audit``: each rule, for each canonical type, as a test.

The audit reads source and imports nothing of it; it runs once, when the first of its tests does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trunkline.audit.problems import ConfigurationError, UsageError
from trunkline.audit.pytest_checks import AuditCheck, AuditSession


class AuditError(AssertionError):
    """Findings stand against what a test claims; its text is theirs."""


class AuditItem(pytest.Item):
    """One claim about the audited tree.

    Args:
        check: The claim.
        audit: The audit that all of them share.
    """

    def __init__(self, *, check: AuditCheck, audit: AuditSession, **rest: Any) -> None:
        super().__init__(**rest)
        self.check = check
        self.audit = audit

    def runtest(self) -> None:
        """Fail with the findings that speak against the claim."""
        problems = self.audit.problems(self.check)
        if problems:
            raise AuditError(problems)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the findings alone, without this module's own frames."""
        if isinstance(excinfo.value, AuditError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Head the failure with the claim."""
        return Path(self.audit.config.root) / "pyproject.toml", None, f"audit: {self.check.claim}"


def audit_items(session: pytest.Session) -> list[AuditItem]:
    """Return the audit's tests.

    Args:
        session: The run; its root folder is what is audited.

    Raises:
        pytest.UsageError: The configuration has mistakes, or the baseline cannot be read.
    """
    try:
        audit = AuditSession(
            str(session.config.rootpath),
            baseline=not session.config.getoption("--trunkline-audit-no-baseline"),
        )
    except (ConfigurationError, UsageError) as error:
        raise pytest.UsageError(f"--trunkline-audit: {error}") from error
    return [
        AuditItem.from_parent(
            session,
            name=check.name,
            nodeid=f"pyproject.toml::{check.name}",
            check=check,
            audit=audit,
        )
        for check in audit.checks()
    ]
