"""Which kind of provider it is, what overrides it, and what its arguments are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dependency_injector import providers as stock

from trunkline.providers.routed import Router
from trunkline.providers.scoped import InScope
from trunkline.providers.watched import Singleton

__all__ = [
    "VIEWS",
    "WITH_CALL",
    "Provider",
    "effective",
    "is_configuration",
    "is_provider",
    "is_routed",
    "keep_fresh",
    "keeps_state",
    "reads_same",
    "stock_arguments",
    "stock_overrides",
]

Provider = stock.Provider[Any]

WITH_CALL = (stock.Factory, stock.BaseSingleton, stock.Callable)
"""The stock providers, but resources, that hold a callable and its arguments."""
VIEWS = (stock.ProvidedInstance, stock.AttributeGetter, stock.ItemGetter, stock.MethodCaller)
"""The stock providers that read a part of another one's object."""

_WITH_ARGUMENTS = (*WITH_CALL, stock.List, stock.Dict)
_SELF_CONTAINED = (stock.Configuration, stock.ConfigurationOption, stock.Container)


def is_provider(value: object) -> bool:
    """Whether a value is a provider of dependency-injector's kind."""
    return isinstance(value, stock.Provider)


def is_configuration(provider: object) -> bool:
    """Whether a provider is a configuration or an option of one, which is read at each use."""
    return isinstance(provider, stock.Configuration | stock.ConfigurationOption)


def keep_fresh(provider: Provider) -> None:
    """Let a required option see its configuration change.

    The stock configuration tells its options to forget what they have read, but does not know
    those that ``required()`` makes, which so give their first value for ever.
    """
    if isinstance(provider, stock.ConfigurationOption) and provider.is_required():
        root: Any = provider._get_root()  # noqa: SLF001  # there is no public name
        children = dict(root.get_children())
        if provider not in children.values():
            children[f"{len(children)}: {provider.get_name()}.required()"] = provider
            root.set_children(children)


def is_routed(provider: Provider) -> bool:
    """Whether direct calls of a provider need a router to see a caller's overrides."""
    return not isinstance(provider, InScope | Singleton | stock.Aggregate)


def keeps_state(provider: object) -> bool:
    """Whether a stock provider keeps what it made."""
    return isinstance(provider, stock.BaseSingleton | stock.Resource)


def effective(provider: Provider) -> Provider:
    """The provider that answers a call: the innermost override, or the provider itself."""
    while provider.last_overriding is not None:
        others = stock_overrides(provider)
        if not others:
            break
        provider = others[-1]
    return provider


def stock_overrides(provider: Provider) -> tuple[Provider, ...]:
    """The overrides that users put on a provider by its own ``override()``, the latest last."""
    if provider.last_overriding is None:
        return ()
    return tuple(other for other in provider.overridden if not isinstance(other, Router))


def stock_arguments(provider: Any) -> Iterator[tuple[str, Any]]:
    """Parameters and values of a stock provider's injections."""
    if isinstance(provider, stock.Dependency):
        if provider.default is not None:
            yield "default", provider.default
    elif isinstance(provider, _WITH_ARGUMENTS):
        args = () if isinstance(provider, stock.Dict) else provider.args
        kwargs = {} if isinstance(provider, stock.List) else provider.kwargs
        yield from ((str(index), value) for index, value in enumerate(args))
        yield from ((str(key), value) for key, value in kwargs.items())
        if isinstance(provider, stock.Factory | stock.BaseSingleton):
            yield from ((f".{key}", value) for key, value in provider.attributes.items())
    elif not isinstance(provider, _SELF_CONTAINED):
        yield from ((str(index), value) for index, value in enumerate(provider.related))


def reads_same(value: Any, other: Any) -> bool:
    """Whether two views read the same part of the same provider's object."""
    if value is other:
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, stock.ProvidedInstance):
        return reads_same(value.provides, other.provides)
    if isinstance(value, stock.AttributeGetter | stock.ItemGetter):
        return reads_same(value.provides, other.provides) and reads_same(value.name, other.name)
    return isinstance(value, str | int) and value == other
