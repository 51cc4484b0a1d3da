"""Real parts for the engine's tests: a user's line from the engine to a listening connection."""

import asyncio

from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.bridge import AgentWebSocketBridge, EventStore
from trunkline_runtime.context import UserExecutionContext
from trunkline_runtime.engine import AgentRegistry, EngineLimits, UserExecutionEngine, UserSlots
from trunkline_runtime.messages import Event, check_run

QUICK = EngineLimits(grace_seconds=0.02, cancel_attempts=3, queue_seconds=5.0)


def a_context(user="user-7", thread="thread-3", run="run-12"):
    return UserExecutionContext(user, thread, run)


class Line:
    """A context, its bridge, and a connection that keeps every event it is offered."""

    def __init__(self, context=None, backplane=None, store=None):
        self.context = context or a_context()
        self.backplane = backplane or EmbeddedBackplane()
        self.store = store or EventStore(100, 10_000, 60)
        self.bridge = AgentWebSocketBridge(self.context, self.backplane, self.store)
        self.events = []
        self.backplane.subscribe(self.context.user_id, self._offer)

    def _offer(self, frame):
        self.events.append(Event.from_json(frame))
        return True

    def engine(self, agents, limits=QUICK, slots=None):
        return UserExecutionEngine(self.context, self.bridge, agents, limits, slots)

    def of(self, run_id):
        return [event for event in self.events if event.run_id == run_id]

    def types(self, run_id=None):
        events = self.events if run_id is None else self.of(run_id)
        return [str(event.type) for event in events]

    def problems(self):
        runs = dict.fromkeys(event.run_id for event in self.events)
        return [problem for run_id in runs for problem in check_run(self.of(run_id))]

    def end(self, run_id="run-12"):
        return self.of(run_id)[-1]


def running_besides_this():
    """The tasks of the loop but the test's own."""
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def agents_with(**agents):
    registry = AgentRegistry()
    for name, agent in agents.items():
        registry.register(name, agent)
    return registry


async def forever():
    await asyncio.get_running_loop().create_future()


async def run_to_its_end(agent, limits=QUICK, given=None):
    """Run one agent to its end on a line of its own; nothing may be left running."""
    line = Line()
    engine = line.engine(agents_with(work=agent), limits)
    result = await engine.execute("work", given)
    assert line.problems() == []
    assert running_besides_this() == set()
    assert result.events == len(line.events)
    await engine.cleanup()
    return line, result


async def noop(run, given):
    return None


__all__ = [
    "QUICK",
    "Line",
    "UserSlots",
    "a_context",
    "agents_with",
    "forever",
    "noop",
    "run_to_its_end",
    "running_besides_this",
]
