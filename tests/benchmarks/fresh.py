"""Import times, each in a new process."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.rounds import Rounds

__all__ = ["measure"]

IMPORTS = {
    "dependency-injector": "import dependency_injector.containers, dependency_injector.providers",
    "trunkline": "import trunkline, tests.benchmarks.first_container",
    "trunkline, imports alone": "from trunkline import Scope, ScopedContainer, providers",
    "diwire": "import diwire",
    "dishka": "import dishka",
    "wireup": "import wireup",
    "rodi": "import rodi",
    "that-depends": "import that_depends",
    "modern-di": "import modern_di",
    "svcs": "import svcs",
}
"""What a process imports, by contender."""

_PROGRAM = """\
import time
began = time.process_time_ns()
{text}
print(time.process_time_ns() - began)
"""


def measure(rounds: int) -> Rounds:
    """Time the imports in interleaved rounds; one round before them writes the bytecode caches."""
    figures: dict[str, list[float]] = {name: [] for name in IMPORTS}
    names = list(IMPORTS)
    for number in range(-1, rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            took = _seconds(IMPORTS[name])
            if number >= 0:
                figures[name].append(took)
    return Rounds(figures)


def _seconds(text: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(text=text)],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) / 1e9
