"""What an accepted order has traded: asked for in the same request where the alert wants to know, else by reconcile."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.events import event, timed
from webhook_core.ledger import entry as transitions
from webhook_core.ledger.entry import Attempt, LedgerEntry
from webhook_core.ledger.unfinished import unfinished
from webhook_core.ports import Budget, Clock, Ledger, Recorded, Venue
from webhook_core.trading.orders import Fill
from webhook_core.trading.rounding import plain

PAUSES_S = (0.0, 0.2, 0.3, 0.45, 0.65, 0.9, 1.2)
"""Before each question: Kraken's list may need a second or two to show an order as closed, and a key has few calls."""
KEPT_FOR_THE_ANSWER_S = 0.1
KEPT_FOR_A_READ_S = 0.2
MOST_ASKED = 200
"""By one reconcile: four QueryOrders."""


def shown(attempt: Attempt) -> dict[str, str | None] | None:
    """What an order filled, as plain decimal strings; None if nobody has asked. ``slippage`` is how much worse than the
    alert's price it traded, in quote per base; below zero it was better."""
    request, fill = attempt.request, attempt.fill
    if fill is None:
        return None
    asked = request.reference_price
    for sent in (request.parameters.get(name, "") for name in ("price2", "price")):
        if sent[:1].isdigit() and not sent.endswith("%"):
            asked = Decimal(sent)
            break
    slippage = None
    if fill.price is not None and asked is not None:
        slippage = fill.price - asked if request.parameters.get("type") == "buy" else asked - fill.price
    amounts = {"volume": fill.volume, "price": fill.price, "cost": fill.cost, "fee": fill.fee, "slippage": slippage}
    return {"status": fill.status, **{name: None if value is None else plain(value) for name, value in amounts.items()}}


@dataclass(slots=True, eq=False, repr=False)
class Fills:
    """Nothing here changes what an order came to; a read or a write that fails leaves it for the next reconcile. ``margin`` is
    how far Kraken's reads may lag its engine."""

    ledger: Ledger
    venue: Venue
    clock: Clock
    margin: timedelta

    @timed("confirm")
    def confirmed(self, entries: Sequence[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        """The entries with what they have filled, as far as the budget lets Kraken show it."""
        found = list(entries)
        for pause in PAUSES_S:
            left = budget.remaining() - KEPT_FOR_THE_ANSWER_S - (KEPT_FOR_A_READ_S if pause else 0)
            if not any(map(_is_awaited, found)) or left <= 0:
                break
            self.clock.sleep(min(pause, left))
            found = self._asked(found, budget.less(KEPT_FOR_THE_ANSWER_S))
        return found

    def fill_in(self, entries: Sequence[LedgerEntry], budget: Budget) -> int:
        """What those have filled that are not known to be done; how many of them Kraken told something new of. Raises
        VenueUnavailable."""
        wanted = [entry for entry in entries if unfinished(entry)][:MOST_ASKED]
        after = self.asked(wanted, budget) if wanted else []
        return sum(one is not two for one, two in zip(wanted, after, strict=True))

    def asked(self, entries: Sequence[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        """The same entries, the unfinished ones with what they have filled by now. Raises VenueUnavailable."""
        ids = [entry.current.order_id or "" for entry in entries if unfinished(entry)]
        fills = self.venue.fills(ids, budget)
        return [self._with(entry, fills) for entry in entries]

    def _asked(self, entries: list[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        try:
            return self.asked(entries, budget)
        except VenueUnavailable as error:
            event(logging.WARNING, "fill.not_read", reason=error.message)
            return entries

    def _with(self, entry: LedgerEntry, fills: Mapping[str, Fill]) -> LedgerEntry:
        fill = fills.get(entry.current.order_id or "")
        return entry if fill is None else self.keep(entry, fill)

    def keep(self, entry: LedgerEntry, fill: Fill) -> LedgerEntry:
        """The entry with what it has filled, in the ledger too if that can be written now."""
        close_unseen = self._lacks_its_close(entry.current, fill)
        if (fill, close_unseen) == (entry.current.fill, entry.current.close_unseen):
            return entry
        known = transitions.filled(entry, fill, close_unseen=close_unseen)
        try:
            written = self.ledger.record(known)
        except LedgerUnavailable as error:
            event(logging.WARNING, "fill.not_recorded", reason=error.message, alert_id=entry.alert_id)
            return known
        event(logging.INFO, "order.filled", alert_id=entry.alert_id, order_id=entry.current.order_id, **fill._asdict())
        return written.entry if isinstance(written, Recorded) else known

    def _lacks_its_close(self, attempt: Attempt, fill: Fill) -> bool:
        """Whether Kraken's lists may lack the conditional close of what it has filled. One at the market left it when it was
        placed, so that its age says it."""
        sent = attempt.request.parameters
        if sent.get("ordertype") == "market" or "close[ordertype]" not in sent or not fill.volume:
            return False
        return fill.closed_at is not None and fill.closed_at + self.margin > self.clock.now()


def _is_awaited(entry: LedgerEntry) -> bool:
    return unfinished(entry) is not None and not entry.current.close_unseen
