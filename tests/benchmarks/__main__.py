"""Compare trunkline with hand-written code and with other containers.

``python -m tests.benchmarks`` checks and times everything and prints tables and targets.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Mapping

from tests.benchmarks.contender import Contender
from tests.benchmarks.contenders import contenders
from tests.benchmarks.report import table
from tests.benchmarks.rounds import Rounds
from tests.benchmarks.scenarios import SCENARIOS, Scenario
from tests.benchmarks.targets import verdicts

ROUNDS = 15


def main() -> int:
    """Run the command; the status is 0 whether or not targets are met."""
    options = _options()
    if options.list:
        for scenario in SCENARIOS:
            print(f"{scenario.name:<18} {scenario.about}")
        return 0
    chosen = [s for s in SCENARIOS if not options.only or s.name in options.only]
    measured: dict[str, Rounds] = {}
    everyone = list(contenders())
    print(f"Python {platform.python_version()}, {options.rounds} rounds", file=sys.stderr)
    for scenario in chosen:
        measured[scenario.name] = _measure(scenario, everyone, options.rounds)
        print(table(scenario, measured[scenario.name], everyone), flush=True)
    _print_targets(measured)
    if options.write:
        from tests.benchmarks.page import write

        write(measured, everyone, options.rounds)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list the scenarios and stop")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=[scenario.name for scenario in SCENARIOS],
        help="measure this scenario; may be given again",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument(
        "--write", action="store_true", help="write docs/benchmarks.md and its plot"
    )
    return parser.parse_args()


def _measure(scenario: Scenario, everyone: list[type[Contender]], rounds: int) -> Rounds:
    taking_part = [
        contender for contender in everyone if contender.answers(scenario.name, scenario.asks)
    ]
    return scenario.measure(scenario, taking_part, min(rounds, scenario.rounds or rounds))


def _print_targets(measured: Mapping[str, Rounds]) -> None:
    words = {True: "met", False: "NOT MET", None: "not measured"}
    for verdict in verdicts(measured):
        print(f"{words[verdict.met]:<13} {verdict.target}: {verdict.found}")


if __name__ == "__main__":
    sys.exit(main())
