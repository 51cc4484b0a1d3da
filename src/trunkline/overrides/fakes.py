"""From what a test writes to what a container can make: nodes and recipes of fakes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from inspect import Parameter, isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

from trunkline.errors import OverrideError
from trunkline.graph.blueprint import Argument, Blueprint, Opening, Recipe, Ref, replaced_name
from trunkline.graph.lifetimes import KEY
from trunkline.graph.model import Dependency, Graph, Kind, Node
from trunkline.introspection import (
    is_configuration,
    is_provider,
    opening_of_resource,
    with_providers,
    written_recipe,
)
from trunkline.validation.signatures import call_of, match_arguments

__all__ = ["is_called", "with_fakes"]


def with_fakes(blueprint: Blueprint, fakes: Mapping[str, Any]) -> tuple[Blueprint, frozenset[str]]:
    """Put fakes in the place of nodes.

    Args:
        blueprint: The container without them.
        fakes: Values, classes, functions, generators or providers, by the names of the nodes that
            they replace.

    Returns:
        The container with them, and the names of all nodes that are new or made in another way.

    Raises:
        OverrideError: A fake can't be made, or a node can't be replaced.
    """
    for name in fakes:
        _check_replaceable(blueprint, name)
    providers = {name: fake for name, fake in fakes.items() if is_provider(fake)}
    changed = with_providers(blueprint, providers)
    nodes, recipes = dict(changed.graph.nodes), dict(changed.recipes)
    for name, fake in fakes.items():
        original, replaced = blueprint.graph[name], replaced_name(name)
        if blueprint.recipes[name].opening is Opening.GIVEN and replaced not in nodes:
            # it is given as before by those who open the scope; only nobody who asks gets it
            nodes[replaced] = replace(original, name=replaced, declared=False)
            recipes[replaced] = blueprint.recipes[name]
        if name not in providers:
            nodes[name], recipes[name] = _faked(blueprint, name, fake)
    graph = Graph(changed.graph.name, changed.graph.scopes, nodes)
    new = frozenset(nodes) - frozenset(blueprint.graph.nodes)
    return replace(changed, graph=graph, recipes=recipes), new | frozenset(fakes)


_LIVES = (Kind.SINGLETON, Kind.SCOPED)
"""Kinds of nodes whose objects a scope keeps, and nothing more."""


def is_called(blueprint: Blueprint, name: str, fake: Any) -> bool:
    """Whether a fake is called to make the object, rather than being the object.

    Classes and functions are called, unless they replace an object that exists already.
    """
    if blueprint.graph[name].kind is Kind.CONSTANT:
        return False
    return isinstance(fake, type | partial) or inspect.isroutine(fake)


def _check_replaceable(blueprint: Blueprint, name: str) -> None:
    node, recipe = blueprint.graph[name], blueprint.recipes[name]
    if recipe.opening is Opening.LIVE and is_configuration(recipe.call):
        raise OverrideError(
            f"{name} is a configuration, which is read at each use, and can't be overridden",
            location=node.location,
            cause="its options are providers of their own, which other providers hold",
            remedy="change it by its own override(), or declare what is read from it as a "
            "provider and override that",
        )


def _faked(blueprint: Blueprint, name: str, fake: Any) -> tuple[Node, Recipe]:
    original = blueprint.graph[name]
    if is_called(blueprint, name, fake):
        return _called(blueprint, original, fake)
    # given by a call, so that its first use is seen, in the life of what it replaces: an override
    # inside this one may replace it by something that is made
    recipe = Recipe(Opening.CALL, _giving(fake))
    kind = original.kind if original.kind in _LIVES else Kind.SCOPED
    if original.scope is None:
        kind = Kind.CONSTANT if original.kind is Kind.CONSTANT else Kind.FACTORY
    return _node(original, recipe, kind, original.scope, type(fake)), recipe


def _called(blueprint: Blueprint, original: Node, fake: Any) -> tuple[Node, Recipe]:
    written = written_recipe(blueprint, original.name)
    opening = _opening(original, fake)
    args, kwargs = _arguments(blueprint, original, written, fake)
    kind, scope = original.kind, original.scope
    recipe = Recipe(opening, fake, args, kwargs, close_seconds=written.close_seconds)
    if kind is Kind.KEYED:
        replaced: Any = written.call
        pool = replaced.__self__.empty_copy(fake)
        opening = Opening.ASYNC_CONTEXT_MANAGER if pool.is_async else Opening.CONTEXT_MANAGER
        recipe = Recipe(opening, pool.pin, (written.args[0], *args), kwargs)
    elif recipe.torn_down:
        kind = Kind.RESOURCE
    elif scope is None:
        kind = Kind.FACTORY
    elif kind in (Kind.RESOURCE, Kind.VALUE):
        kind = Kind.SCOPED
    return _node(original, recipe, kind, scope, fake), recipe


def _opening(original: Node, fake: Any) -> Opening:
    generator = isgeneratorfunction(fake) or isasyncgenfunction(fake)
    if original.kind is Kind.KEYED:
        return Opening.CALL
    if generator and original.scope is None:
        raise OverrideError(
            f"{_name(fake)} is a generator, but {original.name} makes a new object at each use",
            location=original.location,
            cause="only objects that a scope keeps are torn down",
            remedy="give a function that returns the object",
        )
    if generator or original.kind is Kind.RESOURCE:
        return opening_of_resource(fake)
    return Opening.COROUTINE if iscoroutinefunction(fake) else Opening.CALL


def _arguments(
    blueprint: Blueprint, original: Node, written: Recipe, fake: Any
) -> tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]:
    """What to call a fake with.

    Its parameters are filled by name, from the arguments of what it replaces, then from the
    providers that the container declares; a fake that names its parameters otherwise gets the
    arguments of what it replaces as they are.
    """
    own = written.args[1:] if original.kind is Kind.KEYED else written.args
    try:
        signature = inspect.signature(fake)
    except (TypeError, ValueError):  # builtins
        return own, written.kwargs
    call = call_of(written)
    known: dict[str, Argument] = dict(written.kwargs)
    if call is not None and original.kind is not Kind.KEYED:
        known = {**dict(match_arguments(call).pairs), **known}
    parameters = signature.parameters.values()
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters):
        return (), tuple(known.items())
    if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        return own, written.kwargs
    declared = {n.name: Ref(n.name) for n in blueprint.graph if n.declared and n is not original}
    named = {p.name: known.get(p.name) or declared.get(p.name) for p in parameters}
    missing = [p.name for p in parameters if named[p.name] is None and p.default is Parameter.empty]
    if not missing:
        return _placed(signature, {n: a for n, a in named.items() if a is not None})
    try:
        signature.bind(*own, **dict(written.kwargs))
    except TypeError:
        raise OverrideError(
            f"{_name(fake)} can't stand in for {original.name}: nothing fills "
            + " and ".join(f"`{parameter}`" for parameter in missing),
            location=original.location,
            cause=f"{original.name} is made from "
            + (", ".join(known) or "nothing")
            + ", and the container declares no provider of that name",
            remedy="say what the fake is made from: providers.Factory(Fake, Application.other)",
        ) from None
    return own, written.kwargs


def _placed(
    signature: inspect.Signature, named: dict[str, Argument]
) -> tuple[tuple[Argument, ...], tuple[tuple[str, Argument], ...]]:
    """Named arguments as a call passes them: by place as far as there is no gap."""
    args = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is Parameter.KEYWORD_ONLY or name not in named:
            break
        args.append(named.pop(name))
    return tuple(args), tuple(named.items())


def _node(original: Node, recipe: Recipe, kind: Kind, scope: str | None, provides: Any) -> Node:
    places = [str(index) for index in range(len(recipe.args))]
    if kind is Kind.KEYED:
        places = [KEY, *places[:-1]]
    arguments = [*zip(places, recipe.args, strict=True), *recipe.kwargs]
    return replace(
        original,
        kind=kind,
        scope=scope,
        provides=f"{provides.__module__}.{_name(provides)}"
        if hasattr(provides, "__module__")
        else _name(provides),
        dependencies=tuple(
            Dependency(argument.name, parameter)
            for parameter, argument in arguments
            if isinstance(argument, Ref)
        ),
        is_async=recipe.opening
        in (Opening.COROUTINE, Opening.ASYNC_GENERATOR, Opening.ASYNC_CONTEXT_MANAGER),
        has_teardown=recipe.torn_down,
    )


def _giving(value: Any) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


def _name(fake: Any) -> str:
    function = fake.func if isinstance(fake, partial) else fake
    return getattr(function, "__qualname__", None) or repr(fake)
