"""Whether a module that is imported exists, as far as source can tell."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH120

import os
import re
from fnmatch import fnmatchcase
from typing import Final

from trunkline.audit.modules import ModuleTable
from trunkline.audit.source import facts
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.library import Library

_PACKING: Final = ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt")
"""Files of the root that say what the tree requires."""


class ModuleStates:
    """Decides which modules there are.

    Args:
        table: The modules of the tree.
        library: Their facts.
        generated: Patterns of modules that a build writes.
    """

    def __init__(self, table: ModuleTable, library: Library, generated: tuple[str, ...]) -> None:
        self.table = table
        self.library = library
        self._generated = generated
        self._own_tops: set[str] | None = None
        self._places: dict[str, tuple[str, str]] = {}
        self._states: dict[tuple[str, tuple[str, str]], str] = {}
        self._by_folder: dict[str, list[str]] | None = None
        self._packing: bytes | None = None

    def facts(self, module: str) -> Facts:
        """Return the imports and names of a module of the tree."""
        return self.library.names(self.table.files[module])

    def module_state(self, module: str, importer: str = "") -> str:
        """Tell whether a module exists: ``yes``, ``no``, ``external`` or ``unknown``.

        Args:
            module: Absolute dotted name.
            importer: Path of the file that imports it; its own folder may come first.
        """
        # The imports of a folder are mostly of the same few modules.
        place = self._places.get(importer)
        if place is None:
            package = self.table.names.get(importer, "").rpartition(".")[0]
            place = self._places[importer] = (os.path.dirname(importer), package)
        key = (module, place)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = self._state(module, *place)
        return state

    def _state(self, module: str, folder: str, package: str) -> str:
        table = self.table
        top = module.partition(".")[0]
        if not table.exists(top):
            return "external"
        if self._beside(top, folder, package):
            return "unknown"
        if top in table.namespaces and not self._is_own(top):
            return "external"
        if table.exists(module):
            return "yes"
        return self._absent(module)

    def _absent(self, module: str) -> str:
        if any(fnmatchcase(module, pattern) for pattern in self._generated):
            return "unknown"
        parent = module.rpartition(".")[0]
        while parent:
            if parent in self.table.opaque or self.is_shared(parent):
                return "unknown"
            if parent in self.table.files:
                known = self.facts(parent)
                path = self.table.files[parent]
                if self.library.broken(path):
                    return "unknown"
                found_elsewhere = facts.DYNAMIC_PATH | facts.DYNAMIC_MODULES
                if known.dynamic & found_elsewhere or (
                    # It may be asked for the ``__path__`` that it lacks, as dask.distributed is.
                    parent not in self.table.packages
                    and any(bound.name == "__getattr__" for bound in known.definitions)
                ):
                    return "unknown"
                return "no"
            parent = parent.rpartition(".")[0]
        return "no"

    def is_shared(self, module: str) -> bool:
        """Tell whether other distributions may have a part of a folder without ``__init__``.

        Those that share a namespace package put packages into it, each its own (PEP 420). A folder
        that holds modules is taken for the tree's, unless one that is required is named after it,
        as poetry-core is after poetry. What lies in a regular package is the tree's.
        """
        folder, holds_modules = module, False
        while folder in self.table.namespaces:
            holds_modules |= bool(self.modules_in(folder))
            folder = folder.rpartition(".")[0]
        if folder:
            return False
        return not holds_modules or self._requires_part(module.partition(".")[0])

    def modules_in(self, folder: str) -> list[str]:
        """Return the modules that lie in a package or folder, packages left out."""
        if self._by_folder is None:
            self._by_folder = {}
            for name in self.table.files.keys() - self.table.packages:
                self._by_folder.setdefault(name.rpartition(".")[0], []).append(name)
        return self._by_folder.get(folder, [])

    def _requires_part(self, top: str) -> bool:
        """Tell whether what the tree is packed with names a distribution after a package."""
        if self._packing is None:
            files = (self.library.source(name) for name in _PACKING)
            self._packing = b"\n".join(data for data in files if data is not None)
        name = top.encode().replace(b"_", b"-") + b"-"
        return re.search(rb"(?<![\w-])%b[a-z]" % re.escape(name), self._packing) is not None

    def _beside(self, top: str, folder: str, package: str) -> bool:
        """Tell whether the importer's own folder holds another module of that name.

        A script's folder comes first on the import path, and whether it is run as a script cannot
        be read from it.
        """
        own = f"{package}.{top}" if package else top
        if own == top or package in self.table.packages:
            return False
        at = self.table.files.get(own)
        return (at is not None and os.path.dirname(at) in {folder, f"{folder}/{top}"}) or (
            own in self.table.namespaces
        )

    def _is_own(self, top: str) -> bool:
        """Tell whether a top-level folder without ``__init__`` is imported as a package here."""
        if self._own_tops is None:
            own: set[str] = set()
            for path in self.library.paths():
                for item in self.library.facts(path).imports:
                    name = item.module.partition(".")[0]
                    if name not in own and name in self.table.namespaces:
                        target = f"{item.module}.{item.member}" if item.member else item.module
                        if (item.module != name and self.table.exists(item.module)) or (
                            item.module == name and item.member and target in self.table.files
                        ):
                            own.add(name)
            self._own_tops = own
        return top in self._own_tops
