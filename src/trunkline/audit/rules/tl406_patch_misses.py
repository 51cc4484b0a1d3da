"""TL406: a patch of a canonical name that nobody looks up there."""

import re
from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.patches import patch_targets
from trunkline.audit.project import Project, Source
from trunkline.audit.rule import Rule
from trunkline.audit.source import facts


class Check(Rule):
    """``from app.engine import Engine`` binds the class where it is used: other patches miss it.

    Reported where every module outside the tests that uses the canonical class took it by name when
    it was imported, and neither they nor the test look it up in the patched module.
    """

    code = "TL406"
    name = "patch-misses"
    summary = "a patch of a canonical name that misses the name in use"
    remedy = (
        "override the provider in the container instead, or patch the name in the module under test"
    )
    tests = (b"patch",)
    valid = (
        """
# file: app/views.py
import app.engine

def kind():
    return app.engine.Engine
# file: tests/test_views.py
from unittest.mock import patch

@patch("app.engine.Engine")
def test_view(engine): ...
""",
        """
# file: app/fast.py
from app.engine import Engine

class Fast(Engine): ...
# file: app/views.py
import app.engine

def view(context):
    return app.engine.Engine.create(context).stats()  # looked up on the way
# file: tests/test_views.py
from unittest.mock import patch

@patch("app.engine.Engine")
def test_view(engine): ...
""",
        """
# file: app/engine.py
class Engine:
    def same(self, other):
        return isinstance(other, Engine)  # meets the patch
# file: app/views.py
from app.engine import Engine
kind = Engine
# file: tests/test_views.py
from unittest.mock import patch

@patch("app.engine.Engine")
def test_view(engine): ...
""",
    )
    invalid = (
        """
# file: app/views.py
from app.engine import Engine

def kind():
    return Engine
# file: tests/test_views.py
from unittest.mock import patch

@patch("app.engine.Engine")  # <-
def test_view(engine): ...

@patch.multiple("app.engine", Engine=None)  # <-
def test_more(): ...

def test_by_mocker(mocker):
    mocker.patch(target="app.engine.Engine")  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every patch of the defining module that no production code can notice."""
        users = {canonical: _users(project, canonical) for canonical in project.canonicals}
        for source in project.sources():
            for target in patch_targets(project, source):
                module, _, name = target.name.rpartition(".")
                for canonical, (bound, looked_up) in users.items():
                    if (
                        (module, name) == (canonical.type.module, canonical.type.name)
                        and bound
                        and not looked_up
                        and not _looks_up(project, source, canonical)
                    ):
                        yield self.finding(
                            source.path,
                            target.line,
                            target.column,
                            f"the patch of {target.name} misses the name in use",
                            cause=f"{bound[0]} and {len(bound) - 1} others took it by `from` import"
                            if len(bound) > 1
                            else f"{bound[0]} took it by `from` import",
                            subject=canonical.subject,
                        )


def _users(project: Project, canonical: Canonical) -> tuple[list[str], bool]:  # noqa: C901 # one case after another
    """Return the modules that bind the class by name, and whether any looks it up at home."""
    bound: list[str] = []
    for source in project.sources(tests=False):
        if source.module == canonical.type.module:
            own = [(call.callee, call.scope) for call in source.facts.calls]
            own += [(r.path, r.scope) for r in source.facts.references if r.role != "annotation"]
            if any(path == canonical.type.full and scope for path, scope in own):
                return [], True
            continue
        for item in source.facts.imports:
            if item.flags & facts.TYPE_CHECKING or item.member is None:
                continue
            if item.member == "*":
                if item.module == canonical.type.module:
                    bound.append(source.module)
                continue
            entity = project.resolver.member(item.module, item.member)
            if canonical.is_type(entity):
                if item.scope:
                    return [], True  # looked up anew at every call
                bound.append(source.module)
        if _looks_up(project, source, canonical):
            return [], True
    return sorted(set(bound)), False


def _looks_up(project: Project, source: Source, canonical: Canonical) -> bool:
    """Tell whether a file reads the class from its module at each use."""
    places = [call.callee for call in source.facts.calls]
    for path in (*places, *(reference.path for reference in source.facts.references)):
        for step in re.finditer(rf"\.{canonical.name}\b", path or ""):
            holder = project.resolver.resolve((path or "")[: step.start()])
            if holder.kind == entities.MODULE and holder.module == canonical.type.module:
                return True
    return False
