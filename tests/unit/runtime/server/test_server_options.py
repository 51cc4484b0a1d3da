"""Options: what the settings say reaches the server, and no number is out of its range."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from trunkline_runtime.context import Environment
from trunkline_runtime.server import ServerOptions
from trunkline_runtime.settings import (
    AuthSettings,
    LimitSettings,
    ServerSettings,
    Settings,
)


def test_every_setting_of_the_server_reaches_its_options() -> None:
    """A setting that is read and then ignored would be worse than none."""
    server = ServerSettings(
        host="127.0.0.2",
        port=1234,
        origins=("https://a.example.com",),
        max_size_bytes=2048,
        queue_frames=7,
        stall_seconds=1.5,
        stop_seconds=2.5,
        handshake_seconds=3.5,
        ping_seconds=4.5,
    )
    settings = Settings(
        environment=Environment.TEST,
        auth=AuthSettings(secret=SecretStr("x" * 32)),
        server=server,
        limits=LimitSettings(connections_per_user=5, runs_per_user=2, queued_runs_per_user=3),
    )
    options = ServerOptions.from_settings(settings)
    for name in ServerSettings.model_fields:
        assert getattr(options, name) == getattr(server, name), name
    assert options.environment is Environment.TEST
    assert options.connections_per_user == 5
    assert options.runs_per_user >= 2 + 3


def test_every_number_out_of_its_range_is_named() -> None:
    """All at once, so that one round mends them all."""
    with pytest.raises(ValueError, match="ServerOptions: ") as refusal:
        ServerOptions(queue_frames=0, stall_seconds=float("nan"), stop_seconds=-1.0)
    for name in ("queue_frames", "stall_seconds", "stop_seconds must be at least"):
        assert name in str(refusal.value)
    assert ServerOptions(port=0, detach_seconds=0.0, stop_seconds=0.0)
