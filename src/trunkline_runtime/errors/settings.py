"""Settings that stop the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline_runtime.errors.fault import RuntimeFault

__all__ = ["SettingProblem", "SettingsError"]


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One wrong setting.

    Attributes:
        file: Where its value comes from: a file's path, ``environment variable NAME``, or
            ``no file`` where no place sets it.
        key: The dotted key: ``limits.run_seconds``.
        problem: What is wrong with its value. It never quotes a secret.
        allowed: What is allowed instead.
    """

    file: str
    key: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}; allowed: {self.allowed}"


class SettingsError(RuntimeFault):
    """The settings cannot be used. Every problem is listed, so that one round mends them all.

    Args:
        problems: The wrong settings, in the order of files and keys.
    """

    code = "settings"
    _joint = "\n"

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} wrong setting{'' if count == 1 else 's'}", *map(str, self.problems)]
        super().__init__(
            "\n  ".join(lines), "Correct them where they are set; nothing was started."
        )
