"""The orders of an alert, as they are planned, that open a position or add to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.planning.reservations import Leg
from webhook_core.planning.sources import Sources
from webhook_core.trading.assets import same_asset
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import quotient
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.sent_orders import amended_volume, as_stored


class WantedEntry(NamedTuple):
    """``enters``: it is an order; else what an amendment adds to one."""

    leg: Leg
    instrument: Instrument
    enters: bool = True


def may_open(request: OrderRequest, rules: TradingRules) -> bool:
    """A sale on spot never does."""
    if request.method == "AmendOrder":
        return amended_volume(request) is not None
    if request.method != "AddOrder":
        return False
    passes = rules.exits_ignore_limits and exit_of_request(request) is not None
    return not passes and (request.on_margin or request.side is Side.BUY)


class WantedEntries:
    """``codes``: the currencies that a position is limited in."""

    def __init__(self, sources: Sources, budget: Budget, codes: Sequence[str]) -> None:
        self.sources, self.budget, self.codes = sources, budget, codes

    def _is_priced(self, pair: Instrument, *, in_quote: bool) -> bool:
        """Whether the last price has to be known: for a limit in quote, or a size in it."""
        of_quote = any(same_asset(code, pair.quote) for code in self.codes)
        return bool(self.codes) and (in_quote or of_quote)

    def of(
        self, requests: Iterable[OrderRequest], rules: TradingRules, listed: Iterable[RestingOrder]
    ) -> Iterator[WantedEntry]:
        """``listed``: what an amendment may mean. Raises VenueUnavailable."""
        for number, request in enumerate(requests):
            if not may_open(request, rules):
                continue
            if request.method == "AmendOrder":
                yield from self._added(number, request, listed)
            else:
                yield self._order(number, request)

    def _order(self, number: int, request: OrderRequest) -> WantedEntry:
        pair = self.sources.instrument(request.pair, self.budget)
        draft, last = as_stored(request, pair, None), None
        if self._is_priced(pair, in_quote=request.in_quote):
            last = self.sources.market_price(draft.wanted, pair, self.budget)
            draft = as_stored(request, pair, last)
        volume = request.volume
        if request.in_quote and last:
            volume = quotient(request.volume, last)
        leg = Leg(
            leg=number,
            pair=request.pair,
            side=request.side or Side.BUY,
            volume=volume,
            price=_highest(draft.highest_price, last),
            margin=request.on_margin,
            rests=request.rests or request.leaves_exit,
        )
        return WantedEntry(leg, pair)

    def _added(
        self, number: int, request: OrderRequest, listed: Iterable[RestingOrder]
    ) -> Iterator[WantedEntry]:
        names = (request.named, request.named_by_client)
        for order in listed:
            if order.order_id not in names and order.client_order_id not in names:
                continue
            more = (amended_volume(request) or order.volume) - order.volume
            opens = order.parent is None if order.margin else order.side is Side.BUY
            if more <= 0 or not opens:
                continue
            pair = self.sources.instrument(order.pair, self.budget)
            last = None
            if self._is_priced(pair, in_quote=False):
                last = self.sources.venue.last_price(pair, self.budget)
            price = _highest(order.limit, order.trigger, last)
            leg = Leg(number, pair.key, order.side, more, price, order.margin, rests=True)
            yield WantedEntry(leg, pair, enters=False)


def _highest(*prices: Decimal | None) -> Decimal | None:
    return max((price for price in prices if price is not None), default=None)
