"""Resources that turn out to be a context manager or a generator that nobody has opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager

from trunkline.compiler.planner import NodePlan
from trunkline.errors import ResourceProtocolError

__all__ = ["refuse_unopened"]

_OPENED = (AbstractContextManager, AbstractAsyncContextManager, Generator, AsyncGenerator)


def refuse_unopened(node: NodePlan, value: object) -> None:
    """Refuse what a resource's function returned where it should have been opened.

    Args:
        node: A resource whose function shows no teardown.
        value: What it returned.

    Raises:
        ResourceProtocolError: It is a context manager or a generator.
    """
    if not isinstance(value, _OPENED):
        return
    returned = type(value).__qualname__
    raise ResourceProtocolError(
        f"{node.name} is a resource, and its function returned an unopened {returned}",
        location=node.node.location,
        cause="nothing about the function says what it returns, so that its users would get the "
        "context manager or generator itself, and nobody would close it",
        remedy=f"annotate the function with what it returns (-> {returned}), name its teardown by "
        "close=..., or use providers.Scoped if the object needs none",
    )
