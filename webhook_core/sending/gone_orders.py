"""What a cancel comes to that finds its order open no more, where an order behind it is to take its
place.

Kraken refuses that cancel alike whether the order has filled or was canceled before
(docs.kraken.com, cancel-order). The order itself tells. What one that has filled was to sell is
gone, so nothing follows it; behind one that a hand has just canceled the position would stay bare.
Where another alert has canceled it, that may place an order of its own: nothing follows it either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.own_changes import DONE
from webhook_core.sending.progress import takes_the_place
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.requests import Accepted, OrderRequest, Outcome, Rejected, Unknown
from webhook_core.trading.rounding import plain
from webhook_core.trading.venue_refusals import Refusal
from webhook_core.value import NamedTuple
from webhook_core.venue import Venue

JUST = timedelta(minutes=2)
NEWEST = 50


class GoneOrders(NamedTuple):
    """``budget``: of one delivery."""

    ledger: Ledger
    venue: Venue
    budget: Budget

    def outcome(
        self, cancel: LedgerEntry, refusal: Rejected, behind: Iterable[OrderRequest]
    ) -> Outcome:
        """``refusal`` where nothing that is to be sent ``behind`` it takes the place of its order,
        or nothing may; else accepted, or unknown while the order shows as open. Raises
        LedgerUnavailable."""
        request = cancel.current.request
        is_gone = request.method == "CancelOrder" and refusal.refusal is Refusal.NO_SUCH_ORDER
        if not is_gone or request.freeing or not any(map(takes_the_place, behind)):
            return refusal
        if self._may_be_of_another(cancel):
            return refusal
        try:
            order = self.venue.order(request.named or "", self.budget)
        except VenueUnavailable as unread:
            return Unknown(unread.message, refusal.errors)
        if order is None or order.status == "closed":
            return refusal
        if order.status not in DONE:
            return Unknown("what became of the order does not show yet", refusal.errors)
        return canceled(order, refusal)

    def _may_be_of_another(self, cancel: LedgerEntry) -> bool:
        """Whether another alert has just canceled it, or may have."""
        page = self.ledger.entries(states=(State.SUBMITTING, State.ACCEPTED), limit=NEWEST)
        since, unit = cancel.current.claimed_at - JUST, cancel.unit
        others = (one for one in page.entries if one.unit != unit.with_leg(one.unit.leg))
        requests = [one.current.request for one in others]
        named = {one.named for one in requests if one.method == "CancelOrder"}
        is_cut = page.cursor is not None and page.entries[-1].claimed_at > since
        return is_cut or cancel.current.request.named in named


def canceled(order: RestingOrder, refusal: Rejected) -> Accepted:
    """Of a cancel whose ``order`` shows that it is canceled, ``refusal``: what Kraken said of the
    cancel, without errors where that is not known."""
    if refusal.refusal is not Refusal.NO_SUCH_ORDER:
        return Accepted(order.order_id, "canceled")
    traded = f", with {plain(order.executed)} of it traded" if order.executed else ""
    told = f"{order.order_id} was open no more: it had been canceled before{traded}"
    return Accepted(order.order_id, "canceled", (told,))
