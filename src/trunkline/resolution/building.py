"""Building once: what a scope's compiled methods leave to when someone waits, fails or is late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.errors import ScopeClosedError
from trunkline.resolution.exits import (
    Exit,
    raise_failures,
    run_exits,
    run_exits_async,
    take_exits,
)
from trunkline.resolution.refusals import Refusals
from trunkline.resolution.state import MISSING, TAKEN
from trunkline.resolution.waiting import Wanted
from trunkline.waits import builds_on_this_stack

__all__ = ["Building"]


class Building(Refusals):
    """The part of an open scope that builds each object once."""

    __slots__ = ()

    def _wait(self, attr: str) -> Any:
        """Wait for another thread's build; MISSING where it failed."""
        try:
            circle = self._program.waiting.wait(self._wanted(attr))
        except TimeoutError:
            raise self._waited_too_long(attr) from None
        return self._waited(attr, circle, "thread")

    async def _await_built(self, attr: str) -> Any:
        """Wait for another task's build; MISSING where it failed."""
        try:
            circle = await self._program.waiting.await_(self._wanted(attr))
        except TimeoutError:
            raise self._waited_too_long(attr) from None
        return self._waited(attr, circle, "task")

    def _wanted(self, attr: str) -> Wanted:
        """The object to wait for; never one that is being built further out on this stack."""
        holding = builds_on_this_stack(3)  # this, the waiting, and the method that has to wait
        if (id(self), attr) in holding:
            raise self._circular(attr, "its own builder")
        return Wanted(self, attr, self._label(attr), holding, lambda: self._is_over(attr))

    def _waited(self, attr: str, circle: list[str], runner: str) -> Any:
        if circle:
            by = f"another {runner} that waits for an object built here"
            raise self._circular(attr, by, circle)
        try:
            self._check_open()
        except ScopeClosedError:
            self._program.waiting.wake(self, attr)  # who else waits has to hear of it too
            raise
        self._program.waiting.relax(self)
        value = getattr(self, f"v_{attr}")
        return MISSING if value is TAKEN else value

    def _is_over(self, attr: str) -> bool:
        """Whether nobody is building the object now."""
        return getattr(self, f"v_{attr}") is not TAKEN or self._token is None

    def _built(self, attr: str) -> None:
        """After a build that someone may wait for, or during which the scope closed."""
        self._program.waiting.wake(self, attr)
        if self._token is None:
            setattr(self, f"v_{attr}", TAKEN)
            closed = self._is_closed()
            failures = run_exits(self._take_exits(attr), closed)
            raise_failures(self._path[-1], failures, closed)
            raise closed

    async def _abuilt(self, attr: str) -> None:
        """The same for a resource that was opened by await."""
        self._program.waiting.wake(self, attr)
        if self._token is None:
            setattr(self, f"v_{attr}", TAKEN)
            closed = self._is_closed()
            failures = await run_exits_async(self._take_exits(attr), closed)
            raise_failures(self._path[-1], failures, closed)
            raise closed

    def _take_exits(self, attr: str) -> list[Exit]:
        """Take out the teardown of one object; whoever closes the scope sees to the others."""
        node = self._program.node_by_attr(attr)
        return take_exits(self._open_exits(), () if node is None else (node.name,))

    def _failed(self, attr: str, name: str, error: BaseException) -> None:
        """Give the right to build back, and say in the error what was being built."""
        if getattr(self, f"v_{attr}") is TAKEN:
            setattr(self, f"v_{attr}", MISSING)
        if self._token is None:
            setattr(self, f"v_{attr}", TAKEN)
            self._program.waiting.wake(self, attr)
        elif self._attention is not None:
            self._program.waiting.wake_next(self, attr)
        self._note_failure(name, error)

    def _failed_within(self, attr: str, users: Mapping[str, str], error: BaseException) -> None:
        """The same for an object that the method of another builds in line, if there is one.

        Args:
            attr: The object that was being built; empty where none was.
            users: For each object that the method builds in line, the one that it is built for.
            error: What was raised.
        """
        if not attr:
            return
        names = {node.attr: name for name, node in self._program.plan.nodes.items()}
        self._failed(attr, names[attr], error)
        while (attr := users[attr]) in users:
            self._note_failure(names[attr], error)

    def _note_failure(self, name: str, error: BaseException) -> None:
        if isinstance(error, Exception):
            node = self._program.plan.nodes[name].node
            error.add_note(f"trunkline: while {node.label} was built in {self._path[-1]}")
