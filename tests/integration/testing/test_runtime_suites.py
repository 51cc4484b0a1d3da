"""The suites hold on this project's own runtime and container."""

from __future__ import annotations

import pytest

from tests.integration.testing.runtime_subject import RuntimeSubject
from trunkline.testing.suites import AgentEventsSuite, GoldenPathSuite, Subject, UserIsolationSuite


class _OnTheRuntime:
    @pytest.fixture
    def subject(self) -> Subject:
        return RuntimeSubject()


class TestUserIsolation(_OnTheRuntime, UserIsolationSuite):
    pass


class TestAgentEvents(_OnTheRuntime, AgentEventsSuite):
    pass


class TestGoldenPath(_OnTheRuntime, GoldenPathSuite):
    pass
