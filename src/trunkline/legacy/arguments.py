"""How arguments in an old form lead to what the canonical factory needs.

An adapter is a declaration: the forms that old call sites use, written as parameter lists, and for
each parameter what it is there for. Nothing is guessed at a call; a call that fits no form is
refused with the forms that there are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, TypeAlias

from trunkline.errors import DeclarationError

__all__ = ["Agrees", "Arguments", "Dropped", "Role", "Shape", "Value", "argument_at", "passing"]


@dataclass(frozen=True, slots=True)
class Value:
    """The parameter holds a scope value.

    Attributes:
        provider: Name of the ``ScopeValue`` in the canonical container.
    """

    provider: str


@dataclass(frozen=True, slots=True)
class Agrees:
    """The parameter holds something that the canonical factory supplies by itself.

    Nothing (None) agrees, and so does the very object that the factory is supplied with.

    Attributes:
        parameter: Name of the canonical factory's parameter that it stood for.
        check: Is called with the argument and the scope values by name, and raises where the two
            can't go together, for example where the argument belongs to another user.
    """

    parameter: str
    check: Callable[[Any, Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Dropped:
    """The parameter is no longer needed.

    Attributes:
        reason: Why, in a phrase.
    """

    reason: str


Role: TypeAlias = Value | Agrees | Dropped
_Place: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to pass arguments, worked out once: where each thing is found.

    Attributes:
        form: The form it belongs to, as it was declared.
        values: Scope values: the provider's name, and the position or keyword that holds it.
        checks: Checks, with the position or keyword of what they check, and the canonical
            factory's parameter that it stands for.
    """

    form: str
    values: tuple[tuple[str, _Place], ...]
    checks: tuple[tuple[Callable[[Any, Mapping[str, Any]], object], _Place, str], ...]


class Arguments:
    """The forms in which old call sites call, and what their parameters are there for.

    Args:
        *forms: Parameter lists as text: ``"registry, bridge, context"``; names after ``*`` go by
            keyword only, and ``name=...`` may be left out. An empty text is a call without
            arguments. Where several forms fit a call, the first one whose scope values are of
            the right class is taken.
        **roles: For each parameter of the forms, what it is there for.

    Raises:
        DeclarationError: A form can't be read, or a parameter has no role, or a role no parameter.

    Example::

        Arguments(
            "context",
            "registry, bridge, context",
            context=Value("context"),
            bridge=Agrees("bridge", same_user),
            registry=Dropped("the container has its own"),
        )
    """

    def __init__(self, *forms: str, **roles: Role) -> None:
        self.forms = forms
        self.roles = roles
        self.signatures = tuple(_signature(form) for form in forms)
        named = {name for signature in self.signatures for name in signature.parameters}
        problems = [
            *(f"parameter {name} has no role" for name in sorted(named - roles.keys())),
            *(f"role {name} is no parameter of a form" for name in sorted(roles.keys() - named)),
        ]
        if not forms:
            problems.append("there are no forms")
        if problems:
            raise DeclarationError(
                f"arguments ({' | '.join(forms)}) can't be adapted: {'; '.join(problems)}",
                remedy="give each parameter of the forms a Value, an Agrees or a Dropped",
            )

    @property
    def signature(self) -> Signature:
        """What the old name accepts, for ``inspect``: its one form, or anything."""
        if len(self.signatures) == 1:
            return self.signatures[0]
        return Signature(
            [
                Parameter("arguments", Parameter.VAR_POSITIONAL),
                Parameter("keywords", Parameter.VAR_KEYWORD),
            ]
        )

    def shapes(self, count: int, keywords: tuple[str, ...]) -> Iterator[Shape]:
        """The ways to read a call with so many positional arguments and these keywords."""
        for form, signature in zip(self.forms, self.signatures, strict=True):
            try:
                bound = signature.bind(*range(count), **{name: name for name in keywords})
            except TypeError:
                continue
            values, checks = [], []
            for name, place in bound.arguments.items():
                role = self.roles[name]
                if isinstance(role, Value):
                    values.append((role.provider, place))
                elif isinstance(role, Agrees):
                    checks.append((role.check, place, role.parameter))
            yield Shape(form, tuple(values), tuple(checks))

    def listing(self, name: str) -> str:
        """The forms as calls of ``name``, for messages."""
        return ", ".join(f"{name}({form})" for form in self.forms)


def passing(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
    """How arguments are passed, as a key: how many by position, and the keywords in their order."""
    return (len(args), *kwargs) if kwargs else len(args)


def argument_at(place: int | str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The argument at a position or under a keyword."""
    return args[place] if isinstance(place, int) else kwargs[place]


def _signature(form: str) -> Signature:
    """Read a parameter list."""
    parameters: list[Parameter] = []
    kind: Any = Parameter.POSITIONAL_OR_KEYWORD
    for part in filter(None, (part.strip() for part in form.split(","))):
        name, equals, _ = part.partition("=")
        if part == "*":
            kind = Parameter.KEYWORD_ONLY
            continue
        default = None if equals else Parameter.empty
        try:
            parameters.append(Parameter(name.strip(), kind, default=default))
        except ValueError as error:
            raise DeclarationError(f"the form ({form}) can't be read: {error}") from error
    try:
        return inspect.Signature(parameters)
    except ValueError as error:
        raise DeclarationError(f"the form ({form}) can't be read: {error}") from error
