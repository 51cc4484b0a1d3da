"""Log lines that say whose run they are about."""

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

from trunkline_runtime.context import UserExecutionContext

__all__ = ["RunLog", "identifiers"]


def identifiers(context: UserExecutionContext) -> dict[str, str]:
    """Return the identifiers of a context, as fields for a log line."""
    return {
        "user_id": str(context.user_id),
        "thread_id": str(context.thread_id),
        "run_id": str(context.run_id),
        "request_id": str(context.request_id),
    }


class RunLog(logging.LoggerAdapter[logging.Logger]):
    """Adds the same fields to every line; fields given with a line win.

    Args:
        logger: Where the lines go.
        fields: The fields.
    """

    def __init__(self, logger: logging.Logger, fields: Mapping[str, object]) -> None:
        super().__init__(logger, dict(fields))

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Merge the fields; the base class would drop those given with the line."""
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs
