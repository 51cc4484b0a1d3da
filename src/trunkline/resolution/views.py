"""Resolving for injected functions: providers of a container, and views written on its class."""

from __future__ import annotations

from types import MethodType
from typing import Any

from trunkline.compiler.queries import waits_of
from trunkline.introspection import declared_behind, instance_view
from trunkline.resolution.scope import OpenScope

__all__ = ["counterpart", "must_await", "read_view", "read_view_async", "slot_of"]


def must_await(scope: OpenScope, provider: Any) -> bool:
    """Whether who may await has to: for the provider itself, or lest the event loop stand still.

    It would, while another thread builds the object or one that it is made from; what the
    container's start has built nobody waits for.
    """
    node, program = scope._node_of(provider), scope._program
    started = {program.plan.nodes[name].attr for name in program.plan.blueprint.eager}
    waits = waits_of(program.plan, node, scope._path, locked=program.locked)
    return node.is_async or any(attr not in started for _, attr in waits)


def slot_of(scope: OpenScope, provider: Any, forget: MethodType) -> str:
    """The slot of the scope's class that holds the provider's object; see ``read_directly``."""
    program = scope._program
    return program.read_directly(scope._node_of(provider), scope._path, forget)


def counterpart(scope: OpenScope, view: Any) -> Any:
    """What a view that is written on a container's class is in the container itself.

    Args:
        scope: A scope of the container.
        view: For example ``Application.settings.provided.limit`` or ``Application.config.limit``.

    Returns:
        The same view of the container's own providers.

    Raises:
        UnknownProviderError: It looks at a provider of another container.
    """
    for declared in declared_behind(view):
        scope._node_of(declared)
    return instance_view(view, scope._program.keys)


def read_view(scope: OpenScope, view: Any) -> Any:
    """Call a view, scoped providers behind it resolving in the scope."""
    return scope._live(view)


async def read_view_async(scope: OpenScope, view: Any) -> Any:
    """The same, awaiting what is behind it."""
    return await scope._live_async(view)
