"""``trunkline init`` reads the containers that a project has, and overwrites none."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Project

ENGINE = """
    class Bridge: ...


    class Engine:
        def __init__(self, bridge: Bridge) -> None:
            self.bridge = bridge


    class FastEngine:
        def __init__(self, bridge: Bridge) -> None: ...
"""
HEAD = """
    from dependency_injector import containers, providers

    from shop.engine import Bridge, Engine

"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop/__init__.py", "")
    project.write("shop/engine.py", ENGINE)
    for number in range(2):
        project.write(f"shop/user{number}.py", "from shop.engine import Engine\n")
    return project


def settings(project: Project) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((project.root / "pyproject.toml").read_text())
    return table["tool"]["trunkline"]  # type: ignore[no-any-return] # a table


def factory(project: Project) -> str:
    [canonical] = settings(project)["canonical"]
    return str(canonical["factory"])


def sources(project: Project) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.root.rglob("*.py")}


@pytest.mark.parametrize(
    "declared",
    [
        "made = providers.Factory(Engine, bridge=bridge)",
        "made = providers.ThreadSafeSingleton('shop.engine.Engine', bridge)",
        "made = providers.Factory('.engine.Engine', bridge)",
        "made = providers.Factory('Engine', bridge)",
        "made = Held(Renamed).add_args(bridge)",
        "made: Held[Renamed] = Held(module.Engine, bridge)",
        "made = providers.Singleton(build, bridge)",
        "made = providers.Resource(opened, bridge)",
        "made = providers.Coroutine(built, bridge)",
        "if True:\n        made = providers.Factory(Engine, bridge)",
        "base = providers.AbstractFactory(Engine)\n    made = providers.Factory(Engine, bridge)",
    ],
)
def test_a_provider_of_the_class_becomes_its_factory(shop: Project, declared: str) -> None:
    """However it names the class: by a text, an alias, a function; the class is not imported."""
    shop.write(
        "shop/containers.py",
        "import shop.engine as module\n"
        "from dependency_injector import containers, providers\n"
        "from dependency_injector.providers import Factory as Held\n"
        "from shop.engine import Bridge, Engine, Engine as Renamed\n\n"
        "def build(bridge):\n    return Engine(bridge)\n\n"
        "def opened(bridge):\n    yield module.Engine(bridge)\n\n"
        "async def built(bridge) -> Engine: ...\n\n"
        "class Application(containers.DeclarativeContainer):\n"
        "    bridge = providers.Singleton(Bridge)\n"
        f"    {declared}\n\n"
        "raise SystemExit('it was run')\n",
    )
    before = sources(shop)
    result = shop.run("init", "--type", "shop.engine:Engine")
    assert result.exit_code == 0, result.output
    assert "kept   shop/containers.py (Application is there, with " in result.output
    assert "Bring into" not in result.output
    assert settings(shop)["container"] == "shop.containers:Application"
    assert factory(shop) == "shop.containers:Application.made"
    assert sources(shop) == before
    assert shop.run("audit", "--select", "TL0").exit_code == 0


