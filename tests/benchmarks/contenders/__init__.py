"""The contenders, in the order of the tables. Each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from tests.benchmarks.contender import Contender

__all__ = ["MODULES", "contenders"]

MODULES = (
    "hand_written",
    "own",
    "diwire_",
    "dishka_",
    "dependency_injector_",
    "wireup_",
    "rodi_",
    "that_depends_",
    "modern_di_",
    "svcs_",
)
"""Modules with a tuple ``CONTENDERS`` of classes."""


def contenders() -> Iterator[type[Contender]]:
    """Every contender's class."""
    for name in MODULES:
        yield from import_module(f"{__name__}.{name}").CONTENDERS
