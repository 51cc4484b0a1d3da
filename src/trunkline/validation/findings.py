"""What a check reports: one finding for each problem, with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.graph.model import SourceLocation

__all__ = ["Finding", "draw"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation.

    Attributes:
        check: Identifier of the check that found it, for example ``captive-dependency``.
        subject: Name of the node, or of the function, that is at fault.
        message: What is wrong, in a sentence.
        remedy: What to do about it, in a sentence.
        location: Where the subject is declared.
        hops: The way that leads to the fault, a line each, outermost first.
    """

    check: str
    subject: str
    message: str
    remedy: str
    location: SourceLocation | None = None
    hops: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        lines = [f"{place}{self.message} [{self.check}]"]
        lines += [f"    {hop}" for hop in self.hops]
        lines.append(f"    remedy: {self.remedy}")
        return "\n".join(lines)


def draw(findings: Iterable[Finding]) -> str:
    """All findings as text, a paragraph each."""
    return "\n".join(str(finding) for finding in findings)
