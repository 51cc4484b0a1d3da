"""Reading the settings: files, then environment variables, then secret files.

Each layer is read by pydantic-settings on its own, so that of every value it is known where it
came from, and a wrong one can be named with its file and key.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError
from pydantic_settings import (
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    SecretsSettingsSource,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSource

from trunkline_runtime.context import Environment
from trunkline_runtime.errors import SettingProblem, SettingsError, shown
from trunkline_runtime.settings.models import Settings
from trunkline_runtime.settings.problems import SECRET_KEY, SECRET_REMEDY, explain, sections

__all__ = ["ENVIRONMENT_VARIABLE", "PREFIX", "SECRETS_VARIABLE", "load_settings"]

PREFIX: Final = "TRUNKLINE_"
ENVIRONMENT_VARIABLE: Final = "TRUNKLINE_ENVIRONMENT"
SECRETS_VARIABLE: Final = "TRUNKLINE_SECRETS_DIR"
_DELIMITER: Final = "__"
_DEPLOYED: Final = frozenset({Environment.STAGING, Environment.PRODUCTION})
_WHOLE: Final = "(the whole file)"

Key: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class _Layers:
    """The values read so far, where each came from, and what was wrong with the reading."""

    values: dict[Key, Any] = field(default_factory=dict)
    origins: dict[Key, str] = field(default_factory=dict)
    in_files: set[Key] = field(default_factory=set)
    problems: list[SettingProblem] = field(default_factory=list)

    def refuse(self, file: str, key: str, problem: str, allowed: str) -> None:
        self.problems.append(SettingProblem(file, key, problem, allowed))

    def put(self, key: Key, value: Any, origin: str, *, in_file: bool) -> None:
        self.values[key] = value
        self.origins[key] = origin
        (self.in_files.add if in_file else self.in_files.discard)(key)

    def nested(self) -> dict[str, Any]:
        nested: dict[str, Any] = {}
        for (section, *rest), value in self.values.items():
            if rest:
                nested.setdefault(section, {})[rest[0]] = value
            else:
                nested[section] = value
        return nested


def load_settings(environment: str | None = None, root: Path | None = None) -> Settings:
    """Read the settings of an environment.

    Later ones win: ``config/base.toml``, ``config/<environment>.toml``, environment variables
    (``TRUNKLINE_SERVER__PORT``), secret files (``auth__secret`` in ``config/secrets``, or in the
    directory that ``TRUNKLINE_SECRETS_DIR`` names).

    Args:
        environment: development, staging, production or test; the environment variable
            ``TRUNKLINE_ENVIRONMENT`` where it is not given, and development without one.
        root: The directory that holds ``config``; the nearest one from the working directory
            upwards where it is not given.

    Raises:
        SettingsError: With every problem: file, key, what is wrong, what is allowed.
    """
    chosen = _chosen_environment(environment)
    config = _config_directory(root)
    layers = _Layers()
    for name in ("base", chosen.value):
        _read_file(layers, config / f"{name}.toml")
    _read_variables(layers)
    _read_secrets(layers, config)
    if chosen in _DEPLOYED and SECRET_KEY in layers.in_files:
        layers.refuse(
            layers.origins[SECRET_KEY],
            ".".join(SECRET_KEY),
            f"a settings file holds the secret of {chosen}",
            SECRET_REMEDY,
        )
    try:
        settings = Settings.model_validate({**layers.nested(), "environment": chosen})
    except ValidationError as fault:
        problems = [*layers.problems, *explain(fault, layers.values, layers.origins)]
        raise SettingsError(sorted(problems, key=lambda each: (each.file, each.key))) from None
    if layers.problems:
        raise SettingsError(layers.problems)
    return settings


def _chosen_environment(environment: str | None) -> Environment:
    name = environment or os.environ.get(ENVIRONMENT_VARIABLE) or Environment.DEVELOPMENT
    try:
        return Environment(name)
    except ValueError:
        origin = "argument" if environment else f"environment variable {ENVIRONMENT_VARIABLE}"
        problem = SettingProblem(
            origin, "environment", f"is {shown(name)}", f"one of {', '.join(Environment)}"
        )
        raise SettingsError([problem]) from None


def _config_directory(root: Path | None) -> Path:
    roots = [root] if root is not None else [Path.cwd(), *Path.cwd().parents]
    for candidate in roots:
        if (candidate / "config" / "base.toml").is_file():
            return candidate / "config"
    problem = SettingProblem(
        str(roots[0] / "config" / "base.toml"),
        _WHOLE,
        "does not exist" if root else "does not exist, nor does it in any directory above",
        "a project's directory, which holds config/base.toml",
    )
    raise SettingsError([problem])


def _read_file(layers: _Layers, path: Path) -> None:
    if not path.is_file():
        layers.refuse(str(path), _WHOLE, "does not exist", "a file, empty where nothing differs")
        return
    try:
        tables = TomlConfigSettingsSource(Settings, path)()
    except tomllib.TOMLDecodeError as fault:
        layers.refuse(str(path), _WHOLE, f"is not TOML: {fault}", "TOML 1.0: key = value")
    except UnicodeDecodeError:
        layers.refuse(str(path), _WHOLE, "is not UTF-8", "text in UTF-8")
    except OSError as fault:
        layers.refuse(str(path), _WHOLE, f"cannot be read: {fault.strerror}", "a readable file")
    else:
        for section, table in tables.items():
            _put_section(layers, section, table, lambda _key: str(path), in_file=True)


def _read_variables(layers: _Layers) -> None:
    for name in sorted(os.environ):
        section, delimiter, _ = name.upper().removeprefix(PREFIX).partition(_DELIMITER)
        if name.upper().startswith(PREFIX) and delimiter and section.lower() not in sections():
            layers.refuse(
                _variable(name), section.lower(), "is unknown", f"one of {', '.join(sections())}"
            )
    try:
        tables = EnvSettingsSource(
            Settings, env_prefix=PREFIX, env_nested_delimiter=_DELIMITER, case_sensitive=False
        )()
    except UnreadableSource as fault:
        layers.refuse(
            f"environment variables {PREFIX}*", _WHOLE, str(fault), f"{PREFIX}SECTION__KEY=value"
        )
        return
    tables.pop("environment", None)  # it chose the file, and an argument overrules it
    for section, table in tables.items():
        _put_section(
            layers,
            section,
            table,
            lambda key: _variable(PREFIX + _DELIMITER.join(key).upper()),
            in_file=False,
        )


def _variable(name: str) -> str:
    return f"environment variable {name}"


def _read_secrets(layers: _Layers, config: Path) -> None:
    named = os.environ.get(SECRETS_VARIABLE)
    directory = Path(named) if named else config / "secrets"
    try:
        tables = NestedSecretsSettingsSource(
            SecretsSettingsSource(Settings, directory),
            secrets_dir_missing="error" if named else "ok",
            secrets_nested_delimiter=_DELIMITER,
            secrets_prefix="",
        )()
    except (UnreadableSource, OSError, UnicodeDecodeError) as fault:
        # The text of a UnicodeDecodeError quotes the bytes it failed on, which are a secret.
        reason = "is not UTF-8" if isinstance(fault, UnicodeDecodeError) else str(fault)
        layers.refuse(str(directory), _WHOLE, reason, "a directory of readable secret files")
        return
    tables.pop("environment", None)
    for section, table in tables.items():
        _put_section(
            layers,
            section,
            table,
            lambda key: str(directory / _DELIMITER.join(key)),
            in_file=False,
        )


def _put_section(
    layers: _Layers, section: str, table: Any, origin: Callable[[Key], str], *, in_file: bool
) -> None:
    """Take over one section of a layer, key by key, so that layers may set different keys."""
    if section == "environment":
        layers.refuse(
            origin((section,)),
            section,
            "cannot be set in a file",
            f"the environment variable {ENVIRONMENT_VARIABLE}, or the argument of the command",
        )
    elif isinstance(table, Mapping):
        for key, value in table.items():
            layers.put((section, key), value, origin((section, key)), in_file=in_file)
        if not table and section not in sections():
            layers.put((section,), {}, origin((section,)), in_file=in_file)
    elif section in sections():
        layers.refuse(origin((section,)), section, "must be a table", f"[{section}] key = value")
    else:
        layers.put((section,), table, origin((section,)), in_file=in_file)
