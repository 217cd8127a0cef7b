"""Whether the last price has crossed what rests, so that it must have filled though a list that is
late shows it as open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.planning.own_changes import NEAR
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.prices import estimate, parsed

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

Beside = Callable[[], Iterable[tuple[RestingOrder, Instrument]]]


class LastPrices:
    """Of one plan, each pair's read once. ``beside``: what may be asked about too, each with its
    pair, so that all last prices, and the entries of all exits at a distance, are read at once."""

    def __init__(self, sources: Sources, budget: Budget, beside: Beside) -> None:
        self._sources, self._budget, self._beside = sources, budget, beside
        self._last: dict[str, Decimal | None] = {}
        self._entered: dict[str, Decimal | None] = {}

    def has_crossed(self, order: RestingOrder, pair: Instrument, *, estimated: bool = True) -> bool:
        """On paper a price is the alert's own, which the book hears with the order: no.

        ``estimated``: the distance of an exit counts from the price of its entry, which is that of
        its last trade but for what several trades differ by. Raises VenueUnavailable.
        """
        if self._sources.mode == "paper":
            return False
        if order.is_scheduled(self._sources.clock.now() + NEAR):
            return False
        if estimated and _is_at_a_distance(order):
            order = self._estimated(order)
        if (order.limit if _has_no_trigger(order) else order.fires_at) is None:
            return False
        last = self._of(pair)
        if last is None:
            return False
        return _is_beyond_limit(order, last) and _is_fired(order, last)

    def _estimated(self, order: RestingOrder) -> RestingOrder:
        """With its prices for its distances, where it is the exit of an entry whose price Kraken
        shows."""
        if order.parent not in self._entered:
            self._ask_for_entries(order)
        entered = self._entered[order.parent or ""]
        first, second = (estimate(parsed(one), entered) if one else None for one in order.offsets)
        if _has_no_trigger(order):
            return order._replace(limit=first)
        return order._replace(fires_at=first or order.fires_at, limit=second or order.limit)

    def _ask_for_entries(self, order: RestingOrder) -> None:
        distant = (one for one, _ in self._beside() if _is_at_a_distance(one))
        parents = list(dict.fromkeys(one.parent or "" for one in (order, *distant)))
        fills = self._sources.venue.fills(parents, self._budget)
        found = {name: fills.get(name) for name in parents}
        self._entered |= {name: fill and fill.price for name, fill in found.items()}

    def _of(self, pair: Instrument) -> Decimal | None:
        """None where Kraken has none: that what rests there has filled is then for the figures to
        say. It is no reason against an order of another pair."""
        if pair.key not in self._last:
            others = (one for _, one in self._beside() if one.key not in self._last)
            asked = list(dict.fromkeys((pair, *others)))
            try:
                found = self._sources.venue.prices(asked, self._budget, {})
            except NoPrice:  # of this one; the others are asked for again
                found, asked = {}, [pair]
            self._last |= {one.key: found.get(one.key) for one in asked}
        return self._last[pair.key]


def is_in_the_book(order: RestingOrder, sources: Sources, budget: Budget) -> bool:
    """Whether an order that is shown as open, and has traded nothing, may be: one at a limit is
    itself a bid or an ask, so that the best of those is as good. True where Kraken shows neither
    now."""
    if order.limit is None or order.executed or order.status != "open":
        return True
    pair = sources.known_pairs(budget)(order.pair) if _has_no_trigger(order) else None
    if pair is None:
        return True
    try:
        book = sources.venue.book(pair, budget)
    except VenueUnavailable:
        return True
    if book is None:
        return True
    bid, ask = book
    return bid >= order.limit if order.side is Side.BUY else ask <= order.limit


def _has_no_trigger(order: RestingOrder) -> bool:
    return order.order_type in ("limit", "iceberg")


def _is_at_a_distance(order: RestingOrder) -> bool:
    """From a price of then; of a trail, whose trigger moves, Kraken shows where that stands."""
    trails = order.order_type.startswith("trailing-stop")
    return bool(order.parent and any(order.offsets) and not order.by_index and not trails)


def _is_beyond_limit(order: RestingOrder, last: Decimal) -> bool:
    if order.limit is None:
        return True
    return last < order.limit if order.side is Side.BUY else last > order.limit


def _is_fired(order: RestingOrder, last: Decimal) -> bool:
    if order.fires_at is None:
        return True
    upwards = (order.side is Side.BUY) != order.order_type.startswith("take-profit")
    return last >= order.fires_at if upwards else last <= order.fires_at
