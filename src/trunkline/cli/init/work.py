"""What is done to a project, and said: planned whole before anything is written."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from trunkline.cli.faults import CommandError
from trunkline.cli.init.project import Project, Symbol, parsed_file
from trunkline.cli.init.texts import Redirects, snake_case

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

    def container(self, module: str, text: str) -> bool:
        """Plan the module of the container; whether there was none.

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
        self.done.append(f"kept   {self._shown(path)} (it exists)")
        return False

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

    def configure(self, container: str, canonical: Symbol | None, olds: Sequence[Symbol]) -> None:
        """Plan the name of the container, and of what is canonical, in ``pyproject.toml``.

        Raises:
            CommandError: The file can't be read, or has no room for a table.
        """
        path = self.project.root / "pyproject.toml"
        data = path.read_bytes() if path.exists() else b""
        try:
            known = tomllib.loads(data.decode()).get("tool", {}).get("trunkline", {})
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandError(f"{path} can't be read", cause=str(error)) from error
        if canonical is not None:
            tables = _canonical_table(container, canonical, olds)
        else:
            tables = "" if known.get("canonical") else self._proposed(f"{container}:Application")
        text = f'[tool.trunkline]\ncontainer = "{container}:Application"\n{tables}'
        if known:
            self.done.append("kept   pyproject.toml (it has a table [tool.trunkline])")
            if known.get("container") != f"{container}:Application":
                self.left["pyproject.toml"] = text
            elif tables and (canonical is None or not _lists(known, canonical, olds)):
                self.left["pyproject.toml"] = tables.lstrip("\n")
            return
        whole = _appended(data, text, gap=True)
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

    def _proposed(self, container: str) -> str:
        """Tables for what looks canonical in the code; empty where nothing does."""
        from trunkline.audit.config import AuditConfig, default_sources
        from trunkline.audit.proposal import draw_proposal, propose

        root = str(self.project.root)
        candidates = propose(AuditConfig(root, sources=default_sources(root)))
        if not candidates:
            self.done.append(
                "found  no family of classes that look like versions of one thing: name a class "
                "yourself, --type MODULE:CLASS"
            )
            return ""
        names = ", ".join(candidate.chosen.rpartition(":")[2] for candidate in candidates)
        self.done.append(
            f"found  families of classes in the code: confirm {names}, or correct them"
        )
        return f"\n{draw_proposal(candidates, container)}"

    def ignore(self, name: str) -> None:
        """Plan to keep the folder of counts out of version control."""
        path = self.project.root / ".gitignore"
        data = path.read_bytes() if path.exists() else b""
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


def _canonical_table(container: str, canonical: Symbol, olds: Sequence[Symbol]) -> str:
    listed = ", ".join(f'"{old.path}"' for old in olds)
    return (
        "\n[[tool.trunkline.canonical]]\n"
        f'type = "{canonical.path}"\n'
        f'factory = "{container}:Application.{snake_case(canonical.name)}"\n'
        + (f"legacy = [{listed}]\n" if olds else "")
    )


def _lists(known: dict[str, Any], canonical: Symbol, olds: Sequence[Symbol]) -> bool:
    """Whether a configuration names what is canonical, with these old names."""
    listed = {
        old
        for one in known.get("canonical", [])
        if one.get("type") == canonical.path
        for old in (canonical.path, *one.get("legacy", []))
    }
    return {canonical.path, *(old.path for old in olds)} <= listed


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
