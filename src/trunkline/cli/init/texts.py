"""The text of the redirects."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

from trunkline.cli.init.project import Symbol

__all__ = ["Redirects", "class_of", "snake_case"]

_START = '''

def start() -> None:
    """Check the redirects, and keep the counts for `trunkline legacy` when the program exits.

    Call it once when the program starts.
    """
    check_redirects(sys.modules[__name__])
    keep_counts(UsageFile.of_project())
'''


@dataclass(frozen=True, slots=True)
class Redirects:
    """The text of the redirects.

    Attributes:
        factory: The provider that they lead to, as ``module:Container.name``.
        canonical: What it makes.
        user: The class of the scope value.
        value: The scope value's name in the container.
        olds: The old names.
    """

    factory: str
    canonical: Symbol
    user: Symbol | None
    value: str
    olds: Sequence[Symbol]

    def text(self) -> str:
        """The whole module."""
        used = {"UsageFile", "check_redirects", "keep_counts", *self._used()}
        names = "".join(f"    {name},\n" for name in sorted(used, key=_as_sorted))
        return (
            '"""Old names that lead to the container.\n\n'
            'What is dropped is ignored: see that no call needs it.\n"""\n\n'
            "import sys\nfrom typing import TYPE_CHECKING, Any\n\n"
            f"from trunkline.legacy import (\n{names})\n\n{self._bindings()}{_START}"
        )

    def blocks(self) -> str:
        """What to add to a module that has redirects already."""
        used = ", ".join(sorted(self._used(), key=_as_sorted))
        return (
            "from typing import TYPE_CHECKING, Any\n\n"
            f"from trunkline.legacy import {used}\n\n{self._bindings()}"
        )

    def _bindings(self) -> str:
        """Faces for type checkers, which can't look through a call, and what they stand for."""
        faces = "\n".join(map(self._face, self.olds))
        calls = "\n".join(map(self._call, self.olds))
        head = (
            "from typing_extensions import deprecated\n\n"
            f"from {self.canonical.module} import {self.canonical.name} as Canonical\n"
        )
        return (
            f"if TYPE_CHECKING:\n{indent(f'{head}{chr(10)}{faces}', '    ')}\n"
            f"else:\n{indent(calls, '    ')}"
        )

    def _face(self, old: Symbol) -> str:
        container, _, provider = self.factory.partition(":")
        advice = f'@deprecated("use {provider} of {container}")\n'
        if old.is_class:
            return (
                f"{advice}class {old.name}(Canonical):\n"
                "    def __init__(self, *arguments: Any, **keywords: Any) -> None: ...\n"
            )
        awaited = "async " if isinstance(old.node, ast.AsyncFunctionDef) else ""
        return (
            f"{advice}{awaited}def {old.name}(*arguments: Any, **keywords: Any) -> Canonical: ...\n"
        )

    def _call(self, old: Symbol) -> str:
        form, roles = _form(old, self.user, self.value)
        function = "redirect_class" if old.is_class else "redirect_function"
        flags = "    is_async=True,\n" if isinstance(old.node, ast.AsyncFunctionDef) else ""
        listed = "".join(f"        {name}={role},\n" for name, role in roles)
        return (
            f'{old.name} = {function}(\n    "{old.name}",\n'
            f'    to="{self.factory}",\n'
            f'    adapt=Arguments(\n        "{form}",\n{listed}    ),\n{flags}'
            f'    module="{old.module}",\n)\n'
        )

    def _used(self) -> set[str]:
        """The names of the framework that the redirects need."""
        roles = [role for old in self.olds for _, role in _form(old, self.user, self.value)[1]]
        functions = {"redirect_class" if old.is_class else "redirect_function" for old in self.olds}
        return {"Arguments", *functions, *(role.partition("(")[0] for role in roles)}


def _as_sorted(name: str) -> tuple[bool, str]:
    """Imported names in the order of the usual sorters: classes first."""
    return name.islower(), name


def _form(old: Symbol, user: Symbol | None, value: str) -> tuple[str, list[tuple[str, str]]]:
    """How an old name is called, and what its parameters are there for."""
    arguments = old.parameters()
    plain = [*arguments.posonlyargs, *arguments.args]
    required = len(plain) - len(arguments.defaults)
    if old.is_class:
        plain, required = plain[1:], max(required - 1, 0)
    parts = [p.arg if index < required else f"{p.arg}=" for index, p in enumerate(plain)]
    if arguments.kwonlyargs:
        parts.append("*")
        defaults = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        parts += [p.arg if default is None else f"{p.arg}=" for p, default in defaults]
    roles = []
    for parameter in (*plain, *arguments.kwonlyargs):
        wanted = class_of(parameter, old.imports)
        is_user = user is not None and (
            wanted == user.path or (wanted is None and parameter.arg in _names_of(user))
        )
        role = f'Value("{value}")' if is_user else 'Dropped("the container has its own")'
        roles.append((parameter.arg, role))
    return ", ".join(parts), roles


def class_of(parameter: ast.arg, imports: dict[str, str]) -> str | None:
    """Path of the class that a parameter is annotated with, where its module has that."""
    annotation = parameter.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return imports.get(annotation.value)
    return imports.get(annotation.id) if isinstance(annotation, ast.Name) else None


def _names_of(user: Symbol) -> frozenset[str]:
    """What a parameter for the user is likely to be called."""
    snake = snake_case(user.name)
    return frozenset({snake, snake.rpartition("_")[2], f"user_{snake}", "user_context", "context"})


def snake_case(name: str) -> str:
    """The name of a provider of a class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
