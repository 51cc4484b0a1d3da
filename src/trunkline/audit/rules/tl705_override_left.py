"""TL705: an override in a test that is never undone."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.containers import is_container
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source.needles import CONTAINER_NAMES

_UNDOING = (".reset_override", ".reset_last_overriding", ".reset_singletons", ".shutdown_resources")


class Check(Rule):
    """The fake stays for every later test of the process, and singletons built with it keep it.

    ``with provider.override(fake):`` undoes it. A file that resets overrides anywhere is left
    alone, and so is a container that the test makes itself: its providers are its own, and go with
    it.
    """

    code = "TL705"
    name = "override-left"
    summary = "an override in a test that is never undone"
    remedy = "use `with provider.override(...):`, or the override of trunkline.testing"
    judges_by = ()
    names = CONTAINER_NAMES
    valid = (
        """
# file: tests/test_views.py
from containers import Application

def test_view():
    with Application.engine.override(1):
        pass
""",
        """
# file: tests/test_views.py
from containers import Application

def test_view():
    app = Application()
    app.engine.override(1)
    Application().override_providers(engine=1)
""",
    )
    invalid = (
        """
# file: tests/test_views.py
from containers import Application

app = Application()

def test_view():
    Application.engine.override(1)  # <-
    app.engine.override(2)  # <-
    app.override_providers(engine=3)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every override that stands alone in a test file without any reset."""
        for source in project.sources():
            if not source.is_test or _resets(source):
                continue
            for call in source.facts.calls:
                owner, _, method = (call.callee or "").rpartition(".")
                if call.use != "expr" or owner.endswith("()") or "()." in owner:
                    continue
                target = project.resolver.resolve(owner)
                provider = method == "override" and target.kind == entities.PROVIDER
                whole = (
                    method in {"override", "override_providers"}
                    and target.kind in {entities.CLASS, entities.INSTANCE}
                    and is_container(project.resolver, target)
                )
                if provider or whole:
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"the override of {target.name} is never undone",
                        cause="later tests of the process meet the fake",
                    )


def _resets(source: Source) -> bool:
    return any((call.callee or "").endswith(_UNDOING) for call in source.facts.calls)
