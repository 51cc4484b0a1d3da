"""A project in which pytest is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.testing.projects import Project, shop_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return shop_project(tmp_path)
