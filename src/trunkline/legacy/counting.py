"""Who still uses which old name: every call site, warned about once and counted exactly."""

from __future__ import annotations

import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Final, Protocol

from trunkline.graph.model import SourceLocation
from trunkline.legacy.errors import NewLegacyCallError
from trunkline.legacy.naming import OldName
from trunkline.legacy.sites import CallSite, Difference, SiteUse, Written, is_awaited

__all__ = ["PROCESS", "Known", "Usage", "isolated_usage", "usage"]

_FAST_LIMIT: Final = 65_536
"""Call instructions that are looked up at once; code made at run time could fill any table."""
_KEPT_DIFFERENCES: Final = 1_000


class Known(Protocol):
    """The places at which strict mode allows old names."""

    def allows(self, name: str, file: str, function: str) -> bool:
        """Whether an old name may be used in a function of a file."""
        ...


class Usage:
    """All call sites of old names in a process.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.fast: dict[tuple[object, int, int], CallSite] = {}
        """Sites by who is called, the identity of the calling code, and the instruction in it."""
        self.left_open = 0
        """Scopes that old calls opened and that only the application's stop closed."""
        self.differences: deque[Difference] = deque(maxlen=_KEPT_DIFFERENCES)
        """The last differences that shadow calls have shown."""
        self.difference_counts: Counter[tuple[str, str]] = Counter()
        """How often each aspect of each old name differed."""
        self.written: dict[str, Written] = {}
        """What of it was written to which file, so that no count is written twice."""
        self._codes: dict[int, CodeType] = {}  # alive as long as ``fast`` knows their addresses
        self._sites: dict[tuple[str, SourceLocation, bool], CallSite] = {}
        self._warned: set[tuple[str, SourceLocation]] = set()
        self._known: Known | None = None
        self._refused: list[NewLegacyCallError] = []
        self._lock = threading.Lock()

    def count(self, key: object, old: OldName, frame: FrameType) -> CallSite:
        """Count a use of an old name.

        Args:
            key: Identifies who is called; one object a redirect.
            old: The name.
            frame: The calling frame, whose current line is the site.

        Raises:
            NewLegacyCallError: Strict mode is on and the place is not known.
        """
        site = self.fast.get((key, id(frame.f_code), frame.f_lasti))
        if site is None:
            site = self.first_use(key, old, frame)
        next(site.hits)
        site.last = self.clock()
        return site

    def first_use(
        self, key: object, old: OldName, frame: FrameType, *, is_async: bool | None = None
    ) -> CallSite:
        """Find or make the site of a call instruction that is not yet known, and warn.

        Args:
            key: Identifies who is called; one object a redirect.
            old: The name.
            frame: The calling frame.
            is_async: Whether a call gives a coroutine; None for whether this one is awaited.

        Raises:
            NewLegacyCallError: Strict mode is on and the place is not known.
        """
        code, instruction = frame.f_code, frame.f_lasti
        place = SourceLocation(code.co_filename, frame.f_lineno)
        known = self._known
        if known is not None and not known.allows(old.name, place.file, code.co_qualname):
            refusal = NewLegacyCallError(old.name, place, old.advice)
            self._refused.append(refusal)
            raise refusal
        awaited = is_awaited(code, instruction) if is_async is None else is_async
        with self._lock:
            site = self._sites.get((old.name, place, awaited))
            if site is None:
                site = CallSite(old, place, code.co_qualname, awaited)
                self._sites[old.name, place, awaited] = site
            warn = (old.name, place) not in self._warned
            self._warned.add((old.name, place))
        if warn and not old.is_quiet:
            self._warn(site, frame)
        with self._lock:
            if len(self.fast) >= _FAST_LIMIT:
                self.fast.clear()
                self._codes.clear()
            self._codes[id(code)] = code
            self.fast[key, id(code), instruction] = site
        return site

    def uses(self) -> list[SiteUse]:
        """Every site, most used first."""
        with self._lock:
            sites = list(self._sites.values())
        found: dict[tuple[str, SourceLocation], SiteUse] = {}
        for site in sites:
            count, last = site.count, site.last
            seen = found.get((site.old.name, site.place))
            if seen is not None:
                count, last = count + seen.count, max(last, seen.last)
            found[site.old.name, site.place] = SiteUse(
                name=site.old.name,
                target=site.old.target,
                file=site.place.file,
                line=site.place.line,
                function=site.function,
                count=count,
                last=last,
            )
        used = (use for use in found.values() if use.count)
        return sorted(used, key=lambda use: (-use.count, use.name, use.file, use.line))

    @contextmanager
    def strict(self, known: Known) -> Iterator[list[NewLegacyCallError]]:
        """Refuse old names at places that are not known, inside, in every thread.

        Args:
            known: The places that are, such as a ``Baseline``.

        Returns:
            A context manager. It gives the refusals so far, so that one that the refused code
            swallows is not lost.
        """
        before = self._known, self.fast, self._codes, self._refused
        self._known, self.fast, self._codes, self._refused = known, {}, {}, []
        try:
            yield self._refused
        finally:
            self._known, self.fast, self._codes, self._refused = before

    def begin_anew(self) -> None:
        """Forget all counts, but not what was warned of: those of a forked child are its parent's.

        A thread that the child has not may have held a lock, so that there are new ones.
        """
        self._lock = threading.Lock()
        for site in self._sites.values():
            site.begin_anew()
        self.left_open = 0
        self.differences.clear()
        self.difference_counts.clear()
        self.written.clear()

    def differ(self, difference: Difference) -> None:
        """Note what a shadow call has shown."""
        with self._lock:
            self.differences.append(difference)
            self.difference_counts[difference.name, difference.aspect] += 1

    def _warn(self, site: CallSite, frame: FrameType) -> None:
        named = frame.f_globals.get("__name__")
        try:
            warnings.warn_explicit(
                site.old.warning,
                DeprecationWarning,
                site.place.file,
                site.place.line,
                # code that is run by `exec` may have no name, and a warning of None is not given
                module=named if isinstance(named, str) else site.place.file,
                registry=frame.f_globals.setdefault("__warningregistry__", {}),
            )
        except DeprecationWarning:
            next(site.hits)  # it was a use all the same, although the warnings filter ends it
            site.last = self.clock()
            with self._lock:
                self._warned.discard((site.old.name, site.place))
            raise


class _Process:
    """The usage of this process: there is one, as there is one warnings registry."""

    def __init__(self) -> None:
        self.usage = Usage()


PROCESS: Final = _Process()
"""Read by every redirected call, so it is an attribute and not a function."""


def usage() -> Usage:
    """The counts of this process."""
    return PROCESS.usage


@contextmanager
def isolated_usage(fresh: Usage | None = None) -> Iterator[Usage]:
    """Count apart, inside, in every thread: for tests of code that uses old names.

    Args:
        fresh: Where to count; new unless given.
    """
    before, PROCESS.usage = PROCESS.usage, fresh if fresh is not None else Usage()
    try:
        yield PROCESS.usage
    finally:
        PROCESS.usage = before
