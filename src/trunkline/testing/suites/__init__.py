"""Suites that any application which serves many users can run against its own container.

Subclass a suite and give it the application as a :class:`Subject`::

    class TestIsolation(UserIsolationSuite):
        @pytest.fixture
        def subject(self):
            return ShopSubject()

The suites are for pytest-asyncio. They know no protocol and no server: the subject starts the
server, connects clients, and checks the order of events.
"""

from trunkline.testing.suites.events import AgentEventsSuite
from trunkline.testing.suites.golden import GoldenPathSuite
from trunkline.testing.suites.isolation import UserIsolationSuite
from trunkline.testing.suites.subject import Client, Event, Subject

__all__ = [
    "AgentEventsSuite",
    "Client",
    "Event",
    "GoldenPathSuite",
    "Subject",
    "UserIsolationSuite",
]
