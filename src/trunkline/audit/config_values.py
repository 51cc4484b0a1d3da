"""Reads values of a configuration; whatever is wrong with one is kept as a mistake."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from trunkline.audit.config import Name, as_mapping
from trunkline.audit.config_lines import KeyLines
from trunkline.audit.problems import ConfigurationMistake

_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?\Z")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")


class ValueReader:
    """Reads values, and keeps the mistakes in them.

    Args:
        path: Path of the file, as messages show it.
        text: Its text; valid TOML, once a mistake is kept.

    Attributes:
        mistakes: What was wrong so far.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._text = text
        self._lines: KeyLines | None = None
        self.mistakes: list[ConfigurationMistake] = []

    def table(self, value: object, key: str) -> Mapping[str, object]:
        """Return a table; an empty one where the value is none."""
        table = as_mapping(value)
        if table is None:
            array = key.removesuffix("]").rpartition("[")[0]
            remedy = f"write [[{array}]]" if array else f"write [{key}]"
            self.mistake(key, f"must be a table, not {type(value).__name__}", remedy)
            return {}
        return table

    def strings(
        self,
        table: Mapping[str, object],
        key: str,
        field: str,
        default: tuple[str, ...],
        *,
        least: int = 0,
    ) -> tuple[str, ...]:
        """Return a list of texts, at least so many where it is given; else the default."""
        if field not in table:
            return default
        value = table[field]
        remedy = f'write {field} = ["..."]'
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.mistake(f"{key}.{field}", "must be a list of texts", remedy)
        elif not all(item.strip() for item in value):
            self.mistake(f"{key}.{field}", "holds an empty text", remedy)
        elif len(value) < least:
            self.mistake(f"{key}.{field}", "names nothing", remedy)
        else:
            return tuple(value)
        return default

    def flag(self, table: Mapping[str, object], key: str, field: str) -> bool:
        """Return a switch, which is off where it is not given."""
        value = table.get(field, False)
        if not isinstance(value, bool):
            self.mistake(f"{key}.{field}", "must be true or false", f"write {field} = true")
        return value is True

    def packages(self, table: Mapping[str, object], key: str, field: str) -> tuple[str, ...]:
        """Return the packages that a contract names; layers may hold several, parted by bars."""
        names = self.strings(table, key, field, (), least=1)
        is_layers = field == "layers"
        parts = [
            part.strip() for name in names for part in (name.split("|") if is_layers else [name])
        ]
        for part in parts:
            if not _MODULE.match(part):
                self.mistake(
                    f"{key}.{field}",
                    f"{part!r} is not a package",
                    'write its dotted name: "package.module"',
                )
        if is_layers and len(parts) == 1:
            self.mistake(f"{key}.{field}", "names one package alone", "name two at least")
        return names

    def name(self, value: object, key: str, *, needs_attribute: bool) -> Name | None:
        """Return a name, ``package.module:Name``; None where the value is none."""
        form = "package.module:Name" if needs_attribute else "package.module:Name or package.module"
        if not isinstance(value, str) or not _NAME.match(value):
            self.mistake(key, f"{value!r} is not a name", f'write it as "{form}"')
            return None
        module, colon, attribute = value.partition(":")
        if needs_attribute and not colon:
            head, _, last = module.rpartition(".")
            self.mistake(
                key,
                f"{value!r} does not say where the module ends",
                f'write "{head}:{last}"' if head else f'write it as "{form}"',
            )
            return None
        return Name(module, attribute)

    def known(self, table: Mapping[str, object], keys: Iterable[str], key: str) -> None:
        """Name every key that is not among the known ones."""
        for name in table:
            if name not in keys:
                close = difflib.get_close_matches(name, keys, 1, 0.7)
                remedy = (
                    f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(keys)}"
                )
                self.mistake(f"{key}.{name}", "unknown key", remedy)

    def mistake(self, key: str, problem: str, remedy: str) -> None:
        """Keep a mistake, with the line on which its key stands."""
        if self._lines is None:
            self._lines = KeyLines(self._text)
        line = self._lines.line_of(key)
        self.mistakes.append(ConfigurationMistake(self.path, line, key, problem, remedy))
