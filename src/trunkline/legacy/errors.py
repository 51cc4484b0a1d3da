"""What can go wrong with an old name; the base of the tree is ``trunkline.errors``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.errors import DeclarationError, TrunklineError
from trunkline.graph.model import SourceLocation
from trunkline.validation.findings import Finding, draw

__all__ = [
    "ApplicationNotFoundError",
    "LegacyCallError",
    "LegacyError",
    "NewLegacyCallError",
    "RedirectError",
    "UsageFileError",
]


class LegacyError(TrunklineError):
    """Base of what can go wrong with an old name."""


class LegacyCallError(LegacyError, TypeError):
    """A call in the old form that can't be answered; nothing was built.

    Args:
        failed: What failed, in a sentence.
        site: The line of the call.
        cause: The likely cause.
        remedy: What to write instead.
    """

    def __init__(
        self, failed: str, *, site: SourceLocation, cause: str = "", remedy: str = ""
    ) -> None:
        self.site = site
        super().__init__(f"{failed}\n  called at: {site}", cause=cause, remedy=remedy)


class ApplicationNotFoundError(LegacyError, LookupError):
    """No open scope and no one started application can answer an old call."""


class NewLegacyCallError(LegacyError):
    """In strict mode, an old name is used at a place that the baseline does not list.

    Args:
        name: The old name.
        site: Where it is used.
        advice: What to write instead.
    """

    def __init__(self, name: str, site: SourceLocation, advice: str) -> None:
        self.name = name
        self.site = site
        super().__init__(
            f"{name} is used at a new place\n  called at: {site}",
            cause="strict mode allows an old name only where the baseline lists it",
            remedy=f"{advice}; or let `trunkline legacy --write-baseline` list the place",
        )


class RedirectError(LegacyError, DeclarationError):
    """Redirects that can't work; holds every finding.

    Args:
        findings: What is wrong, in the order of declaration.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        count = len(self.findings)
        noun = "fault" if count == 1 else "faults"
        super().__init__(f"the redirects have {count} {noun}:\n\n{draw(self.findings)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.findings,))


class UsageFileError(LegacyError):
    """A file of counts, or a baseline, can't be read."""
