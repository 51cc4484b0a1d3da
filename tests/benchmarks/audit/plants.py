"""The violations that are planted, each a few files in which marks name the rule and the line."""

from typing import Final, NamedTuple


class Plant(NamedTuple):
    """One kind of violation; ``{n}`` in texts and paths is the number of the copy."""

    files: dict[str, str]


def planted_files(plant: Plant, number: int) -> dict[str, str]:
    """Return the files of one copy of a plant."""
    return {
        path.replace("{n}", str(number)): text.replace("{n}", str(number))
        for path, text in plant.files.items()
    }


PLANTS: Final = (
    Plant({
        "app/planted/direct_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine


def build(context):
    engine = UserExecutionEngine(context)  # <- TL201
    return engine.stats()
""",
    }),
    Plant({
        "app/planted/renamed_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine as Motor{n}
""",
        "app/planted/through_{n}.py": """\
def build(context):
    from app.planted.renamed_{n} import Motor{n}  # <- TL202

    return Motor{n}(context).stats()  # <- TL201
""",
    }),
    Plant({
        "app/planted/factory_{n}.py": """\
import app.engine.user_execution_engine as engines


async def open_engine(context):  # <- TL104
    return engines.UserExecutionEngine(context)  # <- TL201
""",
    }),
    Plant({
        "app/planted/family_{n}.py": '''\
class Fast{n}ExecutionEngine:  # <- TL101
    """One more engine."""

    def run(self):
        return {n}
''',
    }),
    Plant({
        "app/planted/derived_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine


class Special{n}(UserExecutionEngine):  # <- TL101
    pass
""",
    }),
    Plant({
        "app/planted/interface_{n}.py": """\
class Runner{n}:  # <- TL101
    async def execute(self, agent_name, payload): ...

    async def execute_pipeline(self, steps): ...

    def stats(self): ...
""",
    }),
    Plant({
        "app/planted/same_{n}.py": """\
class UserExecutionContext:  # <- TL102
    pass
""",
    }),
    Plant({
        "app/planted/twice_{n}.py": """\
def total(rows):
    return len(rows)


def other():
    return total([])


def total(rows):  # <- TL103
    return sum(rows)
""",
    }),
    Plant({
        "app/planted/hidden_{n}.py": """\
VALUE = {n}  # <- TL105
""",
        "app/planted/hidden_{n}/__init__.py": "VALUE = {n}\n",
    }),
    Plant({
        "app/planted/reexport_{n}/__init__.py": """\
from app.context.user_execution_context import UserExecutionContext
""",
        "app/planted/other_path_{n}.py": """\
from app.planted.reexport_{n} import UserExecutionContext  # <- TL202


def name_of(context: UserExecutionContext):
    return context.user_id
""",
    }),
    Plant({
        "app/planted/quick_{n}.py": "class Quick{n}:\n    pass\n",
        "app/planted/bound_{n}.py": """\
from app.planted.quick_{n} import Quick{n} as UserExecutionEngine  # <- TL203

KIND = UserExecutionEngine
""",
    }),
    Plant({
        "app/planted/legacy_{n}.py": """\
from app.engine.execution_engine import ExecutionEngine  # <- TL204


def check(value):
    return isinstance(value, ExecutionEngine)  # <- TL505
""",
        "app/planted/lazy_legacy_{n}.py": """\
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.engine.execution_engine import ExecutionEngine  # <- TL204


def load() -> "ExecutionEngine":
    import app.engine.execution_engine  # kept: it holds more than the old name

    return importlib.import_module("app.engine.execution_engine").ExecutionEngine  # <- TL204
""",
    }),
    Plant({
        "app/planted/star_{n}.py": """\
from app.engine.user_execution_engine import *  # <- TL205
""",
        "app/planted/star_old_{n}.py": """\
from app.engine.execution_engine import *  # <- TL205
""",
    }),
    Plant({
        "app/planted/patching_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine


def later(self):
    return self


UserExecutionEngine.later_{n} = later  # <- TL303
""",
    }),
    Plant({
        "tests/planted/merge_{n}.py": """\
limit = 1
<<<<<<< HEAD  # <- TL305
limit = 2
=======
limit = 3
>>>>>>> main
""",
    }),
    Plant({
        "app/planted/broken_{n}.py": """\
from app.nowhere_{n} import thing  # <- TL401
""",
        "app/planted/broken_user_{n}.py": """\
from app.planted.broken_{n} import thing  # <- TL402
""",
        "app/planted/broken_user_two_{n}.py": """\
import app.planted.broken_user_{n}  # <- TL402


def late():
    import app.planted.broken_{n}
""",
        "app/planted/absent_name_{n}.py": """\
def late():
    from app.context.user_execution_context import Absent{n}  # <- TL401
    from . import absent_{n}  # <- TL401
""",
        "app/planted/masked_{n}.py": """\
try:
    from app.lost_{n} import helper  # <- TL403
except ImportError:
    def helper():
        return None
""",
    }),
    Plant({
        "app/planted/attribute_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine
from containers.application import Application


async def view(engine: UserExecutionEngine, app: Application):
    await engine.execute("a", {})
    engine.run_{n}()  # <- TL404
    return app.engine().gone_{n}  # <- TL404
""",
    }),
    Plant({
        "tests/planted/test_patch_{n}.py": """\
from unittest.mock import patch


@patch("app.engine.user_execution_engine.UserExecutionEngine.run_{n}")  # <- TL405
def test_one(run): ...


def test_two(monkeypatch):
    monkeypatch.setattr("app.planted.direct_{n}.assemble", None)  # <- TL405
    monkeypatch.setattr("app.planted.direct_{n}.build", None)
""",
    }),
    Plant({
        "tests/planted/test_missed_patch_{n}.py": """\
from unittest import mock


def test_one():
    with mock.patch("app.context.user_execution_context.UserExecutionContext"):  # <- TL406
        pass
""",
    }),
    Plant({
        "tests/planted/test_calls_{n}.py": """\
from app.context.user_execution_context import UserExecutionContext
from app.engine.user_execution_engine import UserExecutionEngine


async def test_calls(engine: UserExecutionEngine):
    context = UserExecutionContext("u", "t")  # <- TL501
    UserExecutionEngine(context, size={n})  # <- TL501
    await engine.execute("a", {}, 1)  # <- TL501
    await engine.execute("a", payload={})
""",
    }),
    Plant({
        "app/planted/awaits_{n}.py": """\
from app.bridge.agent_bridge import open_bridge


async def one(context):
    bridge = open_bridge(context)  # <- TL502
    bridge.send("{n}")


async def two(context):
    bridge = await open_bridge(context)
    bridge.send("{n}")
""",
        "app/planted/needless_{n}.py": """\
from containers.application import Application


async def one(app: Application):
    return await app.engine()  # <- TL503
""",
    }),
    Plant({
        "tests/planted/test_mocks_{n}.py": """\
from unittest.mock import MagicMock

from app.engine.user_execution_engine import UserExecutionEngine


def test_one():
    context = MagicMock()
    assert UserExecutionEngine(context)  # <- TL504
""",
        "app/planted/stand_in_{n}.py": """\
from unittest.mock import MagicMock  # <- TL506

client = MagicMock()
""",
    }),
    Plant({
        "app/planted/globals_{n}.py": """\
from functools import lru_cache

from app.engine.user_execution_engine import UserExecutionEngine
from containers.application import Application

app = Application()
shared: UserExecutionEngine | None = None  # <- TL601
_engine = None
_engines: dict[str, UserExecutionEngine] = {}  # <- TL604


def lazily():
    global _engine
    _engine = app.engine()  # <- TL602
    return _engine


@lru_cache(maxsize=None)
def cached():  # <- TL604
    return app.engine()


class Holder{n}:
    engines: dict[str, UserExecutionEngine] = {}  # <- TL603


def keep(store):
    store.engines["default"] = app.engine()  # <- TL605
    app.last_{n} = app.engine()  # <- TL606
""",
    }),
    Plant({
        "app/planted/fallback_{n}.py": """\
from containers.application import Application


class Simple{n}:
    pass


def get(app: Application):
    try:
        return app.engine()
    except RuntimeError:  # <- TL607
        return Simple{n}()
""",
    }),
    Plant({
        "tests/planted/test_identifiers_{n}.py": """\
from app.context.user_execution_context import UserExecutionContext


def test_one(request, thread_id, user_id, run_id):
    UserExecutionContext(user_id, thread_id, run_id)
    UserExecutionContext(thread_id, thread_id, run_id)  # <- TL608
    UserExecutionContext(user_id=request.run_id, thread_id=thread_id, run_id=run_id)  # <- TL608
""",
    }),
    Plant({
        "containers/wired_{n}.py": """\
from dependency_injector import containers, providers


async def open_session():
    yield 1


class Wired{n}(containers.DeclarativeContainer):
    one = providers.Object(1)
    session = providers.Resource(open_session)
    many = providers.Factory(list, [one])  # <- TL703
    left = providers.Singleton(dict, right=one)
""",
        "app/planted/wiring_{n}.py": """\
from containers.wired_{n} import Wired{n}


def start():
    Wired{n}().wire(modules=["app.planted.elsewhere_{n}"])
""",
        "app/planted/wired_{n}.py": """\
from containers.wired_{n} import Wired{n}
from dependency_injector.wiring import Closing, Provide, inject


@inject
async def view(session=Closing[Provide[Wired{n}.session]]):  # <- TL702 TL706
    return session


def bare(one=Provide[Wired{n}.one]):  # <- TL706
    return one


def missing():
    return Wired{n}.nothing()  # <- TL707
""",
        "tests/planted/test_override_{n}.py": """\
from containers.wired_{n} import Wired{n}


def test_one():
    Wired{n}.one.override(2)  # <- TL705


def test_two():
    with Wired{n}.one.override(2):
        pass
""",
    }),
    Plant({
        "containers/captive_{n}.py": """\
from app.context.user_execution_context import UserExecutionContext
from trunkline import ScopedContainer, providers


class Captive{n}(ScopedContainer):
    context = providers.ScopeValue(UserExecutionContext)
    pool = providers.Singleton(dict, context)  # <- TL701
""",
        "containers/cycle_{n}.py": """\
from dependency_injector import containers, providers


class Base{n}(containers.DeclarativeContainer):
    two = providers.Dependency()


class Cycle{n}(Base{n}):
    one = providers.Singleton(dict, two=Base{n}.two)
    two = providers.Singleton(dict, one=one)  # <- TL704
""",
    }),
    Plant({
        "app/core/part_{n}.py": """\
from app.web.page_{n} import page  # <- TL801
""",
        "app/web/page_{n}.py": """\
def page():
    return {n}
""",
        "app/core/asks_{n}.py": """\
def later():
    from containers.application import Application  # <- TL802

    return Application
""",
    }),
    Plant({
        "app/planted/suppressed_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine

smoke = UserExecutionEngine(None)  # trunkline: ignore[TL201, TL601] the smoke test's own
bare = 1  # trunkline: ignore[TL201]  # <- TL001
stale = 1  # trunkline: ignore[TL201] nothing is constructed here  # <- TL002
""",
    }),
    Plant({
        "app/planted/ways_{n}.py": """\
from importlib import import_module

from app.engine.user_execution_engine import UserExecutionEngine


class Kinds{n}:
    engine_class = UserExecutionEngine

    def build(self, context):
        self.motor = self.engine_class(context)  # <- TL201
        self.motor.start_{n}()  # <- TL404
        return import_module("app.engine.user_execution_engine").UserExecutionEngine  # kept


def bare():
    engine = object.__new__(UserExecutionEngine)  # <- TL201
    return engine.limit


def relative():
    return import_module(".execution_engine", "app.engine").ExecutionEngine  # <- TL204
""",
        "app/planted/instead_{n}.py": """\
from app.engine.user_execution_engine import UserExecutionEngine


class Stub{n}:
    pass


def given(engine: UserExecutionEngine | None = None):
    if engine is None:  # <- TL607
        return Stub{n}()
    return engine


def guarded(engine: UserExecutionEngine | None = None):
    if engine is None:
        return Stub{n}()
    return engine.stats()


class Shared{n}:
    engines = {}

    def keep(self, engine: UserExecutionEngine, scope):
        self.engines[scope] = engine  # <- TL603
        scope["engine"] = engine
""",
        "app/planted/checked_{n}.py": """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.context.user_execution_context import UserExecutionContext as Only{n}

gone = {n}
del gone
""",
        "app/planted/real_rules_{n}.py": """\
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.planted.checked_{n} import Only{n}  # <- TL202


def late() -> "Only{n}":
    from app.planted.checked_{n} import gone  # <- TL401

    return gone
""",
    }),
    Plant({
        "app/planted/tables_{n}.py": """\
from app.engine import user_execution_engine as engines

KINDS_{n} = {
    "plain": dict,
    "user": engines.UserExecutionEngine,
}
""",
        "app/planted/table_user_{n}.py": """\
from app.planted.tables_{n} import KINDS_{n}


def build(context, name):
    engine = KINDS_{n}["user"](context)  # <- TL201
    return engine.stats(), KINDS_{n}["plain"](), KINDS_{n}[name](context)
""",
        "app/planted/asked_{n}.py": """\
def __getattr__(name):
    if name == "Late{n}Motor":
        from app.engine.user_execution_engine import UserExecutionEngine

        return UserExecutionEngine
    raise AttributeError(name)
""",
        "app/planted/asks_{n}.py": """\
from app.planted.asked_{n} import Late{n}Motor  # <- TL202


def build(context):
    return Late{n}Motor(context).stats()  # <- TL201
""",
        "app/planted/given_{n}.py": """\
from copy import copy

from app.engine import user_execution_engine
from app.engine.user_execution_engine import UserExecutionEngine


def given(kind: type[UserExecutionEngine], context):
    return kind(context).stats()  # <- TL201


def named(context):
    return getattr(user_execution_engine, "UserExecutionEngine")(context).stats()  # <- TL201


def engine_class():
    return UserExecutionEngine


def asked(context):
    return engine_class()(context).stats()  # <- TL201


def again(engine: UserExecutionEngine):
    return copy(engine).stats()  # <- TL201


def tested(value):
    if isinstance(value, UserExecutionEngine):
        value.start_{n}()  # <- TL404


def tried(engine: UserExecutionEngine):
    try:
        engine.start_{n}()
    except AttributeError:
        return None
""",
        "tests/planted/test_keywords_{n}.py": """\
from unittest.mock import patch

from app.engine.user_execution_engine import UserExecutionEngine


@patch.multiple(UserExecutionEngine, run_{n}=None, stats=None)  # <- TL405
@patch(target="app.planted.given_{n}.gone")  # <- TL405
def test_one(gone): ...


def test_two(mocker):
    mocker.patch.object(UserExecutionEngine, attribute="run_{n}")  # <- TL405
    assert UserExecutionEngine(mocker.Mock())  # <- TL504
""",
    }),
    Plant({  # what looks like violations and is none
        "app/planted/harmless_{n}.py": '''\
import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.engine.user_execution_engine import UserExecutionEngine

try:
    import ujson
except ImportError:
    ujson = json


class AnyExecutionEngine(Protocol):
    def stats(self): ...


class ExecutionEngineError(Exception):
    """UserExecutionEngine(context) is constructed directly: the text of a message."""


def describe(engine: "UserExecutionEngine") -> str:
    # from app.engine.execution_engine import ExecutionEngine
    return f"{engine.stats()} of ExecutionEngine"


def __getattr__(name):
    return name
''',
        "app/planted/asks_harmless_{n}.py": """\
from app.planted.harmless_{n} import anything_at_all, describe
from app.planted import harmless_{n} as harmless

__all__ = ["anything_at_all", "describe", "harmless"]
""",
    }),
)  # fmt: skip
