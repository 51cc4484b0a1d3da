"""What a rule is: one file with its explanation, its examples and its check."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final

from trunkline.audit.findings import Finding

if TYPE_CHECKING:
    from trunkline.audit.config import AuditConfig
    from trunkline.audit.project import Project

NAMES: Final = "names"
"""The rule asks about canonical names: only files in which one stands are parsed."""
PROGRAM: Final = "program"
"""The rule asks about the imports and names of every file."""


class Rule:
    """One rule. A subclass is named ``Check``, stands in a file of its own and gives all of these.

    The docstring explains what is wrong about what it finds, for a person who never heard of it.
    Examples are small trees: a line ``# file: path`` starts a file, ``# <-`` marks a line on which
    the rule reports; files of the standard example are there too unless they are given anew.

    Attributes:
        code: ``TL`` and three digits, the first its group.
        name: A short name in kebab case.
        summary: What it finds, in one line.
        remedy: What to do about it, in general.
        needs: `NAMES` or `PROGRAM`.
        judges_by: Settings of the audit without which it finds less, or nothing: what it leaves
            unreported while one of them is empty may be a finding once it is filled.
        default: False for a rule that runs only when selected.
        names: Names that matter to it besides the canonical ones, in any file.
        production: The same, in files outside the tests.
        tests: The same, in tests.
        valid: Trees in which it finds nothing.
        invalid: Trees in which it finds exactly the marked lines.
        configuration: What the examples need in ``pyproject.toml`` besides the standard example.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    remedy: ClassVar[str]
    needs: ClassVar[str] = NAMES
    judges_by: ClassVar[tuple[str, ...]] = ("canonical",)
    default: ClassVar[bool] = True
    names: ClassVar[tuple[bytes, ...]] = ()
    production: ClassVar[tuple[bytes, ...]] = ()
    tests: ClassVar[tuple[bytes, ...]] = ()
    valid: ClassVar[tuple[str, ...]] = ()
    invalid: ClassVar[tuple[str, ...]] = ()
    configuration: ClassVar[str] = ""

    def can_judge(self, config: "AuditConfig") -> bool:
        """Tell whether a configuration has all that the rule judges by."""
        return all(getattr(config, name) for name in self.judges_by)

    def check(self, project: "Project") -> Iterator[Finding]:
        """Yield every violation in the project."""
        raise NotImplementedError

    def finding(
        self,
        path: str,
        line: int,
        column: int,
        message: str,
        *,
        cause: str,
        remedy: str = "",
        subject: str = "",
        root: str = "",
        breaks: int = 0,
        fix: tuple[str, ...] = (),
    ) -> Finding:
        """Return a finding of this rule; its own remedy stands where none is given."""
        return Finding(
            path, line, column, self.code, message, cause, remedy or self.remedy, subject, root,
            breaks, fix,
        )  # fmt: skip
