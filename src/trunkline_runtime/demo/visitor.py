"""One user of the demonstration: a websocket client that runs an agent and keeps what it hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from trunkline_runtime.messages import END_TYPES, Event
from trunkline_runtime.server import SUBPROTOCOL

__all__ = ["Visitor"]

_MAX_FRAME = 1024 * 1024  # characters; a report is an eighth of it at the most


@dataclass(slots=True)
class Visitor:
    """A client of the server.

    Attributes:
        user_id: Whose token it has.
        path: The source tree it has inspected.
        events: The events it heard, of whichever user, in the order in which they came.
        trouble: Why its run did not come to an end; empty where it did.
    """

    user_id: str
    path: Path
    events: list[Event] = field(default_factory=list)
    trouble: str = ""

    @property
    def report(self) -> dict[str, Any]:
        """What the agent found; empty unless it completed."""
        last = self.events[-1] if self.events else None
        if last is None or last.type != "agent_completed":
            return {}
        result: dict[str, Any] = dict(last.payload["result"])
        return result

    async def visit(
        self,
        url: str,
        token: str,
        heard: Callable[[Visitor, Event], None],
        together: asyncio.Barrier,
        patience: float,
    ) -> None:
        """Connect, wait for the others, run the agent, and listen until the run has ended.

        Args:
            url: The server's address.
            token: The user's token.
            heard: Called with each event as it comes.
            together: Where all visitors meet before they start their runs.
            patience: Seconds after which it gives up.
        """
        try:
            async with asyncio.timeout(patience):
                await self._converse(url, token, heard, together)
        except TimeoutError:
            self.trouble = f"the run had not ended after {patience:g} seconds"
        except asyncio.BrokenBarrierError:
            self.trouble = "another user could not connect"
        except (OSError, WebSocketException) as error:
            await together.abort()
            self.trouble = f"{type(error).__name__}: {error}"

    async def _converse(
        self,
        url: str,
        token: str,
        heard: Callable[[Visitor, Event], None],
        together: asyncio.Barrier,
    ) -> None:
        async with connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            subprotocols=[SUBPROTOCOL],
            compression=None,
            proxy=None,
            max_size=_MAX_FRAME,
        ) as socket:
            await together.wait()
            request = {
                "type": "run_agent",
                "agent": "inspect",
                "thread_id": f"thread-of-{self.user_id}",
                "input": {"path": str(self.path)},
            }
            await socket.send(json.dumps(request))
            async for frame in socket:
                if self._listen(frame, heard):
                    return
            self.trouble = "the server closed the connection before the run ended"

    def _listen(self, frame: str | bytes, heard: Callable[[Visitor, Event], None]) -> bool:
        """Take one frame; whether the run is over."""
        message = json.loads(frame)
        if message["type"] == "accepted":
            return False
        if message["type"] == "error":
            self.trouble = f"{message['code']}: {message['message']}"
            return True
        event = Event.from_json(frame)
        self.events.append(event)
        heard(self, event)
        return event.type in END_TYPES and event.user_id == self.user_id
