"""Runs agents for one user, within that user's limits."""

from trunkline_runtime.engine.engine import UserExecutionEngine
from trunkline_runtime.engine.faults import (
    InvalidToolParameters,
    NoCanonicalFactory,
    RegistrationRefused,
    RunIdInUse,
)
from trunkline_runtime.engine.legacy import CanonicalEngines, canonical_engines, installed
from trunkline_runtime.engine.limits import EngineLimits
from trunkline_runtime.engine.pipeline import PipelineStep
from trunkline_runtime.engine.registry import (
    Agent,
    AgentClass,
    AgentFunction,
    AgentRegistry,
    RegisteredAgent,
)
from trunkline_runtime.engine.results import AgentResult, EngineStats
from trunkline_runtime.engine.run import Run
from trunkline_runtime.engine.sink import EventSink
from trunkline_runtime.engine.slots import UserSlots

__all__ = [
    "Agent",
    "AgentClass",
    "AgentFunction",
    "AgentRegistry",
    "AgentResult",
    "CanonicalEngines",
    "EngineLimits",
    "EngineStats",
    "EventSink",
    "InvalidToolParameters",
    "NoCanonicalFactory",
    "PipelineStep",
    "RegisteredAgent",
    "RegistrationRefused",
    "Run",
    "RunIdInUse",
    "UserExecutionEngine",
    "UserSlots",
    "canonical_engines",
    "installed",
]
