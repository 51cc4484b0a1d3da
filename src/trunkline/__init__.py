"""Dependency injection with request scopes and one canonical factory for each type.

The names below are imported when they are first used (PEP 562), so that ``import trunkline.audit``
brings in neither dependency-injector nor anything else it has no use for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline import providers
    from trunkline.containers import ScopedContainer
    from trunkline.overrides import override
    from trunkline.resolution.lease import Lease
    from trunkline.resolution.scope import OpenScope
    from trunkline.scopes import BaseScope, Scope
    from trunkline.wiring import INJECTED, Inject, inject

__all__ = [
    "INJECTED",
    "BaseScope",
    "Inject",
    "Lease",
    "OpenScope",
    "Scope",
    "ScopedContainer",
    "inject",
    "override",
    "providers",
]

_HOMES = {
    "INJECTED": "trunkline.wiring",
    "BaseScope": "trunkline.scopes",
    "Inject": "trunkline.wiring",
    "Lease": "trunkline.resolution.lease",
    "OpenScope": "trunkline.resolution.scope",
    "Scope": "trunkline.scopes",
    "ScopedContainer": "trunkline.containers",
    "inject": "trunkline.wiring",
    "override": "trunkline.overrides",
}


def __getattr__(name: str) -> Any:
    if name == "providers":
        return import_module("trunkline.providers")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trunkline' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
