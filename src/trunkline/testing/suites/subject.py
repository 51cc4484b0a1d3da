"""What a suite asks of an application."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from unittest.mock import Mock

from trunkline.resolution.scope import OpenScope
from trunkline.testing.isolation import Allowed

__all__ = ["Client", "Event", "Subject", "received"]

Event = Mapping[str, Any]
"""An event as a client receives it."""


class Client(Protocol):
    """A connected client of one user."""

    def run(self, message: str, *, fault: str = "") -> AsyncIterator[Event]:
        """Run an agent that answers with the message, and give each event as it is received.

        Args:
            message: What the agent is to say.
            fault: What goes wrong: ``raise`` (the agent fails), ``cancel`` (the agent waits after
                an event, and the client cancels the run when it has received that), ``slow`` (the
                client reads slowly); empty for nothing.
        """
        ...

    async def vanish(self, message: str) -> None:
        """Start such a run and drop the connection without a word."""


async def received(run: AsyncIterator[Event]) -> list[Event]:
    """All events of a run, once it has ended."""
    return [event async for event in run]


class Subject(ABC):
    """An application under test.

    Attributes:
        crowd: How many users the larger tests have.
        shared_per_user: Names of the providers of which each user has an object of their own.
        allowed: What users may share, each with its reason.
        patience: Seconds that a suite waits for what should come at once.
        kept_bytes: Bytes a user that may stay in memory after they have left; what is allocated
            once, and never again, does not count.
    """

    crowd: int = 200
    shared_per_user: Sequence[str] = ("bridge", "engine")
    allowed: Iterable[Allowed] = ()
    patience: float = 30.0
    kept_bytes: int = 256

    @abstractmethod
    def running(self) -> AbstractAsyncContextManager[None]:
        """Start the container and its server; stop them when the block ends."""

    @abstractmethod
    def connect(self, user: str) -> AbstractAsyncContextManager[Client]:
        """Connect a client of a user to the running server."""

    @abstractmethod
    def request(
        self, user: str, value: object | None = None
    ) -> AbstractAsyncContextManager[OpenScope]:
        """Open a request scope of a user in the running container, without the server.

        Args:
            user: Whose request it is.
            value: What to give as the request's context instead of the user's own.
        """

    @abstractmethod
    def context(self, user: str) -> object:
        """A context of a user, as a request is given."""

    @abstractmethod
    def problems(self, events: Sequence[Event]) -> list[str]:
        """What is wrong with the order and the completeness of a run's events."""

    @abstractmethod
    def open_requests(self) -> int:
        """How many requests the server has open now."""

    @abstractmethod
    def stored(self, user: str) -> Iterable[object]:
        """What is stored for a user now, such as messages for a client that comes back."""

    def forget(self, user: str) -> None:
        """Drop what is stored for a user: memory is measured without it."""
        del user

    def owner_of(self, record: logging.LogRecord) -> str | None:
        """Whose log line a record is, if that is known where it is written."""
        del record
        return None

    def user_of(self, event: Event) -> str | None:
        """Whose an event is, if it says so."""
        return event.get("user_id")

    def impostor(self, user: str) -> object:
        """An object that claims to be a context and is none."""
        return Mock(spec=type(self.context(user)))
