"""Names are followed by the interpreter's rules; what cannot be decided is unknown."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.audit import entities
from trunkline.audit.config import AuditConfig
from trunkline.audit.discovery import discover
from trunkline.audit.modules import build_table
from trunkline.audit.resolver import Resolver
from trunkline.audit.source.library import Library
from trunkline.audit.source.reader import Request

Write = Callable[[dict[str, str | bytes]], Path]

TREE: dict[str, str | bytes] = {
    "app/__init__.py": "from .core import Thing as Exported\nfrom .stars import *\n",
    "app/core.py": "class Thing:\n    def go(self) -> 'Other': ...\n\nclass Other: ...\n"
    "def make() -> Thing: ...\nasync def open() -> Thing: ...\ndef copy(): return make()\n",
    "app/stars.py": "from .core import Other, make as _hidden\n"
    "__all__ = ['Other', 'LIMIT']\nLIMIT = 3\n",
    "app/dynamic.py": "def __getattr__(name): ...\n",
    "app/asked.py": "from .core import *\ndef __getattr__(name): ...\n",
    "app/maker.py": "globals()['x'] = 1\n",
    "app/external.py": "from somewhere import *\n",
    "app/guarded.py": "try:\n    from .core import Thing\nexcept ImportError:\n    Thing = None\n",
    "app/typed.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from .core import Thing\n",
    "app/lazy/__init__.py": "if TYPE_CHECKING:\n    from app.lazy import part\n"
    "def __getattr__(name): ...\n",
    "app/lazy/part.py": "class Part: ...\n",
    "app/loop.py": "from .loop2 import x\n",
    "app/loop2.py": "from .loop import x\n",
    "app/shadow.py": "x = 1\n",
    "app/shadow/__init__.py": "y = 1\n",
    "app/alias.py": "from . import core as c\nAlias = c.Thing\nobject_ = Alias()\n",
    "app/fast.pyx": "",
    "app/generated/__init__.py": "",
    "space/deep/leaf.py": "leaf = 1\n",
    "user.py": "import space.deep.leaf\n",
    "redis/script.py": "",
}


def resolver_of(root: Path) -> Resolver:
    """What knows the names of a tree."""
    config = AuditConfig(str(root))
    discovery = discover(str(root), config.excludes)
    table = build_table(discovery, ("",))
    library = Library(config, discovery, table, Request((), program=True), cached=False)
    library.load()
    return Resolver(table, library, config.generated)


@pytest.fixture
def resolver(write: Write) -> Resolver:
    """A resolver over the tree above."""
    return resolver_of(write(TREE))


@pytest.mark.parametrize(
    ("path", "kind", "full"),
    [
        ("app.core:Thing", "class", "app.core:Thing"),
        ("app:Exported", "class", "app.core:Thing"),
        ("app.lazy:part.Part", "class", "app.lazy.part:Part"),
        ("app:Other", "class", "app.core:Other"),
        ("app:LIMIT", "value", "app.stars:LIMIT"),
        ("app:_hidden", "missing", "app:_hidden"),
        ("app:core", "module", "app.core"),
        ("app:core.Thing", "class", "app.core:Thing"),
        ("app.core:Thing()", "instance", "app.core:Thing"),
        ("app.core:Thing().go()", "instance", "app.core:Other"),
        ("app.core:make()", "instance", "app.core:Thing"),
        ("app.core:copy()", "instance", "app.core:Thing"),
        ("app.core:open()", "awaitable", "app.core:Thing"),
        ("app.core:open()~", "instance", "app.core:Thing"),
        ("app.core:Nothing", "missing", "app.core:Nothing"),
        ("app.asked:Thing", "class", "app.core:Thing"),
        ("app.guarded:Thing", "class", "app.core:Thing"),
        ("app.typed:Thing", "class", "app.core:Thing"),
        ("app.alias:Alias", "class", "app.core:Thing"),
        ("app.alias:object_", "instance", "app.core:Thing"),
        ("app.shadow:y", "value", "app.shadow:y"),
        ("app.shadow:x", "missing", "app.shadow:x"),
        ("space.deep.leaf:leaf", "value", "space.deep.leaf:leaf"),
        ("json:loads", "external", "json:loads"),
        ("redis:Redis", "external", "redis:Redis"),
        ("builtins:len", "external", "builtins:len"),
        ("app.gone:x", "missing", "app.gone"),
    ],
)
def test_follows(resolver: Resolver, path: str, kind: str, full: str) -> None:
    entity = resolver.resolve(path)
    assert (entity.kind, entity.full) == (kind, full)


@pytest.mark.parametrize(
    "path",
    [
        "app.dynamic:anything",
        "app.asked:anything",
        "app.maker:anything",
        "app.external:anything",
        "app.loop:x",
        "app.fast:anything",
        "app._version:version",
        "app.generated.api_pb2:Message",
        "app.core:Thing().unknown_attribute",
        "app.core:make()[]",
        "json:loads()",
        "?",
        "='text'",
    ],
)
def test_says_that_it_does_not_know(resolver: Resolver, path: str) -> None:
    assert resolver.resolve(path).kind == entities.UNKNOWN


def test_members_are_known_only_where_every_base_is(resolver: Resolver) -> None:
    thing = resolver.resolve("app.core:Thing")
    assert resolver.has_member(thing, "go") is True
    assert resolver.has_member(thing, "gone") is False
    assert resolver.has_member(thing, "__class__") is True


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("import outside\nclass A(outside.B): ...\n", "x", None),
        ("class A:\n    def __getattr__(self, name): ...\n", "x", None),
        ("@decorate\nclass A: ...\n", "x", None),
        ("class A(metaclass=type): ...\n", "x", None),
        ("class A:\n    __slots__ = ('x',)\n", "x", True),
        ("class A:\n    def f(self):\n        self.x, self.y = 1, 2\n", "y", True),
        ("class B:\n    x = 1\nclass A(B): ...\n", "x", True),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n", "y", False),
    ],
)
def test_asks_the_class_itself(write: Write, text: str, name: str, expected: bool | None) -> None:
    known = resolver_of(write({"m.py": text}))
    assert known.has_member(known.resolve("m:A"), name) is expected


def test_a_property_annotated_by_its_own_name_is_unknown(write: Write) -> None:
    text = "class A:\n    @property\n    def str(self) -> str: ...\n    def go(self) -> go: ...\n"
    known = resolver_of(write({"m.py": text}))
    assert known.resolve("m:A().str.upper()").kind == entities.UNKNOWN
    assert known.resolve("m:A().go()").kind == entities.UNKNOWN
