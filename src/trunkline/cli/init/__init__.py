"""``trunkline init``: a first container, configuration and redirects in an existing project.

What exists is read, never run, and never overwritten.
"""

from trunkline.cli.init.command import init

__all__ = ["init"]
