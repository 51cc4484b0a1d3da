"""The engine's own errors, beside those that the whole runtime shares in ``errors``."""
# ruff: noqa: N818  # an error is named for the fault it reports, as in ``errors``

from collections.abc import Sequence

from trunkline_runtime.errors import EngineError

__all__ = [
    "InvalidToolParameters",
    "NoCanonicalFactory",
    "RegistrationRefused",
    "RunIdInUse",
]


class RegistrationRefused(EngineError, ValueError):
    """An agent or a tool cannot be registered as it is.

    Args:
        what: "agent" or "tool".
        name: The name it was to have.
        problem: What is wrong, so that "agent 'x' <problem>" reads as a sentence.
        remedy: What to do instead, as a full sentence.
    """

    code = "registration_refused"

    def __init__(self, what: str, name: object, problem: str, remedy: str) -> None:
        super().__init__(f"The {what} {name!r} {problem}", remedy)
        self.what = what
        self.name = name
        self.problem = problem


class InvalidToolParameters(EngineError, ValueError):
    """An agent called a tool with parameters that its annotations do not allow.

    Args:
        tool_name: The tool.
        problems: One phrase a parameter: "path: Field required". They never quote a value.
    """

    code = "invalid_tool_parameters"

    def __init__(self, tool_name: str, problems: Sequence[str]) -> None:
        self.tool_name = tool_name
        self.problems = tuple(problems)
        super().__init__(
            f"Tool {tool_name!r} was called with wrong parameters: {'; '.join(self.problems)}",
            "Pass each parameter by name, of the type the tool annotates.",
            "The agent called a tool with wrong parameters.",
        )


class RunIdInUse(EngineError):
    """A run of the same user with the same identifier is waiting or running.

    Args:
        run_id: The identifier.
    """

    code = "run_id_in_use"

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"Run {run_id!r} is already under way",
            "Give every run an identifier of its own.",
            "A run with this identifier is already under way.",
        )
        self.run_id = run_id


class NoCanonicalFactory(EngineError):
    """An old name was used where no composition root has installed its canonical factory.

    Args:
        what: The class that was to be made.
        problem: What is wrong with the factory; by default that there is none.
    """

    code = "no_canonical_factory"

    def __init__(self, what: str, problem: str = "no canonical factory is installed here") -> None:
        super().__init__(
            f"{what} cannot be made: {problem}",
            "Start the application first (its composition root installs the factory), or take "
            "the object from an open request scope.",
        )
        self.what = what
        self.problem = problem
