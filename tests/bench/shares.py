"""What CPU seconds come to on the shares of a CPU that Google gives by memory, stage by stage."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

STAGES = ("start", "import", "secrets", "ledger", "plan", "Kraken")
SHARES = {"1 CPU": 1.0, "1 GiB": 0.583, "512 MiB": 0.333, "256 MiB": 0.167, "128 MiB": 0.083}
"""Of one CPU: --cpu=1, and what a size gets without --cpu
(docs.cloud.google.com/functions/docs/configuring/memory)."""
TRADINGVIEW_WAITS_S = 3.0
_NOTE = (
    "! = TradingView has hung up. CPU of one process; gunicorn, Kraken's time and Firestore's "
    "come on top."
)
_CORNER = "first alert: CPU ms by stage; seconds by size"


def on_share(cpu_s: float, share: float) -> float:
    """Seconds that so much work takes there: the share is all that it gets, however
    many threads it has."""
    if not 0 < share <= 1:
        raise ValueError("share: more than 0 of a CPU, and 1 at most")
    return cpu_s / share


def typical(starts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """CPU seconds by stage: of each stage the median over several starts; 0
    where a stage never came."""
    return {stage: statistics.median(start.get(stage, 0.0) for start in starts) for stage in STAGES}


def on_sizes(stages: Mapping[str, float]) -> dict[str, float]:
    """Seconds that all stages together take, by size."""
    return {name: on_share(sum(stages.values()), share) for name, share in SHARES.items()}


def table(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines of text, one for each set of ``rows``; a time that TradingView does not
    wait for is marked."""
    width = max(len(_CORNER), *map(len, rows)) + 1
    head = "".join(f"{name:>9}" for name in (*STAGES, "CPU ms", *SHARES))
    lines = [f"{_CORNER:<{width}}{head}"]
    for name, stages in rows.items():
        milliseconds = [stages[stage] * 1000 for stage in STAGES]
        cells = [f"{part:>9.0f}" for part in (*milliseconds, sum(milliseconds))]
        cells += [
            f"{seconds:>7.2f} {'!' if seconds >= TRADINGVIEW_WAITS_S else 's'}"
            for seconds in on_sizes(stages).values()
        ]
        lines.append(f"{name:<{width}}{''.join(cells)}")
    return [*lines, _NOTE]
