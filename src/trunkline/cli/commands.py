"""The commands by name: the one list of what the command line offers."""

from __future__ import annotations

import click

from trunkline.cli.lazy import LazyCommand, LazyGroup

__all__ = ["COMMANDS", "command_line"]

COMMANDS = (
    LazyCommand("init", "trunkline.cli.init:init", "Write a first container and configuration."),
    LazyCommand("check", "trunkline.cli.check:check", "Validate the container; build nothing."),
    LazyCommand("graph", "trunkline.cli.graph:graph", "Show, draw or compare the graph."),
    LazyCommand("audit", "trunkline.audit.command:audit", "Find what goes round the container."),
    LazyCommand("explain", "trunkline.audit.command:explain", "Explain a rule of the audit."),
    LazyCommand("legacy", "trunkline.legacy.command:legacy", "Show uses of redirected old names."),
    LazyCommand("serve", "trunkline.cli.run:serve", "Start the container's server."),
    LazyCommand("demo", "trunkline.cli.run:demo", "Run the container's demonstration."),
)


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog="Exit codes: 0 all well, 1 findings or differences, 2 usage.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="trunkline", prog_name="trunkline")
def command_line() -> None:
    """Dependency injection with request scopes and one canonical factory for each type.

    Commands work on the container that the nearest pyproject.toml names:

    \b
        [tool.trunkline]
        container = "app.containers:Application"
    """  # noqa: D301  # \b is click's mark for a paragraph that is not rewrapped
