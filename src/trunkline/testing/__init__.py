"""Testing with trunkline: isolation checks, canaries, suites, and a pytest plugin.

The names below are imported when they are first used (PEP 562): pytest loads the plugin of this
package in every run, also in runs that never use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.overrides import Override, UnusedOverrideWarning, override
    from trunkline.testing.canary import Canary, CrossUserError
    from trunkline.testing.collection import assert_collected
    from trunkline.testing.isolation import Allowed, assert_isolated
    from trunkline.testing.order import EventOrder

__all__ = [
    "Allowed",
    "Canary",
    "CrossUserError",
    "EventOrder",
    "Override",
    "UnusedOverrideWarning",
    "assert_collected",
    "assert_isolated",
    "override",
]

_HOMES = {
    "Allowed": "trunkline.testing.isolation",
    "Canary": "trunkline.testing.canary",
    "CrossUserError": "trunkline.testing.canary",
    "EventOrder": "trunkline.testing.order",
    "Override": "trunkline.overrides",
    "UnusedOverrideWarning": "trunkline.overrides",
    "assert_collected": "trunkline.testing.collection",
    "assert_isolated": "trunkline.testing.isolation",
    "override": "trunkline.overrides",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trunkline.testing' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
