"""Who may run now: the places of every user, over all of that user's engines."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto

from trunkline_runtime.engine.faults import RunIdInUse
from trunkline_runtime.engine.limits import EngineLimits
from trunkline_runtime.errors import EngineBusy

__all__ = ["Ticket", "UserSlots"]


class _Place(Enum):
    WAITING = auto()
    RUNNING = auto()
    GONE = auto()


@dataclass(slots=True)
class _User:
    running: int = 0
    engines: set[object] = field(default_factory=set)
    run_ids: set[str] = field(default_factory=set)
    waiting: list["Ticket"] = field(default_factory=list)

    @property
    def vanished(self) -> bool:
        return not (self.running or self.engines or self.run_ids)


class Ticket:
    """A run's place: first in its user's queue, then among the running.

    Made by ``UserSlots.request``. Whoever holds it releases it, whatever happened.
    """

    __slots__ = ("_future", "_limits", "_refusal", "_slots", "engine", "place", "run_id", "user_id")

    def __init__(
        self, slots: "UserSlots", user_id: str, run_id: str, engine: object, limits: EngineLimits
    ) -> None:
        self.user_id = user_id
        self.run_id = run_id
        self.engine = engine
        self._slots = slots
        self._limits = limits
        self.place = _Place.WAITING
        self._refusal: Exception | None = None
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def waiting(self) -> bool:
        """Whether the run still waits for its place."""
        return self.place is _Place.WAITING

    async def granted(self) -> None:
        """Wait until the run may start.

        Raises:
            EngineBusy: No place was free within ``limits.queue_seconds``.
            Exception: What the ticket was refused with.
        """
        if self.waiting and self._refusal is None:
            await asyncio.wait((self._future,), timeout=self._limits.queue_seconds)
        if self._refusal is not None:
            raise self._refusal
        if self.waiting:
            raise self._slots.busy(
                self, f"no place was free within {self._limits.queue_seconds:g} s"
            )

    def grant(self) -> None:
        """Let the run start. Called by ``UserSlots`` alone."""
        self.place = _Place.RUNNING
        self._future.set_result(None)

    def refuse(self, refusal: Exception) -> None:
        """Have ``granted`` raise, if the run still waits."""
        if self.waiting and self._refusal is None:
            self._refusal = refusal
            self._future.set_result(None)

    def release(self) -> None:
        """Give the place back, in the queue or among the running. Twice does nothing."""
        self._slots.release(self)

    def fits(self, user: _User) -> bool:
        """Tell whether there is a place among the running for this ticket."""
        return (
            self._refusal is None
            and user.running < self._limits.runs_per_user
            and (self.engine in user.engines or len(user.engines) < self._limits.engines_per_user)
        )

    def lacks(self, user: _User) -> tuple[str, int]:
        """Name the limit that keeps this ticket waiting."""
        if user.running >= self._limits.runs_per_user:
            return "runs at once", self._limits.runs_per_user
        return "engines", self._limits.engines_per_user


class UserSlots:
    """The accounting of runs at once and engines in use, for every user of a process.

    One instance is shared by all engines. An engine counts from its first run until it leaves.
    Those who wait are served in the order in which they came; one that waits for a limit it alone
    is under (an engine more, where a run of an engine already in use could start) holds up nobody.
    The limits come with each request, so that there is one place that says them. Belongs to one
    event loop.
    """

    def __init__(self) -> None:
        self._users: dict[str, _User] = {}

    def request(self, user_id: str, run_id: str, engine: object, limits: EngineLimits) -> Ticket:
        """Ask for a place for a run. It is granted at once if there is one.

        Args:
            user_id: Whose run.
            run_id: Its identifier.
            engine: Identifies the engine, the same for all its runs.
            limits: How many may run and wait.

        Returns:
            The ticket, to be awaited with ``granted`` and to be released in any case.

        Raises:
            RunIdInUse: A run of the user with this identifier has a ticket already.
            EngineBusy: The queue is full.
        """
        user = self._users.get(user_id) or _User()
        if run_id in user.run_ids:
            raise RunIdInUse(run_id)
        ticket = Ticket(self, user_id, run_id, engine, limits)
        full = len(user.waiting) >= limits.queued_runs_per_user
        if full and not ticket.fits(user):
            raise EngineBusy(*ticket.lacks(user), "the queue is full")
        self._users[user_id] = user
        user.run_ids.add(run_id)
        user.waiting.append(ticket)
        self._grant(user)
        return ticket

    def release(self, ticket: Ticket) -> None:
        """Take a ticket back; see ``Ticket.release``."""
        user = self._users.get(ticket.user_id)
        if user is None or ticket.place is _Place.GONE:
            return
        if ticket.place is _Place.RUNNING:
            user.running -= 1
        else:
            user.waiting.remove(ticket)
        ticket.place = _Place.GONE
        user.run_ids.discard(ticket.run_id)
        self._settle(ticket.user_id, user)

    def leave(self, user_id: str, engine: object) -> None:
        """Take an engine out of the count. One that is not in it changes nothing."""
        user = self._users.get(user_id)
        if user is not None:
            user.engines.discard(engine)
            self._settle(user_id, user)

    def busy(self, ticket: Ticket, reason: str) -> EngineBusy:
        """Draw the refusal of a ticket that waits."""
        return EngineBusy(*ticket.lacks(self._users[ticket.user_id]), reason)

    def running(self, user_id: str) -> int:
        """Count the runs of a user that have a place."""
        user = self._users.get(user_id)
        return user.running if user else 0

    def queued(self, user_id: str) -> int:
        """Count the runs of a user that wait."""
        user = self._users.get(user_id)
        return len(user.waiting) if user else 0

    def engines(self, user_id: str) -> int:
        """Count the engines of a user that are in use."""
        user = self._users.get(user_id)
        return len(user.engines) if user else 0

    def users(self) -> int:
        """Count the users that have anything in use; the rest are forgotten."""
        return len(self._users)

    def _settle(self, user_id: str, user: _User) -> None:
        self._grant(user)
        if user.vanished:
            self._users.pop(user_id, None)

    def _grant(self, user: _User) -> None:
        for ticket in tuple(user.waiting):
            if ticket.fits(user):
                user.waiting.remove(ticket)
                user.running += 1
                user.engines.add(ticket.engine)
                ticket.grant()
