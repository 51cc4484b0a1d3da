"""Typed settings, read from files, environment variables and secret files, in that order."""

from trunkline_runtime.settings.loading import (
    ENVIRONMENT_VARIABLE,
    PREFIX,
    SECRETS_VARIABLE,
    load_settings,
)
from trunkline_runtime.settings.models import (
    DEVELOPMENT_SECRET_PREFIX,
    MIN_SECRET_BYTES,
    AuthSettings,
    LimitSettings,
    LogSettings,
    ReplaySettings,
    ServerSettings,
    Settings,
)

__all__ = [
    "DEVELOPMENT_SECRET_PREFIX",
    "ENVIRONMENT_VARIABLE",
    "MIN_SECRET_BYTES",
    "PREFIX",
    "SECRETS_VARIABLE",
    "AuthSettings",
    "LimitSettings",
    "LogSettings",
    "ReplaySettings",
    "ServerSettings",
    "Settings",
    "load_settings",
]
