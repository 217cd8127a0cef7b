"""What the legs of one alert, and the strategy's orders that rest, leave of what the strategy
bought: each is sized by all of it, and together they sell no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from webhook_core.planning import behind_limits
from webhook_core.planning.behind_limits import bounded, volume_of
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
from webhook_core.trading.plans import INSTEAD, Denied, Plan, denied
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain

_ZERO = Decimal(0)
_SOLD = "the legs before it sell all that the strategy bought"
_KEPT = "the legs before it that rest are to sell all that the strategy bought"
_LEFT = "its orders that rest, and the legs before, leave of what this strategy bought"
_RESTS = (
    "orders of the strategy that rest would sell all that it bought: a close frees the stops and "
    "take profits of its entries, a cancel the others"
)


class OwnLeft:
    """Of one alert's plan. A margin position is bounded by Kraken's ``reduce_only``, which knows of
    no strategy: beside what others hold of it, what orders before a close may trade is left to
    those."""

    def __init__(self, legs: LegPlanner) -> None:
        self.legs = legs
        self.sold: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.sized: defaultdict[str, Sold] = defaultdict(Sold)
        self.orders: list[OrderRequest] = []
        self.canceled: frozenset[str] = frozenset()
        self._resting: dict[str, Decimal] = {}

    def planned(self, intent: Intent, instrument: Instrument | None) -> Plan | NoOrder | Denied:
        """As the planner of the legs has it, of no more than is left."""
        if isinstance(intent, CancelIntent):
            return self._canceling(intent, instrument)
        if instrument is not None and isinstance(intent, PositionIntent) and intent.own:
            return self._position(intent, instrument)
        if instrument is None or not isinstance(intent, OrderIntent) or not _sells(intent):
            return self._of_a_size(intent, instrument)
        planned = self._sale(intent, instrument)
        self.sold[instrument.key] += _sold_by(planned)
        self.orders += planned.requests if isinstance(planned, Plan) else ()
        return planned

    def _sale(self, intent: OrderIntent, pair: Instrument) -> Plan | NoOrder | Denied:
        """A part is planned as if what trades now or never before it had not: what that has sold is
        asked for before it is sent."""
        is_part = intent.quantity_type == "percent_position"
        unsure = behind_limits.at_once_or_never(self.legs.before, pair, intent) if is_part else []
        sized = self.sized[pair.key]
        sold = self.sold[pair.key] + sized.at_once
        sold -= volume_of(one for one in unsure if one in self.orders)
        left = (self.legs.facts.own or {}).get(pair.key, _ZERO) - sold
        if left <= 0 < sold:
            return NoOrder("", _SOLD)
        if left <= sized.rests and sized.rests:
            return denied("SIZE_ZERO", _KEPT)
        shared = left > 0 and _is_shared(intent, pair, self.legs)
        resting = sized.rests + self._rests(pair, shared=shared)
        if left <= resting and resting:
            return denied("SIZE_ZERO", self._why_none())
        planned = self._of_no_more(intent, pair, left - resting)
        is_all = not (shared or sold) and intent.volume == 100
        if not unsure or is_all:  # of all that is held Kraken itself lets no more be sold
            return planned
        return bounded(planned, left - resting)

    def _why_none(self) -> str:
        if not any(one.freeing for one in self.legs.before):
            return _RESTS
        names = ", ".join(one.order_id for one in self.legs.cancelled)
        held = f"what is left stays with {names}, which the close cancels and puts back for it"
        return f"{held}; {INSTEAD}"

    def _of_a_size(self, intent: Intent, pair: Instrument | None) -> Plan | NoOrder | Denied:
        """What it sells at the market, and what rests of it, is not there for a percentage behind
        it."""
        planned = self.legs.planned(intent, pair)
        if pair is not None and isinstance(planned, Plan):
            known = [
                one for one in planned.requests if not one.is_unsure or not one.is_now_or_never
            ]
            self.sized[pair.key] = self.sized[pair.key].and_by(known)
        return planned

    def _position(self, intent: PositionIntent, pair: Instrument) -> Plan | NoOrder | Denied:
        """What a limit before it sells, now or never or later, nobody knows yet: where that may be
        all it is planned as if there were none."""
        margin = is_margin(intent.leverage)
        own, is_all = self._own(pair, margin=margin)
        side = Side.BUY if own < 0 else Side.SELL
        resting = behind_limits.resting(self.legs.before, pair, side, margin=margin)
        later = volume_of(one for one in resting if not is_all or one in self.orders)
        unsure = (one for one in self.orders if one.pair == pair.key and one.is_unsure)
        left = abs(own) - self.sold[pair.key] + volume_of(unsure)
        if left <= 0 < abs(own):
            return NoOrder("", _SOLD)
        if later and left <= later:
            with behind_limits.uncounted(self.legs, pair):
                planned = self._of_no_more(intent, pair, left)
        else:
            said = "" if is_all or not later else behind_limits.left_to_them(later, pair)
            planned = self._of_no_more(intent, pair, left - later, said, is_short=own < 0)
        self.sold[pair.key] += _sold_by(planned)
        return planned

    def _own(self, pair: Instrument, *, margin: bool) -> tuple[Decimal, bool]:
        """What the strategy holds, signed base, and whether that is all that the account does."""
        facts = self.legs.facts
        of_margin = (facts.positions or {}).get(pair.key, _ZERO)
        whole = of_margin if margin else _balance(self.legs, pair).total
        own = facts.own_part(pair.key, whole)
        return own, own == whole

    def _of_no_more(
        self,
        intent: OrderIntent | PositionIntent,
        pair: Instrument,
        left: Decimal,
        said: str = "",
        *,
        is_short: bool = False,
    ) -> Plan | NoOrder | Denied:
        """``said`` where it is less for that."""
        cancelled = list(self.legs.cancelled)
        planned = self.legs.planned(intent, pair)
        if _closed_by(planned) > left > 0:
            self.legs.cancelled = cancelled
            rest = _of_the_rest(intent, -left if is_short else left)
            planned = self.legs.planned(rest, pair)
            self.legs.notes += [said] if said else []
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
    return _balance(legs, pair).total > (legs.facts.own or {}).get(pair.key, _ZERO)


def _balance(legs: LegPlanner, pair: Instrument) -> Balance:
    return (legs.facts.balances or {}).get(pair.base, Balance(_ZERO))


def _sells(intent: OrderIntent) -> bool:
    return intent.side is Side.SELL and not is_margin(intent.leverage) and follows_from_own(intent)


def _of_the_rest(intent: Intent, left: Decimal) -> Intent:
    if isinstance(intent, OrderIntent):
        note = f"volume is the {plain(left)} that {_LEFT}"
        return intent._replace(volume=left, quantity_type="base", notes=(*intent.notes, note))
    if isinstance(intent, PositionIntent):
        return intent._replace(percent=Decimal(100), most=left)
    return intent


def _sold_by(planned: Plan | NoOrder | Denied) -> Decimal:
    """On spot."""
    return Sold().and_by(planned.requests).whole if isinstance(planned, Plan) else _ZERO


def _closed_by(planned: Plan | NoOrder | Denied) -> Decimal:
    """Of a position, or sold on spot."""
    requests = planned.requests if isinstance(planned, Plan) else ()
    on_margin = (one for one in requests if one.on_margin and one.exit and not one.freeing)
    return _sold_by(planned) + volume_of(one for one in on_margin if not one.waits)
