"""The tables of what is canonical: of what is named, or of what the code looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.audit.proposal import Candidate, Factory, draw_proposal
from trunkline.cli.init.declared import DeclaredContainer
from trunkline.cli.init.project import Symbol

__all__ = ["canonical_table", "existing_factories", "lists", "proposal_tables"]


def existing_factories(containers: Sequence[DeclaredContainer]) -> dict[str, Factory]:
    """Return what makes each class already: the first of several containers, in their order."""
    found: dict[str, Factory] = {}
    for container in containers:
        for provider in container.providers:
            fit = container.factory_of(provider.makes) if provider.makes is not None else None
            if fit is not None and fit.makes is not None:
                path = f"{container.path}.{fit.name}"
                found.setdefault(fit.makes, Factory(path, stands=True, scope=fit.scope))
    return found


def canonical_table(canonical: Symbol, factory: Factory, olds: Sequence[Symbol]) -> str:
    """Return the table of a class that is named canonical."""
    listed = ", ".join(f'"{old.path}"' for old in olds)
    return (
        "\n[[tool.trunkline.canonical]]\n"
        f'type = "{canonical.path}"\n'
        f'factory = "{factory.path}"\n'
        + (f"legacy = [{listed}]\n" if olds else "")
        + (f'scope = "{factory.scope}"\n' if factory.scope else "")
    )


def proposal_tables(candidates: Sequence[Candidate], factories: Mapping[str, Factory]) -> str:
    """Return the tables of what looks canonical; empty for nothing."""
    return f"\n{draw_proposal(candidates, factories)}" if candidates else ""


def lists(
    known: Mapping[str, Any], canonical: Symbol, factory: Factory, olds: Sequence[Symbol]
) -> bool:
    """Whether a configuration names what is canonical, with this factory and these old names."""
    for one in known.get("canonical", []):
        if one.get("type") == canonical.path and one.get("factory") == factory.path:
            return {old.path for old in olds} <= {*one.get("legacy", [])}
    return False
