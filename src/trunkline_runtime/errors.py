"""Every error the runtime raises, each with the objects it is about and a remedy.

::

    RuntimeFault
    ├── ContextError (ValueError)      one field of a context breaks a rule
    │   ├── InvalidIdentifier
    │   ├── InvalidMetadata
    │   ├── InvalidField
    │   └── DepthExceeded
    ├── ContextTypeError (TypeError)   something that is no context was passed as one
    ├── BridgeError
    │   ├── ForeignContext             a bridge or engine of one user met another's context
    │   ├── EventOrderError            an event that the order of a run forbids
    │   ├── InvalidPayload             an event whose payload breaks the schema of its type
    │   └── BridgeClosed
    ├── EngineError
    │   ├── EngineBusy                 a limit is reached and the queue is full, or too slow
    │   ├── EngineClosed
    │   ├── UnknownAgent
    │   ├── UnknownTool
    │   ├── RunCancelled
    │   ├── RunTimeout
    │   └── AgentFailed
    ├── AuthenticationError            a handshake without a valid token
    ├── OriginRefused                  a handshake from a page that is not allowed
    ├── RequestRefused                 a client's message that cannot be served
    └── SettingsError                  settings that stop the start, all of them at once

The text of an error is drawn here and nowhere else: ``str(error)`` is its summary and its remedy.
What is meant for the user's eyes is ``public_message``, which never quotes internals.
"""
# ruff: noqa: N818  # an error is named for the fault it reports; the tree above says it is one

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

__all__ = [
    "AgentFailed",
    "AuthenticationError",
    "BridgeClosed",
    "BridgeError",
    "ContextError",
    "ContextTypeError",
    "DepthExceeded",
    "EngineBusy",
    "EngineClosed",
    "EngineError",
    "EventOrderError",
    "ForeignContext",
    "InvalidField",
    "InvalidIdentifier",
    "InvalidMetadata",
    "InvalidPayload",
    "OriginRefused",
    "RequestRefused",
    "RunCancelled",
    "RunTimeout",
    "RuntimeFault",
    "SettingProblem",
    "SettingsError",
    "UnknownAgent",
    "UnknownTool",
    "shown",
]

_SHOWN: Final = 64


