"""Calls with their arguments, and the texts that name something."""

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from trunkline.audit.source.declarations import DeclarationReader
from trunkline.audit.source.facts import Argument, Call, Reference, Span, Text
from trunkline.audit.source.scopes import Scope
from trunkline.audit.source.structure import StructureReader
from trunkline.audit.source.syntax import last_name

_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+\Z")
_WORD: Final = re.compile(r"\w+")
_MAX_TEXT: Final = 200
_LITERALS = (ast.List, ast.Tuple, ast.Dict, ast.Set)
_OF_COROUTINES: Final = frozenset(
    {"throw", "close", "__await__", "cr_await", "cr_code", "cr_frame", "cr_running"}
)
"""Attributes that a coroutine has itself; nobody but an event loop sends it anything."""
_MAY_BE_MISSING: Final = frozenset({"create", "raising"})
PATCH_OPTIONS: Final = frozenset(
    {"target", "spec", "create", "spec_set", "autospec", "new_callable"}
)
"""Keywords of `mock.patch.multiple` that are no names to patch."""


class CallReader(DeclarationReader, ABC):
    """Reads the calls of one module.

    Args:
        structure: The module's imports and names.
        interesting: Tells whether a path may lead to something a rule asks about.
    """

    def __init__(self, structure: StructureReader, interesting: Callable[[str], bool]) -> None:
        super().__init__(structure)
        self._interesting = interesting
        self.calls: list[Call] = []
        self.references: list[Reference] = []
        self.texts: list[Text] = []
        self._made: dict[tuple[str, str], Span] = {}
        self._held: set[Span] = set()

    @abstractmethod
    def _value(
        self, node: ast.expr, scope: Scope, use: str = "value", role: str = "value"
    ) -> str | None:
        """Read an expression; return its path where it has one."""

    def _call(self, node: ast.Call, scope: Scope, use: str) -> str | None:
        callee = self._callee(node.func, scope)
        arguments = self._arguments(node, callee, scope)
        if (callee is not None and self._interesting(callee)) or any(
            argument.value is not None and self._interesting(argument.value)
            for argument in arguments
        ):
            self.calls.append(
                Call(
                    callee or f"?{_spelling(node.func)}", node.lineno, node.col_offset,
                    tuple(arguments), use, scope.qualname, node.end_lineno or node.lineno,
                    node.end_col_offset or 0,
                )
            )  # fmt: skip
        path = self.called(node, callee, scope) if callee else None
        if callee == "builtins:getattr" and path is not None and self._interesting(path):
            place = node.lineno, node.col_offset
            self.references.append(Reference(path, *place, "value", scope.qualname))
        return path

    def _callee(self, node: ast.expr, scope: Scope) -> str | None:
        """Read what is called; return its path."""
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            path, key = self._value(node, scope), str(node.slice.value)
            return f"{path[:-2]}[{key}]" if path and _WORD.fullmatch(key) else path
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return self._value(node, scope)
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self._value(inner, scope, use=used_by(node))
        elif isinstance(node, ast.Attribute):
            self._hold(node, scope)
        return self.plain_path(node, scope)

    def _hold(self, node: ast.Attribute, scope: Scope) -> None:
        """Note that something is used of what a call gave a variable."""
        while isinstance(node.value, ast.Attribute):
            node = node.value
        if isinstance(node.value, ast.Name) and node.attr not in _OF_COROUTINES:
            name = node.value.id
            span = self._made.get((scope.qualname, name))
            if span is not None and scope.lookup(name, self.module, self.bound) is not None:
                self._held.add(span)

    def _arguments(self, node: ast.Call, callee: str | None, scope: Scope) -> list[Argument]:
        arguments: list[Argument] = []
        types = callee in {"builtins:isinstance", "builtins:issubclass"}
        for index, arg in enumerate(node.args):
            if isinstance(arg, ast.Constant) and index == 0:
                self._first_text(node, arg, callee, scope)
                arguments.append(Argument(None, self._constant(arg), None))
            elif isinstance(arg, ast.Starred):
                arguments.extend(self._starred(arg.value, scope))
            else:
                role = "isinstance" if types and index else "argument"
                arguments.extend(self._argument(arg, None, scope, role))
        for keyword in node.keywords:
            if keyword.arg is None:
                arguments.extend(self._starred(keyword.value, scope))
            elif keyword.arg == "target" and isinstance(keyword.value, ast.Constant):
                self._first_text(node, keyword.value, callee, scope)
                arguments.append(Argument("target", self._constant(keyword.value), None))
            else:
                arguments.extend(self._argument(keyword.value, keyword.arg, scope, "argument"))
        return arguments

    def _argument(
        self, node: ast.expr, keyword: str | None, scope: Scope, role: str
    ) -> list[Argument]:
        """Read one argument; return it, with its elements where it is a literal container."""
        if isinstance(node, _LITERALS):
            return self._elements(node, keyword, scope, role)
        if role == "isinstance" and isinstance(node, ast.BinOp):
            for part in (node.left, node.right):
                self._argument(part, None, scope, role)
            return [Argument(keyword, None, None)]
        value = self._value(node, scope, role=role)
        return [Argument(keyword, value, _terminal(node), span_of(node))]

    def _starred(self, node: ast.expr, scope: Scope) -> list[Argument]:
        """Read what is unpacked into arguments: a literal stands for its elements."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [
                given
                for element in node.elts
                for given in (
                    self._starred(element.value, scope)
                    if isinstance(element, ast.Starred)
                    else self._argument(element, None, scope, "argument")
                )
            ]
        if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
            return [
                given
                for key, value in zip(node.keys, node.values, strict=True)
                for given in self._argument(
                    value, str(getattr(key, "value", "")), scope, "argument"
                )
            ]
        self._value(node, scope)
        return [Argument("*", None, None)]

    def _elements(
        self,
        node: ast.List | ast.Tuple | ast.Dict | ast.Set,
        keyword: str | None,
        scope: Scope,
        role: str,
    ) -> list[Argument]:
        """Read a literal container; return one argument, or one for each element that matters.

        The first stands for the container itself, the others begin with ``[`` and are no arguments
        of the call.
        """
        keys = node.keys if isinstance(node, ast.Dict) else []
        for key in keys:
            if key is not None:
                self._value(key, scope)
        arguments = [Argument(keyword, None, None)]
        for element in node.values if isinstance(node, ast.Dict) else node.elts:
            path = self._value(element, scope, role=role)
            arguments.append(Argument("[", path, _terminal(element), span_of(element)))
        return arguments

    def _marker(self, node: ast.Subscript, path: str, inner: str | None, scope: Scope) -> None:
        """Note a wiring marker: ``Closing[Provide[Container.name]]`` as a call of its names."""
        slices = node.slice
        while isinstance(slices, ast.Subscript):
            inner = self.plain_path(slices.slice, scope) or self._constant(slices.slice)
            slices = slices.slice
        argument = Argument(None, inner, _terminal(slices))
        self.calls.append(
            Call(f"{path}[]", node.lineno, node.col_offset, (argument,), "marker", scope.qualname,
                 node.end_lineno or node.lineno, node.end_col_offset or 0)
        )  # fmt: skip

    def _first_text(
        self, node: ast.Call, text: ast.Constant, callee: str | None, scope: Scope
    ) -> None:
        """Note the text that a call is given first: the module that it loads, or a name."""
        loaded = self._loaders.module(node, callee) if callee else None
        if callee and loaded:
            place = text.lineno, text.col_offset
            self.texts.append(Text(loaded, *place, self._loaders.loader(callee), scope.qualname))
            return
        creates = any(keyword.arg in _MAY_BE_MISSING for keyword in node.keywords)
        callee = callee or _spelling(node.func)
        if not callee.endswith("patch.multiple"):
            self._text(text, scope, callee, creates=creates)
            return
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in PATCH_OPTIONS:
                name = ast.copy_location(ast.Constant(f"{text.value!s}.{keyword.arg}"), text)
                self._text(name, scope, callee, creates=creates)

    def _text(
        self, node: ast.Constant, scope: Scope, callee: str | None, *, creates: bool = False
    ) -> None:
        value = node.value
        if not isinstance(value, str) or len(value) >= _MAX_TEXT or not _DOTTED.match(value):
            return
        if callee is not None or self._interesting(value):
            place = node.lineno, node.col_offset
            self.texts.append(Text(value, *place, callee, scope.qualname, creates))

    @staticmethod
    def _constant(node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, type(None))):
            return f"={node.value!r}"[:_MAX_TEXT]
        return None


def used_by(node: ast.expr) -> str:
    """Return the use of what attributes are asked of; a coroutine has some of its own."""
    first = node
    while isinstance(node, ast.Attribute):
        first, node = node, node.value
    of_coroutine = isinstance(first, ast.Attribute) and first.attr in _OF_COROUTINES
    return "value" if of_coroutine else "attribute"


def span_of(node: ast.expr | None) -> Span | None:
    """Return where a call stands; None for any other expression."""
    if not isinstance(node, ast.Call):
        return None
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0


def _terminal(node: ast.expr) -> str | None:
    """Return the last identifier of an expression, also of ``x["name"]`` and ``x.get("name")``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        key = node.slice
    elif isinstance(node, ast.Call) and node.args and last_name(node.func) == "get":
        key = node.args[0]
    elif isinstance(node, ast.Call) and len(node.args) == 1 and last_name(node.func) == "str":
        return _terminal(node.args[0])
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    return node.id if isinstance(node, ast.Name) else None


def _spelling(node: ast.expr) -> str:
    """Return the last names of a callee whose path is not decided, as ``.override``."""
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""
