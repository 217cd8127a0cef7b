"""What a strategy's own exits hold, set free for an exit that needs it.

An entry with a take profit or stop loss leaves an order at Kraken that holds what was bought
(docs.kraken.com, add-order, ``close``): a sale of it is refused, and a margin order that closes the
position would leave one behind that opens another. So that order is canceled first, as a leg of its
own, and what the sale leaves of it gets its stop back, at the same prices. Kraken counts a distance
from the last price of the moment in which the entry filled, so it is one from the entry's price.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Budget
from webhook_core.trading.cancel_and_amend import cancel
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.in_the_way import InTheWay
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Exit, OrderType, Terms, is_margin
from webhook_core.trading.plans import NOT_PROTECTED, Denied, Plan, joined, undone
from webhook_core.trading.prices import Price, estimate, parsed
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain, round_volume
from webhook_core.trading.symbols import display_name

if TYPE_CHECKING:
    from webhook_core.planning.beside_exits import Resting
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)


class Freed(NamedTuple):
    """``orders`` are canceled; ``surplus`` is what the exit leaves of what the last one held."""

    orders: tuple[RestingOrder, ...]
    surplus: Decimal = _ZERO

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

    def around(self, plan: Plan, stop: Plan | Denied | None, instrument: Instrument) -> Plan:
        """``plan`` behind the cancels, before the ``stop`` for what it leaves, or a note why there
        is none: no reason to keep the exit back."""
        parts = [Plan(self.cancels(instrument), (self.note,)), plan]
        if isinstance(stop, Plan):
            parts.append(stop._replace(requests=self.marked(stop.requests)))
        elif self.surplus > 0:
            why = "less than the pair takes" if stop is None else stop.message
            said = f"what the exit leaves is without its stop: {why}"
            parts.append(Plan((), (undone(NOT_PROTECTED, said),)))
        return joined(parts)

    def stop_for_the_rest(
        self, instrument: Instrument, leverage: int | None, sources: Sources, budget: Budget
    ) -> OrderIntent | None:
        """At the prices of the exit that held it; None where nothing is left, or less
        than the pair takes. Raises VenueUnavailable where a distance has to be counted."""
        volume, last = round_volume(instrument, self.surplus), self.orders[-1]
        if volume <= 0 or (instrument.ordermin is not None and volume < instrument.ordermin):
            return None
        trigger, limit, how = _prices(last, sources, budget)
        return OrderIntent(
            symbol=display_name(instrument),
            side=last.side,
            order_type=OrderType(last.order_type),
            volume=volume,
            limit=limit,
            trigger=trigger,
            leverage=leverage,
            terms=Terms(
                reduce_only=is_margin(leverage), trigger_by="index" if last.by_index else None
            ),
            notes=(f"what the exit leaves gets its stop back{how}",),
            exit=Exit.CLOSE,
        )

    def marked(self, requests: Sequence[OrderRequest]) -> tuple[OrderRequest, ...]:
        """As steps of setting free: a stop among them is an exit that the
        next one sets free too."""
        return tuple(request._replace(freeing=True) for request in requests)


def freed(exits: Sequence[RestingOrder], way: InTheWay, resting: Resting) -> Freed | None:
    """As few of them as hold what they give up, the oldest first; None where there are none, or
    they give up nothing. Raises LedgerUnavailable, NotItsTurn."""
    needed = _needed(exits, way, resting)
    chosen: list[RestingOrder] = []
    freed = _ZERO
    for order in exits:
        if needed is not None and freed >= needed:
            break
        chosen.append(order)
        freed += order.left
    if not chosen:
        return None
    surplus = _ZERO if needed is None else max(_ZERO, freed - needed)
    if way.protected is not None:
        # An order placed over what they hold may have closed a part of it before.
        kept = sum((order.left for order in exits), _ZERO) - freed
        surplus = min(surplus, max(_ZERO, way.protected - kept))
    return Freed(tuple(chosen), surplus)


def _needed(exits: Sequence[RestingOrder], way: InTheWay, resting: Resting) -> Decimal | None:
    held = sum((order.left for order in exits), _ZERO)
    if not exits or way.given_up(held, _ZERO) == way.closed:  # whatever rests beside them
        return way.closed
    if resting.may_change(None if resting.margin else way.most_behind(held)):
        return way.closed
    return way.given_up(held, resting.closing(but=exits) + resting.closed_before())


def _prices(
    stood: RestingOrder, sources: Sources, budget: Budget
) -> tuple[Price | None, Price | None, str]:
    """Trigger and limit, and how they came about where one is a distance. An entry of which Kraken
    shows no price leaves it one from the last price of now: any stop is better than none."""
    if not any(stood.offsets):
        return stood.trigger, stood.limit, ""
    parent = stood.parent or ""
    fill = sources.venue.fills([parent], budget).get(parent) if parent else None
    entered = None if fill is None else fill.price
    trigger, limit = (
        known
        if not offset
        else parsed(offset)
        if entered is None
        else estimate(parsed(offset), entered)
        for known, offset in zip((stood.trigger, stood.limit), stood.offsets, strict=True)
    )
    said = " and ".join(filter(None, stood.offsets))
    whose = "the last price" if entered is None else f"{plain(entered)}, the price of the entry"
    return trigger, limit, f", {said} from {whose}"
