"""Identifiers of an engine's runs."""

from uuid import uuid4

from trunkline_runtime.context import (
    MAX_IDENTIFIER_LENGTH,
    RunId,
    UserExecutionContext,
    check_identifier,
)

__all__ = ["RunNames"]


class RunNames:
    """Names the runs of one engine.

    The context's identifier is the first run's; those after it are numbered: ``run-12.2``, ...

    Args:
        context: Whose engine it is.
    """

    def __init__(self, context: UserExecutionContext) -> None:
        self._context = context
        self._numbered = 0

    def name(self, asked: RunId | str | None) -> RunId:
        """The identifier of the next run.

        Args:
            asked: The one that its caller has chosen, if any.

        Raises:
            InvalidIdentifier: What the caller has chosen is none.
        """
        if asked is not None:
            chosen = check_identifier(RunId, "run_id", asked, self._context.environment)
            if chosen == self._context.run_id:
                self._numbered = max(self._numbered, 1)
            return chosen
        self._numbered += 1
        if self._numbered == 1:
            return self._context.run_id
        numbered = f"{self._context.run_id}.{self._numbered}"
        return RunId(numbered if len(numbered) <= MAX_IDENTIFIER_LENGTH else uuid4())
