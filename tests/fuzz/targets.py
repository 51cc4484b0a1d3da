"""What the auditor does with any bytes: reads them, or names what is wrong, and never fails.

Hypothesis draws for these in the tests; `make fuzz` lets atheris look for what it does not draw.
"""

import marshal
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from trunkline.audit.baseline import Entry, load_baseline
from trunkline.audit.codemods.plan import plan_rewrites
from trunkline.audit.config import AuditConfig
from trunkline.audit.config_reader import load_config, read_config
from trunkline.audit.engine import run_audit
from trunkline.audit.example import CONFIGURATION, FILES
from trunkline.audit.problems import ConfigurationError, UsageError
from trunkline.audit.registry import all_rules
from trunkline.audit.reports import FORMATS, draw_report
from trunkline.audit.reports.outline import Report
from trunkline.audit.source.facts import Facts, pack, unpack
from trunkline.audit.source.on_demand import read_block, read_everything, read_names
from trunkline.audit.source.parsing import Unreadable, parse_module
from trunkline.audit.source.reader import Reader, Request
from trunkline.audit.sources import SourceLines

_NAMES = Request((b"Engine", b"providers"))
PIECES = 3
"""So many files of the tree that `tree` audits are made of the bytes."""


def source(data: bytes) -> None:
    """Read a source file: for the canonical names, for the whole program, whole and in parts."""
    for request in (_NAMES, _NAMES._replace(program=True)):
        read = Reader(request).read(data, "app.x", is_package=False, is_test=False)
        assert read is None or isinstance(read, (Facts, Unreadable))
        if isinstance(read, Facts):
            assert unpack(marshal.loads(marshal.dumps(pack(read)))) == read  # type: ignore[arg-type] # plain tuples
    whole = read_everything(data, "app.x", is_package=False)
    names = read_names(data, "app.x", is_package=False)
    assert isinstance(whole, (Facts, Unreadable))
    assert isinstance(names, (Facts, Unreadable))
    # The cut of a block is made for files of some size.
    padding = b"\ndef padding():\n" + b"    x = 1\n" * 500
    block = read_block(data + padding, "app.x", False, 1 + data.count(b"\n") // 2)
    assert block is None or isinstance(block, Facts)


def configuration(data: bytes) -> None:
    """Read a ``pyproject.toml``; what is mistaken has a problem and a remedy."""
    mistakes = None
    try:
        read_config(data, "pyproject.toml", AuditConfig("/"))
    except ConfigurationError as error:
        mistakes = error.mistakes
    assert mistakes is None or (
        mistakes and all(mistake.problem and mistake.remedy for mistake in mistakes)
    )


def baseline(data: bytes) -> None:
    """Read a baseline."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.json"
        path.write_bytes(data)
        try:
            entries = load_baseline(str(path))
        except UsageError:
            return
        assert all(isinstance(entry, Entry) for entry in entries)


def tree(data: bytes) -> None:
    """Audit a tree whose files are parts of the bytes by every rule, draw it, and mend it."""
    parts = data.split(b"\0\0")[:PIECES]
    files = {f"app/part{number}.py": part for number, part in enumerate(parts)}
    audit_tree({**{path: text.encode() for path, text in FILES.items()}, **files})


def audit_tree(files: dict[str, bytes], contracts: str = "") -> None:
    """Audit files by every rule, draw every report, and look at what ``--fix`` would write."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        (root / "pyproject.toml").write_text(CONFIGURATION + contracts)
        config = load_config(folder)
        result = run_audit(config, all_rules(), cached=False)
        report = Report(
            result.findings, (), result.suppressed, result.errors, result.undecided, result.rules,
            tuple(str(item.type) for item in config.canonical), result.files, SourceLines(folder),
        )  # fmt: skip
        shown = {finding for cause in report.causes() for finding in (cause[0], *cause[1])}
        assert shown == set(result.findings)
        for name in FORMATS:
            assert draw_report(report, name) or not (report.findings or report.errors)
        for rewrite in plan_rewrites(folder, result.findings).rewrites:
            assert rewrite.mended
            parse_module(rewrite.after)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "source": source,
    "configuration": configuration,
    "baseline": baseline,
    "tree": tree,
}


def seeds() -> dict[str, Iterable[bytes]]:
    """Return what each target is fed with to begin with: the examples of the rules."""
    examples = [text.encode() for rule in all_rules() for text in (*rule.valid, *rule.invalid)]
    tables = [(CONFIGURATION + rule.configuration).encode() for rule in all_rules()]
    return {
        "source": examples,
        "configuration": tables,
        "baseline": [b'{"version": 1, "findings": []}'],
        "tree": examples,
    }
