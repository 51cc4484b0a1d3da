"""Import times, each in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from tests.benchmarks.rounds import Rounds

__all__ = ["ALONE", "TRUNKLINE_ALONE", "measure"]

ALONE = "dependency-injector, alone"
"""Without what it imports only where that is installed, which doubles its time."""
TRUNKLINE_ALONE = "trunkline, beside it alone"

IMPORTS = {
    "dependency-injector": "import dependency_injector.containers, dependency_injector.providers",
    "trunkline": "import trunkline, tests.benchmarks.first_container",
    "trunkline, imports alone": "from trunkline import Scope, ScopedContainer, providers",
    ALONE: "import dependency_injector.containers, dependency_injector.providers",
    TRUNKLINE_ALONE: "import trunkline, tests.benchmarks.first_container",
    "diwire": "import diwire",
    "dishka": "import dishka",
    "wireup": "import wireup",
    "rodi": "import rodi",
    "that-depends": "import that_depends",
    "modern-di": "import modern_di",
    "svcs": "import svcs",
}
"""What a process imports, by contender."""

_HIDING = """\
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pydantic", "pydantic_settings", "yaml"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
"""
"""Makes as if what dependency-injector imports where it can were not installed."""

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
    with TemporaryDirectory() as caches:
        for number in range(-1, rounds):
            start = number % len(names)
            for name in names[start:] + names[:start]:
                took = _seconds(name, caches)
                if number >= 0:
                    figures[name].append(took)
    return Rounds(figures)


def _seconds(name: str, caches: str) -> float:
    program = _PROGRAM.format(text=IMPORTS[name])
    hiding = _HIDING if name in (ALONE, TRUNKLINE_ALONE) else ""
    # who writes no bytecode caches, as in many containers, would compare compiled with source code
    env = {**os.environ, "PYTHONPYCACHEPREFIX": caches, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", hiding + program],
        check=True,
        capture_output=True,
        text=True,
        env=env,
    )
    return int(done.stdout) / 1e9
