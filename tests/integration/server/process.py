"""A server process for the tests of signals: ``python -m tests.integration.server.process``."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import fields
from typing import Any

from tests.integration.server.wiring import OPTIONS, SECRET, wire
from trunkline_runtime.logs import logging_to
from trunkline_runtime.server import ServerOptions, run_server


def main(changes: dict[str, Any]) -> int:
    """Serve with changed options until a signal comes."""
    options = {field.name: getattr(OPTIONS, field.name) for field in fields(OPTIONS)}
    with logging_to(sys.stderr, level="DEBUG", secrets=[SECRET]):
        return asyncio.run(_serve(ServerOptions(**{**options, **changes})))


async def _serve(options: ServerOptions) -> int:
    return await run_server(wire(options).server)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