@pytest.mark.parametrize(
    ("files", "container", "made"),
    [
        (
            {"shop/wiring/base.py": "class Base(containers.DeclarativeContainer):\n"
             "        engine = providers.Factory(Engine)\n",
             "shop/wiring/app.py": "from .base import Base\n    class Root(Base): ...\n"},
            "shop.wiring.app:Root", "shop.wiring.app:Root.engine",
        ),
        (
            {"shop/parts.py": "class Engines(containers.DeclarativeContainer):\n"
             "        engine = providers.Factory(Engine)\n",
             "wiring/app.py": "from shop.parts import Engines as Parts\n"
             "    class Root(containers.DeclarativeContainer):\n"
             "        parts = providers.Container(Parts)\n"},
            "wiring.app:Root", "wiring.app:Root.parts.engine",
        ),
        (
            {"containers/application.py": "from trunkline import ScopedContainer\n"
             "    class Application(ScopedContainer):\n"
             "        engine = providers.Factory(Engine)\n",
             "containers/jobs.py": "class Jobs(containers.DeclarativeContainer): ...\n",
             "tests/wiring.py": "class Root(containers.DeclarativeContainer):\n"
             "        engine = providers.Factory(Engine)\n"},
            "containers.application:Application", "containers.application:Application.engine",
        ),
    ],
)  # fmt: skip
def test_the_container_is_found_wherever_it_is(
    shop: Project, files: dict[str, str], container: str, made: str
) -> None:
    """Bases, and containers that others hold, are no application by themselves; nor are tests'."""
    for name, text in files.items():
        shop.write(name, f"{HEAD}\n    {text}")
    before = sources(shop)
    result = shop.run("init", "--type", "shop.engine:Engine")
    assert result.exit_code == 0, result.output
    assert settings(shop)["container"] == container
    assert factory(shop) == made
    assert sources(shop) == before, "no second container is written"
    assert shop.run("audit", "--select", "TL0").exit_code == 0


CONTAINER = """
    class Application(containers.DeclarativeContainer):
        config = providers.Configuration()
        bridge = providers.Singleton(Bridge)
"""


def bring_in(project: Project, name: str, output: str) -> None:
    """Do what is printed for a container: imports to the imports, providers to the class."""
    text = re.split(r"\n\n(?:Bring into|Next)", output.partition(f"Bring into {name}:\n\n")[2])[0]
    lines = [line.removeprefix("    ") for line in text.splitlines()]
    imports, _, body = "\n".join(lines).partition("\n# in class Application:\n")
    path = project.root / name
    head, _, own = path.read_text().partition("class Application(")
    for line in body.splitlines():
        replaced = line.partition(" = ")[0]
        own = re.sub(rf"(?m)^{replaced} = .*\n", "", own)
    path.write_text(f"{head}{imports}\n\nclass Application({own.rstrip()}\n{body}\n")


STEPS = """\
  1. bring in what is written above
  2. let Application of shop.containers derive from trunkline.ScopedContainer in place of \
DeclarativeContainer: its providers go on working
  3. trunkline check: does the graph hold?
  4. start it around your program: async with shop.containers.Application() as app
  5. replace OldEngine in shop.old by: from shop.legacy import OldEngine
  6. call shop.legacy.start() when your program starts: it keeps the counts
  7. trunkline audit: what goes round it; trunkline legacy: which old names are still used
"""


def test_a_plain_project_that_follows_the_steps_is_checked_and_audited(shop: Project) -> None:
    """The whole way, in processes of their own: init, what it prints, check, audit."""
    shop.write("shop/users.py", "class User: ...\n")
    shop.write(
        "shop/containers.py",
        f"{HEAD}{CONTAINER}        engine = providers.Factory(Engine, bridge=bridge)\n",
    )
    shop.write("shop/old.py", "class OldEngine:\n    def __init__(self, bridge, user): ...\n")
    shop.write("shop/views.py", "from shop.engine import *\nengine = Engine(Bridge())\n")
    options = ("--value", "shop.users:User", "--old", "shop.old:OldEngine")
    said = shop.run_apart("init", "--type", "shop.engine:Engine", *options)
    assert said.returncode == 0, said.stderr
    assert said.stdout.partition("\nNext:\n")[2] == STEPS
    early = shop.run_apart("check")
    assert early.returncode == 2
    assert "remedy: let it derive from trunkline.ScopedContainer" in early.stderr
    bring_in(shop, "shop/containers.py", said.stdout)
    path = shop.root / "shop/containers.py"
    text = path.read_text()
    assert "    engine = providers.Scoped(Engine, bridge=bridge)\n" in text
    path.write_text(text.replace("containers.DeclarativeContainer", "ScopedContainer"))
    checked = shop.run_apart("check")
    assert (checked.returncode, checked.stdout) == (
        0, "shop.containers:Application: 3 providers, no findings\n",
    )  # fmt: skip
    shop.write("shop/old.py", "from shop.legacy import OldEngine\n\n__all__ = ['OldEngine']\n")
    started = shop.write("start.py", "from shop import legacy\nlegacy.start()\n")
    assert shop.run_apart("audit", started).returncode == 0
    audited = shop.run_apart("audit", "--select", "ALL", "--ignore", "TL205")
    assert (audited.returncode, audited.stderr) == (1, "")
    found = [line for line in audited.stdout.splitlines() if re.match(r"\S+:\d+:\d+: ", line)]
    assert found == [
        "shop/views.py:2:10: TL201 Engine is constructed directly",
        "shop/views.py:2:1: TL601 the module-level engine holds an object of Engine for every user",
    ]
    assert "remedy: take it from Application.engine" in audited.stdout


