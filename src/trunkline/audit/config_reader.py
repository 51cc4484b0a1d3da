"""Reads ``[tool.trunkline]`` tables; every mistake is named with its line, and all at once."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH100, PTH112, PTH118, PTH123

import codecs
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from trunkline.audit.config import (
    SCOPES,
    AuditConfig,
    CanonicalConfig,
    ContractConfig,
    Name,
    as_mapping,
    default_sources,
)
from trunkline.audit.config_values import ValueReader
from trunkline.audit.discovery import DEFAULT_EXCLUDES
from trunkline.audit.problems import ConfigurationError, ConfigurationMistake

_Table = TypeVar("_Table")

_TOP_KEYS: Final = ("canonical", "contract", "audit", "container", "imports")
_CANONICAL_KEYS: Final = ("type", "factory", "family", "legacy", "scope", "built-in")
_CONTRACT_KEYS: Final = (
    "name",
    "layers",
    "source",
    "forbidden",
    "target",
    "importers",
    "type-checking",
    "allow-indirect-imports",
)
_PARTNERS: Final = {"forbidden": "source", "importers": "target"}
"""What goes with what in a contract; layers stand alone."""
_AUDIT_KEYS: Final = (
    "source",
    "exclude",
    "extend-exclude",
    "tests",
    "generated",
    "identifiers",
    "select",
    "ignore",
    "baseline",
    "max-bytes",
)


def load_config(root: str) -> AuditConfig:
    """Read the configuration of the project in a folder.

    Args:
        root: Path of the folder; without a ``pyproject.toml`` the defaults hold.

    Raises:
        ConfigurationError: It has mistakes; all are listed.
    """
    path = os.path.join(root, "pyproject.toml")
    shown = os.path.relpath(path)
    base = AuditConfig(os.path.abspath(root))
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return base._replace(sources=default_sources(base.root))
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise ConfigurationError((_unreadable(shown, 0, problem),)) from error
    return read_config(data, shown, base)


def read_config(data: bytes, path: str, base: AuditConfig) -> AuditConfig:
    """Read the configuration from the bytes of a ``pyproject.toml``.

    Args:
        data: The file's bytes.
        path: Its path, as shown in messages.
        base: The defaults.

    Raises:
        ConfigurationError: It has mistakes; all are listed.
    """
    return _ConfigReader(data, path, base).read()


def _unreadable(path: str, line: int, problem: str) -> ConfigurationMistake:
    return ConfigurationMistake(path, line, "pyproject.toml", problem, "correct the file")


class _ConfigReader(ValueReader):
    def __init__(self, data: bytes, path: str, base: AuditConfig) -> None:
        super().__init__(path, data.decode("utf-8", "replace"))
        self.base = base
        if data.startswith(codecs.BOM_UTF8):
            raise self._unreadable("starts with a byte order mark, which TOML does not allow", 1)
        try:
            document = tomllib.loads(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._unreadable("the file is not UTF-8", 0) from None
        except RecursionError:
            raise self._unreadable("nested too deeply", 0) from None
        except tomllib.TOMLDecodeError as error:
            match = re.search(r"at line (\d+)", str(error))
            raise self._unreadable(
                f"not valid TOML: {error}", int(match[1]) if match else 0
            ) from None
        tool = as_mapping(document.get("tool", {}))
        if tool is None:
            raise self._unreadable("tool must be a table", 0)
        self.section = as_mapping(tool.get("trunkline", {}))

    def _unreadable(self, problem: str, line: int) -> ConfigurationError:
        return ConfigurationError((_unreadable(self.path, line, problem),))

    def read(self) -> AuditConfig:
        if self.section is None:
            self.mistake("tool.trunkline", "must be a table", "write [tool.trunkline]")
            raise ConfigurationError(tuple(self.mistakes))
        self.known(self.section, _TOP_KEYS, "tool.trunkline")
        if "container" in self.section:
            self.name(self.section["container"], "tool.trunkline.container", needs_attribute=True)
        audit = self.table(self.section.get("audit", {}), "tool.trunkline.audit")
        config = self._audit(audit)._replace(
            canonical=tuple(self._tables("canonical", self._canonical)),
            contracts=tuple(self._tables("contract", self._contract)),
        )
        self._clashes(config)
        if self.mistakes:
            raise ConfigurationError(tuple(self.mistakes))
        return config

    # Tables.

    def _tables(
        self, name: str, read: Callable[[Mapping[str, object], str], _Table | None]
    ) -> Iterable[_Table]:
        section = self.section or {}
        key = f"tool.trunkline.{name}"
        value = section.get(name, [])
        if not isinstance(value, list):
            self.mistake(key, "must be an array of tables", f"write [[{key}]]")
            return
        for index, item in enumerate(value):
            table = self.table(item, f"{key}[{index}]")
            entry = read(table, f"{key}[{index}]") if table or isinstance(item, dict) else None
            if entry is not None:
                yield entry

    def _audit(self, table: Mapping[str, object]) -> AuditConfig:
        key = "tool.trunkline.audit"
        self.known(table, _AUDIT_KEYS, key)
        base = self.base
        excludes = self.strings(table, key, "exclude", DEFAULT_EXCLUDES)
        sources = self.strings(table, key, "source", default_sources(base.root), least=1)
        for source in sources if "source" in table else ():
            folder = os.path.normpath(os.path.join(base.root, source))
            if not os.path.isdir(folder) or os.path.relpath(folder, base.root).startswith(".."):
                self.mistake(
                    f"{key}.source",
                    f"there is no folder {source!r} in the project",
                    "name folders from the project's root, which is '.'",
                )
        limit = table.get("max-bytes", base.max_bytes)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            self.mistake(
                f"{key}.max-bytes",
                f"must be a positive number, not {limit!r}",
                "write a number of bytes",
            )
            limit = base.max_bytes
        baseline = table.get("baseline", base.baseline)
        if not isinstance(baseline, str) or not baseline.strip():
            self.mistake(
                f"{key}.baseline", "must be a path", 'write baseline = "trunkline-baseline.json"'
            )
            baseline = base.baseline
        config = base._replace(
            sources=tuple(_folder(source) for source in sources),
            excludes=excludes + self.strings(table, key, "extend-exclude", ()),
            tests=self.strings(table, key, "tests", base.tests),
            generated=self.strings(table, key, "generated", base.generated),
            identifiers=self.strings(table, key, "identifiers", base.identifiers),
            select=self.strings(table, key, "select", ()),
            ignore=self.strings(table, key, "ignore", ()),
            baseline=baseline,
            max_bytes=limit,
        )
        self._codes(config, key)
        return config

    def _codes(self, config: AuditConfig, key: str) -> None:
        from trunkline.audit.registry import close_name, known_selector, select_rules

        mistaken = len(self.mistakes)
        for field in ("select", "ignore"):
            for code in getattr(config, field):
                if not known_selector(code):
                    close = close_name(code)
                    self.mistake(
                        f"{key}.{field}",
                        f"no rule is called {code!r}",
                        f"did you mean {close!r}?" if close else
                        "write codes (TL201) or prefixes (TL2); `trunkline explain` lists them",
                    )  # fmt: skip
        if len(self.mistakes) == mistaken and not select_rules(config.select, config.ignore):
            self.mistake(f"{key}.ignore", "leaves no rule to run", "ignore less, or select more")

    def _canonical(self, table: Mapping[str, object], key: str) -> CanonicalConfig | None:
        self.known(table, _CANONICAL_KEYS, key)
        if "type" not in table:
            self.mistake(
                f"{key}.type", "is missing", 'name the class: type = "package.module:Class"'
            )
            return None
        kind = self.name(table["type"], f"{key}.type", needs_attribute=True)
        factory = None
        if "factory" in table:
            factory = self.name(table["factory"], f"{key}.factory", needs_attribute=True)
        legacy = [
            self.name(item, f"{key}.legacy", needs_attribute=False)
            for item in self.strings(table, key, "legacy", ())
        ]
        scope = table.get("scope")
        if scope is not None and scope not in SCOPES:
            self.mistake(
                f"{key}.scope", f"{scope!r} is not a scope", f"write one of {', '.join(SCOPES)}"
            )
            scope = None
        family = self.strings(table, key, "family", ())
        for pattern in family:
            if any(mark in pattern for mark in ".:"):
                self.mistake(
                    f"{key}.family",
                    f"{pattern!r} matches no name of a class",
                    f"leave the module out: {re.split('[.:]', pattern)[-1]!r}",
                )
        if kind is None:
            return None
        return CanonicalConfig(
            kind,
            factory,
            family,
            tuple(name for name in legacy if name is not None),
            scope if isinstance(scope, str) else None,
            self.strings(table, key, "built-in", ()),
        )

    def _contract(self, table: Mapping[str, object], key: str) -> ContractConfig | None:
        self.known(table, _CONTRACT_KEYS, key)
        forms = [form for form in ("layers", "forbidden", "importers") if form in table]
        if len(forms) != 1:
            self.mistake(
                key,
                "must have exactly one form",
                "give layers, or source and forbidden, or target and importers",
            )
            return None
        partner = _PARTNERS.get(forms[0])
        if partner is not None and partner not in table:
            self.mistake(f"{key}.{partner}", "is missing", f"{forms[0]} goes with {partner}")
            return None
        for form, other in _PARTNERS.items():
            if other in table and other != partner:
                self.mistake(
                    f"{key}.{other}",
                    f"means nothing beside {forms[0]}",
                    f"{other} goes with {form}",
                )
        name = table.get("name", key.rpartition(".")[2])
        if not isinstance(name, str):
            self.mistake(f"{key}.name", "must be a text", 'write name = "..."')
            name = key
        if "allow-indirect-imports" in table and forms[0] == "importers":
            self.mistake(
                f"{key}.allow-indirect-imports",
                "means nothing beside importers",
                "take it out: only direct imports of target count",
            )
        return ContractConfig(
            name,
            layers=self.packages(table, key, "layers"),
            source=self.packages(table, key, "source"),
            forbidden=self.packages(table, key, "forbidden"),
            target=self.packages(table, key, "target"),
            importers=self.packages(table, key, "importers"),
            type_checking=self.flag(table, key, "type-checking"),
            indirect=not self.flag(table, key, "allow-indirect-imports"),
        )

    def _clashes(self, config: AuditConfig) -> None:
        seen: dict[Name, int] = {}
        for index, canonical in enumerate(config.canonical):
            key = f"tool.trunkline.canonical[{index}]"
            if canonical.type in seen:
                self.mistake(
                    f"{key}.type",
                    f"{canonical.type} is named by entry {seen[canonical.type]} already",
                    "merge the two tables",
                )
            seen[canonical.type] = index
            if canonical.type in canonical.legacy:
                self.mistake(
                    f"{key}.legacy",
                    f"{canonical.type} is the canonical type itself",
                    "take it out of legacy",
                )


def _folder(path: str) -> str:
    """Return a folder as a path from the root; the root itself is empty."""
    return "" if path in {".", "./"} else path.removeprefix("./").strip("/")
