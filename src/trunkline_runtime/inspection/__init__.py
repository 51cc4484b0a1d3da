"""The agent of the demonstration: real work on real source trees."""

from trunkline_runtime.inspection.agent import (
    InspectionLimits,
    inspection_agents,
    register_inspection,
)
from trunkline_runtime.inspection.processes import ParserPool

__all__ = ["InspectionLimits", "ParserPool", "inspection_agents", "register_inspection"]
