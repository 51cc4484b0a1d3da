"""What is said of old calls that can't be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.legacy.arguments import Arguments, Shape
from trunkline.legacy.errors import ApplicationNotFoundError, LegacyCallError
from trunkline.legacy.naming import OldName
from trunkline.legacy.sites import CallSite
from trunkline.legacy.target import Canonical

__all__ = ["must_await", "no_form", "no_one_application", "nothing_open", "wrong_value"]


def wrong_value(
    old: OldName, found: Canonical, site: CallSite, values: Mapping[str, Any]
) -> LegacyCallError:
    """A scope value that the call brings is of another class."""
    name, value = next(
        (name, value)
        for name, value in values.items()
        if not issubclass(type(value), found.values[name].provides)
    )
    wanted = found.values[name].provides
    got = "None" if value is None else type(value).__name__
    return LegacyCallError(
        f"Expected {wanted.__name__}, got {got}",
        site=site.place,
        cause="the object claims that class but is none of it, as mocks with a spec do"
        if isinstance(value, wanted)
        else f"{old.name} was called without the {name} that it is for",
        remedy=f"give a real {wanted.__name__}; better, {old.advice}",
    )


def no_form(
    old: OldName,
    adapt: Arguments,
    site: CallSite,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> LegacyCallError:
    """The arguments fit no form."""
    passed = [type(value).__name__ for value in args]
    passed += [f"{name}={type(value).__name__}" for name, value in kwargs.items()]
    return LegacyCallError(
        f"{old.short}({', '.join(passed)}) is no form of the old call that can be adapted",
        site=site.place,
        cause=f"the forms are {adapt.listing(old.short)}",
        remedy=old.advice,
    )


def nothing_open(old: OldName, found: Canonical, site: CallSite, shape: Shape) -> LegacyCallError:
    """The call brings no scope value, and no scope is open that has one."""
    wanted = [found.values[name].provides.__name__ for name in found.own_values]
    return LegacyCallError(
        f"Expected {' and '.join(wanted) or 'an open scope'}, got nothing: "
        f"{old.short}({shape.form}) brings none, and no scope is open",
        site=site.place,
        cause="the call runs outside of a request, or in a thread that did not inherit its context",
        remedy=old.advice,
    )


def must_await(old: OldName, site: CallSite, what: str) -> LegacyCallError:
    """The object can't be made without waiting, and the call does not await."""
    return LegacyCallError(
        f"{old.name} must be awaited here",
        site=site.place,
        cause=f"making {what} has to wait for something",
        remedy=f"write `await {old.short}(...)`; better, {old.advice}",
    )


def no_one_application(
    old: OldName, container: type, site: CallSite, started: int
) -> ApplicationNotFoundError:
    """None, or several, of the container's instances are started."""
    name = f"{container.__module__}:{container.__qualname__}"
    if started:
        return ApplicationNotFoundError(
            f"{old.name} can't tell which {name} is meant: {started} are started"
            f"\n  called at: {site.place}",
            cause="the call runs in a thread or a task that inherited no context",
            remedy="run it in a copy of the context: contextvars.copy_context().run, or "
            "asyncio.to_thread",
        )
    return ApplicationNotFoundError(
        f"{old.name} was called where no {name} is started\n  called at: {site.place}",
        cause="an old name is answered by the started application alone",
        remedy=f"start it around the call: `async with {container.__qualname__}() as app`",
    )
