"""Old names that lead to the canonical factories, unchanged and counted.

An old module keeps its names and loses what was behind them::

    from trunkline.legacy import Arguments, Dropped, Value, redirect_class

    ExecutionEngine = redirect_class(
        "ExecutionEngine",
        to="containers.application:Application.engine",
        adapt=Arguments(
            "context",
            "registry, context",
            context=Value("context"),
            registry=Dropped("the container has its own"),
        ),
        removed_in="2.0",
    )
"""

from __future__ import annotations

from trunkline.legacy.arguments import Agrees, Arguments, Dropped, Value
from trunkline.legacy.baseline import Baseline
from trunkline.legacy.checks import check_redirects, redirects_of
from trunkline.legacy.classes import redirect_class
from trunkline.legacy.counting import Usage, isolated_usage, usage
from trunkline.legacy.errors import (
    ApplicationNotFoundError,
    LegacyCallError,
    LegacyError,
    NewLegacyCallError,
    RedirectError,
    UsageFileError,
)
from trunkline.legacy.functions import redirect_factory, redirect_function
from trunkline.legacy.keeping import keep_counts
from trunkline.legacy.modules import redirect_module
from trunkline.legacy.packages import MovedPackages
from trunkline.legacy.redirect import Redirect
from trunkline.legacy.registry import aclose_opened, close_opened
from trunkline.legacy.scopes import redirect_scope
from trunkline.legacy.shadow import Shadow, class_name
from trunkline.legacy.store import UsageFile

__all__ = [
    "Agrees",
    "ApplicationNotFoundError",
    "Arguments",
    "Baseline",
    "Dropped",
    "LegacyCallError",
    "LegacyError",
    "MovedPackages",
    "NewLegacyCallError",
    "Redirect",
    "RedirectError",
    "Shadow",
    "Usage",
    "UsageFile",
    "UsageFileError",
    "Value",
    "aclose_opened",
    "check_redirects",
    "class_name",
    "close_opened",
    "isolated_usage",
    "keep_counts",
    "redirect_class",
    "redirect_factory",
    "redirect_function",
    "redirect_module",
    "redirect_scope",
    "redirects_of",
    "usage",
]