def test_what_no_provider_makes_is_written_out_for_the_container_that_is_there(
    shop: Project,
) -> None:
    """With the providers that it has, inherited and held ones by where they come from."""
    shop.write(
        "shop/base.py",
        f"{HEAD}    class Base(containers.DeclarativeContainer):\n"
        "        bridge = providers.Singleton(Bridge)\n",
    )
    shop.write(
        "shop/containers.py",
        f"{HEAD}    from shop.base import Base\n\n    class Application(Base): ...\n",
    )
    result = shop.run("init", "--type", "shop.engine:Engine")
    assert "(Application is there, with 1 provider, without what is written below)" in result.output
    assert result.output.partition("Bring into shop/containers.py:\n")[2].startswith(
        """
    from trunkline import providers

    from shop.base import Base
    from shop.engine import Engine

    # in class Application:
        engine = providers.Singleton(Engine, bridge=Base.bridge)

Next:
  1. bring in what is written above
  2. let Base of shop.base derive from trunkline.ScopedContainer in place of DeclarativeContainer"""
    )
    early = shop.run("audit", "--select", "TL003")
    assert "cause: Application of shop.containers declares no engine" in early.output
    bring_in(shop, "shop/containers.py", result.output.replace("Application(Base): ...", ""))
    path = shop.root / "shop/containers.py"
    path.write_text(path.read_text().replace("(Base): ...", "(Base):"))
    assert shop.run("audit", "--select", "TL0").exit_code == 0


def test_of_several_containers_none_is_guessed(shop: Project) -> None:
    for name in ("web", "jobs"):
        shop.write(
            f"shop/{name}.py",
            f"{HEAD}    class {name.title()}(containers.DeclarativeContainer):\n"
            "        bridge = providers.Singleton(Bridge)\n",
        )
    before = sources(shop)
    refused = shop.run("init")
    assert refused.exit_code == 2
    assert "the project has 2 containers: shop.jobs:Jobs, shop.web:Web" in refused.output
    assert "remedy: say which: --container MODULE:CLASS" in refused.output
    wrong = shop.run("init", "--container", "shop.web:Wep")
    assert wrong.exit_code == 2
    assert "remedy: name one of: shop.jobs:Jobs, shop.web:Web" in wrong.output
    assert sources(shop) == before
    assert not (shop.root / "pyproject.toml").exists()
    chosen = shop.run("init", "--container", "shop.web:Web", "--type", "shop.engine:Bridge")
    assert chosen.exit_code == 0
    assert settings(shop)["container"] == "shop.web:Web"
    assert factory(shop) == "shop.web:Web.bridge"
    again = shop.run("init", "--type", "shop.engine:Bridge")
    assert again.exit_code == 0, "the configuration says which by now"
    assert "Bring into" not in again.output


def test_the_provider_that_makes_the_class_tells_which_container_is_meant(shop: Project) -> None:
    for name, made in (("web", "Engine"), ("jobs", "Bridge")):
        shop.write(
            f"shop/{name}.py",
            f"{HEAD}    class {name.title()}(containers.DeclarativeContainer):\n"
            f"        made = providers.Factory({made})\n",
        )
    assert shop.run("init", "--type", "shop.engine:Engine").exit_code == 0
    assert factory(shop) == "shop.web:Web.made"


