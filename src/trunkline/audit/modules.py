"""Names of modules from paths of files, by the interpreter's rules of precedence."""

from collections.abc import Iterable, Set
from typing import NamedTuple

from trunkline.audit.discovery import Discovery


class ModuleTable(NamedTuple):
    """The modules of a tree.

    Attributes:
        files: Path of the file of every module, by dotted name.
        names: Dotted name of every file, by path.
        packages: Modules that are packages (an ``__init__`` file).
        namespaces: Folders without ``__init__``: namespace packages.
        opaque: Modules that exist in a form that is not read: compiled, or stubs.
        hidden: Files that no import reaches, each with the file that stands before it: a package
            of the same name, or a module where its folder would have to be a package.
    """

    files: dict[str, str]
    names: dict[str, str]
    packages: frozenset[str]
    namespaces: frozenset[str]
    opaque: frozenset[str]
    hidden: dict[str, str]

    def exists(self, module: str) -> bool:
        """Tell whether the tree has a module or package of this name."""
        if module.endswith(".__init__"):
            return module[:-9] in self.packages
        return module in self.files or module in self.namespaces or module in self.opaque

    def with_moves(self, moves: Iterable[tuple[str, str]]) -> "ModuleTable":
        """Return a table in which the files of moved packages have their old names too.

        Args:
            moves: Old name and new name of each package.
        """
        files = dict(self.files)
        packages = set(self.packages)
        for old, new in moves:
            for name, path in self.files.items():
                if name == new or name.startswith(f"{new}."):
                    alias = old + name[len(new) :]
                    files.setdefault(alias, path)
                    if name in self.packages:
                        packages.add(alias)
        return self._replace(files=files, packages=frozenset(packages))

    def own_name(self, module: str) -> str:
        """Return the name that a module has in its place, given one that it may also go by."""
        path = self.files.get(module)
        return module if path is None else self.names[path]


def build_table(discovery: Discovery, sources: Iterable[str]) -> ModuleTable:
    """Name every module of a tree.

    Args:
        discovery: The files found.
        sources: Folders that imports start from, as paths from the root (``""`` is the root); a
            file is named by the longest that holds it.
    """
    roots = sorted({source.strip("/") for source in sources}, key=len, reverse=True)
    files: dict[str, str] = {}
    names: dict[str, str] = {}
    packages: set[str] = set()
    hidden: dict[str, str] = {}
    namespaces: set[str] = set()
    for file in discovery.files:
        name, is_package = module_name(file.path, roots)
        names[file.path] = name
        if not name:
            continue
        other = files.get(name)
        if other is not None:
            # A regular package stands before a module of the same name in the same folder.
            if is_package:
                files[name], hidden[other] = file.path, file.path
            else:
                hidden[file.path] = other
        else:
            files[name] = file.path
        if is_package:
            packages.add(name)
    for folder in discovery.folders:
        if folder in roots or not folder:
            continue
        name, _ = module_name(f"{folder}/__init__.py", roots)
        if name and name not in files:
            namespaces.add(name)
    _hide_below_modules(files, packages, namespaces, hidden)
    opaque = {module_name(f"{path}.py", roots)[0] for path in discovery.opaque}
    opaque |= {
        module_name(f"{path[:-9]}/__init__.py", roots)[0]
        for path in discovery.opaque
        if path.endswith("/__init__")
    }
    return ModuleTable(
        files,
        names,
        frozenset(packages),
        frozenset(namespaces),
        frozenset(opaque - set(files)),
        hidden,
    )


def _hide_below_modules(
    files: dict[str, str], packages: set[str], namespaces: set[str], hidden: dict[str, str]
) -> None:
    """Take out what lies in a folder beside a module of its name: the module is no package."""
    modules = files.keys() - packages
    under = {
        name: parent
        for name in (*files, *namespaces)
        if (parent := _first_within(name, modules)) is not None
    }
    for name, parent in under.items():
        namespaces.discard(name)
        packages.discard(name)
        if name in files:
            hidden[files.pop(name)] = files[parent]


def _first_within(name: str, modules: Set[str]) -> str | None:
    """Return the outermost of some modules that a dotted name lies below."""
    at = name.find(".")
    while at > 0:
        if name[:at] in modules:
            return name[:at]
        at = name.find(".", at + 1)
    return None


def module_name(path: str, roots: Iterable[str]) -> tuple[str, bool]:
    """Return the dotted name of a file and whether it is a package's ``__init__``.

    Args:
        path: Path from the root, ending in ``.py``.
        roots: Folders that imports start from, longest first.
    """
    for root in roots:
        if not root or path.startswith(root + "/"):
            rest = path[len(root) + 1 :] if root else path
            parts = rest[:-3].split("/")
            if parts[-1] == "__init__":
                return ".".join(parts[:-1]), True
            return ".".join(parts), False
    return ".".join(path[:-3].split("/")), path.endswith("/__init__.py")
