"""TL504: a mock where a typed canonical object is required."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.queries import bind, is_mock, unbound_method
from trunkline.audit.rule import Rule
from trunkline.audit.signatures import signature


class Check(Rule):
    """A mock passes for any type and answers any question: the test proves nothing.

    Reported where a parameter is annotated with a canonical class and is given a `Mock`, made by
    `unittest.mock` or by pytest-mock's `mocker`. A real context costs microseconds.
    """

    code = "TL504"
    name = "mock-context"
    summary = "a mock where a typed canonical object is required"
    remedy = "give a real one; fakes go in through overrides of the container"
    tests = (b"Mock", b"create_autospec")
    configuration = """
[[tool.trunkline.canonical]]
type = "app.context:Context"
scope = "request"
"""
    valid = (
        """
# file: tests/test_engine.py
from unittest.mock import Mock
import pytest
from app.context import Context
from app.engine import Engine

def test_runs():
    assert Engine(Context("u", "t"))

def test_refuses():
    with pytest.raises(TypeError):
        Engine(Mock(spec=Context))
""",
    )
    invalid = (
        """
# file: tests/test_engine.py
from unittest.mock import Mock, MagicMock
from app.context import Context
from app.engine import Engine

def test_runs():
    context = Mock(spec=Context)
    assert Engine(context)  # <-
    assert Engine(context=MagicMock())  # <-

def test_by_mocker(mocker):
    context = mocker.MagicMock(spec=Context)
    assert Engine(context)  # <-
    assert Engine(mocker.stub())  # <-
    assert Engine(mocker.create_autospec(Context))  # <-
    assert Engine(mocker.sentinel)
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every mock that is given for a canonical type."""
        for source in project.sources():
            for call in source.facts.calls:
                if call.use == "marker" or not any(
                    is_mock(project, a.value) for a in call.arguments
                ):
                    continue
                target = project.resolver.resolve(call.callee)
                if unbound_method(project, call, target):
                    continue
                taken = signature(project, target)
                if taken is None:
                    continue
                for bound in bind(call, taken)[0]:
                    if not is_mock(project, bound.argument.value):
                        continue
                    wanted = project.resolver.resolve(bound.parameter.annotation)
                    canonical = (
                        project.canonical_of(wanted) if wanted.kind == entities.CLASS else None
                    )
                    if canonical is not None and not project.expected.covers(
                        source.path, call.line
                    ):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"a mock is given for {bound.parameter.name}: {canonical.name}",
                            cause=f"{target.name} requires a real {canonical.subject}",
                            subject=canonical.subject,
                        )
