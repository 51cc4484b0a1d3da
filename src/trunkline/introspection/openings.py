"""How the object is got from what a provider's callable returns, and how it is closed."""

from __future__ import annotations

import inspect
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from dependency_injector import providers as stock
from dependency_injector import resources

from trunkline.errors import DeclarationError
from trunkline.graph.blueprint import Opening
from trunkline.graph.openings import opening_of_function
from trunkline.introspection.kinds import Provider
from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.scoped import InScope, Scoped, ScopedResource

__all__ = [
    "AWAITED",
    "awaits_itself",
    "close_awaits",
    "is_async_resource",
    "opening_of_call",
    "opening_of_resource",
]

AWAITED = (Opening.COROUTINE, Opening.ASYNC_GENERATOR, Opening.ASYNC_CONTEXT_MANAGER)
"""The openings that await."""


def opening_of_call(call: Any) -> Opening:
    """How the object is got from what the callable of a factory or a singleton returns."""
    awaited = opening_of_function(call) is Opening.COROUTINE
    return Opening.COROUTINE if awaited else Opening.CALL


def opening_of_resource(call: Any) -> Opening:
    """How the object of a resource is got from what its callable returns."""
    opening = opening_of_function(call)
    if opening is not Opening.CALL:
        return opening
    while isinstance(call, partial):
        call = call.func
    returned = _class_made_by(call)
    if _is_a(returned, AbstractAsyncContextManager):
        return Opening.ASYNC_CONTEXT_MANAGER
    return Opening.CONTEXT_MANAGER if _is_a(returned, AbstractContextManager) else opening


def awaits_itself(provider: Provider) -> bool:
    """Whether what a provider calls must be awaited, whoever asks and whatever it is made from.

    Objects of the outermost scope are not: the container's start has awaited them.
    """
    if isinstance(provider, InScope) and provider.scope is not None and not provider.scope.depth:
        return False
    if isinstance(provider, KeyedSingleton):
        return provider.pool.is_async
    if isinstance(provider, ScopedResource):
        return opening_of_resource(provider.provides) in AWAITED
    if isinstance(provider, Scoped | stock.Factory | stock.Callable):
        return opening_of_call(provider.provides) in AWAITED
    return False


def is_async_resource(call: Any) -> bool:
    """Whether a stock ``Resource`` that calls this is started by ``await``."""
    started = inspect.unwrap(call)
    return (
        isasyncgenfunction(started)
        or iscoroutinefunction(started)
        or _is_a(started, resources.AsyncResource)
    )


def close_awaits(provider: ScopedResource[Any]) -> bool:
    """Whether the method that tears a resource's object down must be awaited.

    Raises:
        DeclarationError: The class of the object has no such method.
    """
    if not provider.close:
        return False
    made = _class_made_by(provider.provides)
    method = inspect.getattr_static(made, provider.close, None)
    if not callable(method):
        raise DeclarationError(
            f"{provider.describe()} is closed by {provider.close!r}, which is no method of "
            f"{getattr(made, '__qualname__', 'what it returns')}",
            location=provider.location,
            cause="the name is misspelt, or the function that makes the object is not annotated "
            "with the class it returns",
            remedy="name a method of the class, or use a generator with the teardown after `yield`",
        )
    return iscoroutinefunction(method)


def _class_made_by(call: Any) -> Any:
    """The class that is called, or that a function is annotated to return, if it says."""
    if isinstance(call, type):
        return call
    try:
        annotation = inspect.signature(call, eval_str=True).return_annotation
    except (NameError, TypeError, ValueError, AttributeError, SyntaxError):
        return None
    return getattr(annotation, "__origin__", annotation)


def _is_a(returned: Any, base: type) -> bool:
    return isinstance(returned, type) and issubclass(returned, base)
