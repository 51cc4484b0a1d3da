"""The first container: what can be told from the source, and what is left to decide."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trunkline.cli.faults import CommandError
from trunkline.cli.init.declared import DeclaredContainer, DeclaredProvider
from trunkline.cli.init.project import Project, Symbol
from trunkline.cli.init.texts import class_of, snake_case
from trunkline.containers import ScopedContainer

__all__ = ["FirstContainer", "Made"]


@dataclass(frozen=True, slots=True)
class Made:
    """A provider that the container has.

    Attributes:
        name: Its name.
        is_scoped: Whether each scope has its own object.
        is_whole: Whether it is more than a comment.
        owner: The class of another container's that it is read from; empty for the container's own.
    """

    name: str
    is_scoped: bool
    is_whole: bool
    owner: str = ""

    @property
    def expression(self) -> str:
        """How the container's body reads it."""
        return f"{self.owner.rpartition(':')[2]}.{self.name}" if self.owner else self.name


@dataclass(slots=True)
class FirstContainer:
    """The text of a first container, or what one that is there lacks.

    A provider whose arguments can't all be told is written as a comment, and so is whatever needs
    it, so that what is written holds as it is.

    Attributes:
        project: Where classes are looked up.
        canonicals: What it is to make.
        user: The class of the scope value.
        present: The container that is there.
        each_call: Whether each call of a canonical factory makes an object, as code does that
            constructs one itself, where no scope value says what it belongs to.
        open_questions: What is not decided, in the order in which it was met.
        factories: The provider of each canonical class, by its path.
    """

    project: Project
    canonicals: Sequence[Symbol]
    user: Symbol | None
    present: DeclaredContainer | None = None
    each_call: bool = False
    open_questions: list[str] = field(default_factory=list)
    factories: dict[str, Made] = field(default_factory=dict)
    _imports: set[str] = field(default_factory=set)
    _lines: list[str] = field(default_factory=list)
    _providers: dict[str, Made | None] = field(default_factory=dict)
    _present: dict[str, DeclaredProvider] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _is_user_needed: bool = False

    def __post_init__(self) -> None:
        """Work out what it declares."""
        declared = self.present.providers if self.present is not None else ()
        self._names.update(provider.name for provider in declared)
        for provider in sorted(declared, key=lambda one: (not one.is_factory, "." in one.name)):
            if provider.makes is not None:
                self._present.setdefault(provider.makes, provider)
        if self.user is not None:
            self._take_user(self.user)
        for canonical in self.canonicals:
            self.factories[canonical.path] = self._made(canonical, snake_case(canonical.name))

    def text(self) -> str:
        """The whole module."""
        lines = [*self._user_lines(), *self._lines]
        if all(line.startswith("#") for line in lines):
            lines.append("settings = providers.Object({})")
        body = "\n".join(f"    {line}" for line in lines)
        return (
            '"""The application\'s container: the one place that says how things are made."""\n\n'
            f"{self._head('ScopedContainer, providers')}\n\n"
            "class Application(ScopedContainer):\n"
            '    """What lives as long as the application, '
            'and what a request has of its own."""\n\n'
            f"{body}\n"
        )

    def value_name(self) -> str:
        """The name of the scope value; empty where there is none."""
        made = self._providers[self.user.path] if self.user is not None else None
        return made.name if made is not None else ""

    def additions(self) -> str:
        """What the container that is there lacks, to be brought in by hand; empty for nothing."""
        lines = [*self._user_lines(), *self._lines]
        if not lines or self.present is None:
            return ""
        body = "\n".join(f"    {line}" for line in lines)
        framework = "ScopedContainer, providers" if self.present.is_stock else "providers"
        return f"{self._head(framework)}\n# in class {self.present.name}:\n{body}\n"

    def _head(self, framework: str) -> str:
        paths = sorted(path.partition(":") for path in self._imports)
        own = [f"from {module} import {name}" for module, _, name in paths]
        return "\n".join([f"from trunkline import {framework}", *(["", *own] if own else []), ""])

    def _take_user(self, user: Symbol) -> None:
        given = self._present.get(user.path)
        if given is not None and given.kind == "ScopeValue":
            self._providers[user.path] = self._read(given)
        else:
            name = self._free_name(snake_case(user.name), user)
            self._providers[user.path] = Made(name, is_scoped=True, is_whole=True)

    def _user_lines(self) -> list[str]:
        """The scope value, which stands first; a comment where nothing needs it."""
        made = self._providers[self.user.path] if self.user is not None else None
        if self.user is None or made is None:
            return []
        given = self._present.get(self.user.path)
        if given is not None and given.kind == "ScopeValue":
            return []
        line = f"{made.name} = providers.ScopeValue({self.user.name})"
        if self._is_user_needed:
            self._imports.add(self.user.path)
            return [line]
        if self.present is not None:
            return []
        return [
            "# uncomment it with the first provider that needs it",
            f"# from {self.user.module} import {self.user.name}",
            f"# {line}",
        ]

    def _made(self, symbol: Symbol, wanted: str) -> Made:
        """The provider of a class: one that is there, declared before, or written now."""
        made = self._providers.get(symbol.path) or self._kept(symbol)
        if made is not None:
            return made
        is_canonical = any(symbol.path == canonical.path for canonical in self.canonicals)
        is_scoped = is_canonical and self.user is not None
        is_each = is_canonical and self.each_call and not is_scoped
        name = self._name_of(symbol, snake_case(symbol.name) if is_canonical else wanted)
        return self._declare(symbol, name, is_scoped=is_scoped, is_each=is_each)

    def _kept(self, symbol: Symbol) -> Made | None:
        """The provider of a class that is there, unless it has to be the request's own now."""
        present = self._present.get(symbol.path)
        if present is None or not present.is_factory:
            return None
        needs_user = self.user is not None and (
            symbol in self.canonicals or self.user.path in {wanted for _, wanted in _needs(symbol)}
        )
        if needs_user and not present.is_scoped:
            return None
        return self._read(present)

    def _read(self, provider: DeclaredProvider) -> Made:
        """A provider that is there; an inherited one is no name in the body of the class."""
        owner = "" if self.present and provider.owner == self.present.path else provider.owner
        return Made(provider.name, provider.is_scoped, is_whole=True, owner=owner)

    def _name_of(self, symbol: Symbol, wanted: str) -> str:
        """The name of a provider that is to be written: that of the one it stands in place of."""
        present = self._present.get(symbol.path)
        if present is not None and present.is_factory and "." not in present.name:
            return present.name
        return self._free_name(wanted, symbol)

    def _declare(
        self, symbol: Symbol, name: str, *, is_scoped: bool = False, is_each: bool = False
    ) -> Made:
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
            *(f"{parameter}={found.expression if found else '...'}" for parameter, found in passed),
        ]
        is_scoped = is_scoped or any(found.is_scoped for _, found in passed if found)
        is_whole = not undecided and all(found.is_whole for _, found in passed if found)
        kind = "Scoped" if is_scoped else "Factory" if is_each else "Singleton"
        call = f"{name} = providers.{kind}"
        written = f"{call}({', '.join(arguments)})"
        if len(written) > 90:  # the usual width of a line, less the indentation
            written = f"{call}(\n" + "".join(f"        {part},\n" for part in arguments) + "    )"
        if any(name == present.name for present in self._present.values()):
            self._lines.append(
                f"# in place of the provider {name} that is there; what that passes besides stays"
            )
        if is_whole:
            owners = {found.owner for _, found in passed if found and found.owner}
            self._imports |= {symbol.path, *owners}
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
        made = Made(name, is_scoped=is_scoped, is_whole=is_whole)
        self._providers[symbol.path] = made
        return made

    def _provider(self, parameter: str, wanted: str | None) -> Made | None:
        """The provider of what a parameter needs; None where that can't be told."""
        if wanted is None:
            return None
        if wanted in self._providers:
            return self._providers[wanted]
        try:
            symbol = self.project.symbol("", wanted)
        except CommandError:  # of another distribution, which may need anything
            present = self._present.get(wanted)
            return self._read(present) if present else None
        if self._kept(symbol) is None and (not symbol.is_class or symbol.is_abstract):
            return None
        return self._made(symbol, parameter)

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
