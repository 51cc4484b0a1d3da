"""TL608: one kind of identifier passed as another."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.queries import bind, unbound_method
from trunkline.audit.rule import Rule
from trunkline.audit.rules.tl501_wrong_arguments import subject_of
from trunkline.audit.signatures import signature


class Check(Rule):
    """``user_id=thread_id``: both are strings, and the event goes to whoever has that name.

    Checked are calls of canonical classes, their methods and factories. The kinds are those that
    ``identifiers`` lists in the configuration.
    """

    code = "TL608"
    name = "mixed-identifiers"
    summary = "one kind of identifier passed as another"
    remedy = "pass the identifier that the parameter names"
    judges_by = ("canonical", "identifiers")
    configuration = """
[[tool.trunkline.canonical]]
type = "app.context:Context"
scope = "request"
"""
    valid = (
        """
# file: app/views.py
from app.context import Context

def view(user_id, thread_id, row):
    return Context(user_id, thread_id=thread_id), Context(row["user_id"], row.get("thread_id"))
""",
    )
    invalid = (
        """
# file: app/views.py
from app.context import Context

def view(request, user_id, thread_id):
    first = Context(thread_id, thread_id)  # <-
    second = Context(request["thread_id"], thread_id)  # <-
    third = Context(str(request.get("thread_id")), thread_id)  # <-
    return first, Context(user_id=request.thread_id, thread_id=request.thread_id)  # <-
""",
        """
# file: app/context.py
from dataclasses import dataclass

@dataclass(frozen=True)
class Context:
    user_id: str
    thread_id: str
    run_id: str = ""
# file: app/views.py
from app.context import Context

def view(user_id, thread_id, run_id):
    Context(user_id, thread_id, run_id)
    Context(thread_id, thread_id)  # <-
    Context(user_id, thread_id, run_id=user_id)  # <-
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield every argument whose name is another kind of identifier."""
        kinds = set(project.config.identifiers)
        for source in project.sources():
            for call in source.facts.calls:
                if not any(argument.terminal in kinds for argument in call.arguments):
                    continue
                target = project.resolver.resolve(call.callee)
                canonical = subject_of(project, target)
                if canonical is None or unbound_method(project, call, target):
                    continue
                taken = signature(project, target)
                if taken is None:
                    continue
                for bound in bind(call, taken)[0]:
                    given, wanted = bound.argument.terminal, bound.parameter.name
                    if given in kinds and wanted in kinds and given != wanted:
                        yield self.finding(
                            source.path,
                            call.line,
                            call.column,
                            f"{given} is passed as {wanted}",
                            cause=f"{target.last} wants {wanted} there",
                            subject=canonical.subject,
                        )
