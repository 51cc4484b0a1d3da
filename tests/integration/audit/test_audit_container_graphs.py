"""The auditor finds in source the captive dependencies that the live container finds."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.registry import select_rules
from trunkline.errors import GraphError

SOURCE = """\
from dependency_injector import containers

from trunkline import Scope, ScopedContainer, providers

SESSION = Scope.SESSION


class Context:
    tenant: str = "t"
    items: dict[str, str] = {}

    def get(self, part: object = None) -> object:
        return part


class Holder:
    def __init__(self, *parts: object, **named: object) -> None:
        self.parts = parts, named


class Base(ScopedContainer):
    holder = providers.ScopeValue(Holder)
    none = providers.Object(Context())


class Inner(containers.DeclarativeContainer):
    part = providers.Dependency()
    kept = providers.Singleton(Holder, part)
    each = providers.Factory(Holder, part)
    free = providers.Singleton(Holder)
    given = providers.Dependency()


class Plain(containers.DeclarativeContainer):
    each = providers.Factory(Holder)
    free = providers.Singleton(Holder, each)


class Other(ScopedContainer):
    none = providers.ScopeValue(Context)
    also = providers.Scoped(Holder, none)


class Wired(Base):
    context = providers.ScopeValue(Context)
"""

CAPTIVE = {
    "a view": "pool = providers.Singleton(Holder, context.provided.tenant)",
    "a view by name": """
        tenant = context.provided.tenant
        pool = providers.Singleton(Holder, tenant)""",
    "a view by a typed name": """
        tenant: object = context.provided.tenant
        pool = providers.Singleton(Holder, tenant=tenant)""",
    "a view of a view": """
        items = context.provided.items
        one = items["x"]
        pool = providers.Singleton(Holder, one)""",
    "an attribute of a view": """
        whole = context.provided
        pool = providers.Singleton(Holder, whole.tenant)""",
    "an item": "pool = providers.Singleton(Holder, context.provided.items['x'])",
    "a method": "pool = providers.Singleton(Holder, context.provided.get.call(3))",
    "an argument of a method": """
        pool = providers.Singleton(Holder, Base.none.provided.get.call(context))""",
    "a method by name": """
        part = Base.none.provided.get.call(part=context.provided.tenant)
        pool = providers.Singleton(Holder, part)""",
    "another name": """
        again = context
        pool = providers.Singleton(Holder, again)""",
    "a list in place": "pool = providers.Singleton(Holder, providers.List(context))",
    "a dict in place": "pool = providers.Singleton(Holder, providers.Dict({'a': context}))",
    "a factory in place": """
        pool = providers.Singleton(Holder, part=providers.Factory(Holder, context))""",
    "a holder in place": """
        part = providers.Factory(Holder, providers.Singleton(Holder, context))""",
    "a name of a base": "pool = providers.Singleton(Holder, Base.holder)",
    "on further lines": """
        pool = (
            providers.Singleton(
                Holder,
                context,
            )
        )""",
    "an argument added": """
        pool = providers.Singleton(Holder)
        pool.add_args(context)""",
    "an argument added at once": "pool = providers.Singleton(Holder).add_kwargs(a=context)",
    "an attribute set": """
        pool = providers.Singleton(Holder)
        pool.add_attributes(context=context)""",
    "a choice": """
        pick = providers.Selector(providers.Object("a"), a=context)
        pool = providers.Singleton(Holder, pick)""",
    "a session": "held = providers.Scoped(Holder, context, scope=Scope.SESSION)",
    "a resource": "pool = providers.Resource(Holder, providers.Callable(Holder, context))",
    "a singleton of a task": "pool = providers.ContextLocalSingleton(Holder, context)",
    "what one thread has": """
        connection = providers.ThreadLocalSingleton(Holder)
        pool = providers.Singleton(Holder, providers.Factory(Holder, connection))""",
    "what one context has": """
        session = providers.ContextLocalSingleton(Holder)
        pool = providers.Singleton(Holder, session)
        worker = providers.ThreadLocalSingleton(Holder, session.provided.parts)
        keyed = providers.KeyedSingleton(Holder, session, key=context.provided.tenant)""",
    "the resource of a context": """
        session = providers.ContextLocalResource(Holder)
        pool = providers.Singleton(Holder, session)""",
    "into a nested container": "inner = providers.Container(Inner, part=context)",
    "a nested container's": """
        inner = providers.Container(Plain, each=context)
        pool = providers.Singleton(Holder, inner.each)""",
    "through a nested container": """
        inner = providers.Container(Inner, part=providers.Factory(Holder, context))
        pool = providers.Singleton(Holder, inner.each)""",
    "unpacked": "pool = providers.Singleton(Holder, *[context], **{'b': Base.none})",
    "unpacked by name": "pool = providers.Singleton(Holder, **{'a': context})",
    "more than its key": """
        pool = providers.KeyedSingleton(Holder, context, key=context.provided.tenant)""",
}

FREE = {
    "the provider": "pool = providers.Singleton(Holder, context.provider)",
    "the provider by name": """
        later = context.provider
        pool = providers.Singleton(Holder, later)""",
    "a delegate": """
        later = providers.Delegate(context)
        pool = providers.Singleton(Holder, later)""",
    "a factory that is injected itself": """
        make = providers.DelegatedFactory(Holder, context)
        pool = providers.Singleton(Holder, make, providers.DelegatedCallable(Holder, context))""",
    "an aggregate, which is injected itself": """
        pool = providers.Singleton(Holder, providers.Aggregate(a=context))""",
    "its key": """
        tenant = context.provided.tenant
        pool = providers.KeyedSingleton(Holder, tenant, key=tenant)""",
    "its key in place": """
        pool = providers.KeyedSingleton(
            Holder, context.provided.tenant, key=context.provided.tenant
        )""",
    "a name like one of another container": """
        pool = providers.Singleton(Holder, Base.none)""",
    "a setting": """
        settings = providers.Configuration()
        pool = providers.Singleton(Holder, settings.database.limit)""",
    "another provider of a nested container": """
        inner = providers.Container(Inner, given=context)
        pool = providers.Singleton(Holder, inner.free, inner.provided)""",
    "what is put over a nested container's": """
        inner = providers.Container(Plain, each=Base.none)
        pool = providers.Singleton(Holder, inner.each, inner.free)""",
    "what one thread has, by its provider": """
        connection = providers.ThreadLocalSingleton(Holder)
        pool = providers.Singleton(Holder, connection.provider)""",
    "what one context has, in a scope or a context": """
        connection = providers.ThreadLocalSingleton(Holder)
        session = providers.ContextLocalSingleton(Holder, connection)
        engine = providers.Scoped(Holder, session, connection)
        local = providers.ContextLocalSingleton(Holder, session)""",
    "what a thread has, which is injected itself": """
        connection = providers.DelegatedThreadLocalSingleton(Holder)
        pool = providers.Singleton(Holder, connection)""",
    "a part of a singleton": """
        one = providers.Singleton(Holder)
        parts = one.provided.parts
        pool = providers.Singleton(Holder, parts[0])""",
}


def _write(folder: Path, body: str) -> Path:
    lines = body.strip("\n").split("\n")
    indented = "\n".join(f"    {line.removeprefix('        ')}" for line in lines)
    path = folder / "wired.py"
    path.write_text(f"{SOURCE}{indented}\n")
    return path


def _live(path: Path) -> set[str]:
    """Return what the live container says, of its captive dependencies alone."""
    spec = spec_from_file_location("wired_for_audit", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where the framework looks annotations up
    try:
        spec.loader.exec_module(module)
        module.Wired().check()
    except GraphError as error:
        return {f.message for f in error.findings if f.check == "captive-dependency"}
    finally:
        del sys.modules[spec.name]
    return set()


def _audited(folder: Path) -> set[str]:
    result = run_audit(load_config(str(folder)), select_rules(("TL701",), ()), cached=False)
    assert not result.errors
    return {finding.message for finding in result.findings}


@pytest.mark.parametrize("body", CAPTIVE.values(), ids=CAPTIVE.keys())
def test_finds_what_the_live_container_finds(body: str, tmp_path: Path) -> None:
    found = _live(_write(tmp_path, body))
    assert found
    assert _audited(tmp_path) == found


@pytest.mark.parametrize("body", FREE.values(), ids=FREE.keys())
def test_finds_nothing_where_the_live_container_finds_nothing(body: str, tmp_path: Path) -> None:
    assert _live(_write(tmp_path, body)) == set()
    assert _audited(tmp_path) == set()


def test_reports_a_nested_containers_own_fault_once(tmp_path: Path) -> None:
    (tmp_path / "wired.py").write_text(
        """\
