"""What the reader keeps of a source file: named tuples that become plain ones to be marshalled.

A *path* names a value the way the source reaches it, without deciding what it is:

- ``package.module:Name.attribute``: an attribute of a name that a module binds; ``module:`` is the
  module itself;
- ``...()`` the result of calling it, ``...~`` the result of awaiting it, ``...[]`` an item of it,
  ``...[key]`` the one of a constant key;
- ``builtins:name`` a builtin; ``=repr`` a constant; ``None`` (the absence of a path) is unknown.

The resolver decides what a path leads to, since only it sees every module.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

FORMAT: Final = 18
"""Version of these tuples; a cache written with another one is not read."""

# Where a statement stands.
TYPE_CHECKING: Final = 1
IN_FUNCTION: Final = 2
LATE: Final = TYPE_CHECKING | IN_FUNCTION
"""Does not run when the module is imported."""
GUARDED: Final = 4
"""In the body of a ``try`` that catches ImportError."""
FALLBACK: Final = 8
"""In the handler of a ``try`` that catches ImportError."""
CONDITIONAL: Final = 16
"""Under an ``if``, a loop, a ``with`` or another ``try``."""
BEYOND_TOP: Final = 32
"""A relative import that climbs above the top package."""
DECORATED: Final = 64
"""Decorated with something that may register or replace the definition."""
ASYNC: Final = 128
USED_BEFORE: Final = 256
"""Read at module level between this definition and the one before it of the same name."""
MAIN_ONLY: Final = 1024
"""Under ``if __name__ == "__main__"``."""
VERSION_CHECK: Final = 2048
"""Under a test of the interpreter's version or the platform."""
NEVER: Final = 16384
"""Under ``if False``."""
RUNTIME_ONLY: Final = 8192
"""Hidden from type checkers: under ``if not TYPE_CHECKING`` or in the ``else`` of its test."""
ALIASED: Final = 4096
"""``import a.b as c``: binds the module itself rather than its top package."""

# What a module does that keeps its names from being known.
DYNAMIC_NAMES: Final = 1
"""``__getattr__``, ``globals()``, ``sys.modules``, ``exec``: any name may exist."""
DYNAMIC_PATH: Final = 2
"""``__path__`` is changed: any submodule may exist."""
DYNAMIC_ALL: Final = 4
"""``__all__`` is computed."""
DYNAMIC_MODULES: Final = 8
"""``sys.modules`` is changed: any module may exist."""


class Import(NamedTuple):
    """One imported name (`member` is None for ``import module``, ``*`` for a star import)."""

    module: str
    member: str | None
    bound: str
    line: int
    column: int
    flags: int
    scope: str
    """Qualified name of the function it stands in; empty at module level."""


class Definition(NamedTuple):
    """One binding of a name at module level."""

    name: str
    kind: str
    """``class``, ``def``, ``assign``, ``name`` (any other way to bind), ``del`` (it is unbound)."""
    line: int
    column: int
    flags: int
    value: str | None


class Parameter(NamedTuple):
    """One parameter; `kind` is ``p`` positional, ``a`` either, ``k`` keyword, or its stars."""

    name: str
    kind: str
    default: bool
    annotation: str | None


class Function(NamedTuple):
    """A function or method of a file that matters."""

    name: str
    line: int
    column: int
    end_line: int
    is_async: bool
    is_generator: bool
    parameters: tuple[Parameter, ...]
    returns: str | None
    """Path of the return annotation; with ``^`` behind it where that is of an iterator, a context
    manager or something to await that leads to such objects."""
    returned: tuple[str, ...]
    """Paths of the returned and yielded values, as far as they are known."""
    decorators: tuple[str, ...]
    flags: int


class Class(NamedTuple):
    """A class of a file that matters."""

    name: str
    line: int
    column: int
    end_line: int
    bases: tuple[str | None, ...]
    decorators: tuple[str, ...]
    members: tuple[str, ...]
    """Names bound in the class body."""
    attributes: tuple[str, ...]
    """Names assigned on ``self`` or ``cls`` in its methods."""
    keywords: tuple[str, ...]
    flags: int
    mutable: tuple[str, ...]
    """Names that the class body gives a literal list, dict or set: its objects share it."""
    fields: tuple[Parameter, ...] | None = None
    """Fields of a dataclass or named tuple, where its body says them plainly."""


Span = tuple[int, int, int, int]
"""Where an expression stands: its first line and column, its last line and the column after it."""


class Argument(NamedTuple):
    """One argument of a call; `keyword` is None when positional, ``*`` and ``**`` when unpacked."""

    keyword: str | None
    value: str | None
    terminal: str | None
    """The last identifier of the expression: ``thread_id`` for ``context.thread_id``."""
    span: Span | None = None
    """Where it stands, when it is a call itself."""


