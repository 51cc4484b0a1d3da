"""Verdicts over drawn packages agree with what the interpreter does when it runs the imports."""

import importlib
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from trunkline.audit.broken import BrokenReport, broken_imports
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.registry import select_rules

TOP = "drawn_tree"
NAMES = ("one", "two")
MODULES = ("first", "second", "third")
"""A module imports only from those before it, so that no drawn tree has a cycle."""

BINDINGS = (
    "{name} = 1",
    "class {name}: ...",
    "def {name}(): ...",
    "async def {name}(): ...",
    "for {name} in (1,): ...",
    "import json as {name}",
    "with open(__file__) as {name}: ...",
    "[{name} := 3]",
    "({name}, _other) = 1, 2",
    "_{name} = 1",
    "try:\n    {name} = 1\nexcept ValueError:\n    pass",
    # bound nowhere else: whether a handler runs and unbinds a name is not to be known
    "try:\n    raise ValueError\nexcept ValueError as gone:\n    pass",
    "if TYPE_CHECKING:\n    {name} = 1",
    "if TYPE_CHECKING:\n    pass\nelse:\n    {name} = 1",
    "def make():\n    global {name}\n    {name} = 1\nmake()",
    "{name} = 1\ndel {name}",
    "class Other:\n    {name} = 1",
    "match 1:\n    case {name}: ...",
    "{name} = 1\n__all__ = ['{name}']",
    "__all__ = []",
    "__all__ = ['{name}']",
    "__all__ = ['inner', '__name__']",
)
DYNAMIC = (
    "def __getattr__(name):\n    if name == 'one':\n        return 1\n    raise AttributeError",
    "globals()['two'] = 2",
    "__all__ = [name for name in ('one', 'two') if name in globals()]",
)
"""What makes a module's names undecidable: nothing may be reported of them."""


class Module(NamedTuple):
    """One drawn module.

    Attributes:
        path: Path of its file.
        name: Its dotted name.
        package: The package that its relative imports count from.
        text: Its source.
        imports: Its imports, by line.
    """

    path: str
    name: str
    package: str
    text: str
    imports: dict[int, str]


class Drawn(NamedTuple):
    """A drawn tree; undecided where some of its names cannot be known from the source."""

    modules: tuple[Module, ...]
    others: tuple[str, ...]
    undecided: bool


def _targets(below: list[str], package: str) -> st.SearchStrategy[str]:
    """Draw an import of something in earlier modules, there or not."""
    absolute = st.sampled_from([*below, f"{TOP}.gone"])
    # Not `__path__`: who takes that of another package finds its modules under two names.
    name = st.sampled_from([*NAMES, "_one", "gone", "__all__", "__name__"])

    def relative(module: str) -> str:
        if package and module.startswith(f"{package}."):
            return module[len(package) :]
        return module

    spelled = st.one_of(absolute, absolute.map(relative))
    return st.one_of(
        absolute.map(lambda module: f"import {module}"),
        absolute.map(lambda module: f"import {module} as other"),
        st.builds(lambda module, one: f"from {module} import {one}", spelled, name),
        st.builds(lambda module, one: f"from {module} import {one} as two", spelled, name),
        absolute.map(_from_parent),
        spelled.map(lambda module: f"from {module} import *"),
    )


def _from_parent(module: str) -> str:
    parent, _, last = module.rpartition(".")
    return f"from {parent} import {last}" if parent else f"import {module}"


PLACES = (
    "{}",
    "if not TYPE_CHECKING:\n    {}",
    "try:\n    {}\nexcept ImportError:\n    pass",
    "def later():\n    {}",
    "class Holder:\n    {}",
)


