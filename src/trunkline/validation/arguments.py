"""Checks of the arguments that providers pass: their number, their names, their types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe, Ref
from trunkline.graph.model import Graph, Kind, Node
from trunkline.validation.annotations import UNKNOWN, attribute_annotation
from trunkline.validation.assignability import certainly_wrong, shown, shown_type
from trunkline.validation.findings import Finding
from trunkline.validation.places import place_of
from trunkline.validation.signatures import Call, Match, call_of, match_arguments
from trunkline.validation.supplies import Supplies, Supply

__all__ = ["check_arguments", "check_literals"]

_CALLED: Final = frozenset(
    (
        Opening.CALL,
        Opening.COROUTINE,
        Opening.GENERATOR,
        Opening.ASYNC_GENERATOR,
        Opening.CONTEXT_MANAGER,
        Opening.ASYNC_CONTEXT_MANAGER,
    )
)
_DEEPEST: Final = 8  # levels of nested literals that are searched


def check_arguments(graph: Graph, recipes: Mapping[str, Recipe]) -> Iterator[Finding]:
    """Find arguments that the class or function of a provider can't take.

    A factory that nothing injects may be called with further arguments, so that what it lacks is
    no fault.

    Args:
        graph: The graph.
        recipes: How its nodes are made, by name.

    Yields:
        Findings of ``missing-argument``, ``surplus-argument``, ``duplicate-argument`` and
        ``argument-type``.
    """
    injected = {edge.target for node in graph for edge in node.dependencies if not edge.deferred}
    supplies = Supplies(recipes)
    for node in graph:
        recipe = recipes.get(node.name)
        if recipe is None:
            continue
        place = _Place(graph, node)
        call = call_of(recipe) if recipe.opening in _CALLED else None
        if call is not None:
            match = match_arguments(call)
            if match.missing and (node.kind is not Kind.FACTORY or node.name in injected):
                yield _missing(place, call, match)
            yield from _surplus(place, call, match)
            yield from _types(place, call, match, supplies)
        yield from _attribute_types(place, recipe, supplies)


def check_literals(
    graph: Graph, recipes: Mapping[str, Recipe], is_provider: Callable[[object], bool]
) -> Iterator[Finding]:
    """Find providers inside literal lists, tuples, sets and dictionaries.

    They are passed on as providers: dependency-injector looks at arguments, not into them.

    Args:
        graph: The graph.
        recipes: How its nodes are made, by name.
        is_provider: Tells whether an object is a provider.

    Yields:
        A finding of ``provider-in-literal`` for each such argument.
    """
    for node in graph:
        recipe = recipes.get(node.name)
        if recipe is None:
            continue
        named = (
            *((str(index), argument) for index, argument in enumerate(recipe.args)),
            *recipe.kwargs,
            *((f".{name}", argument) for name, argument in recipe.attributes),
        )
        for parameter, argument in named:
            if isinstance(argument, Constant) and _holds(argument.value, is_provider, _DEEPEST):
                kind = type(argument.value).__name__
                wrapper = "Dict" if isinstance(argument.value, Mapping) else "List"
                yield Finding(
                    check="provider-in-literal",
                    subject=node.name,
                    message=(
                        f"{_argument(parameter)} of {node.name} is a {kind} with providers in it, "
                        "which arrive as providers: nothing resolves them"
                    ),
                    remedy=f"write providers.{wrapper}(...) in place of the literal",
                    location=place_of(graph, node),
                )


class _Place(NamedTuple):
    """The node that is being checked."""

    graph: Graph
    node: Node

    def finding(self, check: str, message: str, remedy: str, hops: tuple[str, ...] = ()) -> Finding:
        return Finding(
            check=check,
            subject=self.node.name,
            message=message,
            remedy=remedy,
            location=place_of(self.graph, self.node),
            hops=hops,
        )

    def hops(self, call: Call, argument: Argument) -> tuple[str, ...]:
        """Where the called thing and the argument's provider are to be found."""
        hops = [f"{self.node.name} calls {call.drawn}"]
        if isinstance(argument, Ref) and argument.name in self.graph:
            hops.append(self.graph[argument.name].label)
        return tuple(hops)


