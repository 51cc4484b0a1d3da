"""Where importing a module fails first, by the order in which the interpreter runs imports."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One import at module level that fails by itself, or because of the module it names.

    Steps sort in the order in which they are run.
    """

    line: int
    column: int
    own: bool
    """True where the import itself cannot work; what it imports on the way there is run before."""
    target: str
    """The module that it runs."""


class Failure(NamedTuple):
    """Where an import of a module fails.

    Attributes:
        step: The import in the module itself; None where a package around it fails before.
        target: The module whose import fails there; empty where the import itself cannot work.
        module: The module at the end of the chain.
        root: The import there that cannot work.
    """

    step: Step | None
    target: str
    module: str
    root: Step


def first_failures(steps: Mapping[str, list[Step]]) -> dict[str, Failure]:
    """Return where importing each module, before any other, fails first.

    Args:
        steps: For every module that cannot be imported the imports that may be why, sorted; empty
            where only a package around it is why.
    """
    failures: dict[str, Failure] = {}
    settled: dict[str, tuple[str, Step]] = {}
    for module in sorted(steps):  # packages before what is in them
        package = module.rpartition(".")[0]
        while package and package not in failures:
            package = package.rpartition(".")[0]
        if package:
            around = failures[package]
            first = around.target if around.step is None else package
            failures[module] = Failure(None, first, around.module, around.root)
        else:
            failures[module] = _run(module, steps, settled)
    return failures


def _run(
    entry: str, steps: Mapping[str, list[Step]], settled: dict[str, tuple[str, Step]]
) -> Failure:
    """Run the imports of a module, and of those it imports, until one cannot work.

    A module that is being imported is not begun again. One that fails at its first step fails so
    whatever was imported before: it is noted in `settled` and not run again.
    """
    begun = {entry}
    running: list[tuple[str, Iterator[Step]]] = [(entry, iter(steps[entry]))]
    at: dict[str, Step] = {}
    end: tuple[str, Step] | None = None
    while end is None:
        module, rest = running[-1]  # never empty: what is given as broken reaches a step that fails
        step = next(rest, None)
        if step is None:
            running.pop()  # it was waiting for one that is being imported: not its failure
            continue
        at[module] = step
        if step.own:
            end = (module, step)
        elif step.target in settled:
            end = settled[step.target]
        elif step.target not in begun:
            begun.add(step.target)
            running.append((step.target, iter(steps[step.target])))
    for module, _ in reversed(running):
        if at[module] is not steps[module][0]:
            break
        settled[module] = end
    first = at[entry]
    return Failure(first, "" if first.own else first.target, *end)
