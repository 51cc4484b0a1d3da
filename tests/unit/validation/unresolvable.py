"""Annotations of which some can't be resolved, and a base for another module's dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowhere import Nothing


class Here:
    """A name that only this module knows."""


class Half:
    def __init__(self, one: Nothing, two: int, three: list[Nothing], four: Nothing.inner) -> None:
        pass


@dataclass
class Base:
    here: Here
    count: int


def returns_nothing_known() -> Nothing:
    raise NotImplementedError
