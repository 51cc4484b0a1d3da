"""``trunkline serve`` and ``trunkline demo``: start the container and run an object of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from trunkline.cli.discovery import Found, container_option, find_container
from trunkline.cli.faults import CommandError
from trunkline.testing.variables import variables

__all__ = ["demo", "serve"]

_environment_option = click.option(
    "--environment",
    metavar="NAME",
    help="Which settings to load: sets TRUNKLINE_ENVIRONMENT.",
)


@click.command()
@container_option
@click.option("--host", help="Address to listen on: sets TRUNKLINE_SERVER__HOST.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on, 0 for a free one: sets TRUNKLINE_SERVER__PORT.",
)
@_environment_option
@click.pass_context
def serve(
    ctx: click.Context,
    container: str | None,
    host: str | None,
    port: int | None,
    environment: str | None,
) -> None:
    """Start the container and its server, until SIGTERM or SIGINT.

    Runs `await server.serve()` of the provider named server; what it returns is the exit code.
    """
    settings = {
        "TRUNKLINE_ENVIRONMENT": environment,
        "TRUNKLINE_SERVER__HOST": host,
        "TRUNKLINE_SERVER__PORT": None if port is None else str(port),
    }
    with _environment(settings):
        found = find_container(container)
        ctx.exit(_run(found, "server", "serve", lambda server: server.serve()))


@click.command()
@container_option
@click.option(
    "--path",
    "paths",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="A directory to work on; may be given several times.",
)
@click.option(
    "--users",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="How many users to run at once.",
)
@_environment_option
@click.pass_context
def demo(
    ctx: click.Context,
    container: str | None,
    paths: Sequence[Path],
    users: int,
    environment: str | None,
) -> None:
    """Start the container and run its demonstration.

    Runs `await demo.run(paths, users)` of the provider named demo; what it returns is the exit
    code.
    """
    with _environment({"TRUNKLINE_ENVIRONMENT": environment}):
        found = find_container(container)
        ctx.exit(_run(found, "demo", "run", lambda demo: demo.run(tuple(paths), users)))


def _run(found: Found, provider: str, method: str, call: Callable[[Any], Awaitable[object]]) -> int:
    declared = found.declared.providers.get(provider)
    if declared is None:
        raise CommandError(
            f"{found.declared.__module__}:{found.declared.__qualname__} has no provider named "
            f"{provider}",
            remedy=f"declare one, whose object has the coroutine method {method}",
        )

    async def run() -> object:
        async with found.instance() as app:
            return await call(await app.aget(declared))

    returned = asyncio.run(run())
    return returned if isinstance(returned, int) else 0


def _environment(settings: Mapping[str, str | None]) -> AbstractContextManager[None]:
    """Set environment variables, which the container's settings are read from, for a while."""
    return variables({name: value for name, value in settings.items() if value is not None})
