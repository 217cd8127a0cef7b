"""python -m tests.walk [--walks N] [--first N] [--seed N [--steps 3,7,8]]: many
walks, or one with its story."""

from __future__ import annotations

import argparse
import sys
import time

from tests.walk.run import STEPS, shrunk, walk

SHRUNK = 3
"""Of the walks that failed so many are told."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__)
    parser.add_argument("--walks", type=int, default=250, help="how many walks")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first")
    parser.add_argument("--seed", type=int, help="this one alone, with its story")
    parser.add_argument("--steps", help="of it these steps alone")
    asked = parser.parse_args()
    if asked.seed is not None:
        steps = [int(number) for number in asked.steps.split(",")] if asked.steps else range(STEPS)
        done = walk(asked.seed, steps)
        print(done.text())
        return 1 if done.wrong else 0
    started, walks = (
        time.monotonic(),
        [walk(seed) for seed in range(asked.first, asked.first + asked.walks)],
    )
    failed = [done for done in walks if done.wrong]
    steps = sum(done.taken for done in walks)
    late = sum(done.late for done in walks)
    print(
        f"{len(walks)} walks, {steps} steps, {late} late, {len(failed)} failed, in "
        f"{time.monotonic() - started:.1f} s"
    )
    for done in failed:
        print(f"  seed {done.seed}: {done.wrong}")
    for done in failed[:SHRUNK]:
        print(shrunk(done).text())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
