"""What rests, or has just ceased to rest, and so may have changed a figure since it was read.

An exit is what Kraken places for the fill of an order with a conditional close: it names that order
(docs.kraken.com, get-orders-info ``refid``). Lists may lag like figures, so what rests is held
against the last price too, and asked for by its id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.account_reads import Before
from webhook_core.planning.last_prices import LastPrices
from webhook_core.planning.open_orders import OpenNow
from webhook_core.planning.own_changes import DONE, InstrumentOf, signed_by
from webhook_core.planning.position_course import Exits
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.lagging_figures import DUST, Traded
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.requests import Fill
from webhook_core.trading.rounding import cost_of

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

_ZERO, _ONE_AND_FEE = Decimal(0), Decimal("1.05")
Filled = Sequence[tuple[LedgerEntry, Fill]]


class RestingExits:
    """Of one plan: each list is read once, and only if asked for. ``held``: what orders hold of an
    asset, where a balance shows more since it lacks a cancel yet."""

    def __init__(
        self, sources: Sources, budget: Budget, instrument_of: InstrumentOf, before: Before
    ) -> None:
        self.sources, self.budget, self.instrument_of = sources, budget, instrument_of
        self.open = OpenNow(sources, budget, before.listed, self._is_asked, self._matters)
        self._rests, self._pairs, self._closes = before.rests, before.pairs, before.closes
        self._positions = before.held
        self.held: dict[str, Decimal] = {}
        self._prices = LastPrices(sources, budget, self._relevant)

    def of(self, parents: Filled, pair: Instrument) -> Exits:
        """What the exits of these entries have traded. Raises NotItsTurn while that is in doubt,
        VenueUnavailable."""
        found = self._exits_of(parents, pair)
        for order in found:
            if order.status not in DONE and self._has_crossed(order, pair):
                raise InDoubt(_crossed(order))
        since = self.sources.clock.now() - self.sources.read_lag
        traded = [
            (order.closed_at or self.sources.clock.now(), order)
            for order in found
            if order.executed and (order.closed_at is None or order.closed_at > since)
        ]
        traded.sort(key=lambda one: one[0])
        fills = tuple(
            Traded(order.order_id, signed_by(order.side, order.executed)) for _, order in traded
        )
        whose = tuple(order.parent or "" for _, order in traded)
        strategies = {entry.current.order_id: entry.strategy for entry, _ in parents}
        moments = tuple(moment for moment, _ in traded)
        return Exits(fills, moments, whose, tuple(strategies[name] for name in whose))

    def check_margin(self, pair: str, shown: Collection[str]) -> None:
        """``shown``: the orders that open positions name. Raises NotItsTurn where the price has
        crossed a margin order of the pair that is not among them."""
        doubt = self.open.lacking(self._rests)
        if doubt:
            raise InDoubt(doubt)
        for order in self.open.listed:
            whose = self.instrument_of(order.pair) if order.margin else None
            if whose is None or whose.key != pair or order.order_id in shown:
                continue
            if self._has_crossed(order, whose):
                raise InDoubt(_crossed(order))

    def contradiction(
        self, pair: Instrument, balances: Mapping[str, Balance], parents: Filled
    ) -> str:
        """Why balances that were read before are not those of now, by the funds that they hold;
        empty where they may be. ``parents``: our entries of the last minutes that leave an exit."""
        assets = (pair.base, pair.quote)
        held = {asset: balances.get(asset, Balance(_ZERO)).held for asset in assets}
        own = [(entry, fill) for entry, fill in parents if _is_on_spot(entry, pair)]
        if not own and not any(held.values()):
            return ""
        return next(filter(None, self._contradictions(pair, held, own)), "")

    def _contradictions(
        self, pair: Instrument, held: Mapping[str, Decimal], own: Filled
    ) -> Iterator[str]:
        yield self.open.lacking(self._rests)
        exits = [one for one in self._exits_of(own, pair) if one.status not in DONE] if own else []
        resting = [
            order for order in self.open.listed if not order.margin and self._holds(order) in held
        ]
        for asset in held:
            least, most = self._range(asset, resting)
            yield self._held_for_more(asset, held[asset], most)
            if held[asset] < least and any(self._holds(order) == asset for order in exits):
                yield (
                    f"The balances that Kraken shows hold no {asset} yet for the exit of an order "
                    "of ours."
                )
        for order in resting:
            whose = self.instrument_of(order.pair)
            is_held = held[self._holds(order)] >= _least_of(order)
            if whose is not None and self._has_crossed(order, whose) and is_held:
                yield _crossed(order)

    def _held_for_more(self, asset: str, held: Decimal, most: Decimal) -> str:
        """More than what rests: for an order that has filled, or for one that was canceled, whose
        funds are free then."""
        if held <= most + DUST:
            return ""
        rested = self._just_closed(asset)
        if any(order.executed for order in rested):
            return f"The balances that Kraken shows hold {asset} for an order that has filled."
        if (rested or self.open.has_canceled) and self.open.has_all_of(self._rests):
            self.held[asset] = most
        return ""

    def _has_crossed(self, order: RestingOrder, pair: Instrument) -> bool:
        """A close of all cancels it first, so that nothing estimated has to keep it waiting."""
        return self._prices.has_crossed(order, pair, estimated=not self._closes)

    def _relevant(self) -> Iterator[tuple[RestingOrder, Instrument]]:
        for one in self.open.listed:
            if self._matters(one.pair, one.margin) and (pair := self.instrument_of(one.pair)):
                yield one, pair

    def _exits_of(self, parents: Filled, pair: Instrument) -> list[RestingOrder]:
        """Open or closed. Raises NotItsTurn where one has to be there and is not shown yet."""
        ids = {entry.current.order_id: (entry, fill) for entry, fill in parents}
        found = [order for order in (*self.open.listed, *self.open.gone) if order.parent in ids]
        if any(_missing(name, fill, found) > _ZERO for name, (_, fill) in ids.items()):
            since = min(entry.current.claimed_at for entry, _ in parents)
            known = {order.order_id for order in found}
            closed = self.sources.venue.orders_closed(since, self.budget)
            found += [
                order for order in closed if order.parent in ids and order.order_id not in known
            ]
        for name, (entry, fill) in ids.items():
            lacks = _missing(name, fill, found) >= max(pair.ordermin or _ZERO, DUST)
            if lacks and self._is_young(entry, fill):
                lag_s = self.sources.read_lag.total_seconds()
                raise InDoubt(
                    f"The order of the alert {entry.alert_id} has filled, and its exit is not "
                    f"shown yet; {lag_s:.0f} s after its last trade it counts as absent."
                )
        return found

    def _is_young(self, entry: LedgerEntry, fill: Fill) -> bool:
        """Whether lists may lack the exit of what it traded last."""
        moment = fill.closed_at or entry.current.settled_at or entry.current.deadline
        if fill.status not in DONE:
            traded_at = self.sources.venue.last_traded(entry.current.order_id or "", self.budget)
            moment = self.sources.clock.now() if traded_at is None else traded_at
        return moment + self.sources.read_lag > self.sources.clock.now()

    def _is_asked(self, order: RestingOrder) -> bool:
        if order.order_id in self._rests or self.sources.mode == "paper":
            return False
        if self._closes and not self._enlarges(order):
            return False
        return self._matters(order.pair, order.margin)

    def _enlarges(self, order: RestingOrder) -> bool:
        """Whether it would add to a position, or open one: a close has more to close then."""
        pair = self.instrument_of(order.pair) if order.margin else None
        held = () if pair is None else self._positions.get(pair.key, ())
        return any(signed_by(order.side, net) >= _ZERO for net in held)

    def _matters(self, name: str, margin: bool) -> bool:
        """Whether a fill of that pair would change what is held of one of ``pairs``."""
        pair = self.instrument_of(name)
        if pair is None or margin:
            return pair in self._pairs
        assets = {pair.base, pair.quote}
        return any(not assets.isdisjoint((one.base, one.quote)) for one in self._pairs)

    def _holds(self, order: RestingOrder) -> str:
        """The asset of which it holds funds, empty for a pair that is not known."""
        pair = self.instrument_of(order.pair)
        return "" if pair is None else pair.base if order.side is Side.SELL else pair.quote

    def _range(self, asset: str, resting: Sequence[RestingOrder]) -> tuple[Decimal, Decimal]:
        """What these orders hold of an asset, at least and at most: a buy holds its fee too."""
        least = most = _ZERO
        for order in resting:
            if self._holds(order) != asset:
                continue
            held = _least_of(order)
            least += held
            if order.side is Side.SELL:
                most += held
            else:
                most += cost_of(held, _ONE_AND_FEE) if held else Decimal("Infinity")
        return least, most

    def _just_closed(self, asset: str) -> list[RestingOrder]:
        """The spot orders that rested, held funds of it, and have ceased to within the read lag."""
        closed = self.sources.venue.orders_closed(
            self.sources.clock.now() - self.sources.read_lag, self.budget
        )
        rested = (
            order
            for order in (*closed, *self.open.gone)
            if order.order_type != OrderType.MARKET and not order.margin
        )
        return [order for order in rested if self._holds(order) == asset]


def _least_of(order: RestingOrder) -> Decimal:
    """Of the base by a sell; of the quote by a buy, without its fee.

    Zero where its price is not known.
    """
    if order.side is Side.SELL:
        return order.left
    price = order.limit or order.trigger or order.fires_at
    return _ZERO if price is None else cost_of(order.left, price)


def _is_on_spot(entry: LedgerEntry, pair: Instrument) -> bool:
    request = entry.current.request
    return not request.on_margin and request.pair == pair.key


def _missing(parent: str | None, fill: Fill, orders: Sequence[RestingOrder]) -> Decimal:
    closing = (order.volume for order in orders if order.parent == parent)
    return fill.volume - sum(closing, _ZERO)


def _crossed(order: RestingOrder) -> str:
    return f"The price has crossed {order.order_id}, which Kraken shows as open."
