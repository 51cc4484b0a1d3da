"""TL405: a ``mock.patch`` target that does not exist."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.patches import PatchTarget, missing_target, patch_targets
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """The patched name is gone: the test fails with an AttributeError, or patches nothing.

    Understood are `mock.patch` and `patch.object`, pytest-mock's `mocker.patch`, and
    `monkeypatch.setattr`. A target that the patch itself may create (``create=True``,
    ``raising=False``) is left alone.
    """

    code = "TL405"
    name = "stale-patch"
    summary = "a patch target that no longer exists"
    remedy = "patch the name where the code under test looks it up"
    needs = PROGRAM
    tests = (b"patch",)
    valid = (
        """
# file: tests/test_views.py
from unittest import mock
from app.engine import Engine

@mock.patch("app.engine.Engine")
@mock.patch("app.engine.Engine.execute")
@mock.patch("app.engine.not_there", create=True)
@mock.patch("json.loads")
@mock.patch.object(Engine, "execute")
@mock.patch.object(Engine, "made", create=True)
def test_view(*mocks): ...

def test_more(monkeypatch):
    monkeypatch.setattr("app.engine.made", 1, raising=False)
    setattr(Engine, "made", 1)
""",
    )
    invalid = (
        """
# file: tests/test_views.py
from unittest.mock import patch
from app import engine
from app.engine import Engine

@patch("app.engine.Motor")  # <-
def test_view(motor):
    with patch("app.gone.thing"):  # <-
        pass

@patch.object(Engine, "run_all")  # <-
@patch.object(engine, "start")  # <-
def test_objects(*mocks): ...

def test_more(monkeypatch, mocker):
    monkeypatch.setattr("app.engine.made", 1, raising=False)
    monkeypatch.setattr("app.engine.stop", None)  # <-
    monkeypatch.setattr(Engine, "run_all", None)  # <-
    monkeypatch.setattr("app.engine.Engine.run_all", None)  # <-
    mocker.patch("app.engine.start")  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every patch of a name that its owner does not have."""
        for source in project.sources():
            for target in patch_targets(project, source):
                if target.creates:
                    continue
                missing = missing_target(project, target.name)
                if missing:
                    yield self.finding(
                        source.path,
                        target.line,
                        target.column,
                        f"the patch target {target.name} does not exist",
                        cause=missing,
                        fix=_fix(project, target),
                    )


def _fix(project: Project, target: PatchTarget) -> tuple[str, ...]:
    """Lead a patch of a canonical class that moved to where the code under test now finds it."""
    owner = target.name.rpartition(".")[0]
    for canonical in project.canonicals:
        names = {canonical.name, *(old.last for old in canonical.config.legacy if old.attribute)}
        if target.name.rpartition(".")[2] in names and canonical.type.kind == "class":
            new = f"{canonical.config.type.module}.{canonical.config.type.attribute}"
            if owner in project.table.files:
                if not canonical.is_type(project.resolver.lookup(owner, canonical.name)):
                    return ()
                new = f"{owner}.{canonical.name}"
            return ("patch", str(target.line), str(target.column), target.name, new)
    return ()