def _missing(place: _Place, call: Call, match: Match) -> Finding:
    names = _listed(match.missing)
    keywords = ", ".join(f"{name}=..." for name in match.missing)
    return place.finding(
        "missing-argument",
        f"{place.node.name} builds {call.name} without its argument{_s(match.missing)} {names}",
        f"add {keywords} to the provider, or give the parameter{_s(match.missing)} a default",
        (call.drawn,),
    )


def _surplus(place: _Place, call: Call, match: Match) -> Iterator[Finding]:
    if not (match.surplus or match.unknown or match.duplicate):
        return
    name, taking = place.node.name, (call.drawn,)
    if match.surplus:
        given, taken = len(call.args), len(call.args) - match.surplus
        yield place.finding(
            "surplus-argument",
            f"{name} passes {given} positional argument{'s' * (given != 1)} to {call.name}, "
            f"which takes {taken}",
            f"remove the last {match.surplus} of the provider's positional arguments, or name them",
            taking,
        )
    if match.unknown:
        from difflib import get_close_matches

        known = [key for key in call.parameters.names() if key not in call.kwargs]
        meant = [get_close_matches(key, known, n=1) for key in match.unknown]
        guesses = ", ".join(guess[0] for guess in meant if guess)
        yield place.finding(
            "surplus-argument",
            f"{name} passes {_listed(match.unknown)} to {call.name}, "
            f"which has no such parameter{_s(match.unknown)}",
            f"remove the argument{_s(match.unknown)}"
            + (f", or write {guesses} if that is meant" if guesses else ""),
            taking,
        )
    if match.duplicate:
        yield place.finding(
            "duplicate-argument",
            f"{name} fills {_listed(match.duplicate)} of {call.name} twice: by position and by "
            "keyword",
            "remove one of the two",
            taking,
        )


def _types(place: _Place, call: Call, match: Match, supplies: Supplies) -> Iterator[Finding]:
    for parameter, argument in match.pairs:
        annotation = call.annotation(parameter)
        if annotation is UNKNOWN or _is_default(call, parameter, argument):
            continue
        supply = supplies.of(argument)
        if certainly_wrong(supply, annotation):
            yield place.finding(
                "argument-type",
                f"{call.name} wants {shown(annotation)} as {parameter!r}, but {place.node.name} "
                f"passes {_supplied(argument, supply)}",
                f"pass a provider of {shown(annotation)}, or mend the annotation if it is wrong",
                place.hops(call, argument),
            )


def _is_default(call: Call, parameter: str, argument: Argument) -> bool:
    """Whether an argument is the parameter's own default, which no annotation can refuse."""
    defaults = call.parameters.defaults
    return (
        isinstance(argument, Constant)
        and parameter in defaults
        and argument.value is defaults[parameter]
    )


def _attribute_types(place: _Place, recipe: Recipe, supplies: Supplies) -> Iterator[Finding]:
    if not recipe.attributes or not isinstance(recipe.call, type):
        return
    for name, argument in recipe.attributes:
        annotation = attribute_annotation(recipe.call, name)
        if annotation is UNKNOWN:
            continue
        supply: Supply = supplies.of(argument)
        if certainly_wrong(supply, annotation):
            yield place.finding(
                "argument-type",
                f"attribute {name!r} of {recipe.call.__qualname__} is annotated as "
                f"{shown(annotation)}, but {place.node.name} sets {_supplied(argument, supply)}",
                f"set a provider of {shown(annotation)}, or mend the annotation if it is wrong",
            )


def _supplied(argument: Argument, supply: Supply) -> str:
    shown = shown_type(supply)
    return f"{argument.name} ({shown})" if isinstance(argument, Ref) else shown


def _holds(value: object, is_provider: Callable[[object], bool], depth: int) -> bool:
    """Whether a literal has a provider in it, however deep; a bare provider is no literal."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        inner: Iterable[object] = (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    else:
        return False
    return any(is_provider(item) or _holds(item, is_provider, depth - 1) for item in inner)


def _argument(parameter: str) -> str:
    if parameter.isdigit():
        return f"positional argument {int(parameter) + 1}"
    if parameter.startswith("."):
        return f"attribute {parameter[1:]!r}"
    return f"argument {parameter!r}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""
