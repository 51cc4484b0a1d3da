"""The environments a deployment can be."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Environment"]


class Environment(StrEnum):
    """Where the code runs. It is passed to what must know it, and read from nowhere else."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"
    TEST = "test"
