"""What is said at the end: what was found, and what there is to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trunkline.audit.proposal import Candidate, Factory
from trunkline.cli.init.container import FirstContainer
from trunkline.cli.init.declared import DeclaredContainer
from trunkline.cli.init.project import Symbol
from trunkline.cli.init.survey import Survey

__all__ = ["found_families", "next_steps"]


def found_families(candidates: Sequence[Candidate], present: DeclaredContainer | None) -> str:
    """What is said of families of names."""
    if candidates:
        names = ", ".join(candidate.chosen.rpartition(":")[2] for candidate in candidates)
        return f"found  families of classes in the code: confirm {names}, or correct them"
    made = [p.makes for p in present.providers if p.is_factory and p.makes] if present else []
    such = f", such as {made[0]}, which {present.name} makes" if made and present else ""
    return (
        "found  no family of classes that look like versions of one thing: name a class yourself"
        f"{such}: --type {made[0] if made else 'MODULE:CLASS'}"
    )


def next_steps(
    survey: Survey,
    first: FirstContainer | None,
    factories: Mapping[str, Factory],
    *,
    is_left: bool,
) -> Iterator[str]:
    """Yield what there is to do next, in this order.

    Args:
        survey: The project.
        first: What the container has been given, or lacks; None where it is not known.
        factories: What makes each class.
        is_left: Whether anything is left to be brought in by hand.
    """
    present = survey.present
    module, _, name = survey.container.partition(":")
    file = present.file if present else f"{module.replace('.', '/')}.py"
    if is_left:
        yield "bring in what is written above"
    if first is not None and first.open_questions:
        marks = "is" if present else f"{file} marks as"
        yield f"decide what {marks} not decided, and uncomment it"
    elif present is None and not (first and first.factories):
        yield f"declare your providers in {file}"
    if survey.candidates:
        is_open = not all(factories[one.chosen].stands for one in survey.candidates)
        also = "; uncomment a factory once its provider is there" if is_open else ""
        yield f"look through the tables in pyproject.toml: confirm or correct each line{also}"
    if present is not None and present.stock_class is not None:
        home, _, owner = present.stock_class.partition(":")
        yield (
            f"let {owner} of {home} derive from trunkline.ScopedContainer in place of "
            "DeclarativeContainer: its providers go on working"
        )
    yield "trunkline check: does the graph hold?"
    yield f"start it around your program: async with {module}.{name}() as app"
    yield from _redirect_steps(survey.legacy, survey.olds)
    yield "trunkline audit: what goes round it; trunkline legacy: which old names are still used"


def _redirect_steps(legacy: str, olds: Sequence[Symbol]) -> Iterator[str]:
    for home in dict.fromkeys(old.module for old in olds):
        names = ", ".join(old.name for old in olds if old.module == home)
        yield f"replace {names} in {home} by: from {legacy} import {names}"
    if olds:
        yield f"call {legacy}.start() when your program starts: it keeps the counts"
