"""TL305: merge-conflict markers left in a file."""

from collections.abc import Iterator

from trunkline.audit.findings import Finding
from trunkline.audit.project import Project
from trunkline.audit.rule import Rule


class Check(Rule):
    """A merge was committed before it was done: the file cannot be imported.

    Markers inside strings are text and are left alone: only files that do not parse are reported.
    """

    code = "TL305"
    name = "conflict-markers"
    summary = "merge-conflict markers"
    remedy = "finish the merge: keep one side, or write what both meant"
    judges_by = ()
    valid = (
        '''
# file: app/text.py
EXAMPLE = """
<<<<<<< ours
=======
>>>>>>> theirs
"""
''',
    )
    invalid = (
        """
# file: app/merged.py
limit = 1
<<<<<<< HEAD  # <-
limit = 2
=======
limit = 3
>>>>>>> main
""",
    )

    def check(self, project: Project) -> Iterator[Finding]:
        """Yield the first marker of every file that has some."""
        for path in project.library.paths():
            known = project.library.facts(path)
            if known.conflict_lines and known.level == 0:
                count = len(known.conflict_lines)
                yield self.finding(
                    path,
                    known.conflict_lines[0],
                    0,
                    "merge-conflict markers",
                    cause=f"a merge was committed half done, with {count} markers",
                )
