"""What orders of ours, and the exits that they left, have filled that the trades read do not show
yet: Kraken's lists may lag its engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.unfinished import is_final
from webhook_core.money.owners import forgotten
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.planning.open_orders import just_canceled
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill
from webhook_core.trading.venue_trades import VenueTrade

_ZERO = Decimal(0)
_STEP = Decimal("1E-10")
_DAY = timedelta(days=1)


class _Whose(NamedTuple):
    strategy: str | None
    pair: str
    symbol: str
    margin: bool
    role: Role = Role.EXIT


class UnseenTrades:
    """Of one account. ``strategy``: whose, None: everybody's; ``pair``: of which, None: of any.
    ``listed``: the open orders, once they were read, also here; ``shown``: those and the closed
    ones; ``asked``: what the orders that the trades may lack have filled. ``doubts``: where they
    are only to be collected, the orders of which it is not known what they came to; None: they end
    the count.
    Every method raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""

    def __init__(
        self,
        sources: Sources,
        store: TradeStore,
        budget: Budget,
        strategy: str | None,
        pair: str | None,
    ) -> None:
        self._sources, self._store, self._budget = sources, store, budget
        self._strategy, self._pair = strategy, pair
        self.listed: tuple[RestingOrder, ...] | None = None
        self.doubts: list[LedgerEntry] | None = None
        self.asked: Mapping[str, Fill] = {}
        self.shown: Sequence[RestingOrder] = ()
        self._lists_lack_since = sources.clock.now() - 2 * sources.read_lag

    def are_of(self, entry: LedgerEntry) -> bool:
        """Whether it is an order of those that are looked at."""
        request = entry.current.request
        return (
            self._strategy in (None, entry.strategy)
            and self._pair in (None, request.pair)
            and request.method == "AddOrder"
        )

    def doubt(self, entry: LedgerEntry) -> None:
        """Of an order whose outcome is not known."""
        if self.doubts is not None:
            self.doubts.append(entry)
            return
        raise InDoubt(
            f"What the order of the alert {entry.alert_id} came to is not known, so what this "
            "strategy bought is not certain."
        )

    def check_owners(self, waiting: Iterable[VenueTrade]) -> None:
        """``waiting``: trades of which it does not show yet whose they are."""
        for trade in waiting:
            if self._pair in (None, trade.pair):
                raise InDoubt(
                    f"Kraken does not show yet whose order {trade.order_id} is, which has just "
                    "traded."
                )

    def behind(
        self, trades: Sequence[Trade], entries: Sequence[LedgerEntry], *, held: bool
    ) -> Iterator[Trade]:
        """In no order, each as of when its order was done. ``entries``: accepted ones that may have
        some, the newest; ``held``: whether the trades leave anything open, of which an older entry
        may have left an exit."""
        asked = [entry for entry in entries if self._may_be_unseen(entry, trades)]
        ids = [entry.current.order_id or "" for entry in asked]
        self.asked = fills = self._sources.venue.fills(ids, self._budget) if ids else {}
        if self.listed is None and not all(map(is_final, fills.values())):
            self.listed = self._sources.venue.open_orders(self._budget)
        for entry, order_id in zip(asked, ids, strict=True):
            fill = fills.get(order_id)
            if fill is None or (not is_final(fill) and self._is_gone(entry)):
                self.doubt(entry)
                continue
            lacking = fill.volume - self._moved(order_id, entry.claimed_at, fill.volume, trades)
            if lacking > 0:
                yield self._trade(entry, lacking, fill)
        for whose, order in self._exits(entries, held=held):
            moved = self._moved(order.order_id, order.opened_at, order.executed, trades)
            if order.executed > moved:
                left = order.executed - moved
                yield self._unpriced(whose, order.order_id, order.side, left, order.closed_at)

    def _is_gone(self, entry: LedgerEntry) -> bool:
        """Whether an order that shows itself as open has to be done."""
        attempt = entry.current
        if attempt.request.at_market:
            return True
        listed = {order.order_id for order in self.listed or ()}
        taken = attempt.settled_at or attempt.deadline
        own = self._sources.own_orders
        if attempt.order_id in listed or taken >= own.clock.now() - own.read_lag:
            return False
        return attempt.order_id not in just_canceled(own).done

    def _may_be_unseen(self, entry: LedgerEntry, trades: Sequence[Trade]) -> bool:
        attempt, request = entry.current, entry.current.request
        done_at = attempt.settled_at or attempt.deadline
        if attempt.fill is not None and attempt.fill.closed_at is not None:
            done_at = max(done_at, attempt.fill.closed_at)
        rests_on = not request.at_market and (attempt.fill is None or not is_final(attempt.fill))
        if not rests_on and done_at < self._lists_lack_since:
            return False
        shown = _sum_of(attempt.order_id or "", trades)
        return not request.at_market or request.in_quote or shown < request.volume

    def _moved(
        self, order_id: str, since: datetime, executed: Decimal, trades: Sequence[Trade]
    ) -> Decimal:
        """How much of an order the trades show; those of earlier days are read where it is old and
        these lack some."""
        shown, today = _sum_of(order_id, trades), self._sources.clock.now().date()
        if shown >= executed or since.date() + _DAY >= today:
            return shown
        found = {trade.trade_id: trade for trade in trades}
        day = since.date()
        while day <= today:
            found |= {trade.trade_id: trade for trade in self._store.of_day(day)}
            day += _DAY
        return _sum_of(order_id, found.values())

    def _exits(
        self, entries: Sequence[LedgerEntry], *, held: bool
    ) -> list[tuple[_Whose, RestingOrder]]:
        """What conditional closes have traded, or trade, since lists may lag."""
        whose = {
            one.current.order_id: _whose(one) for one in entries if one.current.request.leaves_exit
        }
        if not whose and not held:
            return []
        venue = self._sources.venue
        if self.listed is None:
            self.listed = venue.open_orders(self._budget)
        # Those that are done come second: one that is filled in between is in no list else.
        self.shown = (*self.listed, *venue.orders_closed(self._lists_lack_since, self._budget))
        traded = {one.order_id: one for one in self.shown if one.parent and one.executed}.values()
        whose |= self._older([one for one in traded if one.parent not in whose])
        return [(whose[one.parent], one) for one in traded if one.parent in whose]

    def _older(self, exits: Sequence[RestingOrder]) -> dict[str | None, _Whose]:
        """By the order that left it; of an entry that was purged its kept trades tell."""
        parents = {one.parent: one.opened_at for one in exits if one.parent}
        whose: dict[str | None, _Whose] = {}
        for entry in self._sources.own_orders.of_orders(parents.keys()):
            del parents[entry.current.order_id or ""]
            if entry.state is State.ACCEPTED and self.are_of(entry):
                whose[entry.current.order_id] = _whose(entry)
        for parent, opened_at in parents.items():
            bought = forgotten(self._store, parent, opened_at)
            if (
                bought is not None
                and self._strategy in (None, bought.strategy)
                and self._pair in (None, bought.pair)
            ):
                whose[parent] = _Whose(bought.strategy, bought.pair, bought.symbol, bought.margin)
        return whose

    def _trade(self, entry: LedgerEntry, volume: Decimal, fill: Fill) -> Trade:
        request, order_id = entry.current.request, entry.current.order_id or ""
        whose, side = _whose(entry, Role.ORDER), request.side or Side.SELL
        trade = self._unpriced(whose, order_id, side, volume, fill.closed_at)
        if not request.fee_in_base or fill.cost <= 0:
            return trade
        fee = (fill.fee * volume / fill.cost).quantize(_STEP)
        return trade._replace(fee=fee, fee_in_base=True)

    def _unpriced(
        self, whose: _Whose, order_id: str, side: Side, volume: Decimal, closed_at: datetime | None
    ) -> Trade:
        """Without its cost, which says nothing of what is held."""
        return Trade(
            f"unseen {order_id}",
            order_id,
            whose.pair,
            whose.symbol,
            side,
            volume,
            price=_ZERO,
            cost=_ZERO,
            fee=_ZERO,
            at=closed_at or self._moment(side),
            margin=whose.margin,
            role=whose.role,
            strategy=whose.strategy,
        )

    def _moment(self, side: Side) -> datetime:
        """Of a part that has filled and is not listed, while the order rests on: before whatever
        may have sold it, and behind whatever it may have sold."""
        return self._lists_lack_since if side is Side.BUY else self._sources.clock.now() + _DAY


def _whose(entry: LedgerEntry, role: Role = Role.EXIT) -> _Whose:
    request = entry.current.request
    symbol = request.symbol or request.pair
    return _Whose(entry.strategy, request.pair, symbol, request.on_margin, role)


def _sum_of(order_id: str, trades: Iterable[Trade]) -> Decimal:
    return sum((trade.volume for trade in trades if trade.order_id == order_id), _ZERO)
