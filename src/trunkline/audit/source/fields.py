"""Fields of dataclasses and of named tuples: what their generated constructor is given.

What a class body says plainly is read; None stands for a constructor that it leaves open.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from trunkline.audit.source.facts import Parameter
from trunkline.audit.source.syntax import last_name

DATACLASS: Final = "dataclasses:dataclass"
NAMED_TUPLES: Final = frozenset({"typing:NamedTuple", "typing_extensions:NamedTuple"})
NO_PARAMETER: Final = "-"
"""Kind of a field that the constructor does not take: ``init=False``, or a class variable."""

_FIELD: Final = "dataclasses:field"
_CLASS_VARIABLES: Final = frozenset({"typing:ClassVar", "typing_extensions:ClassVar"})
_INIT_VARIABLE: Final = "dataclasses:InitVar"
_KEYWORDS_FOLLOW: Final = "dataclasses:KW_ONLY"
_SPECIAL: Final = frozenset({"ClassVar", "InitVar", "KW_ONLY"})
_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Origin = Callable[[ast.expr], str | None]
"""Gives the path of a name before the imports of its module: ``dataclasses:field``."""
Annotation = Callable[[ast.expr], str | None]
"""Gives the path of the class that an annotation names."""


class _Given(NamedTuple):
    """What the value of a field says; `keyword` is None where that is left to the class."""

    init: bool
    keyword: bool | None
    default: bool


def read_fields(
    node: ast.ClassDef, origin: Origin, annotation: Annotation
) -> tuple[Parameter, ...] | None:
    """Return the fields that a dataclass or a named tuple declares itself, in their order.

    Args:
        node: The class.
        origin: Follows names of its module.
        annotation: Reads annotations of its module.

    Returns:
        A parameter for each; None for other classes, and for what is not said plainly.
    """
    for decorator in node.decorator_list:
        if origin(decorator.func if isinstance(decorator, ast.Call) else decorator) == DATACLASS:
            options = _options(decorator, init=True, kw_only=False)
            if options is None or not options["init"]:
                return None
            return _fields(node, origin, annotation, keyword=options["kw_only"])
    if any(origin(base) in NAMED_TUPLES for base in node.bases):
        return _fields(node, origin, annotation, keyword=False)
    return None


def _fields(
    node: ast.ClassDef, origin: Origin, annotation: Annotation, *, keyword: bool
) -> tuple[Parameter, ...] | None:
    found: dict[str, Parameter] = {}
    for part in node.body:
        if isinstance(part, _BLOCKS) and any(isinstance(n, ast.AnnAssign) for n in ast.walk(part)):
            return None
        if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
            continue
        name = part.target.id
        special = _special(part.annotation, origin)
        given = _given(part.value, origin)
        if name in found or special is None or given is None or name.startswith("__"):
            return None
        if special == _KEYWORDS_FOLLOW:
            keyword = True
            continue
        kind = "k" if keyword or given.keyword else "a"
        if given.keyword is False:
            kind = "a"
        if not given.init or special in _CLASS_VARIABLES:
            kind = NO_PARAMETER
        of = part.annotation
        if special == _INIT_VARIABLE and isinstance(of, ast.Subscript):
            of = of.slice
        found[name] = Parameter(name, kind, given.default, annotation(of))
    # A field that another statement of the body binds has the default that this one gives.
    return None if any(name in found for name in _bound_otherwise(node)) else tuple(found.values())


def _options(node: ast.expr, **options: bool) -> dict[str, bool] | None:
    """Return the options that a call says, the others as they are given; None where unknown."""
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if keyword.arg is None:
            return None
        if keyword.arg in options:
            if not isinstance(keyword.value, ast.Constant):
                return None
            options[keyword.arg] = bool(keyword.value.value)
    return options


def _special(node: ast.expr, origin: Origin) -> str | None:
    """Return what an annotation makes of a field; empty for a plain one, None where unknown."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # What a quoted one means depends on the names that the module has when it is run.
        return None if any(word in node.value for word in _SPECIAL) else ""
    name = node.value if isinstance(node, ast.Subscript) else node
    path = origin(name) or ""
    if path in {*_CLASS_VARIABLES, _INIT_VARIABLE, _KEYWORDS_FOLLOW}:
        return path
    return None if last_name(name) in _SPECIAL else ""


def _given(node: ast.expr | None, origin: Origin) -> _Given | None:
    """Return what a field's value says of it; None where the call may give a ``field()``."""
    if not isinstance(node, ast.Call):
        return _Given(True, None, node is not None)
    path = origin(node.func) or ""
    if path != _FIELD:
        return _Given(True, None, True) if _is_plain(path, node.func) else None
    names = {keyword.arg for keyword in node.keywords}
    options = _options(node, init=True, kw_only=False)
    if options is None:
        return None
    keyword = options["kw_only"] if "kw_only" in names else None
    return _Given(options["init"], keyword, bool(names & {"default", "default_factory"}))


def _is_plain(path: str, callee: ast.expr) -> bool:
    """Tell whether a call gives a plain value: that of a class, or of the standard library."""
    top = path.partition(":")[0].partition(".")[0]
    return last_name(callee)[:1].isupper() or (
        top in sys.stdlib_module_names and top != "dataclasses"
    )


def _bound_otherwise(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names that a class body binds or deletes other than by annotating them."""
    for part in node.body:
        if isinstance(part, _DEFINITIONS):
            yield part.name
        elif not isinstance(part, ast.AnnAssign):
            for leaf in ast.walk(part):
                if isinstance(leaf, ast.Name) and not isinstance(leaf.ctx, ast.Load):
                    yield leaf.id
