"""Ports: where the composition root installs a factory that old faces of the runtime ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

__all__ = ["Port"]

T = TypeVar("T")


class Port(Generic[T]):
    """A place for one factory at a time in each context.

    Args:
        name: Its name, for debugging.
    """

    def __init__(self, name: str) -> None:
        self._here: ContextVar[T | None] = ContextVar(name, default=None)
        self._installed: tuple[T, ...] = ()
        self._lock = threading.Lock()

    def get(self) -> T | None:
        """Return the factory of this context.

        A thread or a task that inherited no context gets the one that is installed in the process,
        if there is exactly one: of several, none is guessed.
        """
        here, installed = self._here.get(), self._installed
        if here is not None and any(here is factory for factory in installed):
            return here
        return installed[0] if len(installed) == 1 else None

    @contextmanager
    def installed(self, factory: T) -> Iterator[None]:
        """Install a factory for what is started inside.

        Args:
            factory: The factory.
        """
        with self._lock:
            self._installed += (factory,)
        before = self._here.get()
        self._here.set(factory)
        try:
            yield
        finally:
            with self._lock:
                self._installed = tuple(one for one in self._installed if one is not factory)
            # No token: a start and its stop may run in different contexts, as fixtures do.
            if self._here.get() is factory:
                self._here.set(before)
