"""What a strategy's own exits hold, set free for an exit that needs it.

An entry with a take profit or stop loss leaves an order at Kraken that holds what was bought
(docs.kraken.com, add-order, ``close``): a sale of it is refused, and a margin order that closes the
position would leave one behind that opens another. So that order is canceled first, as a leg of its
own, and what the sale leaves of it gets its stop back, at the same prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decision import Wants
from webhook_core.planning.purged_entries import bought_by_entry
from webhook_core.planning.sources import Sources
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.order_changes import cancel
from webhook_core.trading.orders import Exit, OrderType, Side, Terms, is_margin
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import round_volume
from webhook_core.trading.symbols import display_name

_RESTORABLE = (
    OrderType.STOP_LOSS,
    OrderType.TAKE_PROFIT,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT_LIMIT,
)


class Freed(NamedTuple):
    """``orders`` are canceled; ``surplus`` is what the exit leaves of what the last one held."""

    orders: tuple[RestingOrder, ...]
    surplus: Decimal = Decimal(0)

    @property
    def note(self) -> str:
        """What the answer says of it."""
        return (
            "canceled first, an exit of this strategy's own: "
            f"{', '.join(order.order_id for order in self.orders)}"
        )

    def cancels(self, instrument: Instrument) -> tuple[OrderRequest, ...]:
        """One for each order."""
        symbol = display_name(instrument)
        return self.marked([cancel(order.order_id, symbol) for order in self.orders])

    def stop_for_the_rest(self, instrument: Instrument, leverage: int | None) -> OrderIntent | None:
        """At the prices of the exit that held it; None where nothing is left, or less
        than the pair takes."""
        volume, last = round_volume(instrument, self.surplus), self.orders[-1]
        if volume <= 0 or (instrument.ordermin is not None and volume < instrument.ordermin):
            return None
        return OrderIntent(
            symbol=display_name(instrument),
            side=last.side,
            order_type=OrderType(last.order_type),
            volume=volume,
            limit=last.limit,
            trigger=last.trigger,
            leverage=leverage,
            terms=Terms(reduce_only=True) if is_margin(leverage) else Terms(),
            notes=("what the exit leaves gets its stop back",),
            exit=Exit.CLOSE,
        )

    def marked(self, requests: Sequence[OrderRequest]) -> tuple[OrderRequest, ...]:
        """As steps of setting free: a stop among them is an exit that the
        next one sets free too."""
        return tuple(request._replace(freeing=True) for request in requests)


def freed(exits: Sequence[RestingOrder], needed: Decimal | None) -> Freed | None:
    """As few of them as hold what is needed, None: all of them; None where there are none."""
    chosen: list[RestingOrder] = []
    held = Decimal(0)
    for order in exits:
        if needed is not None and held >= needed:
            break
        chosen.append(order)
        held += order.left
    if not chosen:
        return None
    return Freed(tuple(chosen), Decimal(0) if needed is None else max(Decimal(0), held - needed))


class Exits:
    """The resting exits of one strategy in one pair, on one side."""

    def __init__(
        self, sources: Sources, wants: Wants, instrument: Instrument, side: Side, budget: Budget
    ) -> None:
        self._sources, self._strategy, self._instrument = sources, wants.strategy, instrument
        self._side, self._budget = side, budget

    def own(self, listed: Sequence[RestingOrder], read_at: datetime) -> list[RestingOrder]:
        """Those that this strategy's entries have left, and those that stand in their
        place, oldest first.

        Raises NotItsTurn while one may be in the book unseen, VenueUnavailable, LedgerUnavailable.
        """
        own_orders = self._sources.own_orders
        names = (self._instrument.altname, self._instrument.key)
        ours = [entry for entry in own_orders.maybe_open() if self._leaves_one(entry)]
        unlisted = UnlistedOrders(self._sources, listed, read_at, self._budget)
        listed = [*listed, *unlisted.of(ours, self._side).orders]
        here = [order for order in listed if order.pair in names and order.side is self._side]
        of_parents = own_orders.of_orders({order.parent or order.order_id for order in here})
        entries = {entry.current.order_id: entry for entry in of_parents}
        found = [
            order
            for order in here
            if self._is_own(order, entries.get(order.parent or order.order_id))
        ]
        return sorted(found, key=lambda order: order.opened_at)

    def _leaves_one(self, entry: LedgerEntry) -> bool:
        """Or stands in its place."""
        request = entry.current.request
        if entry.strategy != self._strategy or request.pair != self._instrument.key:
            return False
        if request.side is self._side:
            return request.freeing
        return request.leaves_exit

    def _is_own(self, order: RestingOrder, entry: LedgerEntry | None) -> bool:
        if order.order_type not in list(_RESTORABLE):
            return False
        if entry is None:
            bought = bought_by_entry(self._sources, order)
            return bought is not None and bought.strategy == self._strategy
        if entry.strategy != self._strategy:
            return False
        request = entry.current.request
        return request.freeing if order.parent is None else request.leaves_exit
