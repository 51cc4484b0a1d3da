"""A first configuration, proposed by looking at the code; a person confirms it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from trunkline.audit.entities import Entity
from trunkline.audit.project import Project
from trunkline.audit.source import facts

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_VERSION: Final = re.compile(
    r"(?<=[A-Za-z])(?:_?[Vv]\d+|_?\d+|_?(?:New|Old|Legacy))\Z|\A(?:New|Old|Legacy)(?=[A-Z])"
)
"""What tells a version of a class from another: ``EngineV2``, ``Engine_v2``, ``OldEngine``."""
_NUMBERED: Final = re.compile(r"[^Vv\d]\d+\Z")
_COMMON: Final = frozenset(
    {"Error", "Exception", "Warning", "Mixin", "Test", "Tests", "Case", "Meta", "Config", "Base",
     "Type", "Enum"}
)  # fmt: skip
_ERRORS: Final = ("Error", "Exception", "Warning")
_DATA: Final = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TypedDict", "NamedTuple"}
)
_INTERFACES: Final = frozenset({"Protocol", "ABC", "Interface"})
"""What a class derives from that has to be derived from itself."""
_MOST: Final = 5
_SHOWN: Final = 8


class Factory(NamedTuple):
    """What makes a class.

    Attributes:
        path: The provider: ``module:Container.name``.
        stands: False for one that is still to be declared.
        scope: How long an object of it lives, a scope of the configuration; None where that is
            not known.
    """

    path: str
    stands: bool
    scope: str | None = None


class Candidate(NamedTuple):
    """A family of classes that look like versions of one thing.

    Attributes:
        patterns: Patterns of their names: ``*ExecutionEngine``, or ``Engine``, ``EngineV[0-9]*``.
        chosen: The most imported of them, as ``module:Name``.
        others: Some of the others, most imported first.
        path: What the configuration is to name: the chosen one by the path that most import it by.
        imports: How many modules import the chosen one.
        legacy: Other names bound to one of them: ``module:Name``.
    """

    patterns: tuple[str, ...]
    chosen: str
    others: tuple[str, ...]
    path: str
    imports: int
    legacy: tuple[str, ...]


def propose(project: Project) -> list[Candidate]:
    """Return the families that look most like versions of one thing.

    Args:
        project: The tree, of which the imports and names of every file are read.
    """
    classes: dict[tuple[str, ...], list[str]] = {}
    versions: dict[str, list[str]] = {}
    aliases: dict[str, set[str]] = {}
    for source in project.sources(1, tests=False):
        for item in source.facts.definitions:
            if item.kind == "class" and not item.flags & facts.TYPE_CHECKING:
                name = f"{source.module}:{item.name}"
                versions.setdefault(_VERSION.sub("", item.name), []).append(name)
                for suffix in _suffixes(item.name):
                    classes.setdefault((f"*{suffix}",), []).append(name)
            elif item.kind == "assign" and item.value is not None:
                entity = project.resolver.resolve(item.value)
                if entity.kind == "class" and entity.last != item.name and item.name[:1].isupper():
                    aliases.setdefault(entity.full, set()).add(f"{source.module}:{item.name}")
    for patterns, names in _versioned(versions):
        if not any(set(names) <= set(family) for family in classes.values()):
            classes[patterns] = names
    paths = _import_paths(project)
    imported = Counter({full: count.total() for full, count in paths.items()})
    found = _ranked(classes, imported, aliases, lambda name: _is_built(project, name))
    return [one._replace(path=_usual_path(one.chosen, paths[one.chosen])) for one in found]


def _import_paths(project: Project) -> dict[str, Counter[str]]:
    """Return how many modules import each class, by the path that they import it by."""
    paths: dict[str, Counter[str]] = {}
    for source in project.sources(1):
        seen: dict[str, str] = {}
        for imp in source.facts.imports:
            if imp.member not in {None, "*"}:
                entity = project.resolver.member(imp.module, imp.member or "")
                if entity.kind == "class":
                    seen.setdefault(entity.full, f"{imp.module}:{imp.member}")
        for full, path in seen.items():
            paths.setdefault(full, Counter())[path] += 1
    return paths


def _usual_path(defined: str, paths: Counter[str]) -> str:
    """Return the path that a class is mostly imported by, under its own name.

    To name the module that defines it, where a package hands it out, would make a finding of every
    import there is.
    """
    path, number = paths.most_common(1)[0]
    is_own_name = path.rpartition(":")[2] == defined.rpartition(":")[2]
    return path if is_own_name and number > paths[defined] else defined


def _versioned(versions: dict[str, list[str]]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield the classes whose names differ by a version alone, by the patterns that fit them.

    Those of one name in several modules are versions of nothing, which TL106 asks about; numbers
    are versions beside the name without one: ``Engine2`` of ``Engine``, not ``Int8`` and ``Int16``.
    """
    for stem, paths in versions.items():
        names = {path.rpartition(":")[2] for path in paths}
        if stem not in names:
            names = {name for name in names if not _NUMBERED.search(name)}
        if len(names) > 1 and len(stem) > 2 and not _COMMON & set(_WORDS.findall(stem)[-1:]):
            patterns = {
                re.sub(r"\d+\Z", "[0-9]*", name) if name != stem else stem for name in names
            }
            kept = [path for path in paths if path.rpartition(":")[2] in names]
            yield tuple(sorted(patterns)), kept


