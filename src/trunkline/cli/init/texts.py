"""The text of the redirects."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from trunkline.cli.init.project import Symbol

__all__ = ["class_of", "redirects_text", "snake_case"]

_START = '''

def start() -> None:
    """Check the redirects, and keep the counts for `trunkline legacy` when the program exits.

    Call it once when the program starts.
    """
    check_redirects(sys.modules[__name__])
    keep_counts(UsageFile.of_project())
'''


def redirects_text(
    home: str, canonical: Symbol, user: Symbol | None, olds: Sequence[Symbol]
) -> str:
    """The text of the redirects.

    Args:
        home: The package that the container is written into.
        canonical: What they lead to.
        user: The class of the scope value.
        olds: The old names.
    """
    provider = f"{home}.containers:Application.{snake_case(canonical.name)}"
    used = {"Arguments", "UsageFile", "check_redirects", "keep_counts"}
    blocks = []
    for old in olds:
        form, roles = _form(old, user)
        used |= {role.partition("(")[0] for _, role in roles}
        function = "redirect_class" if old.is_class else "redirect_function"
        used.add(function)
        flags = "    is_async=True,\n" if isinstance(old.node, ast.AsyncFunctionDef) else ""
        listed = "".join(f"        {name}={role},\n" for name, role in roles)
        blocks.append(
            f'{old.name} = {function}(\n    "{old.name}",\n    to="{provider}",\n'
            f'    adapt=Arguments(\n        "{form}",\n{listed}    ),\n{flags}'
            f'    module="{old.module}",\n)\n'
        )
    names = "".join(f"    {name},\n" for name in sorted(used))
    return (
        '"""Old names that lead to the container.\n\n'
        'What is dropped is ignored: see that no call needs it.\n"""\n\n'
        "import sys\n\n"
        f"from trunkline.legacy import (\n{names})\n\n" + "\n".join(blocks) + _START
    )


def _form(old: Symbol, user: Symbol | None) -> tuple[str, list[tuple[str, str]]]:
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
        role = (
            f'Value("{snake_case(user.name)}")'
            if is_user and user
            else 'Dropped("the container has its own")'
        )
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
