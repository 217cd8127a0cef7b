"""What the legs of one alert, and the strategy's orders that rest, leave of what the strategy
bought: each is sized by all of it, and together they sell no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.open_entries import OpenEntries
from webhook_core.planning.open_orders import just_canceled, without
from webhook_core.trading.basis import Sold
from webhook_core.trading.facts import Balance
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import (
    CancelIntent,
    Intent,
    NoOrder,
    OrderIntent,
    PositionIntent,
)
from webhook_core.trading.needs import follows_from_own
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Denied, Plan, denied
from webhook_core.trading.rounding import plain

_SOLD = "the legs before it sell all that the strategy bought"
_LEFT = "its orders that rest, and the legs before, leave of what this strategy bought"
_RESTS = (
    "orders of the strategy that rest would sell all that it bought: a close frees the stops and "
    "take profits of its entries, a cancel the others"
)


class OwnLeft:
    """Of one alert's plan, on spot: a margin position is bounded by Kraken's ``reduce_only``."""

    def __init__(self, legs: LegPlanner) -> None:
        self.legs = legs
        self.sold: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.canceled: frozenset[str] = frozenset()
        self._resting: dict[str, Decimal] = {}

    def planned(self, intent: Intent, instrument: Instrument | None) -> Plan | NoOrder | Denied:
        """As the planner of the legs has it, of no more than is left."""
        if isinstance(intent, CancelIntent):
            return self._canceling(intent, instrument)
        if instrument is None or not _sells(intent):
            return self.legs.planned(intent, instrument)
        sold = self.sold[instrument.key]
        left = (self.legs.facts.own or {}).get(instrument.key, Decimal(0)) - sold
        if left <= 0 < sold:
            return NoOrder("", _SOLD)
        if isinstance(intent, OrderIntent):
            shared = left > 0 and _is_shared(intent, instrument, self.legs)
            resting = self._rests(instrument, shared=shared)
            if left <= resting and resting:
                return denied("SIZE_ZERO", _RESTS)
            left -= resting
        cancelled = list(self.legs.cancelled)
        planned = self.legs.planned(intent, instrument)
        if _sold_by(planned) > left > 0:
            self.legs.cancelled = cancelled
            planned = self.legs.planned(_of_the_rest(intent, left), instrument)
        self.sold[instrument.key] += _sold_by(planned)
        return planned

    def _canceling(
        self, intent: CancelIntent, instrument: Instrument | None
    ) -> Plan | NoOrder | Denied:
        """What it cancels sells nothing any more; what gives way to a close may be put back."""
        before = len(self.legs.cancelled)
        planned = self.legs.planned(intent, instrument)
        self.canceled |= {one.order_id for one in self.legs.cancelled[before:]}
        self._resting.clear()
        return planned

    def _rests(self, pair: Instrument, *, shared: bool) -> Decimal:
        """``shared``: coins that others bought may be free beside those that such orders hold; of
        a list that is late they hold no more than the balance says. A token that is bound in what
        it opens counts them always: orders that wait could each sell all that its strategy
        bought."""
        legs = self.legs
        permit = legs.wants.rules.permit
        bound = permit is not None and permit.exits_own
        if not bound and not shared:
            return Decimal(0)
        if pair.base not in self._resting:
            entries = OpenEntries(
                legs.sources, legs.budget, None if bound else legs.facts.open_orders
            )
            of = entries, legs.wants.strategy, pair
            self._resting[pair.base] = resting_sales(*of, self.canceled)
        resting = self._resting[pair.base]
        return resting if bound else min(resting, _balance(legs, pair).held)


def resting_sales(
    entries: OpenEntries, strategy: str, pair: Instrument, canceled: Collection[str]
) -> Decimal:
    """What orders of the strategy that rest would sell of the pair's base, stops that its entries
    left among them, but for these that are ``canceled`` first, and those that a late list shows
    behind a cancel of ours. Raises VenueUnavailable, LedgerUnavailable, NotItsTurn."""
    gone = just_canceled(entries.sources.own_orders).done.union(canceled)
    entries.listed = without(entries.listed, gone)
    sales = [one for one in entries.all(()) if one.side is Side.SELL and not one.margin]
    own = [one for one in sales if one.strategy == strategy and one.pair is not None]
    listed = [one.volume for one in own if one.pair and one.pair.base == pair.base]
    return sum((*listed, *entries.unlisted_sales(strategy, pair, gone)), Decimal(0))


def _is_shared(intent: OrderIntent, pair: Instrument, legs: LegPlanner) -> bool:
    """Whether it sells a part of what the strategy bought where the account holds more."""
    if intent.quantity_type != "percent_position":
        return False
    return _balance(legs, pair).total > (legs.facts.own or {}).get(pair.key, Decimal(0))


def _balance(legs: LegPlanner, pair: Instrument) -> Balance:
    return (legs.facts.balances or {}).get(pair.base, Balance(Decimal(0)))


def _sells(intent: Intent) -> bool:
    if not isinstance(intent, OrderIntent | PositionIntent) or is_margin(intent.leverage):
        return False
    sells = isinstance(intent, PositionIntent) or intent.side is Side.SELL
    return sells and follows_from_own(intent)


def _of_the_rest(intent: Intent, left: Decimal) -> Intent:
    if isinstance(intent, OrderIntent):
        note = f"volume is the {plain(left)} that {_LEFT}"
        return intent._replace(volume=left, quantity_type="base", notes=(*intent.notes, note))
    if isinstance(intent, PositionIntent):
        return intent._replace(percent=Decimal(100), most=left)
    return intent


def _sold_by(planned: Plan | NoOrder | Denied) -> Decimal:
    return Sold().and_by(planned.requests).whole if isinstance(planned, Plan) else Decimal(0)
