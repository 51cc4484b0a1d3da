"""Reports: one function each, from an outline to text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trunkline.audit.reports.outline import Report

FORMATS: Final = ("text", "json", "sarif", "github", "markdown", "html")
MACHINE_FORMATS: Final = frozenset({"json", "sarif", "github"})
"""Those that programs read: nothing is said beside them that is meant for people."""


def draw_report(report: Report, format_name: str) -> str:
    """Return the report in one of `FORMATS`.

    Raises:
        KeyError: There is no such format.
    """
    return _drawer(format_name)(report)


def _drawer(name: str) -> Callable[[Report], str]:
    if name == "markdown":
        from trunkline.audit.reports.document import markdown_report

        return markdown_report
    if name == "html":
        from trunkline.audit.reports.page import html_report

        return html_report
    if name == "text":
        from trunkline.audit.reports import text

        return text.text_report
    from trunkline.audit.reports import machine

    return {
        "json": machine.json_report,
        "sarif": machine.sarif_report,
        "github": machine.github_report,
    }[name]
