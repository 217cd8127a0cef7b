"""Which orders rest at Kraken, or may, and what of them opens or adds: its list of the open ones,
and the orders of the last minutes that the list may lack."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State, Unit
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.reservations import Leg, Reserved
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.reduces import exit_of_request

_WENT_ON = (State.ACCEPTED, State.NO_ACTION)


class Open(NamedTuple):
    """``pair``: its instrument, None for one that is not known. ``volume``: what is left of it,
    base. ``strategy``: None for an order that is none of ours. ``opens``: it adds to a position, or
    may. ``rests``: in the book, or it may come to lie there."""

    pair: Instrument | None
    side: Side
    volume: Decimal
    price: Decimal | None
    margin: bool
    strategy: str | None
    opens: bool
    rests: bool

    @classmethod
    def of_leg(cls, leg: Leg, pair: Instrument | None, strategy: str) -> Open:
        """An order that Kraken does not list, in full."""
        return cls(
            pair=pair,
            side=leg.side,
            volume=leg.volume,
            price=leg.price,
            margin=leg.margin,
            strategy=strategy,
            opens=True,
            rests=leg.rests,
        )

    def adds_to(self, pair: Instrument, side: Side, *, margin: bool) -> bool:
        """Whether the pair's position grows with it; on spot the base is held, whatever it was
        bought with."""
        if not self.opens or self.pair is None or (self.side, self.margin) != (side, margin):
            return False
        return self.pair.key == pair.key if margin else self.pair.base == pair.base


class OpenEntries:
    """Of one plan; ``listed``: what Kraken lists, asked for where that was not read."""

    def __init__(
        self, sources: Sources, budget: Budget, listed: tuple[RestingOrder, ...] | None = None
    ) -> None:
        self.sources, self.budget, self._pair = sources, budget, sources.known_pairs(budget)
        self.listed = sources.venue.open_orders(budget) if listed is None else listed

    def all(self, reserved: Iterable[Reserved]) -> list[Open]:
        """``reserved``: those of the last minutes. Raises VenueUnavailable, LedgerUnavailable."""
        own, listed = self._own(), {order.order_id for order in self.listed}
        unlisted = [open_one for alert in reserved for open_one in self._unlisted(alert, listed)]
        return [*(self._of_listed(order, own) for order in self.listed), *unlisted]

    def unlisted_sales(
        self, strategy: str, pair: Instrument, gone: Collection[str]
    ) -> Iterator[Decimal]:
        """The volumes of that strategy's sales on spot that may rest and that the list lacks.
        ``gone``: ids of orders that do not."""
        listed = {order.order_id for order in self.listed}
        names = {plain_client_order_id(one.client_order_id or "") for one in self.listed}
        for entry in self.sources.own_orders.maybe_open():
            attempt, sold = entry.current, entry.current.request
            if entry.strategy != strategy or sold.side is not Side.SELL or sold.on_margin:
                continue
            if attempt.order_id in gone:
                continue
            shown = attempt.order_id in listed
            shown = shown or plain_client_order_id(attempt.client_order_id) in names
            found = self._pair(sold.pair)
            if shown or not sold.rests or found is None or found.base != pair.base:
                continue
            if entry.state not in TERMINAL or self._may_be_open(entry):
                yield sold.volume

    def _own(self) -> dict[str, LedgerEntry]:
        """Entries of ours by the ids that Kraken's list names them with."""
        ids = {order.order_id for order in self.listed}
        ids |= {order.parent for order in self.listed if order.parent}
        found = self.sources.own_orders.of_orders(ids)
        return {entry.current.order_id or "": entry for entry in found}

    def _of_listed(self, order: RestingOrder, own: dict[str, LedgerEntry]) -> Open:
        entry, parent = own.get(order.order_id), own.get(order.parent or "")
        # A conditional close closes what its entry opened; of a sale on spot it buys.
        opens = order.parent is None if order.margin else order.side is Side.BUY
        if entry is not None and order.parent is None:
            opens = exit_of_request(entry.current.request) is None
        ours = entry or parent
        return Open(
            pair=self._pair(order.pair),
            side=order.side,
            volume=order.left,
            price=order.limit or order.trigger,
            margin=order.margin,
            strategy=None if ours is None else ours.strategy,
            opens=opens,
            rests=True,
        )

    def _unlisted(self, alert: Reserved, listed: set[str]) -> Iterator[Open]:
        """The orders of one alert that may rest, or are still to be sent, unseen."""
        sources, stopped = self.sources, False
        names = {plain_client_order_id(one.client_order_id or "") for one in self.listed}
        for leg in alert.legs:
            unit = Unit(sources.mode, sources.account, alert.alert_key, leg.leg, alert.generation)
            entry = sources.ledger.find(unit)
            if entry is None and stopped:
                continue
            if entry is None or entry.state is State.NOT_SENT:
                yield Open.of_leg(leg, self._pair(leg.pair), alert.strategy)
            elif entry.state not in TERMINAL:
                if plain_client_order_id(entry.current.client_order_id) not in names:
                    yield Open.of_leg(leg, self._pair(leg.pair), alert.strategy)
            elif entry.state not in _WENT_ON:
                stopped = True
            elif entry.current.order_id not in listed and self._may_be_open(entry):
                yield Open.of_leg(leg, self._pair(leg.pair), alert.strategy)
            elif self._may_lack_a_close(entry):
                left = Open.of_leg(leg, self._pair(leg.pair), alert.strategy)
                yield left._replace(opens=False)

    def _may_lack_a_close(self, entry: LedgerEntry) -> bool:
        """Whether it has left a take profit or stop loss that the list does not show yet."""
        attempt = entry.current
        if not attempt.request.leaves_exit or any(
            attempt.order_id in (one.order_id, one.parent) for one in self.listed
        ):
            return False
        taken_at = attempt.settled_at or attempt.deadline
        return taken_at + self.sources.read_lag > self.sources.clock.now()

    def _may_be_open(self, entry: LedgerEntry) -> bool:
        attempt = entry.current
        if not attempt.request.rests or not attempt.order_id:
            return False
        if attempt.fill is not None and attempt.fill.status in DONE:
            return False
        shown = self.sources.venue.order(attempt.order_id, self.budget)
        return shown is None or shown.status not in DONE
