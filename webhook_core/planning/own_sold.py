"""What the legs of one alert, and a bound token's orders that rest, leave of what the strategy
bought: each is sized by all of it, and together they sell no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.open_entries import OpenEntries
from webhook_core.planning.open_orders import just_canceled, without
from webhook_core.planning.sources import Sources
from webhook_core.trading.basis import Sold
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

_SOLD = "the legs before it sell all that the strategy bought"
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
            resting = self._rests(instrument)
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

    def _rests(self, pair: Instrument) -> Decimal:
        """For a token alone that is bound in what it opens: orders that wait could each sell all
        that its strategy bought."""
        legs = self.legs
        permit = legs.wants.rules.permit
        if permit is None or not permit.exits_own:
            return Decimal(0)
        if pair.base not in self._resting:
            of = legs.sources, legs.wants.strategy, pair, legs.budget
            self._resting[pair.base] = resting_sales(*of, self.canceled)
        return self._resting[pair.base]


def resting_sales(
    sources: Sources, strategy: str, pair: Instrument, budget: Budget, canceled: Collection[str]
) -> Decimal:
    """What orders of the strategy that rest would sell of the pair's base, stops that its entries
    left among them, but for these that are ``canceled`` first, and those that a late list shows
    behind a cancel of ours. Raises VenueUnavailable, LedgerUnavailable, NotItsTurn."""
    entries = OpenEntries(sources, budget)
    gone = just_canceled(sources.own_orders).done.union(canceled)
    entries.listed = without(entries.listed, gone)
    sales = [one for one in entries.all(()) if one.side is Side.SELL and not one.margin]
    own = [one for one in sales if one.strategy == strategy and one.pair is not None]
    listed = [one.volume for one in own if one.pair and one.pair.base == pair.base]
    return sum((*listed, *entries.unlisted_sales(strategy, pair, gone)), Decimal(0))


def _sells(intent: Intent) -> bool:
    if not isinstance(intent, OrderIntent | PositionIntent) or is_margin(intent.leverage):
        return False
    sells = isinstance(intent, PositionIntent) or intent.side is Side.SELL
    return sells and follows_from_own(intent)


def _of_the_rest(intent: Intent, left: Decimal) -> Intent:
    if isinstance(intent, OrderIntent):
        return intent._replace(volume=left, quantity_type="base")
    if isinstance(intent, PositionIntent):
        return intent._replace(percent=Decimal(100), most=left)
    return intent


def _sold_by(planned: Plan | NoOrder | Denied) -> Decimal:
    return Sold().and_by(planned.requests).whole if isinstance(planned, Plan) else Decimal(0)
