"""The key that signs, and where a newer one comes from when Kraken refuses it."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from webhook_core.clock import Budget
from webhook_core.errors import NotConfigured
from webhook_core.events import event
from webhook_core.value import Value

READ_AGAIN_AFTER_S = 60.0
LONGEST_READ_S = 1.5
SHORTEST_READ_S = 0.1
"""With less of the budget left nothing is read, and the minute does not begin."""


class KrakenKey(Value):
    """A key and its secret, both hidden from every repr."""

    __slots__ = ("key", "secret")
    hidden = frozenset({"key", "secret"})

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self.secret = secret


class RenewedKey:
    """Reads the key again, at most once a minute however many orders it is refused for.

    ``read``: the key as it stands under its names now, within so many seconds.
    Raises NotConfigured.
    """

    def __init__(self, key: KrakenKey, read: Callable[[float], KrakenKey]) -> None:
        self._newest = key
        self._read = read
        self._lock = threading.Lock()
        self._not_before = -math.inf

    def instead_of(self, refused: KrakenKey, budget: Budget) -> KrakenKey | None:
        """Another key than the one that Kraken refused; None if there is none, or
        none was read in time."""
        if not self._lock.acquire(timeout=budget.remaining()):
            return None
        try:
            if self._newest == refused:
                self._read_again(budget)
            return None if self._newest == refused else self._newest
        finally:
            self._lock.release()

    def _read_again(self, budget: Budget) -> None:
        now, seconds = budget.clock.monotonic(), min(LONGEST_READ_S, budget.remaining())
        if now < self._not_before or seconds < SHORTEST_READ_S:
            return
        self._not_before = now + READ_AGAIN_AFTER_S
        try:
            newest = self._read(seconds)
        except NotConfigured as error:
            event(logging.ERROR, "kraken.key_not_read_again", faults=list(error.faults))
            return
        changed = newest != self._newest
        self._newest = newest
        event(logging.WARNING, "kraken.key_read_again", changed=changed)
