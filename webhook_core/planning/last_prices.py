"""Whether the last price has crossed what rests, so that it must have filled though a list that is
late shows it as open."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import NoPrice
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources


class LastPrices:
    """Of one plan, each pair's read once."""

    def __init__(self, sources: Sources, budget: Budget) -> None:
        self._sources, self._budget = sources, budget
        self._last: dict[str, Decimal | None] = {}

    def has_crossed(self, order: RestingOrder, pair: Instrument) -> bool:
        """On paper a price is the alert's own, which the book hears with the order: no. Raises
        VenueUnavailable."""
        if self._sources.mode == "paper" or (order.limit is None and order.fires_at is None):
            return False
        last = self._of(pair)
        if last is None:
            return False
        return _is_beyond_limit(order, last) and _is_fired(order, last)

    def _of(self, pair: Instrument) -> Decimal | None:
        """None where Kraken has none: that what rests there has filled is then for the figures to
        say. It is no reason against an order of another pair."""
        if pair.key not in self._last:
            try:
                found = self._sources.venue.prices([pair], self._budget, {})
            except NoPrice:
                found = {}
            self._last[pair.key] = found.get(pair.key)
        return self._last[pair.key]


def _is_beyond_limit(order: RestingOrder, last: Decimal) -> bool:
    if order.limit is None:
        return True
    return last < order.limit if order.side is Side.BUY else last > order.limit


def _is_fired(order: RestingOrder, last: Decimal) -> bool:
    if order.fires_at is None:
        return True
    upwards = (order.side is Side.BUY) != order.order_type.startswith("take-profit")
    return last >= order.fires_at if upwards else last <= order.fires_at
