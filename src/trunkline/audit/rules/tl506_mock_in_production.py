"""TL506: mocks in production code."""

import re
from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts

_MODULES = frozenset({"unittest.mock", "mock"})
_WORD = re.compile(r"[a-z]+")
_TESTING = re.compile(r"(?:unit|py|doc|conf)?test(?!i[fm])|mock|fake|fixture")
"""How a word of a path begins that says that a module supports tests."""


class Check(Rule):
    """Production code that imports `unittest.mock` runs with something that agrees to everything.

    Modules whose path says that they support tests are left alone (``testing``, ``test_utils``,
    ``mocks``, ``fixtures``).
    """

    code = "TL506"
    name = "mock-in-production"
    summary = "mocks imported by production code"
    remedy = "move it to the tests; inject what the code needs"
    judges_by = ()
    production = (b"mock",)
    valid = (
        """
# file: tests/test_views.py
from unittest.mock import Mock
# file: app/testing/support.py
from unittest import mock
# file: app/views.py
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from unittest.mock import Mock
""",
    )
    invalid = (
        """
# file: app/views.py
from unittest.mock import MagicMock  # <-
# file: app/latest.py
from unittest.mock import Mock  # <-
# file: app/pages.py
def page():
    from unittest import mock  # <-
    return mock.Mock()
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every import of a mock library outside the tests."""
        for source in project.sources(tests=False):
            if any(_TESTING.match(word) for word in _WORD.findall(source.path.lower())):
                continue
            lines: set[int] = set()
            for item in source.facts.imports:
                name = f"{item.module}.{item.member}" if item.module == "unittest" else item.module
                if name not in _MODULES or item.flags & facts.TYPE_CHECKING or item.line in lines:
                    continue
                if name in project.table.files:
                    continue
                lines.add(item.line)
                yield self.finding(
                    source.path,
                    item.line,
                    item.column,
                    f"production code imports {name}",
                    cause="a mock agrees to every call and proves nothing",
                )
