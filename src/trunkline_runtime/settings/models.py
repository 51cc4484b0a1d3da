"""The settings: their names, types, bounds and defaults.

The defaults are those of ``config/base.toml``; a test holds the two equal.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from trunkline_runtime.context import Environment

__all__ = [
    "DEVELOPMENT_SECRET_PREFIX",
    "MIN_SECRET_BYTES",
    "AuthSettings",
    "LimitSettings",
    "LogSettings",
    "ReplaySettings",
    "Section",
    "ServerSettings",
    "Settings",
]

MIN_SECRET_BYTES: Final = 32
"""What HS256 asks of a key (RFC 7518, section 3.2): as many bytes as its hash has."""

DEVELOPMENT_SECRET_PREFIX: Final = "development-only"  # noqa: S105  # the mark of one to refuse
"""How a secret begins that is committed for development, and that deployments refuse."""

_ORIGIN: Final = re.compile(r"https?://[^\s/?#@*\\]+", re.IGNORECASE)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "must be a number, not a boolean")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return value


def _split(value: Any) -> Any:
    """Take a list as a file writes it, or as an environment variable does: with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise PydanticCustomError(
            "origin", "must be a scheme, a host and a port, without a path or a wildcard"
        )
    return value.lower()


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _long_enough(secret: SecretStr) -> SecretStr:
    length = len(secret.get_secret_value().encode())
    if length < MIN_SECRET_BYTES:
        raise PydanticCustomError(
            "short_secret", "is too short: {length} bytes", {"length": length}
        )
    return secret


Text = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_not_blank)]
Count = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_no_bool)]
Size = Annotated[int, Field(ge=1_024, le=16_777_216), BeforeValidator(_no_bool)]
Port = Annotated[int, Field(ge=0, le=65_535), BeforeValidator(_no_bool)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False), BeforeValidator(_no_bool)]
Origin = Annotated[str, AfterValidator(_origin)]


class Section(BaseModel):
    """A table of the settings: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerSettings(Section):
    """Where and how the server listens.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 lets the system choose one.
        origins: The origins whose pages may connect: "https://app.example.com". Clients that
            are no browsers send none and are not asked for one.
        max_size_bytes: The largest message a client may send.
        queue_frames: How many frames wait for a slow reader before it is cut off.
        stall_seconds: How long a write may wait for a reader before it is cut off.
        detach_seconds: How long the runs of a connection that is gone may go on.
        stop_seconds: How long running requests may take to end when the server stops.
        close_seconds: How long each further step of the stop may take.
        handshake_seconds: How long a client may take to connect.
        ping_seconds: How often the server asks whether a client is alive.
    """

    host: Text = "127.0.0.1"
    port: Port = 8765
    origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)] = ()
    max_size_bytes: Size = 65_536
    queue_frames: Count = 256
    stall_seconds: Seconds = 5.0
    detach_seconds: Annotated[
        float, Field(ge=0, le=86_400, allow_inf_nan=False), BeforeValidator(_no_bool)
    ] = 30.0
    stop_seconds: Seconds = 10.0
    close_seconds: Seconds = 3.0
    handshake_seconds: Seconds = 5.0
    ping_seconds: Seconds = 20.0


class AuthSettings(Section):
    """How tokens are signed and verified.

    Attributes:
        secret: The key, 32 bytes or more. Deployments take it from a secret file or the
            environment, never from a settings file.
        issuer: Who signs the tokens.
        audience: Whom they are for.
        token_seconds: How long a token is valid.
    """

    secret: Annotated[SecretStr, AfterValidator(_long_enough)]
    issuer: Text = "trunkline"
    audience: Text = "trunkline-runtime"
    token_seconds: Seconds = 900.0


class LimitSettings(Section):
    """What one process, and one user, may use.

    Attributes:
        connections: Open connections of all users together.
        connections_per_user: Open connections of one user.
        runs_per_user: Runs at once of one user.
        run_seconds: How long a run may take.
        engines_per_user: Engines at once of one user.
        idle_seconds: How long an engine may be idle before it is closed.
        queued_runs_per_user: How many more runs of a user may wait for a place.
        queue_seconds: How long a run may wait for a place.
        history: How many results an engine remembers.
    """

    connections: Count = 10_000
    connections_per_user: Count = 8
    runs_per_user: Count = 3
    run_seconds: Seconds = 25.0
    engines_per_user: Count = 2
    idle_seconds: Seconds = 300.0
    queued_runs_per_user: Count = 16
    queue_seconds: Seconds = 10.0
    history: Annotated[Count, Field(le=100)] = 100


class ReplaySettings(Section):
    """What is kept for clients that come back.

    Attributes:
        runs: How many runs are kept, of all users together; the oldest go first.
        events: How many events of a run are kept.
        seconds: How long a run is kept after its last event.
    """

    runs: Count = 1_024
    events: Count = 1_024
    seconds: Seconds = 300.0


class LogSettings(Section):
    """What is logged, and how.

    Attributes:
        level: The least severe level that is written.
        format: "json" for machines, one object a line; "plain" for people.
    """

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
    ] = "INFO"
    format: Literal["json", "plain"] = "json"


class Settings(BaseSettings):
    """Everything a deployment can set. `load_settings` reads it; nothing here reads anything.

    Attributes:
        environment: Which environment this is.
        server: Where and how the server listens.
        auth: How tokens are signed and verified.
        limits: What one process, and one user, may use.
        replay: What is kept for clients that come back.
        log: What is logged, and how.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    environment: Environment
    server: ServerSettings = ServerSettings()
    auth: AuthSettings
    limits: LimitSettings = LimitSettings()
    replay: ReplaySettings = ReplaySettings()
    log: LogSettings = LogSettings()

    @field_validator("auth")
    @classmethod
    def _no_development_secret(cls, auth: AuthSettings, info: ValidationInfo) -> AuthSettings:
        deployed = info.data.get("environment") in {Environment.STAGING, Environment.PRODUCTION}
        if deployed and auth.secret.get_secret_value().startswith(DEVELOPMENT_SECRET_PREFIX):
            raise PydanticCustomError("development_secret", "is the secret of development")
        return auth

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the constructor is given and nothing else: loading knows where it looked."""
        return (init_settings,)