from dependency_injector import containers, providers

class Inner(containers.DeclarativeContainer):
    session = providers.ContextLocalSingleton(dict)
    given = providers.Dependency()
    own = providers.Singleton(dict, session)
    others = providers.Singleton(dict, given)

class Outer(containers.DeclarativeContainer):
    session = providers.ContextLocalSingleton(dict)
    inner = providers.Container(Inner, given=session)

class Outermost(containers.DeclarativeContainer):
    outer = providers.Container(Outer)
""",
    )
    assert _audited(tmp_path) == {
        "own lives as long as APP but holds session, which lives as long as its context",
        "inner.others lives as long as APP but holds session, which lives as long as its context",
    }


def test_a_class_that_adds_nothing_to_a_provider_is_one(tmp_path: Path) -> None:
    (tmp_path / "wired.py").write_text(
        """\
from dependency_injector import containers, providers

class RequestScoped(providers.ContextLocalSingleton):
    provided_type = dict

class Tenant(providers.ContextLocalSingleton):
    def __call__(self):
        return object()

class Wired(containers.DeclarativeContainer):
    session = RequestScoped(dict)
    tenant = Tenant(dict)
    service = providers.Singleton(dict, session)
    other = providers.Singleton(dict, tenant)
""",
    )
    assert _audited(tmp_path) == {
        "service lives as long as APP but holds session, which lives as long as its context",
    }


@pytest.mark.parametrize(
    "body",
    [
        "held = providers.Scoped(Holder, context, scope=SESSION)",
        "pool = providers.Singleton(Holder, Other.none)",
        """
        pool = providers.Object(Holder())
        if SESSION:
            pool = providers.Singleton(Holder, context)""",
    ],
    ids=["a computed scope", "another container's provider", "a name set in two ways"],
)
def test_says_nothing_of_what_the_source_does_not_tell(body: str, tmp_path: Path) -> None:
    _write(tmp_path, body)
    assert _audited(tmp_path) == set()
