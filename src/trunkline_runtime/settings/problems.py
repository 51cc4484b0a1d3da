"""Saying what is wrong with a setting, and what is allowed instead. Never quotes a secret."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trunkline_runtime.errors import SettingProblem, shown
from trunkline_runtime.settings.models import MIN_SECRET_BYTES, Section, Settings

__all__ = ["SECRET_KEY", "SECRET_REMEDY", "allowed", "explain", "sections"]

SECRET_KEY: Final = ("auth", "secret")
SECRET_REMEDY: Final = (
    f"{MIN_SECRET_BYTES} bytes or more, from the environment variable TRUNKLINE_AUTH__SECRET or "
    "the secret file auth__secret"
)
_NOWHERE: Final = "no file"


def sections() -> tuple[str, ...]:
    """Return the names of the sections, in their order."""
    return tuple(_models())


def explain(
    fault: ValidationError,
    values: Mapping[tuple[str, ...], Any],
    origins: Mapping[tuple[str, ...], str],
) -> list[SettingProblem]:
    """Turn what pydantic found into problems that name file, key, problem and remedy.

    Args:
        fault: What was raised.
        values: The values by key: ``("server", "port")``.
        origins: Where each value came from.
    """
    details = fault.errors(include_url=False, include_input=False)
    return [_explained(detail, values, origins) for detail in details]


def _explained(
    detail: ErrorDetails,
    values: Mapping[tuple[str, ...], Any],
    origins: Mapping[tuple[str, ...], str],
) -> SettingProblem:
    location = tuple(str(part) for part in detail["loc"])
    key = location[:2]
    if detail["type"] == "development_secret" or (detail["type"], key) == ("missing", ("auth",)):
        key = location = SECRET_KEY
    if detail["type"] == "extra_forbidden":
        problem = "is unknown"
    elif detail["type"] == "missing":
        problem = "is missing"
    elif key == SECRET_KEY or key not in values:
        problem = detail["msg"]
    else:
        problem = f"is {shown(values[key])}: {detail['msg']}"
    return SettingProblem(_origin(key, origins), ".".join(location), problem, allowed(key))


def _origin(key: tuple[str, ...], origins: Mapping[tuple[str, ...], str]) -> str:
    if key in origins:
        return origins[key]
    return next((origin for other, origin in origins.items() if other[:1] == key), _NOWHERE)


def allowed(key: tuple[str, ...]) -> str:
    """Say what a key may hold, or which keys there are where it is unknown.

    Args:
        key: ``("server", "port")``.
    """
    models = _models()
    section = models.get(key[0])
    if section is None:
        return f"one of {', '.join(models)}"
    if key == SECRET_KEY:
        return SECRET_REMEDY
    if len(key) < 2 or key[1] not in section.model_fields:
        return f"one of {', '.join(section.model_fields)}"
    return _drawn(section.model_json_schema()["properties"][key[1]])


@lru_cache(maxsize=1)
def _models() -> dict[str, type[Section]]:
    found: dict[str, type[Section]] = {}
    for name, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            found[name] = info.annotation
    return found


def _drawn(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("type") == "array":
        return "a list of origins such as https://app.example.com:8443"
    words = {"integer": "a whole number", "number": "a number", "string": "text"}
    drawn = words.get(str(schema.get("type")), "another value")
    if "exclusiveMinimum" in schema:
        drawn += f" above {schema['exclusiveMinimum']:.12g}"
    if "minimum" in schema:
        drawn += f" from {schema['minimum']:.12g}"
    if "maximum" in schema:
        drawn += f" up to {schema['maximum']:.12g}"
    if "maxLength" in schema:
        drawn += f" of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    return drawn
