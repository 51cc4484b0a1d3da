"""What a container says of itself before anything is built: its settings, its graph, its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dependency_injector.containers import DynamicContainer

from trunkline.containers.lifecycle import Lifecycle
from trunkline.errors import GraphError
from trunkline.graph.blueprint import Blueprint
from trunkline.introspection import (
    blueprint_of,
    class_name,
    declared_providers,
    is_provider,
    stock_overrides,
    written_recipes,
)
from trunkline.providers.declared import Declared
from trunkline.providers.watched import Singleton
from trunkline.scopes import BaseScope, Scope
from trunkline.validation import Finding, check_captive_dependencies, check_cycles

if TYPE_CHECKING:
    from trunkline.providers.injection import Injection

__all__ = ["DescribedContainer"]


class DescribedContainer(DynamicContainer, Lifecycle):
    """A container instance that can be read and checked."""

    # what the declared class says

    @property
    def declared(self) -> type[Lifecycle] | None:
        """The class that was instantiated; None for a container put together at run time."""
        declared: Any = self.declarative_parent
        return declared  # type: ignore[no-any-return]  # dependency-injector keeps it untyped

    def _name(self) -> str:
        declared = self.declared
        return "container" if declared is None else class_name(declared)

    def _says(self) -> type[Lifecycle]:
        return self.declared or Lifecycle

    def _default_scope(self) -> BaseScope:
        default = self._says().default_scope
        if default is not None:
            return default
        scopes = list(self._says().scopes)
        return Scope.REQUEST if Scope.REQUEST in scopes else scopes[-1]

    # the graph

    def blueprint(self) -> Blueprint:
        """Everything known of the providers, read anew."""
        return blueprint_of(
            self,
            name=self._name(),
            scopes=self._says().scopes,
            default_scope=self._default_scope(),
        )

    def check(self) -> None:
        self.checked_blueprint(wholly=True)

    def findings(self) -> list[Finding]:
        """Every fault of the graph, in the order of declaration."""
        return self._findings_in(self.blueprint())

    def _findings_in(self, blueprint: Blueprint) -> list[Finding]:
        from trunkline.validation.report import check_blueprint

        injections = self._injections(blueprint)
        findings = check_blueprint(
            blueprint,
            is_provider,
            declared=written_recipes(blueprint),
            used=injections.keys(),
            injected=injections,
            sync_entries=[
                name for name, uses in injections.items() if not all(use.awaits for use in uses)
            ],
        )
        return [_for_whom(finding, injections) for finding in findings]

    def injections(self) -> tuple[Injection, ...]:
        """The parameters of ``@inject`` functions that this container's providers fill."""
        uses = self._injections(self.blueprint()).values()
        return tuple(dict.fromkeys(injection for use in uses for injection in use))

    @staticmethod
    def _injections(blueprint: Blueprint) -> dict[str, list[Injection]]:
        found: dict[str, list[Injection]] = {}
        for provider, name in blueprint.keys.items():
            if isinstance(provider, Declared) and provider.injections:
                found.setdefault(name, []).extend(provider.injections)
        return found

    def checked_blueprint(self, *, wholly: bool = False) -> Blueprint:
        """Everything known of the providers, read anew.

        Args:
            wholly: Whether every check is run, or those alone without which no code can be written.

        Raises:
            GraphError: It holds every fault that was found.
        """
        blueprint = self.blueprint()
        graph = blueprint.graph
        findings = (
            self._findings_in(blueprint)
            if wholly
            else [*check_cycles(graph), *check_captive_dependencies(graph)]
        )
        if findings:
            raise GraphError(graph.name, findings)
        return blueprint

    def generations(self) -> dict[str, int]:
        """How often each singleton was told to forget its object, by name."""
        return {
            name: provider.generation
            for name, provider in declared_providers(self).items()
            if isinstance(provider, Singleton)
        }

    def stock_overrides(self) -> dict[str, tuple[Any, ...]]:
        """By name, what stands in for a provider by its own ``override()``, the latest last."""
        found = {name: stock_overrides(p) for name, p in declared_providers(self).items()}
        return {name: overriding for name, overriding in found.items() if overriding}


def _for_whom(finding: Finding, injections: Mapping[str, list[Injection]]) -> Finding:
    """The finding, telling which functions ask for its subject without ``await``."""
    if finding.check != "async-from-sync":
        return finding
    uses = [use for use in injections.get(finding.subject, ()) if not use.awaits]
    places = tuple(f"injected into {use.function}  {use.location}" for use in uses)
    return replace(finding, hops=(*places, *finding.hops))
