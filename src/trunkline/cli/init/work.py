"""What is done to a project, and said: planned whole before anything is written."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trunkline.audit.reports.outline import plural
from trunkline.cli.faults import CommandError
from trunkline.cli.init.declared import DeclaredContainer
from trunkline.cli.init.project import Project, parsed_file
from trunkline.cli.init.texts import Redirects

__all__ = ["Work"]


@dataclass(slots=True)
class Work:
    """What is done, and said.

    Attributes:
        project: The project.
        dry_run: Whether nothing is to be written.
        done: What is said of each file.
        left: What the user has to add by hand, by file: text for files that exist already.
    """

    project: Project
    dry_run: bool
    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    _planned: list[tuple[Path, bytes]] = field(default_factory=list)

    def write_container(self, module: str, text: str) -> bool:
        """Plan the module of a container that is to be written; whether there was none.

        Args:
            module: Its full name.
            text: What it holds.

        Raises:
            CommandError: It exists, and holds another thing.
        """
        path = self._existing(module)
        if path is None:
            self._write(self._path(module), text)
            return True
        if "Application" not in _bound(path):
            raise CommandError(
                f"{self._shown(path)} exists, and defines no Application",
                cause="what exists is not overwritten, and what is configured must be there",
                remedy="name another module for the container: --module NAME",
            )
        self.done.append(
            f"kept   {self._shown(path)} (it exists; its Application is no container as far as its "
            "source tells, so that its providers are not known)"
        )
        return False

    def keep_container(self, container: DeclaredContainer, additions: str) -> None:
        """Keep a container that is there, and leave to be brought in what it lacks."""
        lacks = ", without what is written below" if additions else ""
        self.done.append(
            f"kept   {container.file} ({container.name} is there, with "
            f"{plural(len(container.providers), 'provider')}{lacks})"
        )
        if additions:
            self.left[container.file] = additions

    def redirects(self, module: str, redirects: Redirects) -> None:
        """Plan the module of the redirects.

        Args:
            module: Its full name.
            redirects: What it holds; where it exists, what it lacks is left to add.
        """
        path = self._existing(module)
        if path is None:
            self._write(self._path(module), redirects.text())
            return
        bound = _bound(path)
        missing = [old for old in redirects.olds if old.name not in bound]
        why = ", without " + ", ".join(old.name for old in missing) if missing else ""
        self.done.append(f"kept   {self._shown(path)} (it exists{why})")
        if missing:
            self.left[self._shown(path)] = replace(redirects, olds=missing).blocks()

    def configured(self) -> dict[str, Any]:
        """The table ``[tool.trunkline]`` as it is.

        Raises:
            CommandError: ``pyproject.toml`` can't be read.
        """
        path = self.project.root / "pyproject.toml"
        try:
            known = tomllib.loads(_read(path).decode()).get("tool", {}).get("trunkline", {})
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandError(f"{path} can't be read", cause=str(error)) from error
        return known if isinstance(known, dict) else {}

    def configure(self, container: str, tables: str, *, is_known: bool) -> None:
        """Plan the name of the container, and what is canonical, in ``pyproject.toml``.

        Args:
            container: The container, as ``module:Class``.
            tables: Tables of what is canonical.
            is_known: Whether the configuration has the tables already.

        Raises:
            CommandError: The file can't be read, or has no room for a table.
        """
        path = self.project.root / "pyproject.toml"
        data = _read(path)
        known = self.configured()
        if known:
            self.done.append("kept   pyproject.toml (it has a table [tool.trunkline])")
            lacks = "" if is_known else tables.lstrip("\n")
            if known.get("container") != container:
                lacks = (
                    f'[tool.trunkline]  # the table that is there\ncontainer = "{container}"\n'
                    + (f"\n{lacks}" if lacks else "")
                )
            if lacks:
                self.left["pyproject.toml"] = lacks
            return
        whole = _appended(data, f'[tool.trunkline]\ncontainer = "{container}"\n{tables}', gap=True)
        try:
            tomllib.loads(whole.decode())
        except tomllib.TOMLDecodeError as error:
            raise CommandError(
                f"{path} can't take a table [tool.trunkline] at its end", cause=str(error)
            ) from error
        self._planned.append((path, whole))
        if data:
            self.done.append(f"{self._verb('added', 'add')} [tool.trunkline] to pyproject.toml")
        else:
            self.done.append(f"{self._verb('wrote', 'write')} pyproject.toml (there was none)")

    def ignore(self, name: str) -> None:
        """Plan to keep the folder of counts out of version control."""
        path = self.project.root / ".gitignore"
        data = _read(path)
        if name.encode() in {line.strip().strip(b"/") for line in data.splitlines()}:
            self.done.append(f"kept   .gitignore (it names {name})")
            return
        self._planned.append((path, _appended(data, f"{name}/\n", gap=False)))
        self.done.append(f"{self._verb('added', 'add')} {name}/ to .gitignore")

    def finish(self) -> None:
        """Do what is planned.

        Raises:
            CommandError: A file can't be written; it says what was, before.
        """
        written: list[str] = []
        for path, data in () if self.dry_run else self._planned:
            try:
                path.write_bytes(data)
            except OSError as error:
                before = f"; before that, {', '.join(written)} was written" if written else ""
                raise CommandError(
                    f"{self._shown(path)} can't be written{before}", cause=str(error)
                ) from error
            written.append(self._shown(path))

    def _path(self, module: str) -> Path:
        return self.project.source.joinpath(*module.split(".")).with_suffix(".py")

    def _existing(self, module: str) -> Path | None:
        """The file of a module, if there is one; a package of that name would hide another."""
        path = self._path(module)
        package = path.with_suffix("")
        if package.is_dir() and any(package.glob("*.py")):
            return package / "__init__.py"
        return path if path.exists() else None

    def _write(self, path: Path, text: str) -> None:
        self._planned.append((path, text.encode()))
        self.done.append(f"{self._verb('wrote', 'write')} {self._shown(path)}")

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.project.root).as_posix()

    def _verb(self, past: str, future: str) -> str:
        return f"would {future}" if self.dry_run else past.ljust(6)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _appended(data: bytes, text: str, *, gap: bool) -> bytes:
    """A file with text at its end, in its own line ends."""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    if data and not data.endswith(b"\n"):
        data += end
    if data and gap and not data.endswith(end * 2):
        data += end
    return data + text.encode().replace(b"\n", end)


def _bound(path: Path) -> set[str]:
    """The names that a module binds at its top, also under conditions."""
    if not path.exists():
        return set()
    found: set[str] = set()
    for node in ast.walk(parsed_file(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found
