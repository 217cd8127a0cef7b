"""What several plans of one delivery need to know of the account, read once for all of them: Kraken
counts the calls of a key (docs.kraken.com, spot-rest-ratelimits).

A read that is some seconds old is one that lags by as much, and every plan holds what it is shown
against the ledger's own orders of now. What is kept of a list, or of a figure, is therefore as true
as the list; these rules keep it no less so:

- within one plan a figure that is asked for again is read again: that is how a plan finds out that
  two reads differ;
- a figure is read again once an order of ours has changed it (``forget_figures``);
- what has closed is read behind what is open, never before: what is filled in between is in no list
  else;
- of an order, and of what it has filled, only what is done is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar, cast

from webhook_core.clock import Budget, Clock
from webhook_core.planning.own_changes import DONE
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill
from webhook_core.trading.venue_trades import TradesPage
from webhook_core.venue import HasItsOwnWords, SaysWhosePricesTheseAre, Venue

FOR_S = 3.0
"""So old a read may be: a delivery takes less."""
_SKEW = timedelta(seconds=60)
"""By so much Kraken's clock may be behind ours."""
_AT_ONCE = 50
"""Orders that one QueryOrders tells of."""
_Read = TypeVar("_Read")


class _Kept(NamedTuple):
    what: Any
    read_at: float


class SharedReads:
    """A Venue over another; what is not shared goes straight through. ``pairs``: those that the
    plans are about, whose prices come from one Ticker. Every read raises VenueUnavailable."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self._venue, self._clock = venue, clock
        self.pairs: Collection[Instrument] = ()
        self._kept: dict[object, _Kept] = {}
        self._asked: set[object] = set()
        self._done: dict[str, Fill] = {}
        self._orders: dict[str, RestingOrder] = {}
        if isinstance(venue, HasItsOwnWords):  # a venue has these, or has not
            self.words_for = venue.words_for
        if isinstance(venue, SaysWhosePricesTheseAre):
            self.priced_by_alerts = venue.priced_by_alerts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def as_venue(self) -> Venue:
        return cast("Venue", self)

    def begin_plan(self) -> None:
        """What is read from now on is for another plan."""
        self._asked.clear()

    def forget_figures(self) -> None:
        """An order of ours has changed what is held."""
        for name in ("balances", "positions"):
            self._kept.pop(name, None)

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        return self._figure("balances", self._venue.balances, budget)

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        return self._figure("positions", self._venue.positions, budget)

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        kept = self._still("open")
        if kept is None:
            self._kept.pop("closed", None)
            kept = self._keep("open", lambda: self._venue.open_orders(budget))
        return cast("tuple[RestingOrder, ...]", kept)

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        kept = self._still("closed")
        if kept is None or kept[0] > since:
            kept = self._keep("closed", lambda: (since, self._venue.orders_closed(since, budget)))
        return tuple(
            order
            for order in kept[1]
            if order.closed_at is None or order.closed_at >= since - _SKEW
        )

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        name = ("trades", since, skip)
        kept = self._still(name)
        if kept is None:
            kept = self._keep(name, lambda: self._venue.trades(since, until, budget, skip))
        return cast("TradesPage", kept)

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        lacking = [name for name in order_ids if name not in self._done]
        found: Mapping[str, Fill] = {}
        if lacking:
            room = max(0, _AT_ONCE - len(lacking))
            beside = [name for name in self._entries() if name not in (*lacking, *self._done)]
            found = self._venue.fills([*lacking, *beside[:room]], budget)
            self._done |= {name: fill for name, fill in found.items() if fill.status in DONE}
        known = {**self._done, **found}
        return {name: known[name] for name in order_ids if name in known}

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        lacking = [name for name in order_ids if name not in self._orders]
        found = self._venue.orders(lacking, budget) if lacking else {}
        self._orders |= {name: one for name, one in found.items() if one.status in DONE}
        known = {**self._orders, **found}
        return {name: known[name] for name in order_ids if name in known}

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        asked = {pair.key for pair in instruments}
        kept = self._still("prices") or {}
        if reference or not asked <= {pair.key for pair in self.pairs}:
            return self._venue.prices(instruments, budget, reference)
        if not asked <= kept.keys():
            beside = (pair for pair in self.pairs if pair.key not in asked)
            every = [*instruments, *beside]
            kept = self._keep("prices", lambda: self._venue.prices(every, budget, {}))
        return {name: kept[name] for name in asked if name in kept}

    def _entries(self) -> list[str]:
        """The orders that other plans will ask for: those that left an exit, or opened a
        position."""
        exits, rows = self._still("open") or (), self._still("positions") or ()
        named = [*(order.parent for order in exits), *(row.order_id for row in rows)]
        return list(dict.fromkeys(name for name in named if name))

    def _figure(self, name: str, read: Callable[[Budget], _Read], budget: Budget) -> _Read:
        kept = None if name in self._asked else self._still(name)
        self._asked.add(name)
        return cast("_Read", kept) if kept is not None else self._keep(name, lambda: read(budget))

    def _still(self, name: object) -> Any:
        kept = self._kept.get(name)
        if kept is None or self._clock.monotonic() - kept.read_at > FOR_S:
            return None
        return kept.what

    def _keep(self, name: object, read: Callable[[], _Read]) -> _Read:
        """As old as its call: what came while it was under way may not be in it."""
        asked_at = self._clock.monotonic()
        what = read()
        self._kept[name] = _Kept(what, asked_at)
        return what
