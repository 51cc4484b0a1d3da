"""What an open scope can answer for a redirect, worked out once for each class of scopes."""
# ruff: noqa: SLF001  # asks the open scope's program what it can answer

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar
from weakref import finalize

from trunkline.graph.algorithms import reachable
from trunkline.graph.blueprint import Ref
from trunkline.introspection import is_provider
from trunkline.legacy.arguments import Shape, argument_at
from trunkline.legacy.target import Canonical
from trunkline.resolution.scope import OpenScope
from trunkline.scopes import BaseScope

__all__ = ["Standing", "Step", "Usual", "remember"]

T = TypeVar("T")

Step: TypeAlias = tuple[BaseScope, Mapping[Any, object]]
"""A scope to open, and its values by provider."""

Usual: TypeAlias = tuple[tuple[tuple[Any, Any], ...], tuple[tuple[Any, Any], ...]]
"""A usual call: which of its arguments have to be values of the scope, and which may only be what
the scope itself supplies, or None. Each is the argument's place and the provider; None for what
needs a check in any case. A place is a keyword where all arguments go by keyword, and else a
position, with keywords counted after positions."""


def remember(table: dict[int, T], of: type[OpenScope], value: T) -> None:
    """Put something into a table by the identity of a class of scopes, for as long as that lives.

    Each start of a container makes its own classes, which know the started application.
    """
    table[id(of)] = value
    finalize(of, table.pop, id(of), None).atexit = False


class Standing:
    """What an open scope of one class can answer for a canonical provider.

    Args:
        scope: A scope of the class.
        found: What is canonical.

    Attributes:
        knows: Whether it can answer for the canonical provider.
        awaits: Whether the canonical provider must be awaited.
        values: The providers of the scope values that are open in it, by name.
        supplies: What the canonical factory is given by providers that need no await, by parameter.
    """

    __slots__ = ("_found", "_homes", "_needed", "awaits", "knows", "supplies", "values")

    def __init__(self, scope: OpenScope, found: Canonical) -> None:
        program = scope._program
        node = program.node_of(found.call)
        self.knows = node is not None and (node.constant or node.home in scope._path)
        self.awaits = node is not None and node.is_async
        self.values: dict[str, Any] = {}
        for name, provider in found.values.items():
            value = program.node_of(provider)
            if value is not None and value.home in scope._path:
                self.values[name] = provider
        default = program.plan.blueprint.default_scope
        self._found = found
        self._homes = {
            name: default if (own := found.scope_of(name)) is None else own.name
            for name in found.values
        }
        """The scope that each value is given to."""
        self._needed: frozenset[str] = frozenset()
        """The scopes that what is canonical is made in, with all that it is made from."""
        if node is not None:
            nodes = program.plan.nodes
            made_from = reachable(program.plan.blueprint.graph, [node.name])
            self._needed = frozenset(
                nodes[name].home for name in made_from if not nodes[name].constant
            )
        self.supplies: dict[str, Any] = {}
        if node is not None and self.knows:
            providers = {name: key for key, name in program.keys.items() if is_provider(key)}
            for parameter, argument in found.parameters(node.recipe):
                if isinstance(argument, Ref) and not program.plan.nodes[argument.name].is_async:
                    self.supplies[parameter] = providers.get(argument.name)

    def holds(self, scope: Any, values: Mapping[str, Any]) -> bool:
        """Whether a scope of this class is open with these very values."""
        for name, value in values.items():
            provider = self.values.get(name)
            if provider is None:
                return False
            held = scope.get(provider)
            if held is not value and (type(held) is not type(value) or held != value):
                return False
        return True

    def missing(self, scope: OpenScope, values: Mapping[str, Any]) -> tuple[Step, ...]:
        """The scopes that a call with these values needs and a scope of this class has not open.

        A scope that is open with other values than those of the call is missing.

        Returns:
            Each with the values that fit it, the outermost first.
        """
        program = scope._program
        wanted: dict[str, dict[str, Any]] = {home: {} for home in self._needed}
        for name, value in values.items():
            wanted.setdefault(self._homes[name], {})[name] = value
        chain = program.plan.blueprint.graph.scopes
        return tuple(
            (
                program.chain.named(home),
                {self._found.values[name]: value for name, value in wanted[home].items()},
            )
            for home in sorted(wanted, key=chain.index)
            if home not in scope._path or not self.holds(scope, wanted[home])
        )

    def usual(self, shape: Shape, count: int, keywords: tuple[str, ...]) -> Usual:
        """What there is to see to in a call that this scope has answered, when it comes again.

        Args:
            shape: How the call passes its arguments.
            count: Its positional arguments.
            keywords: Its keywords, in their order.
        """

        def index(place: int | str) -> int | str:
            if isinstance(place, int) or not count:
                return place
            return count + keywords.index(place)

        return (
            tuple((index(place), self.values[name]) for name, place in shape.values),
            tuple(
                (index(place), self.supplies.get(parameter)) for _, place, parameter in shape.checks
            ),
        )

    def check(
        self, scope: Any, shape: Shape, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Run the checks of a call that the scope answers; what it supplies itself agrees."""
        values: dict[str, Any] = {}
        for check, place, parameter in shape.checks:
            given = argument_at(place, args, kwargs)
            if given is None:
                continue
            supply = self.supplies.get(parameter)
            if supply is not None and scope.get(supply) is given:
                continue
            if not values:
                values = {name: scope.get(provider) for name, provider in self.values.items()}
            check(given, values)
