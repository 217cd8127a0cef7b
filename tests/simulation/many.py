"""Seeds by the thousand, over every core."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from tests.simulation.run import simulate

CHUNK = 50


@dataclass(frozen=True, slots=True)
class Summary:
    seeds: int
    failed: tuple[int, ...]
    orders: int
    deliveries: int

    def __str__(self) -> str:
        text = f"{self.seeds} seeds, {self.deliveries} deliveries, {self.orders} orders"
        return (
            f"{text}; FAILED: {', '.join(map(str, self.failed[:20]))}"
            if self.failed
            else f"{text}, nothing violated"
        )


def run_seeds(seeds: range, kind: str | None = None) -> Summary:
    """Every seed once. The order in which the cores take them changes nothing."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with get_context("spawn").Pool(min(len(chunks), os.cpu_count() or 1)) as pool:
        done = pool.map(partial(_chunk, kind), chunks, chunksize=1)
    return Summary(
        len(seeds),
        tuple(sorted(seed for failed, _, _ in done for seed in failed)),
        sum(orders for _, orders, _ in done),
        sum(deliveries for _, _, deliveries in done),
    )


def _chunk(kind: str | None, seeds: range) -> tuple[list[int], int, int]:
    results = [simulate(seed, kind) for seed in seeds]
    failed = [result.seed for result in results if result.violations]
    return (
        failed,
        sum(result.orders for result in results),
        sum(result.deliveries for result in results),
    )
