"""One call under comparison: one way serves it, the other is its shadow.

The shadow runs in a copy of the call's context, and where it is awaited in a task of its own, so
that neither the context variables it sets nor a cancellation of its own reach the call.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from trunkline.legacy.counting import PROCESS
from trunkline.legacy.sites import CallSite, Difference

if TYPE_CHECKING:
    from trunkline.legacy.redirect import Redirect
    from trunkline.legacy.shadow import Shadow

__all__ = ["Comparison"]

logger = logging.getLogger(__name__)

_SHOWN: Final = 200
"""Characters of a value that a difference shows."""


class Comparison:
    """One call, and its shadow if it is in the sample.

    Args:
        shadow: How to compare.
        redirect: The old name.
        site: Where it is called.
        args: The call's positional arguments.
        kwargs: The call's keyword arguments.
    """

    def __init__(
        self,
        shadow: Shadow,
        redirect: Redirect,
        site: CallSite,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._shadow = shadow
        self._redirect = redirect
        self._site = site
        self._args = args
        self._kwargs = kwargs

    def serve(self, *, sampled: bool) -> Any:
        """Serve a call that is not awaited."""
        serves_new = self._shadow.serves_new
        try:
            made = self._make(new=serves_new)
        except Exception as error:
            if sampled:
                self._failed(error, shadow=False)
            raise
        if sampled:
            self._aside(self._shadow_beside, made)
        return made

    async def serve_awaited(self, *, sampled: bool) -> Any:
        """Serve a call that is awaited."""
        serves_new = self._shadow.serves_new
        try:
            made = await _awaited(self._make(new=serves_new, awaited=True))
        except Exception as error:
            if sampled:
                self._failed(error, shadow=False)
            raise
        if sampled:
            await self._shadow_awaited(made)
        return made

    def _make(self, *, new: bool, awaited: bool = False) -> Any:
        """Make the object one way or the other."""
        if new:
            return self._redirect.answer(self._site, self._args, self._kwargs, awaited=awaited)
        return self._shadow.old_way(*self._args, **self._kwargs)

    def _shadow_beside(self, made: Any) -> None:
        opens = self._opens()
        try:
            other = self._make(new=not self._shadow.serves_new)
        except BaseException as error:
            if _is_for_the_caller(error):
                raise
            self._failed(error, shadow=True)
            return
        if inspect.iscoroutine(other):
            other.close()
            served, shadow = "it need not be", "it must be awaited"
            old_new = (shadow, served) if self._shadow.serves_new else (served, shadow)
            self._differ("error", *old_new)
        else:
            self._compare(made, other, opens)

    async def _shadow_awaited(self, made: Any) -> None:
        opens = self._opens()
        name = f"shadow of {self._redirect.old.name}"
        task = self._shadow.start(self._make_awaited(), name)
        try:
            await asyncio.wait({task}, timeout=self._shadow.seconds)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            self._failed(TimeoutError(f"no end in {self._shadow.seconds:g} s"), shadow=True)
        elif task.cancelled():
            self._failed(asyncio.CancelledError("it cancelled itself"), shadow=True)
        elif isinstance(other := task.result(), _Failure):
            self._failed(other.error, shadow=True)
        else:
            self._aside(self._compare, made, other, opens)

    async def _make_awaited(self) -> Any:
        """The shadow's object; or how it failed, as a task that raises SystemExit ends its loop."""
        try:
            return await _awaited(self._make(new=not self._shadow.serves_new, awaited=True))
        except BaseException as error:
            if _is_for_the_caller(error):
                raise
            return _Failure(error)

    def _aside(self, work: Callable[..., object], *args: Any) -> None:
        """Do something in a copy of the call's context."""
        contextvars.copy_context().run(work, *args)

    def _compare(self, made: Any, other: Any, opens: bool) -> None:
        """Compare the two; only what is meant for the caller gets out."""
        new, old = (made, other) if self._shadow.serves_new else (other, made)
        pending: list[tuple[str, Any, Any]] = []
        for aspect, of in self._shadow.compare.items():
            try:
                seen_old, seen_new = of(old), of(new)
                if inspect.isawaitable(seen_old) or inspect.isawaitable(seen_new):
                    pending.append((aspect, seen_old, seen_new))
                elif seen_old != seen_new:
                    self._differ(aspect, _shown(seen_old), _shown(seen_new))
            except BaseException as error:
                if _is_for_the_caller(error):
                    raise
                self._differ(aspect, "compared", _shown(error))
        if self._shadow.identity:
            self._compare_identity(old, new)
        if pending:
            self._compare_later(pending, other, opens)
        else:
            self._let_go(other, opens)

    def _compare_identity(self, old: Any, new: Any) -> None:
        key = self._redirect.placing.values_key(self._site, self._args, self._kwargs)
        again = self._shadow.again(key, old, new)
        if again is not None and again[0] != again[1]:
            words = {True: "the same object again", False: "another object"}
            self._differ("identity", words[again[0]], words[again[1]])

    def _compare_later(self, pending: list[tuple[str, Any, Any]], other: Any, opens: bool) -> None:
        """Compare what has to be awaited in a task; where no loop runs it can't be."""

        async def compare() -> None:
            for aspect, old, new in pending:
                try:
                    async with asyncio.timeout(self._shadow.seconds):
                        seen_old, seen_new = await _awaited(old), await _awaited(new)
                    if seen_old != seen_new:
                        self._differ(aspect, _shown(seen_old), _shown(seen_new))
                except BaseException as error:
                    if _is_for_the_caller(error):
                        raise
                    self._differ(aspect, "compared", _shown(error))
            self._let_go(other, opens)

        try:
            self._shadow.start(compare(), f"compare {self._redirect.old.name}")
        except RuntimeError:
            for aspect, *seen in pending:
                for one in filter(inspect.iscoroutine, seen):
                    one.close()
                self._differ(aspect, "compared", "no loop runs here to await the aspect in")
            self._let_go(other, opens)

    def _opens(self) -> bool:
        """Whether the new way, as the shadow, would open a scope of its own."""
        if self._shadow.serves_new:
            return False
        own = self._redirect.placing.own_scope(self._site, self._args, self._kwargs)
        return own is not None and own[0].find(own[1]) is None

    def _let_go(self, other: Any, opens: bool) -> None:
        """Throw the shadow away: close what it opened."""
        try:
            if opens:
                own = self._redirect.placing.own_scope(self._site, self._args, self._kwargs)
                if own is not None:
                    own[0].close(own[1])
            elif self._shadow.serves_new and self._shadow.close is not None:
                closing = self._shadow.close(other)
                if inspect.iscoroutine(closing):
                    self._shadow.start(
                        self._closed(closing), f"close the shadow of {self._redirect.old.name}"
                    )
        except BaseException as error:
            if _is_for_the_caller(error):
                raise
            self._differ("close", "closed", _shown(error))

    async def _closed(self, closing: Any) -> None:
        try:
            await closing
        except BaseException as error:
            if _is_for_the_caller(error):
                raise
            self._differ("close", "closed", _shown(error))

    def _failed(self, error: BaseException, *, shadow: bool) -> None:
        """One way failed where the other may not have."""
        new_failed = self._shadow.serves_new != shadow
        other = "no error" if shadow else "not tried"
        words = (other, _shown(error)) if new_failed else (_shown(error), other)
        self._differ("error", *words)

    def _differ(self, aspect: str, old: str, new: str) -> None:
        place = self._site.place
        difference = Difference(self._redirect.old.name, aspect, old, new, place.file, place.line)
        PROCESS.usage.differ(difference)
        logger.warning(
            "%s at %s: %s differs: the old way %s, the new way %s",
            difference.name,
            place,
            aspect,
            difference.old,
            difference.new,
        )


class _Failure:
    """What a shadow raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _is_for_the_caller(error: BaseException) -> bool:
    """Whether what a shadow raised is not its own: an interrupt, or a cancellation from outside.

    Old code may end in ``sys.exit`` as well; that is a failure of the shadow like any other.
    """
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs here, so that nobody can have cancelled
            return False
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


async def _awaited(made: Any) -> Any:
    return await made if inspect.isawaitable(made) else made


def _shown(value: object) -> str:
    try:
        is_error = isinstance(value, BaseException)
        text = f"{type(value).__name__}: {value}" if is_error else repr(value)
    except BaseException as error:
        if _is_for_the_caller(error):
            raise
        text = f"{type(value).__name__} ({type(error).__name__} in its repr)"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
