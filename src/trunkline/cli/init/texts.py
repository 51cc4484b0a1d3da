"""The texts of the container and of the redirects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from trunkline.cli.faults import CommandError
from trunkline.cli.init.project import Project, Symbol

__all__ = ["container_text", "redirects_text", "snake_case"]


def container_text(project: Project, canonical: Symbol | None, user: Symbol | None) -> str:
    """The text of a first container.

    Args:
        project: Where classes are looked up.
        canonical: What it is to make.
        user: The class of the scope value.
    """
    imports: set[str] = set()
    lines: list[str] = []
    if user is not None:
        imports.add(user.path)
        lines.append(f"    {snake_case(user.name)} = providers.ScopeValue({user.name})")
    if canonical is not None:
        imports.add(canonical.path)
        passed = []
        for parameter, wanted in _needs(canonical):
            if wanted is None:
                lines.append(f"    {parameter} = providers.Dependency()")
                passed.append(f"{parameter}={parameter}")
            elif user is not None and wanted == user.path:
                passed.append(f"{parameter}={snake_case(user.name)}")
            else:
                imports.add(wanted)
                class_name = wanted.partition(":")[2]
                kind = (
                    "Singleton" if user is None or not _takes(project, wanted, user) else "Scoped"
                )
                arguments = f", {snake_case(user.name)}" if kind == "Scoped" and user else ""
                lines.append(f"    {parameter} = providers.{kind}({class_name}{arguments})")
                passed.append(f"{parameter}={parameter}")
        kind = "Scoped" if user is not None else "Singleton"
        arguments = "".join(f"\n        {part}," for part in (canonical.name, *passed))
        lines.append(f"    {snake_case(canonical.name)} = providers.{kind}({arguments}\n    )")
    imported = [f"from {m} import {n}" for m, _, n in sorted(p.partition(":") for p in imports)]
    head = "\n".join([*imported, "from trunkline import ScopedContainer, providers"])
    body = "\n".join(lines) if lines else "    settings = providers.Object({})"
    return (
        '"""The application\'s container: the one place that says how things are made."""\n\n'
        f"{head}\n\n\nclass Application(ScopedContainer):\n"
        f'    """What lives as long as the application, and what a request has of its own."""\n\n'
        f"{body}\n"
    )


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
    used = {"Arguments"}
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
            f'    module="{old.module}",\n    removed_in="",\n)\n'
        )
    names = ", ".join(sorted(used))
    return (
        '"""Old names that lead to the container.\n\n'
        'What is dropped is ignored: see that no call needs it.\n"""\n\n'
        f"from trunkline.legacy import {names}\n\n" + "\n".join(blocks)
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
        wanted = _class_of(parameter, old.imports)
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


def _needs(symbol: Symbol) -> Iterator[tuple[str, str | None]]:
    """The parameters that a class must be given, each with the class it is annotated with."""
    arguments = symbol.parameters()
    plain = [*arguments.posonlyargs, *arguments.args]
    required = plain[: len(plain) - len(arguments.defaults)][1 if symbol.is_class else 0 :]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for parameter in (*required, *(p for p, default in pairs if default is None)):
        yield parameter.arg, _class_of(parameter, symbol.imports)


def _takes(project: Project, path: str, user: Symbol) -> bool:
    """Whether a class needs the user to be made."""
    try:
        symbol = project.symbol("", path)
    except CommandError:  # of another distribution
        return False
    return any(wanted == user.path for _, wanted in _needs(symbol))


def _class_of(parameter: ast.arg, imports: dict[str, str]) -> str | None:
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
