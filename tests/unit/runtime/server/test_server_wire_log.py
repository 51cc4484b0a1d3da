"""What the protocol library may log."""

from __future__ import annotations

import logging

import pytest

from trunkline_runtime.server.wire_log import WireLog


def test_only_warnings_and_worse_are_logged_and_without_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Traffic and connection objects stay out, whatever the level of the logger."""
    log = WireLog(logging.getLogger("trunkline_runtime.server.test_wire"))
    with caplog.at_level(logging.DEBUG):
        log.debug("< Authorization: Bearer secret")
        log.info("connection open")
        log.warning("odd", extra={"websocket": object()})
        log.error("worse")
    assert [record.getMessage() for record in caplog.records] == ["odd", "worse"]
    assert not hasattr(caplog.records[0], "websocket")
    with caplog.at_level(logging.CRITICAL):
        assert not log.isEnabledFor(logging.ERROR)
