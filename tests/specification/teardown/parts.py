"""Resources that tell what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from trunkline import Scope, ScopedContainer, providers


class Log(list[str]):
    """What happened, in order; containers copy the plain lists among their arguments, not this."""

    def __deepcopy__(self, memo: object) -> Log:
        return self


class Boom(Exception):
    """A teardown's own failure."""


def part(name: str, log: Log, *needs: Any, fail: BaseException | None = None) -> Iterator[str]:
    log.append(f"open {name}")
    try:
        yield name
    except BaseException as error:
        log.append(f"{name} saw {type(error).__name__}")
        raise
    finally:
        log.append(f"close {name}")
        if fail is not None:
            raise fail


async def apart(
    name: str, log: Log, *needs: Any, fail: BaseException | None = None
) -> AsyncIterator[str]:
    log.append(f"open {name}")
    try:
        yield name
    except BaseException as error:
        log.append(f"{name} saw {type(error).__name__}")
        raise
    finally:
        await asyncio.sleep(0)
        log.append(f"close {name}")
        if fail is not None:
            raise fail


class Chain(ScopedContainer):
    """Three resources a request, each needing the one before; one of the application."""

    log = providers.Singleton(Log)
    base = providers.ScopedResource(part, "base", log, scope=Scope.APP)
    a = providers.ScopedResource(part, "a", log, base)
    b = providers.ScopedResource(part, "b", log, a)
    c = providers.ScopedResource(part, "c", log, b)


class AsyncChain(ScopedContainer):
    """The same with async generators."""

    log = providers.Singleton(Log)
    base = providers.ScopedResource(apart, "base", log, scope=Scope.APP)
    a = providers.ScopedResource(apart, "a", log, base)
    b = providers.ScopedResource(part, "b", log, a)
    c = providers.ScopedResource(apart, "c", log, b)
