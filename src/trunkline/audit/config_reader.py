"""Reads ``[tool.trunkline]`` tables; every mistake is named with its line, and all at once."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH100, PTH112, PTH118, PTH123

import difflib
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
from trunkline.audit.discovery import DEFAULT_EXCLUDES
from trunkline.audit.problems import ConfigurationError, ConfigurationMistake

_Table = TypeVar("_Table")

_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?\Z")
_TOP_KEYS: Final = ("canonical", "contract", "audit", "container")
_CANONICAL_KEYS: Final = ("type", "factory", "family", "legacy", "scope", "built-in")
_CONTRACT_KEYS: Final = (
    "name",
    "layers",
    "source",
    "forbidden",
    "target",
    "importers",
    "type-checking",
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
    base = AuditConfig(os.path.abspath(root))
    text = _read(path)
    if text is None:
        return base._replace(sources=default_sources(base.root))
    return read_config(text, os.path.relpath(path), base)


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


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


class _ConfigReader:
    def __init__(self, data: bytes, path: str, base: AuditConfig) -> None:
        self.path = path
        self.base = base
        self.mistakes: list[ConfigurationMistake] = []
        self.lines = data.decode("utf-8", "replace").splitlines()
        try:
            document = tomllib.loads(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._unreadable("the file is not UTF-8", 0) from None
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
        mistake = ConfigurationMistake(
            self.path, line, "pyproject.toml", problem, "correct the file"
        )
        return ConfigurationError((mistake,))

    def read(self) -> AuditConfig:
        if self.section is None:
            self._mistake("tool.trunkline", "must be a table", "write [tool.trunkline]")
            raise ConfigurationError(tuple(self.mistakes))
        self._known(self.section, _TOP_KEYS, "tool.trunkline")
        audit = self._table(self.section.get("audit", {}), "tool.trunkline.audit")
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
            self._mistake(key, "must be an array of tables", f"write [[{key}]]")
            return
        for index, item in enumerate(value):
            table = self._table(item, f"{key}[{index}]")
            entry = read(table, f"{key}[{index}]") if table or isinstance(item, dict) else None
            if entry is not None:
                yield entry

    def _audit(self, table: Mapping[str, object]) -> AuditConfig:
        key = "tool.trunkline.audit"
        self._known(table, _AUDIT_KEYS, key)
        base = self.base
        excludes = self._strings(table, key, "exclude", DEFAULT_EXCLUDES)
        sources = self._strings(table, key, "source", default_sources(base.root))
        for source in sources if "source" in table else ():
            folder = os.path.normpath(os.path.join(base.root, source))
            if not os.path.isdir(folder) or os.path.relpath(folder, base.root).startswith(".."):
                self._mistake(
                    f"{key}.source",
                    f"there is no folder {source!r} in the project",
                    "name folders from the project's root, which is '.'",
                )
        limit = table.get("max-bytes", base.max_bytes)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            self._mistake(
                f"{key}.max-bytes",
                f"must be a positive number, not {limit!r}",
                "write a number of bytes",
            )
            limit = base.max_bytes
        baseline = table.get("baseline", base.baseline)
        if not isinstance(baseline, str):
            self._mistake(
                f"{key}.baseline", "must be a path", 'write baseline = "trunkline-baseline.json"'
            )
            baseline = base.baseline
        config = base._replace(
            sources=tuple(_folder(source) for source in sources),
            excludes=excludes + self._strings(table, key, "extend-exclude", ()),
            tests=self._strings(table, key, "tests", base.tests),
            generated=self._strings(table, key, "generated", base.generated),
            identifiers=self._strings(table, key, "identifiers", base.identifiers),
            select=self._strings(table, key, "select", ()),
            ignore=self._strings(table, key, "ignore", ()),
            baseline=baseline,
            max_bytes=limit,
        )
        self._codes(config, key)
        return config

    def _codes(self, config: AuditConfig, key: str) -> None:
        from trunkline.audit.registry import known_selector

        for field in ("select", "ignore"):
            for code in getattr(config, field):
                if not known_selector(code):
                    self._mistake(
                        f"{key}.{field}",
                        f"no rule is called {code!r}",
                        "write codes (TL201) or prefixes (TL2); `trunkline explain` lists them",
                    )

    def _canonical(self, table: Mapping[str, object], key: str) -> CanonicalConfig | None:
        self._known(table, _CANONICAL_KEYS, key)
        if "type" not in table:
            self._mistake(
                f"{key}.type", "is missing", 'name the class: type = "package.module:Class"'
            )
            return None
        kind = self._name(table["type"], f"{key}.type", needs_attribute=True)
        factory = None
        if "factory" in table:
            factory = self._name(table["factory"], f"{key}.factory", needs_attribute=True)
        legacy = [
            self._name(item, f"{key}.legacy", needs_attribute=False)
            for item in self._strings(table, key, "legacy", ())
        ]
        scope = table.get("scope")
        if scope is not None and scope not in SCOPES:
            self._mistake(
                f"{key}.scope", f"{scope!r} is not a scope", f"write one of {', '.join(SCOPES)}"
            )
            scope = None
        if kind is None:
            return None
        return CanonicalConfig(
            kind,
            factory,
            self._strings(table, key, "family", ()),
            tuple(name for name in legacy if name is not None),
            scope if isinstance(scope, str) else None,
            self._strings(table, key, "built-in", ()),
        )

    def _contract(self, table: Mapping[str, object], key: str) -> ContractConfig | None:
        self._known(table, _CONTRACT_KEYS, key)
        forms = [form for form in ("layers", "forbidden", "importers") if form in table]
        if len(forms) != 1:
            self._mistake(
                key,
                "must have exactly one form",
                "give layers, or source and forbidden, or target and importers",
            )
            return None
        partner = _PARTNERS.get(forms[0])
        if partner is not None and partner not in table:
            self._mistake(f"{key}.{partner}", "is missing", f"{forms[0]} goes with {partner}")
            return None
        for form, other in _PARTNERS.items():
            if other in table and other != partner:
                self._mistake(
                    f"{key}.{other}",
                    f"means nothing beside {forms[0]}",
                    f"{other} goes with {form}",
                )
        name = table.get("name", key.rpartition(".")[2])
        if not isinstance(name, str):
            self._mistake(f"{key}.name", "must be a text", 'write name = "..."')
            name = key
        flag = table.get("type-checking", False)
        if not isinstance(flag, bool):
            self._mistake(
                f"{key}.type-checking",
                "must be true or false",
                "write true to count such imports too",
            )
        return ContractConfig(
            name,
            layers=self._strings(table, key, "layers", ()),
            source=self._strings(table, key, "source", ()),
            forbidden=self._strings(table, key, "forbidden", ()),
            target=self._strings(table, key, "target", ()),
            importers=self._strings(table, key, "importers", ()),
            type_checking=flag is True,
        )

    def _clashes(self, config: AuditConfig) -> None:
        seen: dict[Name, int] = {}
        for index, canonical in enumerate(config.canonical):
            key = f"tool.trunkline.canonical[{index}]"
            if canonical.type in seen:
                self._mistake(
                    f"{key}.type",
                    f"{canonical.type} is named by entry {seen[canonical.type]} already",
                    "merge the two tables",
                )
            seen[canonical.type] = index
            if canonical.type in canonical.legacy:
                self._mistake(
                    f"{key}.legacy",
                    f"{canonical.type} is the canonical type itself",
                    "take it out of legacy",
                )

    # Values.

    def _table(self, value: object, key: str) -> Mapping[str, object]:
        table = as_mapping(value)
        if table is None:
            self._mistake(key, f"must be a table, not {type(value).__name__}", f"write [{key}]")
            return {}
        return table

    def _strings(
        self, table: Mapping[str, object], key: str, field: str, default: tuple[str, ...]
    ) -> tuple[str, ...]:
        if field not in table:
            return default
        value = table[field]
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self._mistake(f"{key}.{field}", "must be a list of texts", f'write {field} = ["..."]')
        return default

    def _name(self, value: object, key: str, *, needs_attribute: bool) -> Name | None:
        form = "package.module:Name" if needs_attribute else "package.module:Name or package.module"
        if not isinstance(value, str) or not _NAME.match(value):
            self._mistake(key, f"{value!r} is not a name", f'write it as "{form}"')
            return None
        module, colon, attribute = value.partition(":")
        if needs_attribute and not colon:
            head, _, last = module.rpartition(".")
            self._mistake(
                key,
                f"{value!r} does not say where the module ends",
                f'write "{head}:{last}"' if head else f'write it as "{form}"',
            )
            return None
        return Name(module, attribute)

    def _known(self, table: Mapping[str, object], keys: Iterable[str], key: str) -> None:
        for name in table:
            if name not in keys:
                close = difflib.get_close_matches(name, keys, 1)
                remedy = (
                    f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(keys)}"
                )
                self._mistake(f"{key}.{name}", "unknown key", remedy)

    def _mistake(self, key: str, problem: str, remedy: str) -> None:
        self.mistakes.append(ConfigurationMistake(self.path, self._line(key), key, problem, remedy))

    def _line(self, key: str) -> int:
        """Return the line on which a key of this file stands; 0 where it is not found."""
        match = re.match(r"tool\.trunkline(?:\.(\w+)(?:\[(\d+)\])?)?(?:\.([\w-]+))?\Z", key)
        if match is None:
            return 0
        table, index, field = match[1], int(match[2] or 0), match[3]
        header = re.compile(
            r"\s*\[+\s*tool\s*\.\s*trunkline\s*" + (rf"\.\s*{table}\s*" if table else "") + r"\]+"
        )
        starts = [number for number, line in enumerate(self.lines) if header.match(line)]
        if not starts:
            starts = [
                number
                for number, line in enumerate(self.lines)
                if re.match(r"\s*\[tool\.trunkline\]", line)
            ]
            field = field or table
        if not starts:
            return 0
        start = starts[min(index, len(starts) - 1)]
        for number in range(start + 1, len(self.lines)):
            if self.lines[number].lstrip().startswith("["):
                break
            if field and re.match(rf"\s*[\"']?{re.escape(field)}[\"']?\s*[=.]", self.lines[number]):
                return number + 1
        return start + 1


def _folder(path: str) -> str:
    """Return a folder as a path from the root; the root itself is empty."""
    return "" if path in {".", "./"} else path.removeprefix("./").strip("/")
