"""What a scoped container does beside holding providers, as its users see it."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from dependency_injector.providers import Provider

from trunkline.errors import DeclarationError
from trunkline.graph.model import Graph
from trunkline.scopes import BaseScope, Scope

if TYPE_CHECKING:
    from trunkline.resolution.scope import OpenScope

__all__ = ["Lifecycle"]

T = TypeVar("T")


class Lifecycle:
    """What a scoped container does beside holding providers."""

    scopes: ClassVar[type[BaseScope]] = Scope
    """The scope chain."""
    default_scope: ClassVar[BaseScope | None] = None
    """What ``enter`` opens unless told; REQUEST of the usual chain, else the innermost."""
    locked: ClassVar[bool] = True
    """Whether many threads and tasks may use one scope at once."""
    wait_seconds: ClassVar[float | None] = None
    """How long a thread or task waits for another's build of an object; None for ever.

    A builder that waits for a task which asks for the builder's own object never ends; a limit
    turns that into an error that names the builder and where it stands.
    """
    ambient: ClassVar[bool] = True
    """Whether ``with`` makes a scope the ambient one where ``enter`` doesn't say.

    An application that hands its scopes on, and calls no provider without one, has no use for the
    context variable, which is a fifth of what a request costs.
    """
    validate: ClassVar[bool] = True
    """Whether the start checks the whole graph first."""
    debug: ClassVar[bool] = False
    """Whether to note where each task is started, and each scope opened, while the container runs.

    A task that uses a scope after its end is then reported with that place; so is, by a
    ``ResourceWarning``, a scope that is lost before it is left. It takes a task factory of the
    running event loop and a few microseconds a task and a scope, so it is off by default.
    """

    def enter(
        self,
        *values: object,
        scope: BaseScope | None = None,
        given: Mapping[Any, object] | None = None,
        ambient: bool = True,
    ) -> OpenScope:
        """Open a scope inside the application's; see :meth:`OpenScope.enter`.

        Raises:
            ScopeNotOpenError: The container has not been started.
        """
        raise _of_instances("enter")

    def get(self, provider: Provider[T]) -> T:
        """Return an object of the application's scope; see :meth:`OpenScope.get`."""
        raise _of_instances("get")

    def aget(self, provider: Provider[T]) -> Coroutine[Any, Any, T]:
        """The same, to be awaited; see :meth:`OpenScope.aget`."""
        raise _of_instances("aget")

    def check(self) -> None:
        """Validate the whole graph, building nothing.

        Raises:
            GraphError: It holds every fault that was found.
        """
        raise _of_instances("check")

    def graph(self) -> Graph:
        """The container's dependency graph as it stands, overrides included."""
        raise _of_instances("graph")

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        raise NotImplementedError


def _of_instances(method: str) -> DeclarationError:
    return DeclarationError(
        f"{method} was called on a container's class",
        cause="objects live in a started instance of it",
        remedy=f"`with Application() as app: app.{method}(...)`",
    )
