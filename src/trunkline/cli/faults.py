"""Errors on the command line: what is printed and what the process exits with."""

from __future__ import annotations

import errno
from typing import Final

import click

from trunkline.errors import GraphError, TrunklineError

__all__ = ["FINDINGS", "INTERRUPTED", "PIPE_CLOSED", "USAGE", "CommandError", "exit_code_of"]

FINDINGS: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

_ADDRESS_FAULTS: Final = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)


class CommandError(click.ClickException):
    """The command can't be carried out as it was given.

    Args:
        failed: What failed.
        cause: The likely cause; may be empty.
        remedy: What to do about it; may be empty.
    """

    exit_code = USAGE

    def __init__(self, failed: str, *, cause: str = "", remedy: str = "") -> None:
        lines = [failed]
        if cause:
            lines.append(f"  likely cause: {cause}")
        if remedy:
            lines.append(f"  remedy: {remedy}")
        super().__init__("\n".join(lines))


def exit_code_of(error: BaseException) -> int | None:
    """Print an error that is drawn for a person.

    Those are click's, trunkline's, and all that carry a ``remedy``, as the runtime's settings
    errors do; addresses that can't be listened on; and groups of nothing else.

    Returns:
        The exit code; None for any other error, which is not printed.
    """
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, BaseExceptionGroup) and not isinstance(error, TrunklineError):
        codes = [exit_code_of(inner) for inner in error.exceptions if _is_drawn(inner)]
        return USAGE if len(codes) == len(error.exceptions) else None
    if not _is_drawn(error):
        return None
    click.echo(f"Error: {error}", err=True)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            click.echo(f"  - {type(inner).__name__}: {inner}", err=True)
            for note in getattr(inner, "__notes__", ()):
                click.echo(f"    {note}", err=True)
    return FINDINGS if isinstance(error, GraphError) else USAGE


def _is_drawn(error: BaseException) -> bool:
    if isinstance(error, TrunklineError | click.ClickException):
        return True
    if isinstance(error, OSError):
        return error.errno in _ADDRESS_FAULTS
    return isinstance(getattr(error, "remedy", None), str)
