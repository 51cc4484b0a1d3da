"""The audit's configuration: what is canonical, where code lies, which imports are allowed."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH118, PTH120

import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from trunkline.audit.discovery import DEFAULT_EXCLUDES

SCOPES: Final = ("app", "session", "request", "step")
"""Scopes from the longest-lived to the shortest."""

DEFAULT_TESTS: Final = (
    "tests/**",
    "test/**",
    "**/tests/**",
    "**/test_*.py",
    "**/*_test.py",
    "**/conftest.py",
)
DEFAULT_GENERATED: Final = (
    "*._version",
    "*.version",
    "*.__version__",
    "*_pb2",
    "*_pb2_grpc",
    "*._generated",
)
DEFAULT_IDENTIFIERS: Final = ("user_id", "thread_id", "run_id", "request_id", "session_id")
DEFAULT_BASELINE: Final = "trunkline-baseline.json"


class Name(NamedTuple):
    """A name in a module, written ``package.module:Name.attribute``."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}" if self.attribute else self.module

    @property
    def first(self) -> str:
        """The name that the module binds: ``Name`` of ``package.module:Name.attribute``."""
        return self.attribute.partition(".")[0]

    @property
    def last(self) -> str:
        """The last name: ``attribute`` of ``package.module:Name.attribute``."""
        return (self.attribute or self.module).rpartition(".")[2]


class CanonicalConfig(NamedTuple):
    """One ``[[tool.trunkline.canonical]]`` table.

    Attributes:
        type: The canonical class.
        factory: The provider or function that alone may build it; None where none is named.
        family: Patterns of class names that are versions of the same thing.
        legacy: Old names that lead to the canonical one; without attribute, whole modules.
        scope: How long an object of it lives, one of `SCOPES`; None where it is not said.
        built_in: Patterns of modules that may construct it directly, besides the factory's own.
    """

    type: Name
    factory: Name | None = None
    family: tuple[str, ...] = ()
    legacy: tuple[Name, ...] = ()
    scope: str | None = None
    built_in: tuple[str, ...] = ()


class ContractConfig(NamedTuple):
    """One ``[[tool.trunkline.contract]]`` table; exactly one of its three forms is filled.

    Attributes:
        name: What the contract is called in messages.
        layers: Packages from the highest to the lowest; ``a | b`` are strangers.
        source: Packages that may not import `forbidden`.
        forbidden: Packages that `source` may not import.
        target: Packages that only `importers` may import.
        importers: Packages that may import `target`.
        type_checking: True to count imports under ``TYPE_CHECKING`` too.
        indirect: False to let chains of imports by that lead through modules it does not name.
    """

    name: str
    layers: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()
    type_checking: bool = False
    indirect: bool = True


class AuditConfig(NamedTuple):
    """All that the audit is told.

    Attributes:
        root: Absolute path of the project: the folder of its ``pyproject.toml``.
        canonical: What is canonical.
        contracts: Import contracts.
        sources: Folders that imports start from, relative to the root.
        excludes: Patterns of what is passed over.
        tests: Patterns of test files.
        generated: Patterns of modules that a build writes: their absence is no finding.
        identifiers: Names of the kinds of identifier that are not to be mixed up.
        select: Codes or prefixes of the rules to run; empty runs the default ones.
        ignore: Codes or prefixes of rules not to run.
        baseline: Path of the baseline file, relative to the root.
        max_bytes: Files larger than this are passed over.
    """

    root: str
    canonical: tuple[CanonicalConfig, ...] = ()
    contracts: tuple[ContractConfig, ...] = ()
    sources: tuple[str, ...] = ("",)
    excludes: tuple[str, ...] = DEFAULT_EXCLUDES
    tests: tuple[str, ...] = DEFAULT_TESTS
    generated: tuple[str, ...] = DEFAULT_GENERATED
    identifiers: tuple[str, ...] = DEFAULT_IDENTIFIERS
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: str = DEFAULT_BASELINE
    max_bytes: int = 16 * 1024 * 1024


def find_root(start: str) -> str:
    """Return the nearest folder upwards that holds a ``pyproject.toml``, or `start` itself."""
    start = os.path.abspath(start)
    folder = start if os.path.isdir(start) else os.path.dirname(start)
    here = folder
    while True:
        if os.path.isfile(os.path.join(here, "pyproject.toml")):
            return here
        parent = os.path.dirname(here)
        if parent == here:
            return folder
        here = parent


def default_sources(root: str) -> tuple[str, ...]:
    """Return the folders that imports start from: ``src`` where it is one, and the root."""
    folder = os.path.join(root, "src")
    is_source = os.path.isdir(folder) and not os.path.exists(os.path.join(folder, "__init__.py"))
    return ("src", "") if is_source else ("",)


def as_mapping(value: object) -> Mapping[str, object] | None:
    """Return a TOML table, or None where the value is none."""
    return value if isinstance(value, dict) else None
