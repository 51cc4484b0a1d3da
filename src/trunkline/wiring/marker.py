"""What a user writes at a parameter: the marker in its annotation, and the default beside it."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar

from dependency_injector.providers import Provider

from trunkline.errors import DeclarationError
from trunkline.introspection import is_provider
from trunkline.providers.declared import caller_location

__all__ = ["INJECTED", "Inject"]

T = TypeVar("T")


class Inject(Generic[T]):
    """Marks a parameter, in ``Annotated``, as one that the ambient scope fills.

    Args:
        provider: A provider of the container, ``Application.engine``, or a view of one,
            ``Application.settings.provided.limit``.

    Raises:
        DeclarationError: It is no provider.
    """

    __slots__ = ("provider",)

    def __init__(self, provider: Provider[T]) -> None:
        if not is_provider(provider):
            raise DeclarationError(
                f"Inject({provider!r}) names no provider",
                location=caller_location(),
                cause="a provider was called, or a class was named instead of its provider",
                remedy="name the container's attribute without calling it: "
                "Inject(Application.engine)",
            )
        self.provider = provider

    def __repr__(self) -> str:
        return f"Inject({self.provider!r})"


class _Injected:
    """The default of injected parameters, for type checkers; nobody ever receives it."""

    def __repr__(self) -> str:
        return "INJECTED"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"INJECTED has no attribute {name!r}: the function whose default it is lacks @inject"
        )


INJECTED: Final[Any] = _Injected()
"""Default of an injected parameter, so that type checkers let a caller leave it out."""
