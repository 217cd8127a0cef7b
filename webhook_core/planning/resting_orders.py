"""What our orders in the book have filled by now, however long they have rested there.

One that fills while the balances lag is in no figure yet. So Kraken is asked before it is asked for
the figures, which then have in them what was found: a read that is made later is as new at least.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.fill_records import keep_fill
from webhook_core.ledger.unfinished import is_final
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.own_changes import InstrumentOf
    from webhook_core.planning.sources import Sources

AT_ONCE = 50
"""One QueryOrders tells of as many; of more the list of open orders tells which have gone."""
KEPT_TO_SEND_S = 1.6
"""What is found is written down only in time that the order does not need."""


class RestingOrders:
    """``keeps``: what is found goes into the ledger, so that the next plan need not ask again."""

    def __init__(self, sources: Sources, instrument_of: InstrumentOf, *, keeps: bool) -> None:
        self._sources, self._instrument_of, self._keeps = sources, instrument_of, keeps

    def fills(self, figures: Collection[str] | None, budget: Budget) -> Mapping[str, Fill]:
        """By order id, of those that can change one of these figures, or (None) any balance. One
        that Kraken does not show is left out. Raises VenueUnavailable, LedgerUnavailable,
        NotItsTurn."""
        if figures is not None and not figures:
            return {}
        resting = self._sources.own_orders.resting(figures, self._instrument_of)
        if len(resting) > AT_ONCE:
            resting = self._changed(resting, budget)
        found: dict[str, Fill] = {}
        for start in range(0, len(resting), AT_ONCE):
            asked = resting[start : start + AT_ONCE]
            fills = self._sources.venue.fills(
                [entry.current.order_id or "" for entry in asked], budget
            )
            found |= fills
            self._keep(asked, fills, budget)
        return found

    def _changed(self, resting: Sequence[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        """Those that are in the book no more, or have filled more than the ledger knows."""
        executed = {
            order.order_id: order.executed for order in self._sources.venue.open_orders(budget)
        }
        changed = []
        for entry in resting:
            fill = entry.current.fill
            known = fill.volume if fill is not None else 0
            if executed.get(entry.current.order_id or "") != known:
                changed.append(entry)
        return changed

    def _keep(
        self, asked: Sequence[LedgerEntry], fills: Mapping[str, Fill], budget: Budget
    ) -> None:
        sources = self._sources
        for entry in asked:
            if not self._keeps or budget.remaining() < KEPT_TO_SEND_S:
                return
            fill = fills.get(entry.current.order_id or "")
            if fill is not None and (fill.volume or is_final(fill)):
                keep_fill(sources.ledger, entry, fill, sources.clock.now(), sources.read_lag)
