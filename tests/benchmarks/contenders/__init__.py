"""The contenders, in the order of the tables. Each is imported when it is asked for."""

from __future__ import annotations

import sys
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
    """Every contender's class; those whose library is not installed are left out and named."""
    for name in MODULES:
        try:
            module = import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as missing:
            print(f"left out: {missing.name} is not installed; make bench does it", file=sys.stderr)
            continue
        yield from module.CONTENDERS
