"""What findings of canonical types say is true of the configuration, and its remedy can be done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import Result
from trunkline.audit.problems import ConfigurationError

Write = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

ENGINE = "class Engine:\n    def run(self): ...\n"


def _configured(rows: str = "") -> str:
    return f'[[tool.trunkline.canonical]]\ntype = "app.engine:Engine"\n{rows}'


@pytest.fixture
def tree(write: Write) -> Path:
    """A package with a canonical class, an old class of its own and users of both."""
    return write(
        {
            "app/__init__.py": "",
            "app/engine.py": ENGINE,
            "app/old.py": "class OldEngine:\n    def run(self): ...\n",
            "app/build.py": (
                "from app.engine import Engine\n\n\ndef build() -> Engine:\n    return Engine()\n"
            ),
            "app/use.py": (
                "import app.old\nfrom app.old import OldEngine\n\n\n"
                "def test(value):\n    return isinstance(value, OldEngine)\n"
            ),
        }
    )


def test_without_a_factory_the_remedy_is_to_configure_one(tree: Path, run: Run) -> None:
    """Nothing is said to be taken from a factory that the configuration does not name."""
    (tree / "pyproject.toml").write_text(_configured())
    found = run("TL104", "TL201").findings
    assert [(item.code, item.line) for item in found] == [("TL104", 4), ("TL201", 5)]
    for item in found:
        assert "no factory of Engine is configured" in item.cause
        assert item.remedy.startswith(
            'set factory = "package.module:Container.provider" for app.engine:Engine'
        )


def test_an_old_name_that_is_a_class_of_its_own_is_to_become_a_redirect_first(
    tree: Path, run: Run
) -> None:
    """The names are exchanged once that is mended: before, it would change what the code means."""
    (tree / "pyproject.toml").write_text(_configured('legacy = ["app.old:OldEngine"]\n'))
    found = run("TL204", "TL301", "TL505").findings
    assert [(item.path, item.line, item.code) for item in found] == [
        ("app/old.py", 1, "TL301"),
        ("app/use.py", 1, "TL204"),
        ("app/use.py", 2, "TL204"),
        ("app/use.py", 6, "TL505"),
    ]
    assert [item.remedy for item in found[2:]] == [
        "once OldEngine is a redirect (TL301), import Engine from app.engine",
        "once OldEngine is a redirect (TL301), test against the canonical class under its own name",
    ]
    (tree / "app/old.py").write_text("from app.engine import Engine\n\nOldEngine = Engine\n")
    found = run("TL204", "TL301", "TL505").findings
    assert [(item.path, item.line, item.code) for item in found] == [
        ("app/use.py", 1, "TL204"),
        ("app/use.py", 2, "TL204"),
        ("app/use.py", 6, "TL505"),
    ]
    assert not any("once" in item.remedy for item in found)


@pytest.mark.parametrize("pattern", ["app.engine:*Engine", "app.*Engine"])
def test_a_family_with_a_module_in_it_is_a_mistake(pattern: str, tree: Path) -> None:
    """A family is held against names of classes alone, so that such a pattern matches none."""
    (tree / "pyproject.toml").write_text(_configured(f'family = ["{pattern}"]\n'))
    with pytest.raises(ConfigurationError) as caught:
        load_config(str(tree))
    assert f"'{pattern}' matches no name of a class" in str(caught.value)
    assert "leave the module out: '*Engine'" in str(caught.value)


def test_a_wrong_old_name_is_reported_where_it_is_configured(tree: Path, run: Run) -> None:
    """Nothing else is said of a redirect that is not there."""
    (tree / "pyproject.toml").write_text(
        _configured('legacy = [\n    "app.old:OldEngin",\n    "app.older:OldEngine",\n]\n')
    )
    found = run("TL003", "TL301", "TL302").findings
    assert [(item.path, item.line, item.code, item.message, item.cause) for item in found] == [
        ("pyproject.toml", 4, "TL003", "the old name app.old:OldEngin does not exist",
         "app.old has no OldEngin"),
        ("pyproject.toml", 5, "TL003", "the old name app.older:OldEngine does not exist",
         "there is no module app.older"),
    ]  # fmt: skip


def test_findings_of_containers_stand_where_the_provider_does(write: Write, run: Run) -> None:
    write(
        {
            "wired.py": (
                "from dependency_injector import containers, providers\n\n\n"
                "class Wired(containers.DeclarativeContainer):\n"
                "    two = providers.Dependency()\n"
                "    one = providers.Singleton(dict, two=two)\n"
                "    two = providers.Singleton(dict, one=one)\n"
            ),
            "based.py": (
                "from dependency_injector import containers, providers\n\n\n"
                "class Base(containers.DeclarativeContainer):\n"
                "    two = providers.Dependency()\n\n\n"
                "class Wired(Base):\n"
                "    one = providers.Singleton(dict, two=Base.two)\n"
                "    two = providers.Singleton(dict, one=one)\n"
            ),
        }
    )
    found = run("TL704").findings
    assert [(item.path, item.line, item.column) for item in found] == [("based.py", 10, 4)]


def test_a_class_name_of_many_modules_is_told_from_one_of_two(write: Write, run: Run) -> None:
    """A name that dozens of modules have is a role; one that two have is mostly a copy."""
    write(
        {
            "one.py": "class Command: ...\nclass Ledger: ...\n",
            "two.py": "class Command: ...\nclass Ledger: ...\n",
            "three.py": "class Command: ...\n",
        }
    )
    assert [(item.path, item.message, item.cause) for item in run("TL106").findings] == [
        ("three.py", "another class is called Command", "one.py:1 defines the first of 3"),
        ("two.py", "another class is called Command", "one.py:1 defines the first of 3"),
        ("two.py", "another class is called Ledger", "one.py:2 defines the first"),
    ]
