"""The registry takes agents and tools by name, once, and names what it knows."""

from unittest.mock import AsyncMock

import pytest

from trunkline_runtime.engine import AgentRegistry, RegistrationRefused
from trunkline_runtime.errors import UnknownAgent


async def _agent(run, given):
    """Do the work.

    In detail.
    """


class _Class:
    async def run(self, run, given):
        return None


class _Callable:
    async def __call__(self, run, given):
        return None


class _OfBuiltin(dict):
    """Its constructor has no signature that could be read."""

    async def run(self, run, given):
        return None


class _Sync:
    def run(self, run, given):
        return None


class _Needy:
    def __init__(self, service):
        pass

    async def run(self, run, given):
        return None


class _Odd:
    async def run(self):
        return None


async def _one(run): ...


def _plain(run, given): ...


@pytest.mark.parametrize("agent", [_agent, _Class, _OfBuiltin, _Callable(), AsyncMock()])
def test_async_callables_and_classes_are_agents(agent):
    registry = AgentRegistry()
    registry.register("work", agent)
    assert registry.get("work").name == "work"
    assert callable(registry.get("work").begin())


@pytest.mark.parametrize(
    ("agent", "problem"),
    [
        (_plain, "is no agent but function"),
        (_one, "takes other arguments"),
        (_Sync, "without an async 'run'"),
        (_Needy, "needs arguments"),
        (_Odd, "'run' of other arguments"),
        (_Class(), "is no agent but _Class"),
        (None, "is no agent but NoneType"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(agent, problem):
    with pytest.raises(RegistrationRefused, match=problem) as caught:
        AgentRegistry().register("work", agent)
    assert "async function (run, input)" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "  ", "a\nb", None, "x" * 257])
def test_an_unusable_name_is_refused(name):
    with pytest.raises(RegistrationRefused, match="name"):
        AgentRegistry().register(name, _agent)


def test_a_name_is_given_once():
    registry = AgentRegistry()
    registry.register("work", _agent)
    with pytest.raises(RegistrationRefused, match="'work' is registered already"):
        registry.register("work", _agent)


def test_names_are_sorted_and_unknown_ones_are_told_them():
    registry = AgentRegistry()
    registry.register("b", _agent)
    registry.register("a", _agent)
    registry.register_tool("t", lambda: None)
    assert (registry.names(), registry.tool_names()) == (("a", "b"), ("t",))
    with pytest.raises(UnknownAgent, match="No agent is named 'c'; known: a, b"):
        registry.get("c")


def test_decorators_register_and_return_what_they_decorate():
    registry = AgentRegistry()
    assert registry.agent("work")(_agent) is _agent

    @registry.tool("add", blocking=True)
    def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    assert add(1) == 2
    assert registry.get_tool("add").blocking


def test_a_description_is_the_first_line_of_the_docstring():
    registry = AgentRegistry()
    registry.register("work", _agent)
    registry.register("other", _agent, "Something else.")
    assert registry.get("work").description == "Do the work."
    assert registry.get("other").description == "Something else."
