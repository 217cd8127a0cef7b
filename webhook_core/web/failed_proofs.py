"""Counts failed proofs per address, so that guessing a token gets slower answers to nothing.

Alerts that prove their sender never count and are never refused: all of TradingView shares four addresses.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

WINDOW_S = 60.0
MOST_ADDRESSES = 4096


class FailedProofs:
    """Per instance and in memory: a forger who meets many instances is slowed by each."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def too_many(self, address: str, now: float) -> bool:
        """Count one more failure at monotonic second ``now``; whether the last minute holds more than the limit."""
        with self._lock:
            failures = self._failures.setdefault(address, deque(maxlen=self.per_minute + 1))
            self._failures.move_to_end(address)
            failures.append(now)
            while len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)
            return len(failures) > self.per_minute and now - failures[0] < WINDOW_S
