"""``ScopedContainer``: a declarative container whose objects live in scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dependency_injector.containers import DeclarativeContainer, DynamicContainer

from trunkline.containers.instance import ContainerInstance
from trunkline.containers.lifecycle import Lifecycle
from trunkline.errors import DeclarationError
from trunkline.introspection import class_name, is_provider
from trunkline.providers.declared import Declared, caller_location, check_bound

__all__ = ["ContainerInstance", "ScopedContainer"]


if TYPE_CHECKING:
    _StockMeta = type  # the stubs leave the metaclass out; Any would make all of a container Any
else:
    _StockMeta = type(DeclarativeContainer)


def _taken_names() -> frozenset[str]:
    """Public names of containers, trunkline's and dependency-injector's own."""
    offered = {*dir(ContainerInstance), *dir(DeclarativeContainer), *vars(DynamicContainer())}
    return frozenset(name for name in offered - {"parent"} if not name.startswith("_"))


class _DeclaredMeta(_StockMeta):
    """Lets ``isinstance(app, Application)`` answer as one expects, and refuses taken names."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        declared = {key for key, value in attributes.items() if is_provider(value)}
        taken = sorted(declared & _taken_names()) if declared else []
        if taken:
            raise DeclarationError(
                f"{name} calls providers by names that its containers have methods and settings "
                f"for: {', '.join(taken)}",
                location=getattr(attributes[taken[0]], "location", None),
                cause="the provider would take the place of the container's own",
                remedy="give it another name",
            )
        check_bound(f"wait_seconds of {name}", attributes.get("wait_seconds"), caller_location())
        cls: Any = super().__new__(mcs, name, bases, attributes)
        for attribute in declared:
            provider = attributes[attribute]
            if isinstance(provider, Declared) and provider.declared_as is None:
                provider.declared_as = class_name(cls), attribute
        return cls

    def __instancecheck__(cls, instance: object) -> bool:  # noqa: N805  # pyright: ignore[reportSelfClsParameterName]  # of a metaclass
        if isinstance(instance, ContainerInstance):
            return instance.declared is not None and issubclass(instance.declared, cls)
        return type.__instancecheck__(cls, instance)


class ScopedContainer(DeclarativeContainer, Lifecycle, metaclass=_DeclaredMeta):
    """A declarative container whose objects live in scopes.

    Example::

        class Application(ScopedContainer):
            settings = providers.Singleton(load_settings)
            context = providers.ScopeValue(UserContext)
            engine = providers.Scoped(Engine, context, settings)

        async with Application() as app:
            async with app.enter(UserContext("u-1")) as request:
                engine = request.get(Application.engine)
    """

    instance_type = ContainerInstance