def test_what_is_proposed_has_the_providers_that_make_it(shop: Project) -> None:
    shop.write("shop/engine.py", f"{ENGINE}\n\n    class RunLoop: ...\n    class RunLoopV2: ...\n")
    shop.write("shop/user2.py", "from shop.engine import RunLoop\n")
    shop.write(
        "shop/containers.py",
        f"{HEAD}    from shop.engine import RunLoopV2\n{CONTAINER}"
        "        engine = providers.Singleton(Engine, bridge=bridge)\n"
        "        loop = providers.Factory(RunLoopV2)\n",
    )
    shop.write("shop/second.py", "class EngineV2: ...\n")
    result = shop.run("init")
    text = (shop.root / "pyproject.toml").read_text()
    assert 'factory = "shop.containers:Application.engine"\n' in text
    assert 'scope = "app"\n' in text
    assert (
        "# to be uncommented once the container has this provider:\n"
        '# factory = "shop.containers:Application.run_loop"\n'
    ) in text
    assert "shop.engine:RunLoopV2, made by shop.containers:Application.loop\n" in text
    assert "        run_loop = providers.Factory(RunLoop)\n" in result.output
    assert "uncomment a factory once its provider is there" in result.output
    assert shop.run("audit", "--select", "TL0").exit_code == 0


def test_a_container_that_is_written_makes_what_is_proposed(shop: Project) -> None:
    """Each call gives one, as the calls that are there do; trunkline check holds it."""
    shop.write("shop/second.py", "class EngineV2: ...\n")
    result = shop.run_apart("init")
    assert result.returncode == 0, result.stderr
    written = (shop.root / "shop/containers.py").read_text()
    assert "    bridge = providers.Singleton(Bridge)\n" in written
    assert "    engine = providers.Factory(Engine, bridge=bridge)\n" in written
    assert factory(shop) == "shop.containers:Application.engine"
    assert shop.run_apart("check").returncode == 0
    assert shop.run_apart("audit", "--select", "TL0").returncode == 0


def test_a_class_of_two_families_is_proposed_once(shop: Project) -> None:
    shop.write("shop/runs.py", "class UserRun: ...\nclass FastRun: ...\nclass UserRunV2: ...\n")
    shop.write("shop/more.py", "class FastUserRun: ...\nclass OldUserRun: ...\n")
    for number in range(3):
        shop.write(f"shop/imports{number}.py", "from shop.runs import UserRun\n")
    assert shop.run("init").exit_code == 0
    types = [one["type"] for one in settings(shop)["canonical"]]
    assert len(types) == len(set(types))
    assert shop.run("audit").exit_code == 1


def test_where_no_family_is_found_what_the_container_makes_is_named(shop: Project) -> None:
    shop.write("shop/engine.py", "class Bridge: ...\nclass Engine: ...\n")
    shop.write("shop/containers.py", f"{HEAD}{CONTAINER}")
    said = shop.run("init").output
    assert "such as shop.engine:Bridge, which Application makes: --type shop.engine:Bridge" in said


def test_a_source_folder_needs_no_installation(project: Project) -> None:
    project.write("src/acme/__init__.py", "")
    project.write("src/acme/engine.py", ENGINE)
    said = project.run_apart("init", "--type", "acme.engine:Engine")
    assert "wrote  src/acme/containers.py" in said.stdout
    checked = project.run_apart("check")
    assert (checked.returncode, checked.stdout) == (
        0, "acme.containers:Application: 2 providers, no findings\n",
    )  # fmt: skip
    again = project.run_apart("init", "--type", "acme.engine:Engine")
    assert "kept   src/acme/containers.py (Application is there, with 2 providers)" in again.stdout


def test_a_factory_that_the_configuration_lacks_is_printed(shop: Project) -> None:
    shop.write("shop/containers.py", f"{HEAD}{CONTAINER}")
    shop.write(
        "pyproject.toml",
        '[tool.trunkline]\ncontainer = "shop.containers:Application"\n'
        '[[tool.trunkline.canonical]]\ntype = "shop.engine:Bridge"\n',
    )
    said = shop.run("init", "--type", "shop.engine:Bridge").output
    assert 'factory = "shop.containers:Application.bridge"' in said


