"""TL405: a ``mock.patch`` target that does not exist."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.patches import PatchTarget, missing_target, patch_targets
from trunkline.audit.project import Project
from trunkline.audit.rule import PROGRAM, Rule


class Check(Rule):
    """The patched name is gone: the test fails with an AttributeError, or patches nothing.

    Understood are `mock.patch` with `patch.object`, `patch.multiple` and `patch.dict`, the same of
    pytest-mock's `mocker`, `mocker.spy`, and `setattr` and `delattr` of `monkeypatch`. A target
    that the patch itself may create (``create=True``, ``raising=False``) is left alone, and so are
    names that `patch.multiple` is given in a variable.
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

@mock.patch.multiple("app.engine", Engine=mock.DEFAULT, autospec=True)
@mock.patch.multiple(Engine, execute=mock.DEFAULT, stats=mock.DEFAULT)
@mock.patch.multiple(Engine, made=1, create=True)
@mock.patch.multiple("json", made=1)
@mock.patch.dict("app.engine.LIMITS", {"runs": 1})
@mock.patch.dict("os.environ", HOME="here")
def test_many(mocker, names):
    mocker.patch.object(Engine, attribute="stats")
    mocker.patch.multiple(Engine, **names)
    mocker.spy(Engine, "execute")
    names.multiple("app.engine", made=1)  # of something else
# file: app/engine.py
LIMITS = {"runs": 3}

class Engine:
    def execute(self, name): ...
    def stats(self): ...
""",
        """
# file: tests/test_views.py
from unittest.mock import patch
from app import grains
from app.engine import Engine

@patch("app.grains.__salt__", {})
@patch.dict("app.grains.__grains__", {"os": "Debian"})
@patch("app.engine.Engine._Engine__start")
@patch.object(Engine, "_Engine__pool")
def test_view(*mocks): ...
# file: app/grains.py
KIND = __grains__["os"]  # the loader puts it here

def locale():
    return __salt__["cmd.run"]("locale")
# file: app/engine.py
class Engine:
    __pool = None
    def __start(self): ...
""",
    )
    invalid = (
        """
# file: tests/test_views.py
from unittest.mock import patch
from app import engine
from app.engine import Engine

@patch("app.engine.Motor")  # <-
@patch("app.engine.Engine._Engine__start")  # <-
@patch("app.views.name")  # <-
@patch("app.views.parts.VERSIONS.major")  # <-
@patch("app.views.parts.LIMITS.runs")
def test_view(*motors):
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
# file: app/parts.py
LIMITS = None
# file: app/views.py
from app import parts

def view(name):
    return name
""",
        """
# file: tests/test_views.py
from unittest import mock
from unittest.mock import patch
from app.engine import Engine

@patch(target="app.engine.Motor")  # <-
@patch.object(attribute="run_all", target=Engine)  # <-
@patch.multiple("app.engine", Engine=mock.DEFAULT, Motor=mock.DEFAULT)  # <-
@mock.patch.multiple("app.engine.Engine", run_all=mock.DEFAULT)  # <-
@patch.multiple(Engine, run_all=None, stats=None)  # <-
@patch.multiple(target=Engine, run_all=None)  # <-
@patch.dict("app.engine.LIMITS", {"runs": 1})  # <-
def test_view(*mocks): ...

def test_more(monkeypatch, mocker):
    monkeypatch.setattr(target=Engine, name="run_all", value=None)  # <-
    monkeypatch.setattr(target="app.engine.stop", name=None)  # <-
    monkeypatch.delattr("app.engine.stop")  # <-
    mocker.patch(target="app.engine.start")  # <-
    mocker.patch.object(Engine, "run_all")  # <-
    mocker.patch.multiple(Engine, run_all=None)  # <-
    mocker.patch.dict("app.engine.LIMITS", {"runs": 1})  # <-
    mocker.spy(Engine, "run_all")  # <-
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
    """Lead a patch of an old name to the canonical one that the patched module has now.

    Where the module itself is gone, what is looked up where is not known: a patch of the class at
    home would be noticed by nobody, and the test that failed would prove nothing.
    """
    owner, _, last = target.name.rpartition(".")
    for canonical in project.canonicals:
        names = {canonical.name, *(old.last for old in canonical.config.legacy if old.attribute)}
        if (
            last in names
            and owner in project.table.files
            and canonical.is_type(project.resolver.lookup(owner, canonical.name))
        ):
            new = f"{owner}.{canonical.name}"
            return ("patch", str(target.line), str(target.column), target.name, new)
    return ()
