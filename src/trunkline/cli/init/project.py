"""The project as its source has it: packages, classes, functions."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trunkline.audit.config import find_root
from trunkline.cli.faults import CommandError

__all__ = ["Project", "Symbol", "parsed_file"]

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
_SKIPPED = frozenset(
    {"tests", "test", "docs", "build", "dist", "node_modules", "venv", "containers"}
)
_ABSTRACT = frozenset({"ABC", "ABCMeta", "Protocol"})
_SELF_ALONE = ast.arguments(
    posonlyargs=[], args=[ast.arg("self")], kwonlyargs=[], kw_defaults=[], defaults=[]
)
"""What a class without a constructor takes."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class or function of the project, as its source has it.

    Attributes:
        module: The module that defines it.
        name: Its name.
        node: Its definition.
        imports: Paths of the names that its module has, by name.
    """

    module: str
    name: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    imports: dict[str, str]

    @property
    def path(self) -> str:
        """The symbol as ``module:name``."""
        return f"{self.module}:{self.name}"

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_abstract(self) -> bool:
        """Whether it is a class that says to have no objects of its own."""
        if not isinstance(self.node, ast.ClassDef):
            return False
        named = [*self.node.bases, *(keyword.value for keyword in self.node.keywords)]
        return any(ast.unparse(base).rpartition(".")[2] in _ABSTRACT for base in named)

    def parameters(self) -> ast.arguments:
        """What a call takes, ``self`` included for a class."""
        if not isinstance(self.node, ast.ClassDef):
            return self.node.args
        for item in self.node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return item.args
        return _SELF_ALONE


@dataclass(slots=True)
class Project:
    """The project as it is.

    Attributes:
        root: Its folder.
    """

    root: Path

    @classmethod
    def at(cls, folder: Path) -> Project:
        """The project in a folder.

        Raises:
            CommandError: The folder is within a project, or is a package.
        """
        root = Path(find_root(str(folder)))
        if root != folder:
            raise CommandError(
                f"{folder} is within the project {root}, which has the pyproject.toml",
                remedy="run it there; or make this folder a project of its own, by a "
                "pyproject.toml that may be empty",
            )
        if (folder / "__init__.py").exists():
            raise CommandError(
                f"{folder} is a package itself", remedy="run it in the folder that holds it"
            )
        return cls(folder)

    @property
    def source(self) -> Path:
        """The folder that imports start from."""
        return self.root / "src" if any((self.root / "src").glob("*/*.py")) else self.root

    def package(self, named: str | None, canonical: Symbol | None = None) -> str:
        """The package to write into; empty for the folder itself, where modules lie in that alone.

        Args:
            named: Its name, if the user gives one; a folder of modules is enough.
            canonical: What is in it, where there are several.

        Raises:
            CommandError: There is no such package, or none that can be told from the others.
        """
        if named is None and canonical is not None:
            top, dot, _ = canonical.module.partition(".")
            named = top if dot else None
        packages = sorted(
            path.parent.name
            for path in self.source.glob("*/__init__.py")
            if path.parent.name not in _SKIPPED
            and not path.parent.name.startswith((".", "_", "test_"))
            and not path.parent.name.endswith(("_test", "_tests"))
        )
        if named is not None:
            if named not in packages and not any((self.source / named).glob("*.py")):
                raise CommandError(
                    f"there is no package {named} in {self.source}",
                    remedy=f"name one of: {', '.join(packages) or 'none is there'}",
                )
            return named
        if not packages and any(map(_is_program, self.source.glob("*.py"))):
            return ""
        if len(packages) != 1:
            raise CommandError(
                f"{self.source} has {len(packages) or 'no'} packages"
                + (f": {', '.join(packages)}" if packages else ""),
                cause="the container goes into the application's package",
                remedy="name it: --package NAME"
                if packages
                else "run it in the folder that holds the package, or its `src`",
            )
        return packages[0]

    def symbol(self, option: str, path: str) -> Symbol:
        """Find a class or function in the source; nothing is imported."""
        module, _, name = path.partition(":")
        if not _PATH.match(path) or any(keyword.iskeyword(p) for p in re.split("[.:]", path)):
            raise CommandError(f"{option} {path!r} is no name", remedy="write MODULE:NAME")
        base = self.source / Path(*module.split("."))
        file = next(
            (f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()), None
        )
        if file is None:
            raise CommandError(
                f"{option}: there is no module {module} in {self.source}",
                remedy="name the module that defines it",
            )
        tree = parsed_file(file)
        imports = dict(_imported(tree, module, file.name == "__init__.py"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                imports[node.name] = f"{module}:{node.name}"
        for node in tree.body:
            kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            if isinstance(node, kinds) and node.name == name:
                return Symbol(module, name, node, imports)
        raise CommandError(
            f"{option}: {file} defines no {name}",
            cause=f"it imports it from {imports[name]}" if name in imports else "",
            remedy="name the module and the class or function that it defines",
        )


def _is_program(file: Path) -> bool:
    """Whether a module at the top is the program's own, not of its build or its tests."""
    return file.stem not in {"setup", "conftest", "noxfile", "tasks"} and not file.stem.startswith(
        "test_"
    )


def parsed_file(file: Path) -> ast.Module:
    """The tree of a source file.

    Raises:
        CommandError: It can't be read.
    """
    try:
        return ast.parse(file.read_bytes(), file.name)
    except (OSError, SyntaxError, ValueError) as error:
        raise CommandError(f"{file} can't be read", cause=str(error)) from error


def _imported(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = module if is_package else module.rpartition(".")[0]
            for _ in range(node.level - 1):
                base = base.rpartition(".")[0]
            home = ".".join(filter(None, (base if node.level else "", node.module)))
            for alias in node.names:
                yield alias.asname or alias.name, f"{home}:{alias.name}"
