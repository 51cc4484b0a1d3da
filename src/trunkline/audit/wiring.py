"""Which modules a tree wires, as far as its ``wire`` calls say so in the open."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from trunkline.audit import entities
from trunkline.audit.project import Project, Source
from trunkline.audit.source.facts import Argument, Call, Import

_INTO: Final = frozenset({"modules", "packages"})
_SETTINGS: Final = frozenset({"auto_wire", "keep_cache", "warn_unresolved"})
_OF_ITSELF: Final = b"sys.modules[__name__]"
_LOADER: Final = "register_loader_containers"


class Wired(NamedTuple):
    """The modules and packages that are wired."""

    modules: frozenset[str]
    packages: frozenset[str]

    def reaches(self, module: str) -> bool:
        """Tell whether a module is wired."""
        return module in self.modules or any(
            module == package or module.startswith(f"{package}.") for package in self.packages
        )


def wired_modules(project: Project) -> Wired | None:
    """Return what every ``wire()`` names; None where one is not decided, or none is there."""
    found: dict[str, set[str]] = {key: set() for key in _INTO}
    wires = False
    for source in project.sources():
        for call in source.facts.calls:
            name = (call.callee or "").rpartition(":")[2].rpartition(".")[2]
            if name == _LOADER:
                return None  # it wires whatever is imported
            if name not in {"wire", "WiringConfiguration"} or call.use == "marker":
                continue
            wires = True
            for into, module in _named(project, source, call):
                if module is None:
                    return None
                found[into].add(module)
    if not wires:
        return None
    return Wired(frozenset(found["modules"]), frozenset(found["packages"]))


def wired_names(project: Project, wired: Wired) -> frozenset[tuple[str, str]]:
    """Return module and name of all that wired modules import: wiring reaches that as well.

    It goes through the names that a module has, whatever module has defined them.
    """
    found: set[tuple[str, str]] = set()
    for module in filter(wired.reaches, project.table.files):
        for name, bindings in project.resolver.names(module).items():
            for one in bindings:
                if not isinstance(one, Import) or one.member is None:
                    continue
                if one.member == "*":
                    found.add((one.module, "*"))
                    continue
                target = project.resolver.resolve(f"{module}:{name}")
                found.add((target.module, target.name))
    return frozenset(found)


def _named(project: Project, source: Source, call: Call) -> Iterator[tuple[str, str | None]]:
    """Yield what a call wires, with the argument it stands in; None for what is not decided."""
    into = ""
    for argument in call.arguments:
        if argument.keyword in _INTO:
            into = argument.keyword
            if argument.value is not None:
                yield into, None
        elif argument.keyword == "[" and into:
            yield into, _module(project, source, argument)
        elif argument.keyword in _SETTINGS:
            into = ""
        else:
            yield "modules", None


def _module(project: Project, source: Source, argument: Argument) -> str | None:
    """Return the module that an item of such a list names; None where it is not decided."""
    value = argument.value or ""
    if value.startswith("='"):
        return _absolute(source, value[2:-1])
    if value.endswith(":__name__"):
        return source.module
    if value.endswith(":sys.modules[]"):
        text = project.library.source(source.path) or b""
        return source.module if text.count(b"sys.modules[") == text.count(_OF_ITSELF) else None
    entity = project.resolver.resolve(argument.value)
    return entity.module if entity.kind == entities.MODULE else None


def _absolute(source: Source, name: str) -> str | None:
    """Return the whole name of a module that is named relative to the package of a file."""
    bare = name.lstrip(".")
    level = len(name) - len(bare)
    if not level:
        return name
    parts = source.module.split(".")
    if source.path.rpartition("/")[2] != "__init__.py":
        parts.pop()
    kept = len(parts) - (level - 1)
    return ".".join([*parts[:kept], bare]) if kept > 0 else None
