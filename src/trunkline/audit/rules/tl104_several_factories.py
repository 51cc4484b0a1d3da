"""TL104: several factories for one type."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.constructions import builds, constructed
from trunkline.audit.containers import MAKERS, declared_provider, is_async, provider_kind
from trunkline.audit.entities import Entity
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project, Source
from trunkline.audit.queries import parameters_text
from trunkline.audit.rule import Rule
from trunkline.audit.source.facts import Call, Function


class Check(Rule):
    """A function or provider that builds the canonical type is a factory beside the canonical one.

    Factories of one type grow apart: here one must be awaited and there not, here it takes a
    context and there a user's id. A call that is right for one is wrong for the other.

    Functions, methods and providers are judged. A lambda or a `functools.partial` is reported by
    TL201 as the construction that it is; a provider that names its class by a string is not seen,
    nor are functions in the modules that may construct the class.
    """

    code = "TL104"
    name = "several-factories"
    summary = "another factory for a canonical type, and how its contract differs"
    remedy = "let it return what the canonical factory gives, or remove it"
    valid = (
        """
# file: app/access.py
from containers import Application

async def current_engine(app: Application):
    return await app.engine()
# file: app/passing.py
from app.engine import Engine

def same(engine: Engine) -> Engine:
    return engine
""",
        """
# file: containers.py
from app.context import Context
from app.engine import Engine
from trunkline import ScopedContainer, providers

class Application(ScopedContainer):
    config = providers.Configuration()
    context = providers.ScopeValue(Context)
    narrow = providers.Factory(Engine, context, limit=1)
    wide = providers.Factory(Engine, context, limit=9)
    engine = providers.Selector(config.width, narrow=narrow, wide=wide)
    engines = engine.provider
""",
    )
    invalid = (
        """
# file: app/factories.py
from app.engine import Engine

def make_engine(context) -> Engine:  # <-
    return Engine(context)

class Makers:
    async def build(self, context):  # <-
        return Engine(context)

def given_or_made(context, engine=None):  # <-
    return engine or Engine(context)

def made_if(context):  # <-
    return Engine(context) if context else None
""",
        """
# file: app/wired.py
from dependency_injector import containers, providers
from app.engine import Engine

class Wired(containers.DeclarativeContainer):
    engine = providers.Singleton(Engine, limit=3)  # <-
""",
        """
# file: containers.py
from app.context import Context
from app.engine import Engine
from trunkline import ScopedContainer, providers

class Application(ScopedContainer):
    context = providers.ScopeValue(Context)
    engine = providers.Scoped(Engine, context)
    wide_engine = providers.Scoped(Engine, context, limit=9)  # <-

class Administration(ScopedContainer):
    engine = providers.Factory(Engine)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every function outside the tests that builds and returns a canonical type."""
        for source in project.sources(tests=False):
            made = constructed(source.facts.calls)
            yield from self._providers(project, source)
            for function in source.facts.functions:
                for canonical in project.canonicals:
                    own = f"{source.module}:{function.name}"
                    if canonical.may_build(source.module, function.name):
                        continue
                    if canonical.is_legacy(source.module, function.name):
                        continue
                    if canonical.factory is not None and canonical.factory.full == own:
                        continue
                    if builds(project, function, canonical, made):
                        yield self.finding(
                            source.path,
                            function.line,
                            function.column,
                            f"{function.name} is another factory of {canonical.name}",
                            cause=_difference(project, canonical, function),
                            remedy="" if canonical.factory else canonical.factory_remedy,
                            subject=canonical.subject,
                        )

    def _providers(self, project: Project, source: Source) -> Iterator[Finding]:
        for call in source.facts.calls:
            first = call.arguments[0].value if call.arguments else None
            if first is None or provider_kind(project.resolver, call.callee) not in MAKERS:
                continue
            entity = project.resolver.resolve(first)
            for canonical in project.canonicals:
                old = entity.kind == entities.CLASS and canonical.is_legacy(
                    entity.module, entity.name
                )
                if (canonical.is_type(entity) or old) and (
                    not canonical.may_build(source.module, call.scope)
                    or _beside(project, source, canonical, call)
                ):
                    yield self.finding(
                        source.path,
                        call.line,
                        call.column,
                        f"{call.scope or source.module} has another provider of {canonical.name}",
                        cause=canonical.factory_cause,
                        remedy="" if canonical.factory else canonical.factory_remedy,
                        subject=canonical.subject,
                    )


def _beside(project: Project, source: Source, canonical: Canonical, call: Call) -> bool:
    """Tell whether a provider stands beside the canonical one, which builds the class by itself."""
    factory = canonical.factory
    if factory is None or factory.kind != entities.PROVIDER or factory.module != source.module:
        return False
    own = declared_provider(project.resolver, factory.module, factory.name)
    if own is None or not canonical.is_type(project.resolver.resolve(own.provides)):
        return False  # it may choose between providers, or call a function that takes one
    return call.span != own.call.span and not canonical.is_built_in(source.module)


def _difference(project: Project, canonical: Canonical, function: Function) -> str:
    factory = canonical.factory
    own = f"{'async' if function.is_async else 'sync'} {parameters_text(function)}"
    if factory is None or canonical.config.factory is None:
        return f"it is {own}; {canonical.factory_cause}"
    name = canonical.config.factory.attribute
    if factory.kind == entities.PROVIDER:
        other = "async" if is_async(project.resolver, factory) else "sync"
        theirs = f"{other} ()"
    else:
        known = project.resolver.function(Entity(entities.FUNCTION, factory.module, factory.name))
        if known is None:
            return canonical.factory_cause
        theirs = f"{'async' if known.is_async else 'sync'} {parameters_text(known)}"
    if own.partition(" ")[0] != theirs.partition(" ")[0]:
        return f"contracts differ: {own} here, {theirs} in {name}"
    return canonical.factory_cause
