"""python -m tests.simulation [--kind account] [--seeds N] [--first N] [--seed N]: many seeds, or
one with its story."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.many import run_seeds
from tests.simulation.run import APART, told
from tests.simulation.situation_run import SITUATIONS

EACH_SITUATION = "situations"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, with its story")
    parser.add_argument(
        "--kind", choices=(*APART, EACH_SITUATION), help="these worlds instead of the others"
    )
    asked = parser.parse_args()
    if asked.seed is not None:
        if asked.kind == EACH_SITUATION:
            parser.error("a seed is of one kind")
        result = told(asked.seed, asked.kind)
        print(result.text())
        return 1 if result.violations else 0
    seeds = range(asked.first, asked.first + asked.seeds)
    failed = False
    for kind in SITUATIONS if asked.kind == EACH_SITUATION else (asked.kind,):
        started = time.monotonic()
        summary = run_seeds(seeds, kind)
        named = f"{kind}: " if asked.kind == EACH_SITUATION else ""
        print(f"{named}{summary} in {time.monotonic() - started:.1f} s", flush=True)
        for seed in summary.failed[:1]:
            print(told(seed, kind).text())
        failed = failed or bool(summary.failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
