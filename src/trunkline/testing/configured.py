"""The container that a pytest configuration or a ``pyproject.toml`` names."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from typing import Any

import pytest

__all__ = ["configured_container"]


def configured_container(config: pytest.Config) -> Any:
    """Import the declared container.

    Args:
        config: Its ``trunkline_container`` comes first, then ``[tool.trunkline]`` of the project.

    Raises:
        pytest.UsageError: None is named.
    """
    named = config.getini("trunkline_container") or _named_in_project(config)
    module, colon, attribute = str(named or "").partition(":")
    if not colon:
        raise pytest.UsageError(
            "trunkline: no container is named; write trunkline_container = module:Class in the "
            "pytest configuration, or container in [tool.trunkline] of pyproject.toml"
        )
    if str(config.rootpath) not in sys.path:
        sys.path.insert(0, str(config.rootpath))
    return getattr(import_module(module), attribute)


def _named_in_project(config: pytest.Config) -> object:
    project = config.rootpath / "pyproject.toml"
    if not project.is_file():
        return None
    table = tomllib.loads(project.read_text(encoding="utf-8"))
    return table.get("tool", {}).get("trunkline", {}).get("container")
