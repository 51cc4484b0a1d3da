"""The agent of the demonstration: real work on real source trees."""

from trunkline_runtime.engine import AgentRegistry
from trunkline_runtime.inspection.agent import InspectionLimits, register_inspection
from trunkline_runtime.inspection.processes import ParserPool

__all__ = ["InspectionLimits", "ParserPool", "inspection_agents", "register_inspection"]


def inspection_agents() -> AgentRegistry:
    """A registry that knows the ``inspect`` agent and its tools."""
    agents = AgentRegistry()
    register_inspection(agents)
    return agents
