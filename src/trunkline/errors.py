"""Every exception that trunkline raises.

The tree::

    TrunklineError
    ├── DeclarationError (TypeError)       a provider or container is declared wrongly
    ├── GraphError (ExceptionGroup-like)   the graph has faults; holds every finding
    ├── ScopeError
    │   ├── ScopeValueError (TypeError)    values given to enter() don't fit
    │   ├── ScopeNotOpenError (LookupError)  nothing is open that holds the object
    │   ├── ScopeClosedError               use after close
    │   ├── ScopeOrderError                a scope is not inside the one it is opened from
    │   ├── ScopeCloseError (ExceptionGroup)  teardowns that failed
    │   └── TeardownTimeoutError (TimeoutError)  a teardown that took too long
    ├── ResolutionError
    │   ├── UnknownProviderError (LookupError)
    │   ├── AsyncResolutionError           sync use of what must be awaited
    │   ├── CircularResolutionError        an object asked for itself while being built
    │   ├── BuildTimeoutError (TimeoutError)  another thread or task takes too long to build it
    │   └── ResourceProtocolError          a generator that yields never, or twice
    └── OverrideError                      a fake that doesn't fit

Each carries the objects it speaks of as attributes, and draws its text here: what failed, where it
was declared, the likely cause, the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.graph.model import SourceLocation
    from trunkline.validation.findings import Finding

__all__ = [
    "AsyncResolutionError",
    "BuildTimeoutError",
    "CircularResolutionError",
    "DeclarationError",
    "GraphError",
    "OverrideError",
    "ResolutionError",
    "ResourceProtocolError",
    "ScopeCloseError",
    "ScopeClosedError",
    "ScopeError",
    "ScopeNotOpenError",
    "ScopeOrderError",
    "ScopeValueError",
    "TeardownTimeoutError",
    "TrunklineError",
    "UnknownProviderError",
]


class TrunklineError(Exception):
    """Base of everything trunkline raises.

    Attributes:
        failed: What failed, in a sentence.
        location: Where the thing that failed is declared, if known.
        cause: The likely cause, in a sentence; may be empty.
        remedy: What to do about it, in a sentence; may be empty.
    """

    def __init__(
        self,
        failed: str,
        *,
        location: SourceLocation | None = None,
        cause: str = "",
        remedy: str = "",
    ) -> None:
        self.failed = failed
        self.location = location
        self.cause = cause
        self.remedy = remedy
        super().__init__(_draw(failed, location, cause, remedy))


class DeclarationError(TrunklineError, TypeError):
    """A provider or a container is declared in a way that can't work."""


class GraphError(TrunklineError):
    """The graph of a container has faults.

    Attributes:
        container: Name of the container.
        findings: Every fault, in the order of declaration.
    """

    def __init__(self, container: str, findings: Sequence[Finding]) -> None:
        self.container = container
        self.findings = tuple(findings)
        count = len(self.findings)
        listed = "\n\n".join(str(finding) for finding in self.findings)
        noun = "fault" if count == 1 else "faults"
        super().__init__(f"{container} has {count} {noun} in its graph:\n\n{listed}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.container, self.findings))


class ScopeError(TrunklineError):
    """Base of what can go wrong with a scope."""


class ScopeValueError(ScopeError, TypeError):
    """The values given to ``enter`` don't fit the scope; nothing was built."""


class ScopeNotOpenError(ScopeError, LookupError):
    """No open scope holds the object that was asked for."""


class ScopeClosedError(ScopeError):
    """A scope, or one around it, was used after it closed."""


class ScopeOrderError(ScopeError, ValueError):
    """A scope was opened from one that doesn't lie around it."""


class ScopeCloseError(ScopeError, ExceptionGroup[Exception]):
    """Teardowns failed while a scope closed; all the others ran.

    ``exceptions`` holds one exception a failed teardown, in the order in which they ran, each with
    a note that names its provider. ``__context__`` is the exception of the scope's body, if it
    had one.
    """

    def __new__(cls, scope: str, exceptions: Sequence[Exception]) -> ScopeCloseError:
        """Make the group (``ExceptionGroup`` takes its arguments here)."""
        return super().__new__(cls, _close_text(scope, len(exceptions)), exceptions)

    def __init__(self, scope: str, exceptions: Sequence[Exception]) -> None:
        self.scope = scope
        self.failed = _close_text(scope, len(exceptions))
        self.location = None
        self.cause = ""
        self.remedy = ""

    def __str__(self) -> str:
        return self.failed

    def derive(self, excs: Sequence[Exception], /) -> ScopeCloseError:  # type: ignore[override]  # a group of exceptions stays one
        """Make a group of the same scope for ``split`` and ``subgroup``."""
        return ScopeCloseError(self.scope, excs)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.scope, self.exceptions))


class TeardownTimeoutError(ScopeError, TimeoutError):
    """A teardown took longer than its resource allows."""


class ResolutionError(TrunklineError):
    """Base of what can go wrong while an object is resolved."""


class UnknownProviderError(ResolutionError, LookupError):
    """The provider belongs to no scope of this container."""


class AsyncResolutionError(ResolutionError):
    """An object that must be awaited was asked for without ``await``."""


class CircularResolutionError(ResolutionError):
    """An object was asked for while it was itself being built, by its own builder."""


class BuildTimeoutError(ResolutionError, TimeoutError):
    """Another thread or task took longer to build an object than ``wait_seconds`` allows."""


class ResourceProtocolError(ResolutionError):
    """A resource's generator yielded never, or more than once."""


class OverrideError(TrunklineError):
    """An override can't be put in place, or doesn't fit what it replaces."""


def _draw(failed: str, location: SourceLocation | None, cause: str, remedy: str) -> str:
    lines = [failed]
    if location is not None:
        lines.append(f"  declared at: {location}")
    if cause:
        lines.append(f"  likely cause: {cause}")
    if remedy:
        lines.append(f"  remedy: {remedy}")
    return "\n".join(lines)


def _close_text(scope: str, count: int) -> str:
    return f"{count} teardown{'' if count == 1 else 's'} of scope {scope} failed"
