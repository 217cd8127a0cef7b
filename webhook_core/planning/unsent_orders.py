"""Orders that a cancel means although they were never sent: a resend of their alert
may place them yet.

- An alert that is named is withdrawn: what was not sent of it is denied, whatever kind of order.
- By pair, scope or client order id an order that would rest is withdrawn. One at the market is no
  open order, and so none that is meant.
- Then whether an alert that was never planned is meant can't be told, and a leg that is left can't
  be taken out of its alert: the cancel waits until a resend has claimed it, or it is too old.

The denial is a compare-and-set in the ledger, so either it or the attempt of a resend comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webhook_core.ledger import transitions
from webhook_core.ledger.contract import later_legs
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decision import Unsent
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import CancelIntent
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.requests import OrderRequest

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

WITHDRAWN = "the order was not sent yet, and will not be"
REASON = "Canceled before it was sent, so no resend places it."
_MOST = 100
_UNSENT = (State.NOT_SENT, State.MISSED)
_ENDED = (State.REJECTED, State.NOT_PLACED, State.EXPIRED, State.DENIED)


class UnsentOrders:
    """For one cancel. ``instrument``: that of its symbol, if it has one."""

    def __init__(
        self, sources: Sources, intent: CancelIntent, instrument: Instrument | None
    ) -> None:
        self.sources, self.intent, self.instrument = sources, intent, instrument
        self.now: datetime = sources.clock.now()
        self._page: Sequence[LedgerEntry] = ()

    def read(self) -> None:
        """Comes before the orders that may be open are read: what is not among these then is among
        those, or is looked at again. Raises LedgerUnavailable."""
        page = self.sources.ledger.entries(states=(*_UNSENT, State.SUBMITTING), limit=_MOST)
        self._page = page.entries

    def of_alert(self, entries: Sequence[LedgerEntry]) -> Unsent:
        """``entries``: the legs of the alert that is named, leg 0 first."""
        if not entries or self.now > entries[0].fresh_until:
            return Unsent()
        unsent = [
            entry for entry in entries if entry.state is State.MISSED or _is_order_unsent(entry)
        ]
        if unsent:  # which stops the legs behind it
            return Unsent(tuple(map(self._denied, unsent)))
        return Unsent(left=tuple(entries[:1]) if any(map(_is_order, _unclaimed(entries))) else ())

    def of_all(
        self, strategy: str | None, pairs: Iterable[str] | None, live: Iterable[LedgerEntry]
    ) -> Unsent:
        """Those of ``strategy``, None for all, in ``pairs``, None for every pair. ``live``: orders
        that may be open, of whose alerts a leg may be left. Raises LedgerUnavailable."""
        own, live = self.sources.own_orders, list(live)
        fresh = [
            entry for entry in self._page if own.is_ours(entry) and self.now <= entry.fresh_until
        ]
        units = {entry.unit for entry in live}
        fresh = [self._as_of_now(entry) if entry.unit not in units else entry for entry in fresh]
        if strategy is not None:
            fresh = [entry for entry in fresh if entry.strategy == strategy]
        allowed = None if pairs is None else set(pairs)
        sent = [entry for entry in fresh if _is_order_unsent(entry) and self._is_open_order(entry)]
        sent = [entry for entry in sent if allowed is None or entry.current.request.pair in allowed]
        if self.intent.client_order_id is not None:
            return Unsent(tuple(map(self._denied, sent)))
        missed = [
            entry for entry in fresh if entry.state is State.MISSED and self._may_be_of_pair(entry)
        ]
        behind = [first for first in live if self._has_one_behind(first)]
        return Unsent(tuple(map(self._denied, sent)), awaited=(*missed, *behind))

    def _as_of_now(self, entry: LedgerEntry) -> LedgerEntry:
        """One whose outcome was unknown, and that has come to no order since."""
        return entry if entry.state in _UNSENT else self.sources.ledger.find(entry.unit) or entry

    def _is_open_order(self, entry: LedgerEntry) -> bool:
        wanted = self.intent.client_order_id
        if wanted is None:
            return self._matches(entry.current.request) and entry.current.request.rests
        ids = {plain_client_order_id(attempt.client_order_id) for attempt in entry.attempts}
        return self._matches(entry.current.request) and plain_client_order_id(wanted) in ids

    def _has_one_behind(self, first: LedgerEntry) -> bool:
        if not first.following or self.now > first.fresh_until:
            return False
        left = _unclaimed([first, *later_legs(self.sources.ledger, first)])
        return any(self._matches(request) and request.rests for request in left)

    def _denied(self, entry: LedgerEntry) -> LedgerEntry:
        if entry.state is State.MISSED:
            return transitions.denied_unclaimed(entry, self.now, REASON)
        return transitions.next_denied(entry, self.now, REASON)

    def _matches(self, request: OrderRequest) -> bool:
        if not _is_order(request):
            return False
        side, pair = self.intent.side, self.instrument
        return side in (None, request.side) and (pair is None or request.pair == pair.key)

    def _may_be_of_pair(self, missed: LedgerEntry) -> bool:
        if self.instrument is None:
            return True
        pair = self.sources.pair_rules.current().find(missed.current.request.symbol)
        return pair is None or pair.key == self.instrument.key


def _is_order(request: OrderRequest) -> bool:
    return request.method == "AddOrder"


def _is_order_unsent(entry: LedgerEntry) -> bool:
    return entry.state is State.NOT_SENT and _is_order(entry.current.request)


def _unclaimed(entries: Sequence[LedgerEntry]) -> Sequence[OrderRequest]:
    """Of the legs that a resend may claim yet."""
    first = entries[0]
    orders = (entry for entry in entries if _is_order(entry.current.request))
    if not first.independent and any(entry.state in _ENDED for entry in orders):
        return ()
    return first.following[len(entries) - 1 :]
