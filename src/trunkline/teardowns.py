"""Several teardowns in turn, all of which run, whatever one of them raises."""

from __future__ import annotations

__all__ = ["Teardowns"]


class Teardowns:
    """Around each of several teardowns: what one raises keeps none of the others from running.

    Attributes:
        failures: What they raised.
        interruption: The first that is no failure, such as a cancellation.
    """

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.interruption: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> bool:
        if isinstance(error, Exception):
            self.failures.append(error)
        else:
            self.interruption = self.interruption or error
        return True

    def raise_together(self, message: str) -> None:
        """Raise what they raised, if anything.

        Args:
            message: What has failed.

        Raises:
            ExceptionGroup: It holds every failure.
            BaseException: An interruption goes on as itself, with the failures as its
                ``__cause__``.
        """
        group = ExceptionGroup(message, self.failures) if self.failures else None
        if self.interruption is not None:
            raise self.interruption from group
        if group is not None:
            raise group