@st.composite
def _bodies(draw: st.DrawFn, below: list[str], package: str) -> tuple[str, dict[int, str], bool]:
    lines = ["from typing import TYPE_CHECKING"]
    imports: dict[int, str] = {}
    undecided = False
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 9))
        if kind == 0:
            undecided = True
            lines += draw(st.sampled_from(DYNAMIC)).split("\n")
        elif kind < 5 or not below:
            binding = draw(st.sampled_from(BINDINGS)).format(name=draw(st.sampled_from(NAMES)))
            lines += binding.split("\n")
        else:
            statement = draw(_targets(below, package))
            place = "{}" if statement.endswith("*") else draw(st.sampled_from(PLACES))
            rows = place.format(statement).split("\n")
            at = next(number for number, row in enumerate(rows) if row.strip() == statement)
            imports[len(lines) + at + 1] = statement
            lines += rows
    text = "\n".join(lines) + "\n"
    # When a function that binds a name is called is not read: before it is unbound, or after.
    undecided |= any(f"global {name}" in text and f"del {name}" in text for name in NAMES)
    return text, imports, undecided


@st.composite
def trees(draw: st.DrawFn) -> Drawn:
    """Draw a package of modules, packages, folders without ``__init__`` and stubs."""
    modules: list[Module] = [Module(f"{TOP}/__init__.py", TOP, TOP, "", {})]
    others: list[str] = []
    below: list[str] = []
    undecided = False

    folders: set[str] = set()

    def add(path: str, name: str, package: str) -> None:
        nonlocal undecided
        text, imports, own = draw(_bodies(list(below), package))
        # What a star takes from a folder without `__init__` is what others imported of it before.
        starred = (row.split()[1] for row in imports.values() if row.endswith(" *"))
        undecided |= own or any(target.rpartition(".")[2] in folders for target in starred)
        modules.append(Module(path, name, package, text, imports))

    for last in MODULES:
        name = f"{TOP}.{last}"
        form = draw(
            st.sampled_from(["module", "package", "both", "folder", "module and folder", "stub"])
        )
        if form in {"module", "both", "module and folder"}:
            add(f"{TOP}/{last}.py", name, TOP)
        if form in {"package", "both"}:
            add(f"{TOP}/{last}/__init__.py", name, name)
        if form in {"package", "both", "folder", "module and folder"}:
            add(f"{TOP}/{last}/inner.py", f"{name}.inner", name)
            below.append(f"{name}.inner")
        if form == "folder":
            folders.add(last)
        if form == "stub":
            others.append(f"{TOP}/{last}.pyi")
            undecided = True
        below.append(name)
    return Drawn(tuple(modules), tuple(others), undecided)


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(root))
        sys.dont_write_bytecode = written
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == TOP]:
        del sys.modules[name]


def _failure(statement: str, module: Module, root: Path) -> str:
    """Run one import as its module would; return ``itself``, ``within`` or nothing."""
    places = _failing(statement, module, root)
    if places is None:
        return ""
    return "within" if places else "itself"


def _failing(statement: str, module: Module, root: Path) -> list[str] | None:
    """Run one import as its module would; return the lines of the tree that it fails through.

    Returns:
        ``path:line`` of each, that of the statement itself left out; None where it works.
    """
    _forget()
    place = {"__name__": module.name, "__package__": module.package, "__builtins__": __builtins__}
    try:
        exec(statement, place)
    except (ImportError, AttributeError) as error:
        return [
            f"{Path(frame.filename).relative_to(root).as_posix()}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(str(root))
        ]
    return None