class Call(NamedTuple):
    """A call whose callee or arguments matter."""

    callee: str | None
    line: int
    column: int
    arguments: tuple[Argument, ...]
    use: str
    """What becomes of the result: ``await``, ``expr`` (dropped), ``with``, ``async with``, ``for``,
    ``attribute`` (something of it is used), ``held`` (kept in a variable of which something is
    used), ``value`` (any other use)."""
    scope: str
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        """Where it stands, which tells it from every other call of its file."""
        return self.line, self.column, self.end_line, self.end_column


class Reference(NamedTuple):
    """A use of a name that matters, other than as a callee."""

    path: str
    line: int
    column: int
    role: str
    """``base``, ``decorator``, ``annotation``, ``isinstance``, ``argument``, ``del``, ``value``."""
    scope: str


class Store(NamedTuple):
    """An assignment of a value that matters, or to a target that may hold one."""

    target: str
    """``module:NAME``, ``module:Class.name`` (class level), ``module:Class().name`` (on ``self``),
    with ``[]`` when an item of it is set."""
    value: str | None
    annotation: str | None
    key: str | None
    """The constant key of the item that is set; ``=`` for a name that is given a value."""
    line: int
    column: int
    scope: str
    span: Span | None = None
    """Where its value stands, when that is a call."""


class Fallback(NamedTuple):
    """Values taken when the first way failed: a handler's, or those in place of a missing one."""

    kind: str
    """``except``; ``or`` where the first value is asked for: ``a or b``, ``a if a else b``,
    ``if a is None: a = b``."""
    first: tuple[str, ...]
    second: tuple[str, ...]
    line: int
    column: int
    scope: str


class Text(NamedTuple):
    """A string constant that spells a dotted name of this program."""

    value: str
    line: int
    column: int
    callee: str | None
    """Path of the call it is the first argument of."""
    scope: str
    creates: bool = False
    """True where that call says ``create=`` or ``raising=``: what it names may be missing."""


class Suppression(NamedTuple):
    """One ``# trunkline: ignore[CODES] reason`` comment."""

    line: int
    codes: tuple[str, ...]
    reason: str
    alone: bool
    """True when the comment has a line of its own and speaks of the next one."""


class Facts(NamedTuple):
    """All that is kept of one file."""

    level: int
    """0 not parsed, 1 its imports and names, 2 its classes, functions and uses as well."""
    imports: tuple[Import, ...] = ()
    definitions: tuple[Definition, ...] = ()
    exports: tuple[str, ...] | None = None
    dynamic: int = 0
    suppressions: tuple[Suppression, ...] = ()
    conflict_lines: tuple[int, ...] = ()
    classes: tuple[Class, ...] = ()
    functions: tuple[Function, ...] = ()
    calls: tuple[Call, ...] = ()
    references: tuple[Reference, ...] = ()
    stores: tuple[Store, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    texts: tuple[Text, ...] = ()
    partial: bool = False
    """True when classes and functions on whose lines nothing matters are left out."""
    moved: tuple[tuple[str, str], ...] = ()
    """Packages that `trunkline.legacy.MovedPackages` finds elsewhere: old name and new."""
    given: tuple[tuple[str, str], ...] = ()
    """Names that the module's ``__getattr__`` answers, each with the path of what it returns."""
    doubted: tuple[tuple[int, int], ...] = ()
    """First and last lines of blocks in which an attribute may be missing: those that go on after
    an AttributeError, and those of a case that asks for another class."""


_FIELDS: Final[dict[int, type]] = {
    1: Import,
    2: Definition,
    5: Suppression,
    7: Class,
    8: Function,
    9: Call,
    10: Reference,
    11: Store,
    12: Fallback,
    13: Text,
}


def pack(facts: Facts) -> tuple[object, ...]:
    """Return the facts as plain tuples, which `marshal` takes; what is empty at the end is cut."""
    packed: list[object] = [_plain(item) for item in facts]
    while len(packed) > 1 and packed[-1] in ((), False):
        packed.pop()
    return tuple(packed)


def unpack(packed: tuple[object, ...]) -> Facts:
    """Return the facts that `pack` made plain."""
    fields: list[object] = list(packed)
    for position, kind in _FIELDS.items():
        if position < len(fields):
            rows: Iterable[tuple[object, ...]] = fields[position]  # type: ignore[assignment] # rows by construction
            fields[position] = tuple(map(kind._make, rows))  # type: ignore[attr-defined] # every kind is a NamedTuple
    facts = Facts._make(fields + list(Facts._field_defaults.values())[len(fields) - 1 :])
    if facts.level < 2:
        return facts
    return facts._replace(
        classes=tuple(
            item._replace(fields=tuple(map(Parameter._make, item.fields))) if item.fields else item
            for item in facts.classes
        ),
        functions=tuple(
            function._replace(parameters=tuple(map(Parameter._make, function.parameters)))
            for function in facts.functions
        ),
        calls=tuple(
            call._replace(arguments=tuple(map(Argument._make, call.arguments)))
            for call in facts.calls
        ),
    )


def _plain(item: object) -> object:
    if isinstance(item, tuple):
        return tuple(map(_plain, item))
    return item
