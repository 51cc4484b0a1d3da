"""An object's own closing method, which also closes the scope that an old call opened for it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from trunkline.errors import DeclarationError
from trunkline.legacy.opened import OpenedScopes

__all__ = ["close_with"]


def close_with(made: Any, method: str, opened: OpenedScopes, given: Mapping[Any, object]) -> None:
    """Let an object's own closing method also close the scope that was opened for it.

    Args:
        made: The object; the method is extended on it alone.
        method: Name of the method, plain or async.
        opened: Where the scope is.
        given: Its values.

    Raises:
        DeclarationError: The object's class has no room for it; ``check_redirects`` finds that.
    """
    own = getattr(made, "__dict__", None)
    if not isinstance(own, dict):
        raise DeclarationError(
            f"{type(made).__qualname__}.{method} can't be extended on one object",
            cause="objects of a class with __slots__ have no room for a method of their own",
            remedy="leave closes_with out: say by `over` when an object has come to its end",
        )
    if method not in own:  # else by an earlier call with the same values
        own[method] = _Closing(made, method, opened, given)


class _Closing:
    """An object's closing method, extended; copies of the object have their own method."""

    def __init__(
        self, made: Any, method: str, opened: OpenedScopes, given: Mapping[Any, object]
    ) -> None:
        own = getattr(made, method)
        functools.update_wrapper(self, own)
        self._of = (made, method)
        self._own = own
        self._opened = opened
        self._given = given

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(self._own):
            return self._aclose(*args, **kwargs)
        try:
            return self._own(*args, **kwargs)
        finally:
            self._forget()
            self._opened.close(self._given)

    async def _aclose(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._own(*args, **kwargs)
        finally:
            self._forget()
            await self._opened.aclose(self._given)

    def _forget(self) -> None:
        made, method = self._of
        vars(made).pop(method, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        made, method = self._of
        return _own_method(memo.get(id(made), made), method)

    def __reduce__(self) -> tuple[Callable[[Any, str], Any], tuple[Any, str]]:
        return _own_method, self._of


def _own_method(made: Any, method: str) -> Any:
    """A method of an object as its class has it."""
    return getattr(type(made), method).__get__(made)