@settings(max_examples=250, deadline=None)
@given(tree=trees())
def test_verdicts_are_those_of_the_interpreter(tree: Drawn) -> None:
    """What is reported fails by itself when it is run, and what fails so is reported.

    Guarded imports are let by, and so is whatever names cannot be known from the source. A module
    is said to break exactly where importing it fails, and by the line that fails; so is an import
    in a function.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for module in tree.modules:
            target = root / module.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(module.text)
        for path in tree.others:
            (root / path).write_text("")
        rules = select_rules(("TL401", "TL402"), ())
        result = run_audit(load_config(str(root)), rules, cached=False)
        assert not result.errors
        report = broken_imports(result.project)
        reported = {(item.path, item.line) for item in report.roots}
        breaking = _first_lines(report)
        hidden = result.project.table.hidden
        with _importable(root):
            for module in tree.modules:
                for line, statement in module.imports.items():
                    _compare(tree, module, line, statement, (module.path, line) in reported, root)
                    judged = (module.path, line) in reported or module.path in hidden
                    if not judged and "def later" in module.text.split("\n")[line - 2]:
                        _compare_late(tree, module, line, report, root)
                if module.path not in hidden:
                    lines = _failing(f"import {module.name}", module, root)
                    event(f"imported: {lines is None}")
                    agrees = breaking.get(module.path) == (lines and lines[-1])
                    undecided = tree.undecided and lines is not None
                    assert agrees or undecided, _shown(module, lines)


def _compare(
    tree: Drawn, module: Module, line: int, statement: str, reported: bool, root: Path
) -> None:
    guarded = "except ImportError" in module.text.split("\n")[line]
    failure = _failure(statement, module, root)
    event(f"import fails: {failure or 'no'}")
    if reported:
        assert failure, (statement, module.text)
        assert not guarded
    elif failure == "itself" and not guarded:
        assert tree.undecided, (statement, module.text)


def _compare_late(tree: Drawn, module: Module, line: int, report: BrokenReport, root: Path) -> None:
    """Hold an import in a function against the interpreter, where its module is whole."""
    if _failing(f"import {module.name}", module, root) is not None:
        return
    lines = _failing(module.imports[line], module, root)
    said = {(item.path, item.line): item.root for item in report.late}.get((module.path, line))
    event(f"late import fails within: {bool(lines)}")
    assert said == (lines[-1] if lines else None) or (tree.undecided and lines), module.text


def _first_lines(report: BrokenReport) -> dict[str, str]:
    """Return, for the path of every module that breaks, the line that is said to fail first."""
    first: dict[str, str] = {}
    for root in sorted(report.roots, key=lambda root: root.line):
        if root.fails_module:
            first.setdefault(root.path, f"{root.path}:{root.line}")
    return first | {item.path: item.root for item in report.consequences}


def _shown(module: Module, lines: list[str] | None) -> str:
    went = "works" if lines is None else f"fails at {lines}"
    return f"importing {module.name} {went}:\n{module.text}"


CIRCLE = (TOP, f"{TOP}.one", f"{TOP}.two", f"{TOP}.kit", f"{TOP}.kit.three", f"{TOP}.kit.four")


@settings(max_examples=150, deadline=None)
@given(
    drawn=st.lists(
        st.lists(st.sampled_from([*CIRCLE, f"{TOP}.gone", f"{TOP}.kit.gone"]), max_size=3),
        min_size=len(CIRCLE),
        max_size=len(CIRCLE),
    )
)
def test_the_first_line_to_fail_is_found_round_circles_of_imports(drawn: list[list[str]]) -> None:
    """Modules that import one another fail where the interpreter fails, whichever is begun with."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        modules: list[Module] = []
        for name, targets in zip(CIRCLE, drawn, strict=True):
            package = f"{TOP}.kit" if name.startswith(f"{TOP}.kit") else TOP
            own = f"{name}.__init__" if name in {TOP, f"{TOP}.kit"} else name
            text = "".join(f"import {target}\n" for target in targets)
            modules.append(Module(f"{own.replace('.', '/')}.py", name, package, text, {}))
            target = root / modules[-1].path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        result = run_audit(load_config(str(root)), select_rules(("TL401",), ()), cached=False)
        breaking = _first_lines(broken_imports(result.project))
        with _importable(root):
            for module in modules:
                lines = _failing(f"import {module.name}", module, root)
                event(f"lines to the cause: {len(lines) if lines is not None else 'none'}")
                assert breaking.get(module.path) == (lines and lines[-1]), _shown(module, lines)
