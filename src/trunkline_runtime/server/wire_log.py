"""What the protocol library may log: its warnings and errors, never the traffic."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

__all__ = ["WireLog"]


class WireLog(logging.LoggerAdapter[logging.Logger]):
    """A logger that is never enabled below WARNING.

    At DEBUG, ``websockets`` logs every header and every frame, tokens and users' data among them,
    and at INFO a line for every connection without its identifiers. No logging configuration can
    switch that on here.

    Args:
        logger: Where the lines go.
    """

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger, {})

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name of the standard library
        """Tell whether a line of this level is logged."""
        return level >= logging.WARNING and self.logger.isEnabledFor(level)

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave out the connection object, whose text no formatter should have to draw."""
        kwargs.pop("extra", None)
        return msg, kwargs