def _plain(value: object) -> object:
    """Reduce a value to what an error may keep: text, numbers and None, else its type."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)  # pyright: ignore[reportArgumentType]  # its class is a str
    return value if value is None or kind in {bool, int, float, type} else kind


def shown(value: object) -> str:
    """Draw a value for a message: escaped, on one line, and short however long it is.

    Args:
        value: Anything. Of what is neither text nor number, the type alone is shown.
    """
    plain = _plain(value)
    if isinstance(plain, type):
        return f"an object of type {plain.__name__}"  # its repr may be long, secret or broken
    if isinstance(plain, str):
        return ascii(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "...")
    if isinstance(plain, int) and plain.bit_length() > _SHOWN:
        return "a very large integer"  # beyond some thousand digits even its repr is refused
    return repr(plain)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(str(name) for name in names) or "none"


class RuntimeFault(Exception):
    """What the runtime raises; catch it to catch them all.

    Args:
        summary: What failed and where, as a sentence without its full stop.
        remedy: What to do about it, as a full sentence; empty where nothing can be said.
        public: What a user may see: no values of other users, no paths, no tracebacks.

    Attributes:
        code: A short stable word for programs and clients.
        retryable: Whether the same request may succeed later, unchanged.
        summary: As given.
        remedy: As given.
        public_message: As given, or a sentence that says nothing.
    """

    code: str = "runtime_fault"
    retryable: bool = False
    _public: ClassVar[str] = "The request could not be served."
    _joint: ClassVar[str] = ". "

    def __init__(self, summary: str, remedy: str = "", public: str = "") -> None:
        super().__init__(f"{summary}{self._joint}{remedy}" if remedy else summary)
        self.summary = summary
        self.remedy = remedy
        self.public_message = public or self._public

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[RuntimeFault], args: tuple[object, ...], state: Mapping[str, object]
) -> RuntimeFault:
    """Rebuild a pickled error: its constructor takes objects, its ``args`` hold the text."""
    fault = kind.__new__(kind, *args)
    fault.__dict__.update(state)
    return fault


# ------------------------------------------------------------------------------------ context


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
        self.value = _plain(value)
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


# ------------------------------------------------------------------------------------- bridge


class BridgeError(RuntimeFault):
    """A bridge refused what it was asked."""

    code = "bridge_error"


class ForeignContext(BridgeError):
    """A bridge or an engine that belongs to one user met another user's context.

    Args:
        owner: The user the object belongs to.
        other: The user whose context was passed.
        what: The object: "bridge", "engine".
    """

    code = "foreign_context"

    def __init__(self, owner: str, other: str, what: str = "bridge") -> None:
        super().__init__(
            f"This {what} belongs to user {shown(owner)} and refuses the context of user "
            f"{shown(other)}",
            f"Each request gets its own {what} from the canonical factory; never keep one in a "
            "module, a singleton or a cache.",
        )
        self.owner = owner
        self.other = other
        self.what = what


class EventOrderError(BridgeError):
    """An event that the order of its run forbids: a defect of its sender, not of the user.

    Args:
        event_type: The type of the refused event.
        problem: What is wrong, as a sentence without its full stop.
        remedy: What to do instead, as a full sentence.
        run_id: The run, where the checker knows it.
    """

    code = "event_order"

    def __init__(
        self, event_type: str, problem: str, remedy: str = "", run_id: str | None = None
    ) -> None:
        where = "" if run_id is None else f" of run {shown(run_id)}"
        super().__init__(f"Event {event_type}{where} is out of order: {problem}", remedy)
        self.event_type = event_type
        self.problem = problem
        self.run_id = run_id


class InvalidPayload(BridgeError):
    """The payload of an event breaks the schema of its type: a defect of its sender.

    Args:
        event_type: The type of the event.
        problems: What is wrong, each with the path of the value: "progress: ...".
    """

    code = "invalid_payload"

    def __init__(self, event_type: str, problems: Iterable[str]) -> None:
        self.event_type = event_type
        self.problems = tuple(problems)
        super().__init__(
            f"The payload of {event_type} breaks its schema: {'; '.join(self.problems)}",
            "Send JSON-like data only: text, finite numbers, booleans, None, lists, mappings.",
        )


class BridgeClosed(BridgeError):
    """A bridge was used after its request had ended.

    Args:
        user_id: The user it belonged to.
    """

    code = "bridge_closed"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"The bridge of user {shown(user_id)} is closed",
            "Finish or cancel every task of a request before its scope ends.",
        )
        self.user_id = user_id


# ------------------------------------------------------------------------------------- engine


class EngineError(RuntimeFault):
    """A run could not be started, or did not end well."""

    code = "engine_error"


class EngineBusy(EngineError):
    """A user's limit is reached and the request could not wait for a place.

    Args:
        what: What is limited: "runs at once", "engines", "connections".
        limit: How many are allowed.
        reason: Why it could not wait: "the queue is full", "no place was free within 10 s".
    """

    code = "busy"
    retryable = True

    def __init__(self, what: str, limit: int, reason: str) -> None:
        super().__init__(
            f"The limit of {limit} {what} is reached and {reason}",
            "Wait for a run to end and try again, or raise the limit in the settings.",
            f"You have reached the limit of {limit} {what}. Try again shortly.",
        )
        self.what = what
        self.limit = limit
        self.reason = reason


class EngineClosed(EngineError):
    """An engine was used after its cleanup.

    Args:
        user_id: The user it belonged to.
    """

    code = "engine_closed"

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"The engine of user {shown(user_id)} is closed",
            "Take the engine from an open request scope; it ends with that scope.",
            "The request has ended.",
        )
        self.user_id = user_id


class UnknownAgent(EngineError):
    """No agent is registered under the name.

    Args:
        name: The name that was asked for.
        known: The registered names.
    """

    code = "unknown_agent"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        summary = f"No agent is named {shown(name)}; known: {_listed(self.known)}"
        super().__init__(
            summary,
            "Register it with AgentRegistry.register, or ask for one of the known names.",
            f"{summary}.",
        )


class UnknownTool(EngineError):
    """An agent called a tool that is not registered.

    Args:
        name: The name that was called.
        known: The registered names.
    """

    code = "unknown_tool"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(
            f"No tool is named {shown(name)}; known: {_listed(self.known)}",
            "Register it with AgentRegistry.register_tool, or call one of the known names.",
            "The agent asked for a tool that does not exist.",
        )


class RunCancelled(EngineError):
    """A run was cancelled before it ended by itself.

    Args:
        run_id: The run.
        reason: Who or what cancelled it, safe to show: "by the user", "the server is stopping".
    """

    code = "cancelled"

    def __init__(self, run_id: str, reason: str = "by the user") -> None:
        super().__init__(
            f"Run {shown(run_id)} was cancelled: {reason}",
            public=f"The run was cancelled: {reason}.",
        )
        self.run_id = run_id
        self.reason = reason


class RunTimeout(EngineError):
    """A run took longer than allowed and was stopped.

    Args:
        run_id: The run.
        seconds: The limit it passed.
    """

    code = "timeout"
    retryable = True

    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(
            f"Run {shown(run_id)} was stopped after {seconds:g} s",
            "Ask for less in one run, or raise limits.run_seconds.",
            f"The run took longer than {seconds:g} seconds and was stopped.",
        )
        self.run_id = run_id
        self.seconds = seconds


class AgentFailed(EngineError):
    """An agent raised; what it raised is this error's ``__cause__``.

    Args:
        agent_name: The agent.
        run_id: The run.
        exception: The name of the exception's class.
    """

    code = "agent_failed"

    def __init__(self, agent_name: str, run_id: str, exception: str) -> None:
        super().__init__(
            f"Agent {shown(agent_name)} raised {exception} in run {shown(run_id)}",
            "Its traceback is logged under the run's identifiers.",
            "The agent failed. The details are in the server's log, under this run's identifier.",
        )
        self.agent_name = agent_name
        self.run_id = run_id
        self.exception = exception


# ------------------------------------------------------------------------------------- server


class AuthenticationError(RuntimeFault):
    """A handshake brought no valid token. No text of the error quotes the token.

    Args:
        reason: What is wrong with it: "no token", "expired", "wrong signature".
    """

    code = "unauthenticated"
    _public = "A valid token is required."

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Authentication failed: {reason}",
            "Send a fresh token as 'Authorization: Bearer <token>' or as the websocket "
            "subprotocol 'bearer.<token>', never in the address.",
        )
        self.reason = reason


class OriginRefused(RuntimeFault):
    """A page of an origin that is not allowed asked for a connection.

    Args:
        origin: The Origin header, or None where it is missing.
        allowed: The allowed origins.
    """

    code = "origin_refused"
    _public = "This origin is not allowed."

    def __init__(self, origin: str | None, allowed: Iterable[str] = ()) -> None:
        self.origin = origin
        self.allowed = tuple(allowed)
        super().__init__(
            f"Origin {shown(origin)} is not allowed; allowed: {_listed(self.allowed)}",
            "Add it to server.origins if the page is yours.",
        )


class RequestRefused(RuntimeFault):
    """A client's message that cannot be served. All of it may be shown to that client.

    Args:
        code: A stable word for the kind of fault: a ``RefusalCode`` where the message cannot be
            read, the ``code`` of another error where it cannot be served.
        message: What is wrong: no values of other users, no internals.
        about: The field or the run it is about, where there is one.
        retryable: Whether the same message may be accepted later.
    """

    def __init__(
        self, code: str, message: str, about: str | None = None, retryable: bool = False
    ) -> None:
        super().__init__(f"Request refused ({code}): {message}", public=message)
        self.code = code
        self.message = message
        self.about = about
        self.retryable = retryable


# ----------------------------------------------------------------------------------- settings


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One wrong setting.

    Attributes:
        file: Where its value comes from: a file's path, ``environment variable NAME``, or
            ``no file`` where no place sets it.
        key: The dotted key: ``limits.run_seconds``.
        problem: What is wrong with its value. It never quotes a secret.
        allowed: What is allowed instead.
    """

    file: str
    key: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}; allowed: {self.allowed}"


class SettingsError(RuntimeFault):
    """The settings cannot be used. Every problem is listed, so that one round mends them all.

    Args:
        problems: The wrong settings, in the order of files and keys.
    """

    code = "settings"
    _joint = "\n"

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} wrong setting{'' if count == 1 else 's'}", *map(str, self.problems)]
        super().__init__(
            "\n  ".join(lines), "Correct them where they are set; nothing was started."
        )