def test_a_mistaken_configuration_is_named_before_anything_is_written(shop: Project) -> None:
    shop.write("pyproject.toml", "[tool.trunkline.audit]\nselect = 3\n")
    before = sources(shop)
    result = shop.run("init")
    assert result.exit_code == 2
    assert "pyproject.toml:2: tool.trunkline.audit.select: must be a list" in result.output
    assert sources(shop) == before


def test_modules_without_a_package_get_theirs_beside_them(project: Project) -> None:
    project.write("engine.py", ENGINE)
    project.write("old.py", "class OldEngine:\n    def __init__(self, bridge): ...\n")
    said = project.run_apart("init", "--type", "engine:Engine", "--old", "old:OldEngine")
    assert said.stdout.splitlines()[:2] == ["wrote  containers.py", "wrote  legacy.py"]
    assert "replace OldEngine in old by: from legacy import OldEngine" in said.stdout
    assert factory(project) == "containers:Application.engine"
    checked = project.run_apart("check")
    assert (checked.returncode, checked.stdout) == (
        0, "containers:Application: 2 providers, no findings\n",
    )  # fmt: skip
    project.write("old.py", "from legacy import OldEngine\n\n__all__ = ['OldEngine']\n")
    audited = project.run_apart("audit")
    assert (audited.returncode, audited.stdout) == (0, "no findings in 4 files\n")


def test_what_two_proposals_need_is_declared_once(shop: Project) -> None:
    shop.write("shop/bridge.py", "class SocketBridge:\n    def __init__(self, url): ...\n")
    shop.write("shop/second.py", "class EngineV2: ...\nclass SocketBridgeV2: ...\n")
    shop.write(
        "shop/engine.py",
        "from shop.bridge import SocketBridge\n"
        "class Engine:\n    def __init__(self, bridge: SocketBridge): ...\n",
    )
    said = shop.run("init").output
    assert said.count("not decided: url of SocketBridge") == 1
    written = (shop.root / "shop/containers.py").read_text()
    assert "# socket_bridge = providers.Factory(SocketBridge, url=...)\n" in written
    assert "# engine = providers.Factory(Engine, bridge=socket_bridge)\n" in written
    assert shop.run_apart("check").returncode == 0


def test_it_is_run_where_the_project_is(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of it, it would write a second configuration that hides the first."""
    shop.write("shop/containers.py", f"{HEAD}{CONTAINER}")
    monkeypatch.chdir(shop.root / "shop")
    package = shop.run("init")
    assert package.exit_code == 2
    assert (
        "shop is a package itself\n  remedy: run it in the folder that holds it" in package.output
    )
    shop.write("pyproject.toml", "")
    within = shop.run("init")
    assert within.exit_code == 2
    assert "is within the project " in within.output
    assert not (shop.root / "shop/pyproject.toml").exists()


def test_what_a_package_hands_out_is_proposed_by_the_path_that_people_use(shop: Project) -> None:
    """The module that defines it, named as its path, would make a finding of every import."""
    shop.write("shop/engines/__init__.py", "from .core import Motor\n\n__all__ = ['Motor']\n")
    shop.write("shop/engines/core.py", "class Motor: ...\nclass MotorV2: ...\n")
    for number in range(30):
        shop.write(f"shop/views{number}.py", "from shop.engines import Motor\n")
    shop.write("shop/inner.py", "from shop.engines.core import Motor\n")
    shop.run("init")
    text = (shop.root / "pyproject.toml").read_text()
    assert (
        "# 32 modules import it, more than any other of its family.\n"
        "# Most import it from there; it is defined as shop.engines.core:Motor.\n"
        'type = "shop.engines:Motor"\n'
        'factory = "shop.containers:Application.motor"\n'
    ) in text
    assert shop.run("audit", "--select", "TL0,TL2").exit_code == 0
