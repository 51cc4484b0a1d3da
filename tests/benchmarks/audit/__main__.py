"""Times the audit against ruff, import-linter and semgrep where they answer the same question.

``python -m tests.benchmarks.audit`` writes a tree of 4,300 files, checks that every contender finds
what was planted for it, then times them in interleaved rounds and prints ratios to ruff.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.audit.contenders import Contender, contenders
from tests.benchmarks.audit.tree import Tree, write_tree

TARGETS = {
    "trunkline, canonical rules, cold": 2.0,
    "trunkline, canonical rules, warm": 1.0,
}


def main() -> int:
    """Run the command; the status is 0 whether or not targets are met."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        tree = write_tree(Path(folder), files=options.files, lines=options.lines)
        print(f"{tree.files} files, {tree.lines} lines, {tree.size / 1e6:.0f} MB", file=sys.stderr)
        everyone = [item for item in contenders(tree.root) if item.is_there()]
        for item in list(everyone):
            problem = item.problem(tree.planted)
            print(f"{'wrong' if problem else 'right':6} {item.name} {problem}", flush=True)
            if problem and item.name.startswith("trunkline"):
                return 1
            if problem:
                everyone.remove(item)  # a wrong answer is not timed
        figures = _rounds(everyone, options.rounds)
        _print(everyone, figures)
        _print_slow(tree, min(options.rounds, 3))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process: {peak:.0f} MB (ruff and the others among them)")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.audit", description=__doc__)
    parser.add_argument("--files", type=int, default=4300)
    parser.add_argument("--lines", type=int, default=1_550_000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _rounds(everyone: list[Contender], rounds: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {item.name: [] for item in everyone}
    for number in range(rounds):
        turn = number % len(everyone)
        for item in everyone[turn:] + everyone[:turn]:
            if item.is_slow and number:
                continue
            item.prepare()
            start = time.perf_counter()
            item.run()
            figures[item.name].append(time.perf_counter() - start)
    return figures


def _print(everyone: list[Contender], figures: dict[str, list[float]]) -> None:
    ruff = figures["ruff TID251, cold"]
    print(f"{'contender':42} {'times ruff':>10} {'seconds':>8}")
    for item in everyone:
        own = figures[item.name]
        ratio = statistics.median(a / b for a, b in zip(own, ruff, strict=False))
        target = TARGETS.get(item.name)
        verdict = "" if target is None else ("  met" if ratio <= target else "  NOT MET")
        print(f"{item.name:42} {ratio:10.2f} {min(own):8.2f}{verdict}")


def _print_slow(tree: Tree, rounds: int) -> None:
    """Time the rules about the whole program; the measure is a plain parse of the same files."""
    from tests.benchmarks.audit.contenders import PlainParse, Trunkline

    plain = PlainParse(tree.root)
    everyone = [plain, *(Trunkline(tree.root, "ALL", warm=warm) for warm in (False, True))]
    for item in everyone[1:]:
        known = {
            (row["code"], row["path"], row["line"]) for row in json.loads(item.run())["findings"]
        }
        planted = set(tree.planted)
        wrong = {row for row in known - planted if row[0] != "TL106"}
        recall = len(known & planted) / len(planted)
        print(f"{item.name}: recall {recall} precision {1 - len(wrong) / len(known)}", flush=True)
    figures = _rounds(everyone, rounds)
    print(f"{'contender':42} {'times parse':>11} {'seconds':>8}")
    for item in everyone:
        own = figures[item.name]
        ratio = statistics.median(a / b for a, b in zip(own, figures[plain.name], strict=True))
        print(f"{item.name:42} {ratio:11.2f} {min(own):8.2f}")


if __name__ == "__main__":
    sys.exit(main())
