"""python -m tests.fuzz [--requests N] [--seed N] [--processes N] [--broken NAME]

Requests by structure, each with its checks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.fuzz.breaks import BREAKS
from tests.fuzz.run import MOST_GROWTH_MIB, ROUND, Found
from tests.fuzz.shares import one_share
from tests.fuzz.watch import Tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="the first round's")
    parser.add_argument("--round", type=int, default=ROUND, help="requests to one function")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--broken", choices=[*BREAKS], help="with this mistake in the function")
    asked = parser.parse_args()
    firsts = range(0, asked.requests, asked.round)
    rounds = [
        (asked.seed + number, min(asked.round, asked.requests - first))
        for number, first in enumerate(firsts)
    ]
    shares = [share for n in range(asked.processes) if (share := rounds[n :: asked.processes])]
    began = time.monotonic()
    if len(shares) == 1:
        results = [one_share(asked.broken, shares[0])]
    else:
        spawned = multiprocessing.get_context("spawn")  # one that dies is an error, not a wait
        with ProcessPoolExecutor(len(shares), mp_context=spawned) as pool:
            results = list(pool.map(partial(one_share, asked.broken), shares))
    return told(results, time.monotonic() - began)


def told(results: list[tuple[Tally, list[Found], float]], seconds: float) -> int:
    tally = Tally()
    for each, _, _ in results:
        tally.merge(each)
    growth = max(grown for _, _, grown in results)
    print(f"{tally.requests} requests in {seconds:.1f} s, {tally.sent} calls that trade,")
    print(f"slowest {tally.slowest_s * 1000:.0f} ms of CPU, memory grew by {growth:.1f} MiB")
    for name, counts in (("answers", tally.codes), ("proofs", tally.proofs)):
        print(f"{name}: {', '.join(f'{key} {count}' for key, count in sorted(counts.items()))}")
    found = [one for _, each, _ in results for one in each]
    for one in found:
        print(one.text())
    if growth > MOST_GROWTH_MIB:
        print(f"memory is not flat: at most {MOST_GROWTH_MIB} MiB are allowed")
    return 1 if found or growth > MOST_GROWTH_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
