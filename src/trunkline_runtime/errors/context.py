"""What a user execution context refuses."""

from __future__ import annotations

from trunkline_runtime.errors.drawing import kept, shown
from trunkline_runtime.errors.fault import RuntimeFault

__all__ = [
    "ContextError",
    "ContextTypeError",
    "DepthExceeded",
    "InvalidField",
    "InvalidIdentifier",
    "InvalidMetadata",
]


class ContextError(RuntimeFault, ValueError):
    """A field of a user execution context breaks one of its rules.

    Args:
        field: The field, with the path inside it where it is metadata: ``agent_context.plan[2]``.
        value: What was given. It is shown shortened and escaped; of an object that is neither
            text nor number, the error keeps the type alone.
        problem: What is wrong with it, so that "<field> <problem>" reads as a sentence.
        remedy: What to give instead, as a full sentence.
    """

    code = "invalid_context"

    def __init__(self, field: str, value: object, problem: str, remedy: str = "") -> None:
        super().__init__(
            f"UserExecutionContext: {field} {problem}: {shown(value)}",
            remedy,
            f"{field} {problem}.",
        )
        self.field = field
        self.value = kept(value)
        self.problem = problem


class InvalidIdentifier(ContextError):
    """An identifier is empty, a placeholder, unprintable, too long, or of another kind."""


class InvalidField(ContextError):
    """A field that is neither identifier nor metadata has a value it cannot have."""


class DepthExceeded(ContextError):
    """A child context would be nested deeper than allowed: most likely an endless recursion."""


class InvalidMetadata(ContextError):
    """Metadata is no mapping, uses a reserved key, names another user, or holds live objects.

    The error keeps and shows the type of the offending value, never the value: metadata may be
    confidential.

    Args:
        field: The path of the offending value: ``agent_context.plan[2]``.
        kind: The type of the offending value.
        problem: What is wrong with it.
        remedy: What to give instead.
    """

    def __init__(self, field: str, kind: type, problem: str, remedy: str = "") -> None:
        super().__init__(field, kind, problem, remedy)


class ContextTypeError(RuntimeFault, TypeError):
    """Something that is not a ``UserExecutionContext`` was passed where one belongs.

    Args:
        got: What was passed. Its real class is named, whatever its ``__class__`` claims: a
            ``Mock(spec=UserExecutionContext)`` is a ``Mock``.
        expected: The name of the class that belongs there.
    """

    code = "invalid_context"

    def __init__(self, got: object, expected: str = "UserExecutionContext") -> None:
        self.got_name = "None" if got is None else type(got).__name__
        self.expected = expected
        super().__init__(
            f"Expected {expected}, got {self.got_name}",
            "Pass the context of the request, or open a request scope with one."
            if got is None
            else "Build a real one, UserExecutionContext(user_id, thread_id, run_id): it needs no "
            "services, so a test has no need to mock it.",
        )
