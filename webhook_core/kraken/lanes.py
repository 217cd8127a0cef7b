"""Who may call Kraken next: up to so many sessions side by side, orders before reads.

How many is decided by what Kraken allows: the nonces of a key must rise in the order in which
Kraken receives them, unless the key has a nonce window (docs.kraken.com, spot-rest-auth).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from webhook_core.clock import Budget
from webhook_core.events import event

MOST = 8
KEPT_FOR_ORDERS = 3
"""Where there are several lanes, reads leave so many of them alone: no order waits
until a read has ended."""
REFUSALS_IN_A_ROW = 4
ONE_BY_ONE_FOR_S = 60.0
_LONGEST_WAIT_S = 60.0

SessionT = TypeVar("SessionT")


class Lanes(Generic[SessionT]):
    """Sessions, each in use by one call at a time.

    Safe across threads; no lock is held while one is used.

    ``open_session`` makes one; the one that was used last is used next, so that few connections
    stay warm. ``width``: how many calls may go at a time, ``kept_for_orders``: how many of those
    are not for reads. ``monotonic``: seconds that never go back.
    """

    def __init__(
        self,
        open_session: Callable[[], SessionT],
        width: int = 1,
        *,
        kept_for_orders: int = KEPT_FOR_ORDERS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_session = open_session
        self._kept_for_orders = kept_for_orders
        self._monotonic = monotonic
        self._idle: list[SessionT] = []
        self._changed = threading.Condition()
        self._width = width
        self._busy = self._reading = self._orders_waiting = 0
        self._refused_in_a_row = 0
        self._one_by_one_until = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether a call would have to wait, or go beside another one."""
        return self._busy > 0

    @property
    def idle(self) -> list[SessionT]:
        """Those that no call uses."""
        return list(self._idle)

    def widen(self, width: int) -> None:
        """So many calls at a time from now on."""
        with self._changed:
            self._width = width
            self._changed.notify_all()

    def take(self, budget: Budget, at_least_s: float) -> SessionT | None:
        """A session for one call; None if none became free with ``at_least_s``
        seconds of the budget left.

        A call that needs time which is left over is an order, any other one a read.
        """
        is_order = at_least_s > 0
        with self._changed:
            self._orders_waiting += is_order
            try:
                while not self._may_go(is_order=is_order):
                    seconds = budget.remaining() - at_least_s
                    if seconds <= 0:
                        return None
                    self._changed.wait(min(seconds, self._one_by_one_for() or _LONGEST_WAIT_S))
            finally:
                self._orders_waiting -= is_order
                self._changed.notify_all()
            session = self._idle.pop() if self._idle else self._open_session()
            self._busy += 1
            self._reading += not is_order
            return session

    def give_back(self, session: SessionT, at_least_s: float) -> None:
        """What ``take`` gave for the same ``at_least_s``."""
        with self._changed:
            self._idle.append(session)
            self._busy -= 1
            self._reading -= at_least_s <= 0
            self._changed.notify_all()

    def note_nonce(self, *, refused: bool) -> None:
        """What became of a call's nonce.

        After many refusals in a row calls go one by one for a minute.
        """
        if not refused:
            self._refused_in_a_row = 0
            return
        with self._changed:
            self._refused_in_a_row += 1
            if self._refused_in_a_row < REFUSALS_IN_A_ROW or self._one_by_one_for():
                return
            self._refused_in_a_row = 0
            self._one_by_one_until = self._monotonic() + ONE_BY_ONE_FOR_S
        event(
            logging.WARNING,
            "kraken.one_call_at_a_time",
            seconds=ONE_BY_ONE_FOR_S,
            reason=(
                f"Kraken refused {REFUSALS_IN_A_ROW} nonces in a row: look at the nonce "
                "window of the API key"
            ),
        )

    def _may_go(self, *, is_order: bool) -> bool:
        width = 1 if self._one_by_one_for() else self._width
        if self._busy >= width:
            return False
        if is_order:
            return True
        return not self._orders_waiting and (
            width == 1 or self._reading < width - self._kept_for_orders
        )

    def _one_by_one_for(self) -> float:
        """Seconds until calls may go side by side again; 0 where nothing holds them back."""
        return max(0.0, self._one_by_one_until - self._monotonic())
