"""TL605: a scoped object kept or asked for under a constant key."""

from collections.abc import Iterator

from trunkline.audit import entities
from trunkline.audit.canonical import Canonical
from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.queries import bind
from trunkline.audit.rule import Rule
from trunkline.audit.rules.tl501_wrong_arguments import subject_of
from trunkline.audit.scoped import kept_objects, scoped_of
from trunkline.audit.signatures import signature


class Check(Rule):
    """``engines["default"]``: one key for every user gives every user the same object.

    Found are stores and `setdefault` under a literal, and literals given as an identifier to a
    canonical class or factory. A key that is a word of the class's own name (``scope["engine"]``)
    says what the thing is, not whose.
    """

    code = "TL605"
    name = "constant-key"
    summary = "a cache or factory keyed by a constant"
    remedy = "key it by the identifier of its scope, or let the scope keep it"
    judges_by = ("canonical", "identifiers")
    valid = (
        """
# file: app/views.py
from app.engine import Engine

def keep(self, context):
    self.engines[context.user_id] = Engine(context)

def options(context, **named):
    named["default"] = Engine(context)  # a mapping of this call
    own, made = {}, dict()
    own["default"] = made["default"] = Engine(context)
    return named, own, made

def hand_over(request, context):
    request.scope["engine"] = Engine(context)  # one of the things that a request has

def given(state, context):
    state["default"] = Engine(context)  # whose it is cannot be told

def add(self, context):
    self.totals["all"] += Engine(context)  # keeps what adding gives
# file: app/engine.py
class Engine:
    def __init__(self, context, limit=3):
        self.parts["default"] = self
    def execute(self, name): ...
    def stats(self): ...
""",
    )
    invalid = (
        """
# file: app/views.py
from app.context import Context
from app.engine import Engine

def keep(self, context):
    self.engines["default"] = Engine(context)  # <-
    return self.engines.setdefault("default", Engine(context))  # <-

def make():
    return Engine.for_user("someone")  # <-
# file: app/engine.py
class Engine:
    def __init__(self, context, limit=3): ...
    @classmethod
    def for_user(cls, user_id: str) -> "Engine": ...
    def execute(self, name): ...
    def stats(self): ...
""",
        """
# file: app/engine.py
from dataclasses import dataclass

@dataclass(frozen=True)
class Engine:
    user_id: str
    limit: int = 3
    def execute(self, name): ...
    def stats(self): ...
# file: app/views.py
from app.engine import Engine

def view(context):
    Engine(context.user_id, 3)
    Engine("someone")  # <-
    Engine(limit=3, user_id="someone")  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:  # noqa: C901 # one case after another
        """Yield every constant key outside the tests."""
        identifiers = set(project.config.identifiers)
        for source in project.sources(tests=False):
            for kept in kept_objects(project, source):
                key = kept.store.key
                if (
                    key is not None
                    and key != "="
                    and not _names(key, kept.canonical)
                    and not _is_of_scope(project, kept.store.target)
                ):
                    yield self.finding(
                        source.path,
                        kept.store.line,
                        kept.store.column,
                        f"{kept.canonical.name} is kept under the constant {key[1:]}",
                        cause="the key is the same for every user",
                        subject=kept.canonical.subject,
                    )
            for call in source.facts.calls:
                if (call.callee or "").endswith(".setdefault") and len(call.arguments) > 1:
                    canonical = scoped_of(project, call.arguments[1].value)
                    key = call.arguments[0].value
                    if (
                        canonical is not None
                        and key is not None
                        and key.startswith("='")
                        and not _names(key, canonical)
                    ):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"{canonical.name} is kept under the constant key {key[1:]}",
                            cause="the key is the same for every user",
                            subject=canonical.subject,
                        )
                target = project.resolver.resolve(call.callee)
                if target.kind not in {entities.CLASS, entities.FUNCTION}:
                    continue
                canonical = subject_of(project, target)
                taken = signature(project, target) if canonical is not None else None
                if canonical is None or taken is None:
                    continue
                for bound in bind(call, taken)[0]:
                    value = bound.argument.value
                    if (
                        bound.parameter.name in identifiers
                        and value is not None
                        and value.startswith("='")
                    ):
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"{target.last} is given {value[1:]} as {bound.parameter.name}",
                            cause="every caller then shares one identity",
                            subject=canonical.subject,
                        )


def _is_of_scope(project: Project, target: str) -> bool:
    """Tell whether a mapping belongs to an object that one scope alone has."""
    owner, _, _ = target.removesuffix("[]").rpartition(".")
    return scoped_of(project, owner) is not None


def _names(key: str, canonical: Canonical) -> bool:
    """Tell whether a key says what is kept: words of the name of its class."""
    word = "".join(filter(str.isalpha, key)).lower()
    return bool(word) and word in canonical.name.lower()
