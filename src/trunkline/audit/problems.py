"""What the audit reports besides findings: mistakes in its configuration, files it passed over."""

from typing import NamedTuple


class ConfigurationMistake(NamedTuple):
    """One mistake in the configuration.

    Attributes:
        path: The file, as the user named it.
        line: Its line, from 1; 0 where it has none.
        key: The key, as written: ``tool.trunkline.canonical[0].type``.
        problem: What is wrong with it.
        remedy: What to write instead.
    """

    path: str
    line: int
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.key}: {self.problem}\n    remedy: {self.remedy}"


class ConfigurationError(Exception):
    """The configuration has mistakes; all of them are listed.

    Attributes:
        mistakes: Every mistake, in the order of the file.
    """

    def __init__(self, mistakes: tuple[ConfigurationMistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(map(str, mistakes)))


class UsageError(Exception):
    """The command was given something it cannot use: an unknown rule, a path that does not exist.

    Attributes:
        problem: What is wrong.
        remedy: What to do instead.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}\n    remedy: {remedy}")


class CheckerError(NamedTuple):
    """A file or folder that was passed over, apart from the findings.

    Attributes:
        path: Path relative to the project's root, with ``/``.
        line: Line at fault, from 1; 0 for the file as a whole.
        column: Column at fault, from 0.
        problem: Why it was passed over.
    """

    path: str
    line: int
    column: int
    problem: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column + 1}" if self.line else self.path
        return f"{place}: {self.problem}"
