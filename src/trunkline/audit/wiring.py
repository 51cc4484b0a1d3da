"""Which modules a tree wires, as far as its ``wire`` calls say so in the open."""

from typing import NamedTuple

from trunkline.audit.project import Project, Source
from trunkline.audit.source.facts import Call


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
    modules: set[str] = set()
    packages: set[str] = set()
    found = False
    for source in project.sources():
        for call in source.facts.calls:
            name = (call.callee or "").rpartition(":")[2].rpartition(".")[2]
            if name not in {"wire", "WiringConfiguration"} or call.use == "marker":
                continue
            if not _read(project, source, call, modules, packages):
                return None
            found = True
    return Wired(frozenset(modules), frozenset(packages)) if found else None


def _read(
    project: Project, source: Source, call: Call, modules: set[str], packages: set[str]
) -> bool:
    into: set[str] | None = None
    for argument in call.arguments:
        if argument.keyword in {"modules", "packages"}:
            if argument.value is not None:
                return False
            into = modules if argument.keyword == "modules" else packages
        elif argument.keyword == "[" and into is not None:
            value = argument.value
            if value is None:
                return False
            if value.startswith("='"):
                name = value[2:-1]
                into.add(
                    f"{source.module.rpartition('.')[0]}{name}" if name.startswith(".") else name
                )
            elif value.endswith(":__name__"):
                into.add(source.module)
            else:
                entity = project.resolver.resolve(value)
                if entity.kind != "module":
                    return False
                into.add(entity.module)
        elif argument.keyword == "auto_wire":
            into = None
        else:
            return False
    return True
