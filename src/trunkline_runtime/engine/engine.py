"""Runs the agents of one user, within that user's limits."""

import asyncio
import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from trunkline_runtime.context import RunId, UserExecutionContext, require_context
from trunkline_runtime.engine import legacy
from trunkline_runtime.engine.emission import RunEvents
from trunkline_runtime.engine.faults import NoCanonicalFactory
from trunkline_runtime.engine.limits import DEFAULT_LIMITS, EngineLimits
from trunkline_runtime.engine.logs import RunLog, identifiers
from trunkline_runtime.engine.naming import RunNames
from trunkline_runtime.engine.pipeline import PipelineStep
from trunkline_runtime.engine.registry import AgentRegistry, RegisteredAgent
from trunkline_runtime.engine.results import AgentResult, EngineStats
from trunkline_runtime.engine.run import Run
from trunkline_runtime.engine.sink import EventSink, require_same_owner
from trunkline_runtime.engine.slots import UserSlots
from trunkline_runtime.engine.supervision import Supervision
from trunkline_runtime.engine.tally import RunTally
from trunkline_runtime.engine.tasks import RunTasks
from trunkline_runtime.engine.underway import RunUnderWay
from trunkline_runtime.errors import EngineClosed, RunCancelled

__all__ = ["UserExecutionEngine"]

logger = logging.getLogger(__name__)


