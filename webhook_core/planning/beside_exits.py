"""What rests beside a strategy's own exits, and would close what they protect as well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decision import Wants
from webhook_core.planning.open_orders import just_canceled
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.own_exits import has_filled
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import Balance, Facts, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import CancelIntent, Intent, NoOrder, OrderIntent
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.requests import Fill, OrderRequest

_ZERO = Decimal(0)


def _is_too_large(wanted: Intent, waiting: Decimal, at_market: Decimal) -> bool:
    """Whether it is a sale of more than that."""
    if not isinstance(wanted, OrderIntent) or wanted.side is not Side.SELL:
        return False
    is_now = wanted.order_type is OrderType.MARKET and wanted.terms.starts is None
    most = at_market if is_now else waiting
    return wanted.quantity_type == "base" and wanted.volume > most


class Resting(NamedTuple):
    """The orders that rest to close a position: of one pair, with leverage or without, on one
    ``side``; ``own``: those of the strategy, else everybody's.

    ``listed``: the open orders as Kraken showed them; ``canceled``: those that the alert cancels;
    ``fills``: what is known of fills beside the ledger, by order id. ``before``: what legs of the
    alert before send.
    """

    sources: Sources
    wants: Wants
    budget: Budget
    instrument: Instrument
    margin: bool
    side: Side
    own: bool
    listed: Sequence[RestingOrder]
    canceled: Sequence[RestingOrder]
    fills: Mapping[str, Fill]
    before: Sequence[OrderRequest]

    def may_change(self, most: tuple[Decimal, Decimal] | None) -> bool:
        """Whether the alert has more than one leg that trades what the pair does, or may change an
        order that rests there, and not each closes: those are counted one behind the other.
        ``most``: of the base on spot, by what waits for its price and at the market; a sale of more
        Kraken won't take, whatever is set free for a close."""
        legs = [one for one in self.wants.intents if not isinstance(one, CancelIntent | NoOrder)]
        legs = [one for one in legs if most is None or not _is_too_large(one, *most)]
        trading = [one.symbol for one in legs]
        if len(trading) < 2 or all(getattr(one, "action", "") == "close" for one in legs):
            return False
        pairs = [
            self.sources.instrument(symbol, self.budget) if symbol else self.instrument
            for symbol in trading
        ]
        return [pair.base for pair in pairs].count(self.instrument.base) > 1

    def closing(self, but: Collection[RestingOrder] = ()) -> Decimal:
        """How much they would trade, ``but`` for these, and for what the alert cancels. One that
        Kraken's list may lack counts for all that it is not known to have filled. Raises
        LedgerUnavailable, NotItsTurn."""
        gone = {order.order_id for order in (*but, *self.canceled)}
        here = [one for one in self.listed if self._is_one(one) and one.order_id not in gone]
        here = [one for one in here if not has_filled(one, self.fills)]
        seen = gone | {order.order_id for order in self.listed}
        seen |= {plain_client_order_id(order.client_order_id or "") for order in self.listed}
        left = (order.left for order in (self._of_strategy(here) if self.own else here))
        return sum((*left, *self._unlisted(seen)), _ZERO)

    def closed_before(self) -> Decimal:
        """What the legs before close of it, or let rest to close it."""
        here = (self.instrument.key, self.margin, self.side)
        orders = (one for one in self.before if one.method == "AddOrder" and not one.waits)
        of_it = (one for one in orders if (one.pair, one.on_margin, one.side) == here)
        return sum((one.volume for one in of_it), _ZERO)

    def _is_one(self, order: RestingOrder) -> bool:
        names = (self.instrument.altname, self.instrument.key)
        return order.pair in names and (order.margin, order.side) == (self.margin, self.side)

    def _of_strategy(self, orders: Sequence[RestingOrder]) -> list[RestingOrder]:
        own = self.sources.own_orders.of_orders({one.parent or one.order_id for one in orders})
        owners: dict[str | None, str | None] = {one.current.order_id: one.strategy for one in own}
        for order in orders:
            name = order.parent or order.order_id
            bought = None if name in owners else self.sources.bought_by_purged(order)
            owners.setdefault(name, None if bought is None else bought.strategy)
        return [one for one in orders if owners[one.parent or one.order_id] == self.wants.strategy]

    def _unlisted(self, seen: Collection[str]) -> Iterator[Decimal]:
        own = self.sources.own_orders
        maybe = [entry for entry in own.maybe_open() if self._may_be_one(entry)]
        gone = just_canceled(own).done if maybe else ()
        for entry in maybe:
            order_id, name = entry.current.order_id or "", entry.current.client_order_id
            if order_id in gone or order_id in seen or plain_client_order_id(name) in seen:
                continue
            fill = self.fills.get(order_id, entry.current.fill)
            if fill is None or fill.status not in DONE:
                yield entry.current.request.volume - (_ZERO if fill is None else fill.volume)

    def _may_be_one(self, entry: LedgerEntry) -> bool:
        request = entry.current.request
        if self.own and entry.strategy != self.wants.strategy:
            return False
        is_here = (request.pair, request.on_margin) == (self.instrument.key, self.margin)
        is_other = entry.unit != self.wants.refused
        return is_other and is_here and request.rests and request.side is self.side


def free_with(canceled: Sequence[RestingOrder], facts: Facts, pair: Instrument) -> Decimal:
    """How much of the base Kraken lets be sold on spot once these are canceled."""
    sales = (one for one in canceled if one.side is Side.SELL and not one.margin)
    free = (facts.balances or {}).get(pair.base, Balance(_ZERO)).free
    return sum((one.left for one in sales), free)


def taken(volumes: Iterable[Decimal], there: Decimal | None) -> Decimal:
    """What sales of these, one behind the other, come to: Kraken takes none of more than is
    ``there`` by then. None: as much as they are for."""
    sold = _ZERO
    for volume in volumes:
        if there is None or sold + volume <= there:
            sold += volume
    return sold
