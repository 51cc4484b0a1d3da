"""Every error carries its objects, says what to do, and survives a pickle."""

from __future__ import annotations

import inspect
import pickle

import pytest

from trunkline_runtime import errors
from trunkline_runtime.errors import RuntimeFault, SettingProblem

CONTEXT_ARGUMENTS = ("user_id", "default", "is a placeholder", "Pass the request's own user_id.")
SAMPLES: dict[str, RuntimeFault] = {
    "RuntimeFault": errors.RuntimeFault("It failed", "Mend it.", "Sorry."),
    "ContextError": errors.ContextError(*CONTEXT_ARGUMENTS),
    "InvalidIdentifier": errors.InvalidIdentifier(*CONTEXT_ARGUMENTS),
    "InvalidField": errors.InvalidField(*CONTEXT_ARGUMENTS),
    "DepthExceeded": errors.DepthExceeded("operation_depth", 11, "is deeper than 10", "Stop."),
    "InvalidMetadata": errors.InvalidMetadata(
        "agent_context", list, "must be a mapping", "A dict."
    ),
    "ContextTypeError": errors.ContextTypeError(object()),
    "BridgeError": errors.BridgeError("It failed", "Mend it."),
    "ForeignContext": errors.ForeignContext("user-7", "user-8", "engine"),
    "EventOrderError": errors.EventOrderError("custom", "it is late", "Send it before.", "run-1"),
    "InvalidPayload": errors.InvalidPayload("custom", ["a: wrong", "b: wrong"]),
    "BridgeClosed": errors.BridgeClosed("user-7"),
    "EngineError": errors.EngineError("It failed", "Mend it."),
    "EngineBusy": errors.EngineBusy("runs at once", 3, "the queue is full"),
    "EngineClosed": errors.EngineClosed("user-7"),
    "UnknownAgent": errors.UnknownAgent("nobody", ["b", "a"]),
    "UnknownTool": errors.UnknownTool("nothing", ["b", "a"]),
    "RunCancelled": errors.RunCancelled("run-1"),
    "RunTimeout": errors.RunTimeout("run-1", 25.0),
    "AgentFailed": errors.AgentFailed("inspect", "run-1", "ZeroDivisionError"),
    "AuthenticationError": errors.AuthenticationError("expired"),
    "OriginRefused": errors.OriginRefused("https://evil.example", ["https://app.example"]),
    "RequestRefused": errors.RequestRefused("invalid_request", "agent: missing", "agent", True),
    "SettingsError": errors.SettingsError([SettingProblem("base.toml", "a.b", "is 1", "2")]),
}
TEXTS = {
    "ContextError": (
        "UserExecutionContext: user_id is a placeholder: 'default'. Pass the request's own user_id."
    ),
    "InvalidMetadata": (
        "UserExecutionContext: agent_context must be a mapping: an object of type list. A dict."
    ),
    "ForeignContext": (
        "This engine belongs to user 'user-7' and refuses the context of user 'user-8'. Each "
        "request gets its own engine from the canonical factory; never keep one in a module, a "
        "singleton or a cache."
    ),
    "EventOrderError": "Event custom of run 'run-1' is out of order: it is late. Send it before.",
    "EngineBusy": (
        "The limit of 3 runs at once is reached and the queue is full. Wait for a run to end and "
        "try again, or raise the limit in the settings."
    ),
    "UnknownAgent": (
        "No agent is named 'nobody'; known: a, b. Register it with AgentRegistry.register, or ask "
        "for one of the known names."
    ),
    "RunTimeout": (
        "Run 'run-1' was stopped after 25 s. Ask for less in one run, or raise limits.run_seconds."
    ),
    "SettingsError": (
        "1 wrong setting\n  base.toml: a.b: is 1; allowed: 2\n"
        "Correct them where they are set; nothing was started."
    ),
}


def test_every_error_of_the_package_is_sampled_here() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, RuntimeFault)
    }
    assert set(SAMPLES) == classes
    assert classes | {"SettingProblem", "shown"} == set(errors.__all__)


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_says_what_failed_and_what_to_do(name: str) -> None:
    assert str(SAMPLES[name]) == TEXTS[name]


@pytest.mark.parametrize("name", SAMPLES)
class TestEveryError:
    def test_it_survives_a_pickle_with_its_objects(self, name: str) -> None:
        fault = SAMPLES[name]
        twin = pickle.loads(pickle.dumps(fault))
        assert type(twin) is type(fault)
        assert str(twin) == str(fault)
        assert vars(twin) == vars(fault)

    def test_it_has_a_code_and_words_for_the_user(self, name: str) -> None:
        fault = SAMPLES[name]
        assert fault.code.replace("_", "").isalpha()
        assert fault.public_message.endswith(".") or name == "RequestRefused"
        assert isinstance(fault.retryable, bool)

    def test_the_tree_tells_who_raised_it(self, name: str) -> None:
        assert isinstance(SAMPLES[name], RuntimeFault)


@pytest.mark.parametrize(
    "name", ["ForeignContext", "BridgeClosed", "EventOrderError", "AgentFailed", "OriginRefused"]
)
def test_words_for_the_user_name_nobody_and_nothing_inside(name: str) -> None:
    for inside in ("user-7", "user-8", "run-1", "ZeroDivision", "example", "scope", "bridge"):
        assert inside not in SAMPLES[name].public_message


def test_what_an_error_shows_is_short_escaped_and_on_one_line() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "forged"

    assert errors.shown("a\n\x1b\u202eé") == r"'a\n\x1b\u202e\xe9'"
    assert errors.shown("x" * 1_000) == "'" + "x" * 64 + "...'"
    assert errors.shown(Broken()) == "an object of type Broken"
    assert errors.shown(10**10_000) == "a very large integer"
    assert errors.shown(Text("real")) == "'real'"
    assert [errors.shown(value) for value in (None, 7, 1.5, True)] == ["None", "7", "1.5", "True"]


def test_an_error_keeps_no_live_object() -> None:
    live = lambda: None  # noqa: E731  # anything that cannot be pickled
    assert errors.ContextTypeError(live).got_name == "function"
    assert errors.InvalidField("created_at", live, "is wrong").value is type(live)