class UserExecutionEngine:
    """Runs agents for one user and streams what happens to that user, and to nobody else.

    Each run gets an identifier: the context's for the first, numbered ones after it
    (``run-12``, ``run-12.2``, ...), or the one that is asked for.

    An engine counts against its user's ``engines_per_user`` from its first run until ``cleanup``.
    When ``idle_seconds`` have passed since its last run ended, a timer cleans it up, so that a
    caller that forgot it holds a place for that long and no longer; a closed engine runs nothing.

    Args:
        context: Whose engine it is.
        bridge: Takes the events; of the same user and thread.
        agents: The agents and tools.
        limits: What the user may ask for.
        slots: The accounting of the user's places over all engines. Without one, this engine
            counts for itself alone.
        now: The time, for ``AgentResult.started_at``.
        clock: Seconds that never go back.

    Raises:
        ContextTypeError: The context, or the bridge's, is no ``UserExecutionContext``.
        ForeignContext: The bridge belongs to another user, or to another of the user's threads.
    """

    def __init__(
        self,
        context: UserExecutionContext,
        bridge: EventSink,
        agents: AgentRegistry,
        limits: EngineLimits = DEFAULT_LIMITS,
        slots: UserSlots | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = require_context(context)
        require_same_owner(require_context(bridge.context), context, "bridge")
        self._bridge = bridge
        self._agents = agents
        self._limits = limits
        self._slots = slots if slots is not None else UserSlots()
        self._now = now
        self._clock = clock
        self._seat = object()  # identifies this engine in the accounting without keeping it alive
        self._active: dict[RunId, RunUnderWay] = {}
        self._names = RunNames(context)
        self._tally = RunTally(limits.history)
        self._closed = False
        self._idle: asyncio.TimerHandle | None = None

    def __await__(self) -> Generator[Any, None, Self]:
        """Return the engine at once: old call sites await what ``create_from_legacy`` returns."""
        yield from ()
        return self

    @classmethod
    def create_from_legacy(cls, *arguments: Any, **keywords: Any) -> "UserExecutionEngine":
        """Get an engine as old call sites ask for it; deprecated.

        ``(context)``, ``(registry, bridge, context)``, ``(registry, bridge, user_context=context)``
        and all by keyword; with ``await`` or without. The engine comes from the canonical factory
        and has a bridge of its own user. What is passed as a registry or a bridge but is none of
        this runtime's is not used, and the warning says so.

        Args:
            *arguments: The context alone, or registry, bridge and context.
            **keywords: The same by name: ``registry``, ``agent_registry``, ``agent_factory`` or
                ``agents``; ``bridge``, ``websocket_bridge`` or ``websocket_emitter``;
                ``context``, ``user_context`` or ``user_execution_context``.

        Raises:
            ContextTypeError: The context is missing, or no ``UserExecutionContext``.
            ForeignContext: The bridge is another user's.
            NoCanonicalFactory: No composition root has installed its factory.
            TypeError: The arguments fit none of the forms.
        """
        context, engine = legacy.resolve(cls.__name__, arguments, keywords)
        if not isinstance(engine, UserExecutionEngine):
            raise NoCanonicalFactory(
                cls.__name__, f"its canonical factory returned {type(engine).__name__}"
            )
        require_same_owner(engine.context, context, "engine")
        return engine

    @property
    def context(self) -> UserExecutionContext:
        """Whose engine it is."""
        return self._context

    @property
    def bridge(self) -> EventSink:
        """Where its events go."""
        return self._bridge

    @property
    def agents(self) -> AgentRegistry:
        """The agents and tools it can run."""
        return self._agents

    @property
    def limits(self) -> EngineLimits:
        """What its user may ask for."""
        return self._limits

    @property
    def closed(self) -> bool:
        """Whether it takes no more runs: it was cleaned up, by its owner or by the idle timer."""
        return self._closed

    async def execute(
        self,
        agent_name: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002  # the field's word, as clients send it
        *,
        run_id: RunId | str | None = None,
    ) -> AgentResult:
        """Run an agent to its end.

        It waits for a place if the user's limits are reached. Once it has one,
        ``agent_started`` is sent, and whatever happens then is told by the result and by exactly
        one last event. An agent's failure is a result that is not ``ok``, not an exception.

        Args:
            agent_name: The agent.
            input: What it is to work on; empty unless given.
            run_id: The run's identifier, if the caller has to know it beforehand.

        Returns:
            How the run ended.

        Raises:
            UnknownAgent: No agent has this name.
            EngineBusy: No place: the queue is full, or none was free in time.
            EngineClosed: The engine was cleaned up.
            RunIdInUse: The user has a run with this identifier under way.
            RunCancelled: The run was cancelled while it waited for its place.
            BridgeClosed: The bridge no longer takes events.
            RuntimeFault: Whatever else kept ``agent_started`` from being sent. In all of these
                cases nothing has run and the user has been told nothing.
        """
        self._require_open()
        agent = self._agents.get(agent_name)
        given = _checked_input(input)
        try:
            run = self._enter(self._names.name(run_id))
            try:
                await run.granted()
                result = await run.conduct(self._supervision(run.run_id, agent, given))
            finally:
                self._leave(run)
        except Exception:
            self._tally.refused()
            raise
        self._tally.ended(result)
        return result

    async def execute_pipeline(
        self, steps: Sequence[PipelineStep | tuple[str, Mapping[str, Any]]]
    ) -> tuple[AgentResult, ...]:
        """Run agents one after the other, each a run of its own, until one is not ``ok``.

        Args:
            steps: The steps: ``PipelineStep``, or pairs of an agent's name and its input.

        Returns:
            The results of the steps that ran, in order; the last one may not be ``ok``.

        Raises:
            UnknownAgent: A step names no agent; none has run.
            EngineError: As from ``execute``.
        """
        plan = [step if isinstance(step, PipelineStep) else PipelineStep(*step) for step in steps]
        for step in plan:
            self._agents.get(step.agent_name)
        results: tuple[AgentResult, ...] = ()
        for step in plan:
            results += (await self.execute(step.agent_name, step.input_after(results)),)
            if not results[-1].ok:
                break
        return results

    def cancel(self, run_id: RunId | str, reason: str = "by the user") -> bool:
        """Have a run cancelled, from any task of the loop. Returns at once.

        The run ends in ``agent_error`` with the code ``cancelled``, unless it ends by itself
        first. A run that still waits for its place is refused with ``RunCancelled``.

        Args:
            run_id: The run.
            reason: Who or what cancels it, safe to show.

        Returns:
            Whether this engine had such a run under way.
        """
        run = self._active.get(RunId(run_id))
        if run is None:
            return False
        run.stop(reason, RunCancelled(run_id, reason))
        return True

    def stats(self) -> EngineStats:
        """Return the engine's figures."""
        running = sum(run.begun for run in self._active.values())
        return self._tally.stats(
            running=running, queued=len(self._active) - running, closed=self._closed
        )

    def history(self) -> tuple[AgentResult, ...]:
        """Return the results of the last runs, oldest first, at most ``limits.history``."""
        return self._tally.results()

    async def cleanup(self, reason: str = "its request has ended") -> None:
        """Take no more runs, cancel those under way, wait for their ends, and give up the place.

        The wait is bounded, because the end of each run is: a cancelled agent has
        ``cancel_attempts`` times ``grace_seconds``. Cleaning up twice does nothing more, and waits
        as well while the first is under way.

        Args:
            reason: Why the runs are cancelled, safe to show.
        """
        self._closed = True
        self._rest(stop=True)
        runs = list(self._active.values())
        for run in runs:
            run.stop(reason, EngineClosed(self._context.user_id))
        try:
            if runs:
                await asyncio.wait([run.over for run in runs])
        finally:
            self._slots.leave(self._context.user_id, self._seat)

    def _enter(self, run_id: RunId) -> RunUnderWay:
        ticket = self._slots.request(self._context.user_id, run_id, self._seat, self._limits)
        run = self._active[run_id] = RunUnderWay(ticket)
        self._rest(stop=True)
        return run

    def _leave(self, run: RunUnderWay) -> None:
        del self._active[run.run_id]
        self._tally.abandoned(run.leave())
        if not self._active and not self._closed:
            self._rest(stop=False)

    def _supervision(
        self, run_id: RunId, agent: RegisteredAgent, given: Mapping[str, Any]
    ) -> Supervision:
        log = self._log(run_id, agent_name=agent.name)
        events = RunEvents(self._bridge, run_id, agent.name)
        tasks = RunTasks()
        run = Run(
            self._context,
            run_id,
            agent.name,
            self._agents,
            events,
            tasks,
            log,
            self._limits,
            self._clock,
        )
        return Supervision(
            agent, given, run, events, tasks, self._limits, log, self._now(), self._clock
        )

    def _require_open(self) -> None:
        if self._closed:
            raise EngineClosed(self._context.user_id)

    def _rest(self, *, stop: bool) -> None:
        """Begin to be idle, or stop."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if not stop:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._limits.idle_seconds, self._expire)

    def _expire(self) -> None:
        self._idle = None
        self._closed = True
        self._slots.leave(self._context.user_id, self._seat)
        self._log(self._context.run_id).info(
            "the engine was idle for %g s and is closed", self._limits.idle_seconds
        )

    def _log(self, run_id: RunId, **fields: object) -> RunLog:
        return RunLog(logger, {**identifiers(self._context), "run_id": str(run_id), **fields})


def _checked_input(given: object) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f"An agent's input is a mapping of names to values, not {type(given).__name__}"
        )
    return dict(given)
