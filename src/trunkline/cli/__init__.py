"""The command line.

Exit codes: 0 where all is well; 1 where a check has findings or graphs differ; 2 where the command
can't be carried out as it was given; 130 after an interrupt; 141 where the reader of a pipe left.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        from trunkline.cli.commands import command_line
    except KeyboardInterrupt:  # what comes later is answered in main
        sys.exit(130)
    command_line.main(prog_name="trunkline")
