"""The first container: what can be told from the source, and what is left to decide."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from trunkline.cli.faults import CommandError
from trunkline.cli.init.project import Project, Symbol
from trunkline.cli.init.texts import class_of, snake_case
from trunkline.containers import ScopedContainer

__all__ = ["FirstContainer"]


@dataclass(slots=True)
class FirstContainer:
    """The text of a first container.

    A provider whose arguments can't all be told is written as a comment, and so is whatever needs
    it, so that what is written holds as it is.

    Attributes:
        project: Where classes are looked up.
        canonical: What it is to make.
        user: The class of the scope value.
        open_questions: What is not decided, in the order in which it was met.
    """

    project: Project
    canonical: Symbol | None
    user: Symbol | None
    open_questions: list[str] = field(default_factory=list)
    _imports: set[str] = field(default_factory=set)
    _lines: list[str] = field(default_factory=list)
    _providers: dict[str, _Provider | None] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _is_user_needed: bool = False

    def text(self) -> str:
        """Write it; the open questions are known afterwards."""
        if self.user is not None:
            name = snake_case(self.user.name)
            self._names.add(name)
            self._providers[self.user.path] = _Provider(name, is_scoped=True, is_whole=True)
        if self.canonical is not None:
            name = snake_case(self.canonical.name)
            self._names.add(name)
            self._declare(self.canonical, name, is_scoped=self.user is not None)
        if self.user is not None:
            self._write_user(self.user)
        if not any(not line.startswith("#") for line in self._lines):
            self._lines.append("settings = providers.Object({})")
        paths = sorted(path.partition(":") for path in self._imports)
        own = [f"from {module} import {name}" for module, _, name in paths]
        framework = "from trunkline import ScopedContainer, providers"
        head = "\n".join([framework, *(["", *own] if own else [])])
        body = "\n".join(f"    {line}" for line in self._lines)
        return (
            '"""The application\'s container: the one place that says how things are made."""\n\n'
            f"{head}\n\n\nclass Application(ScopedContainer):\n"
            '    """What lives as long as the application, '
            'and what a request has of its own."""\n\n'
            f"{body}\n"
        )

    def _write_user(self, user: Symbol) -> None:
        """Write the scope value first; a comment where nothing needs it, which has to be told."""
        line = f"{snake_case(user.name)} = providers.ScopeValue({user.name})"
        if self._is_user_needed:
            self._imports.add(user.path)
            self._lines.insert(0, line)
        else:
            comment = (
                "uncomment it with the first provider that needs it",
                f"from {user.module} import {user.name}",
                line,
            )
            self._lines[:0] = [f"# {each}" for each in comment]

    def _declare(self, symbol: Symbol, name: str, *, is_scoped: bool = False) -> _Provider:
        """Write the provider of a class, after those of what it needs."""
        self._providers[symbol.path] = None  # being declared: what leads back here is not decided
        undecided = []
        passed = []
        if not _says_what_it_takes(symbol):
            undecided.append("the arguments")
        for parameter, wanted in _needs(symbol):
            found = self._provider(parameter, wanted)
            if found is None:
                undecided.append(parameter)
            passed.append((parameter, found))
        arguments = [
            symbol.name,
            *(f"{parameter}={found.name if found else '...'}" for parameter, found in passed),
        ]
        is_scoped = is_scoped or any(found.is_scoped for _, found in passed if found)
        is_whole = not undecided and all(found.is_whole for _, found in passed if found)
        call = f"{name} = providers.{'Scoped' if is_scoped else 'Singleton'}"
        written = f"{call}({', '.join(arguments)})"
        if len(written) > 90:  # the usual width of a line, less the indentation
            written = f"{call}(\n" + "".join(f"        {part},\n" for part in arguments) + "    )"
        if is_whole:
            self._imports.add(symbol.path)
            self._lines.append(written)
            user = self.user and self._providers[self.user.path]
            self._is_user_needed |= any(found is user for _, found in passed)
        else:
            questions = [f"not decided: {question} of {symbol.name}" for question in undecided]
            self.open_questions += questions
            comment = [
                *questions,
                f"from {symbol.module} import {symbol.name}",
                *(line.removeprefix("    ") for line in written.split("\n")),
            ]
            self._lines += [f"# {line}" for line in comment]
        made = _Provider(name, is_scoped=is_scoped, is_whole=is_whole)
        self._providers[symbol.path] = made
        return made

    def _provider(self, parameter: str, wanted: str | None) -> _Provider | None:
        """The provider of what a parameter needs; None where that can't be told."""
        if wanted is None:
            return None
        if wanted in self._providers:
            return self._providers[wanted]
        try:
            symbol = self.project.symbol("", wanted)
        except CommandError:  # of another distribution, which may need anything
            return None
        if not symbol.is_class or symbol.is_abstract:
            return None
        return self._declare(symbol, self._free_name(parameter, symbol))

    def _free_name(self, parameter: str, symbol: Symbol) -> str:
        own = snake_case(symbol.name)
        home = symbol.module.replace(".", "_")
        candidates = (parameter, own, f"{own}_of_{home}", f"{own}_of_{home}_itself")
        name = next(
            name
            for name in candidates
            if name not in self._names and not hasattr(ScopedContainer, name)
        )
        self._names.add(name)
        return name


@dataclass(frozen=True, slots=True)
class _Provider:
    """A provider that the container has.

    Attributes:
        name: Its name.
        is_scoped: Whether each scope has its own object.
        is_whole: Whether it is more than a comment.
    """

    name: str
    is_scoped: bool
    is_whole: bool


def _needs(symbol: Symbol) -> Iterator[tuple[str, str | None]]:
    """The parameters that a class must be given, each with the class it is annotated with."""
    arguments = symbol.parameters()
    plain = [*arguments.posonlyargs, *arguments.args]
    required = plain[: len(plain) - len(arguments.defaults)][1 if symbol.is_class else 0 :]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for parameter in (*required, *(p for p, default in pairs if default is None)):
        yield parameter.arg, class_of(parameter, symbol.imports)


def _says_what_it_takes(symbol: Symbol) -> bool:
    """Whether the source of a class itself has the parameters that a call passes by keyword."""
    node = symbol.node
    if not isinstance(node, ast.ClassDef):
        return not node.args.posonlyargs
    own = next(
        (i for i in node.body if isinstance(i, ast.FunctionDef) and i.name == "__init__"), None
    )
    if own is None:
        return not (node.bases or node.keywords or node.decorator_list)
    return not own.args.posonlyargs
