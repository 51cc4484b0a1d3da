"""What a provider remembers of the functions that it is injected into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trunkline.graph.model import SourceLocation

__all__ = ["Injection"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Injection:
    """A parameter of a function that a provider fills.

    Attributes:
        function: Dotted name of the function.
        parameter: Name of the parameter.
        awaits: Whether the function may await.
        wants: Type of the parameter, where the provider itself is injected; None where it isn't
            known, or what is injected is a view of the provider's object.
        location: Where the function is written.
    """

    function: str
    parameter: str
    awaits: bool
    wants: Any
    location: SourceLocation
