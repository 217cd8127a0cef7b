"""python -m tests.simulation [--kind account] [--seeds N] [--first N] [--seed N]: many seeds, or
one with its story."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.many import run_seeds
from tests.simulation.run import APART, told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, with its story")
    parser.add_argument("--kind", choices=APART, help="these worlds instead of the others")
    asked = parser.parse_args()
    if asked.seed is not None:
        result = told(asked.seed, asked.kind)
        print(result.text())
        return 1 if result.violations else 0
    started = time.monotonic()
    summary = run_seeds(range(asked.first, asked.first + asked.seeds), asked.kind)
    print(f"{summary} in {time.monotonic() - started:.1f} s")
    for seed in summary.failed[:1]:
        print(told(seed, asked.kind).text())
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
