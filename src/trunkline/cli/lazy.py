"""A command group that imports a command when it is used, so that ``--help`` stays quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any, NoReturn

import click

from trunkline.cli.faults import INTERRUPTED, PIPE_CLOSED, exit_code_of

__all__ = ["LazyCommand", "LazyGroup"]


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that is not imported yet.

    Attributes:
        name: Its name on the command line.
        target: Where it is, as ``module:attribute``.
        summary: Its line in the list of commands.
    """

    name: str
    target: str
    summary: str

    def exists(self) -> bool:
        """Whether its module is there; nothing is imported but the outermost package."""
        first, *inner = self.target.partition(":")[0].split(".")
        spec = find_spec(first)
        for part in inner:
            if spec is None or spec.submodule_search_locations is None:
                return False
            spec = PathFinder.find_spec(f"{spec.name}.{part}", spec.submodule_search_locations)
        return spec is not None

    def load(self) -> click.Command:
        """Import it."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group of lazy commands, which also ends the process as the exit codes say.

    Args:
        lazy: The commands, in the order in which they are listed.
        **settings: As for :class:`click.Group`.
    """

    def __init__(self, *, lazy: Sequence[LazyCommand], **settings: Any) -> None:
        super().__init__(**settings)
        self._lazy = {command.name: command for command in lazy}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands that are installed."""
        return [name for name, command in self._lazy.items() if command.exists()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is no such."""
        command = self._lazy.get(cmd_name)
        return command.load() if command is not None and command.exists() else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        rows = [(name, self._lazy[name].summary) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the command line, which may print help; likewise quiet where the reader left."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:  # as below
            _leave_pipe()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; end quietly where the reader of its output has left."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click's own answer is the exit code of a check with findings
            _leave_pipe()

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and, unless told otherwise, exit.

        Errors that are drawn for a person are printed without a traceback; any other goes on as
        the bug that it is.
        """
        if os.environ.get("NO_COLOR"):
            extra.setdefault("color", False)
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            returned = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_pipe()
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            sys.exit(INTERRUPTED)
        except Exception as error:
            code = exit_code_of(error)
            if code is None:
                raise
            sys.exit(code)
        sys.exit(returned if isinstance(returned, int) else 0)


def _leave_pipe() -> NoReturn:
    # What is still buffered would fail again when the interpreter flushes it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(PIPE_CLOSED)
