"""The small application that violations are planted in, and what it says is canonical."""

from typing import Final

CONFIGURATION: Final = """\
[[tool.trunkline.canonical]]
type = "app.engine.user_execution_engine:UserExecutionEngine"
factory = "containers.application:Application.engine"
family = ["*ExecutionEngine"]
legacy = ["app.engine.execution_engine:ExecutionEngine"]
scope = "request"

[[tool.trunkline.canonical]]
type = "app.context.user_execution_context:UserExecutionContext"
scope = "request"

[[tool.trunkline.canonical]]
type = "app.bridge.agent_bridge:AgentBridge"
factory = "app.bridge.agent_bridge:open_bridge"
legacy = ["app.bridge.old_bridge:OldBridge", "app.bridge.old_bridge:EarlierBridge"]
scope = "request"

[[tool.trunkline.contract]]
name = "core knows no web"
layers = ["app.web", "app.core"]

[[tool.trunkline.contract]]
name = "core is given what it needs"
target = ["containers"]
importers = ["app.planted", "app.web", "tests"]
"""

BASE: Final[dict[str, str]] = {
    "app/__init__.py": "",
    "app/engine/__init__.py": "",
    "app/context/__init__.py": "",
    "containers/__init__.py": "",
    "app/context/user_execution_context.py": '''\
"""The context of one user's request."""


class UserExecutionContext:
    """Who asks, and in which conversation."""

    def __init__(self, user_id: str, thread_id: str, run_id: str) -> None:
        self.user_id = user_id
        self.thread_id = thread_id
        self.run_id = run_id
''',
    "app/engine/user_execution_engine.py": '''\
"""The engine of one user."""

from app.context.user_execution_context import UserExecutionContext


class UserExecutionEngine:
    """Runs the agents of one user."""

    def __init__(self, context: UserExecutionContext, limit: int = 3) -> None:
        self.context = context
        self.limit = limit

    async def execute(self, agent_name: str, payload: dict[str, str]) -> str:
        """Run one agent."""
        return f"{agent_name} {len(payload)} {self.limit}"

    async def execute_pipeline(self, steps: list[str]) -> list[str]:
        """Run several."""
        return [await self.execute(step, {}) for step in steps]

    def stats(self) -> dict[str, int]:
        """Return counts."""
        return {"limit": self.limit}
''',
    "app/engine/execution_engine.py": '''\
"""The old name of the engine."""

import warnings

from app.engine.user_execution_engine import UserExecutionEngine

warnings.warn("use app.engine.user_execution_engine", DeprecationWarning, stacklevel=2)

ExecutionEngine = UserExecutionEngine
''',
    "app/bridge/__init__.py": "",
    "app/bridge/agent_bridge.py": '''\
"""The bridge of one user."""

from app.bridge import old_bridge  # <- TL304


class AgentBridge:
    """Sends to one user."""

    def __init__(self, context) -> None:
        self.context = context
        self.limit = old_bridge.LIMIT

    def send(self, text: str) -> int:
        """Send a text."""
        return len(text)


async def open_bridge(context) -> AgentBridge:
    """Open the bridge of a context's user."""
    return AgentBridge(context)
''',
    "app/bridge/old_bridge.py": '''\
"""The old name of the bridge."""

LIMIT = 3


class OldBridge:  # <- TL301
    """Sends to anyone."""

    def send(self, text):
        return text


EarlierBridge = OldBridge  # <- TL302
''',
    "containers/application.py": '''\
"""The container of the application."""

from app.context.user_execution_context import UserExecutionContext
from app.engine.user_execution_engine import UserExecutionEngine
from trunkline import ScopedContainer, providers


class Application(ScopedContainer):
    """Declares one factory for each thing."""

    context = providers.ScopeValue(UserExecutionContext)
    engine = providers.Scoped(UserExecutionEngine, context)
''',
}