def _is_built(project: Project, name: str) -> bool:
    """Tell whether a class is one that a factory could build: no error, no interface, no enum."""
    module, _, qualname = name.partition(":")
    own = Entity("class", module, qualname)
    for item in project.resolver.ancestors(own)[0]:
        declared = project.resolver.class_facts(item)
        for base in declared.bases if declared is not None else ():
            last = re.split(r"[:.]", (base or "").removesuffix("[]"))[-1]
            if last.endswith(_ERRORS) or last in _DATA or (item == own and last in _INTERFACES):
                return False
    return True


def _ranked(
    classes: dict[tuple[str, ...], list[str]],
    imported: Counter[str],
    aliases: dict[str, set[str]],
    is_built: Callable[[str], bool],
) -> list[Candidate]:
    found: list[Candidate] = []
    order = sorted(  # names that say to be versions come first
        classes,
        key=lambda s: (
            s[0].startswith("*"), -sum(imported[name] for name in classes[s]), -len(classes[s]), s
        ),
    )  # fmt: skip
    for patterns in order:
        names = sorted(dict.fromkeys(classes[patterns]), key=lambda name: (-imported[name], name))
        if len(names) < 2 or not imported[names[0]]:
            continue
        # To ask about a class reads its file and those of its bases: no more than are shown.
        names = list(islice(filter(is_built, names), 1 + _SHOWN))
        if len(names) < 2 or not imported[names[0]]:
            continue
        if any(names[0] == other.chosen for other in found):
            continue  # a configuration names each class once
        legacy = sorted({alias for name in names for alias in aliases.get(name, ())})
        found.append(
            Candidate(
                patterns, names[0], tuple(names[1:]), names[0], imported[names[0]], tuple(legacy)
            )
        )
        if len(found) == _MOST:
            break
    return found


def _suffixes(name: str) -> Iterable[str]:
    """Return the last two words of a class name, where neither is one that every code base has."""
    words = _WORDS.findall(name)
    if len(words) >= 2 and "".join(words) == name and not _COMMON & set(words[-2:]):
        yield "".join(words[-2:])


def draw_proposal(candidates: Iterable[Candidate], factories: Mapping[str, Factory]) -> str:
    """Return the proposal as tables of ``pyproject.toml``, with what a person must confirm.

    Args:
        candidates: The families.
        factories: The factory of each chosen class, by its path.
    """
    parts = [
        "# Proposed by `trunkline init` from the names in the code: confirm or correct each line."
    ]
    for item in candidates:
        factory = factories[item.chosen]
        parts.append("\n[[tool.trunkline.canonical]]")
        importers = "1 module imports" if item.imports == 1 else f"{item.imports} modules import"
        parts.append(f"# {importers} it, more than any other of its family.")
        if item.path != item.chosen:
            parts.append(f"# Most import it from there; it is defined as {item.chosen}.")
        parts.append(f'type = "{item.path}"')
        if not factory.stands:
            parts.append("# to be uncommented once the container has this provider:")
        parts.append(f'{"" if factory.stands else "# "}factory = "{factory.path}"')
        patterns = ", ".join(f'"{pattern}"' for pattern in item.patterns)
        parts.append(f"family = [{patterns}]")
        for other in item.others:
            made = factories[other].path if other in factories else ""
            parts.append(f"#   of the family: {other}" + (f", made by {made}" if made else ""))
        if item.legacy:
            names = ", ".join(f'"{name}"' for name in item.legacy)
            parts.append(f"legacy = [{names}]")
        parts.append(f'scope = "{factory.scope}"' if factory.scope else '# scope = "request"')
    return "\n".join(parts) + "\n"
