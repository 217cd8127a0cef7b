"""Counts failed proofs per address, so that a flood of forgeries costs little and is told in few
lines.

It makes no guess slower: the right token passes at any moment, whatever came before it from the
same address, for all of TradingView shares four. What keeps a token from being guessed is its
length.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from webhook_core.value import NamedTuple

WINDOW_S = 60.0
MOST_ADDRESSES = 4096
MOST_TIMES = 2**18
"""Kept at most, of all addresses together: some ten megabytes."""


class FailedProof(NamedTuple):
    """``to_tell``: how many were too many since that was last told, 0 while it is not time to."""

    too_many: bool
    to_tell: int = 0


class _Address:
    __slots__ = ("times", "told_at", "untold")

    def __init__(self, most: int) -> None:
        self.times: deque[float] = deque(maxlen=most)
        self.told_at = float("-inf")
        self.untold = 0


class FailedProofs:
    """Per instance and in memory: a forger who meets many instances is counted by each."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self.times = 0
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def addresses(self) -> int:
        return len(self._addresses)

    def another(self, address: str, now: float) -> FailedProof:
        """Count one more at monotonic second ``now``; too many: the last minute holds more than the
        limit."""
        with self._lock:
            found = self._addresses.get(address)
            if found is None:
                found = self._addresses[address] = _Address(self.per_minute + 1)
            self._addresses.move_to_end(address)
            self.times += len(found.times) <= self.per_minute
            found.times.append(now)
            self._forget_the_oldest()
            if len(found.times) <= self.per_minute or now - found.times[0] >= WINDOW_S:
                return FailedProof(too_many=False)
            return FailedProof(too_many=True, to_tell=_to_tell(found, now))

    def _forget_the_oldest(self) -> None:
        while self.addresses > MOST_ADDRESSES or self.times > MOST_TIMES:
            _, forgotten = self._addresses.popitem(last=False)
            self.times -= len(forgotten.times)


def _to_tell(found: _Address, now: float) -> int:
    found.untold += 1
    if now - found.told_at < WINDOW_S:
        return 0
    found.told_at, untold, found.untold = now, found.untold, 0
    return untold
