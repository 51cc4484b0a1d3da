"""Steps of a pipeline: agents that run one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline_runtime.engine.results import AgentResult

__all__ = ["PipelineStep"]


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One step of a pipeline.

    Attributes:
        agent_name: The agent.
        input: Its input, or a function that makes it from the results of the steps before.
    """

    agent_name: str
    input: Mapping[str, Any] | Callable[[tuple[AgentResult, ...]], Mapping[str, Any]] = field(
        default_factory=dict
    )

    def input_after(self, results: tuple[AgentResult, ...]) -> Mapping[str, Any]:
        """The step's input.

        Args:
            results: The results of the steps before, in order.
        """
        return self.input(results) if callable(self.input) else self.input
