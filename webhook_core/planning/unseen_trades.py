"""What orders of ours, and the exits that they left, have filled that the trades read do not show
yet: Kraken's lists may lag its engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.unfinished import is_final
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill
from webhook_core.trading.trades import VenueTrade

_ZERO = Decimal(0)
_STEP = Decimal("1E-10")
_DAY = timedelta(days=1)


class UnseenTrades:
    """Of one account. ``strategy``: whose, None: everybody's; ``pair``: of which, None: of any.
    ``listed``: the open orders, once they were read, also here. ``doubts``: where they are only to
    be collected, the orders of which it is not known what they came to; None: they end the count.
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
        self._lists_lack_since = sources.clock.now() - 2 * sources.margin

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
        raise NotItsTurn(
            f"What the order of the alert {entry.alert_id} came to is not known, so what this "
            "strategy bought is not certain. Nothing was sent; sending the same alert again soon "
            "is safe."
        )

    def check_owners(self, waiting: Iterable[VenueTrade]) -> None:
        """``waiting``: trades of which it does not show yet whose they are."""
        for trade in waiting:
            if self._pair in (None, trade.pair):
                raise NotItsTurn(
                    f"Kraken does not show yet whose order {trade.order_id} is, which has just "
                    "traded. Nothing was sent; sending the same alert again soon is safe."
                )

    def behind(self, trades: Sequence[Trade], entries: Sequence[LedgerEntry]) -> Iterator[Trade]:
        """In no order, each as of when its order was done. ``entries``: accepted ones that may
        have some."""
        asked = [entry for entry in entries if self._may_be_unseen(entry, trades)]
        ids = [entry.current.order_id or "" for entry in asked]
        fills = self._sources.venue.fills(ids, self._budget) if ids else {}
        for entry, order_id in zip(asked, ids, strict=True):
            fill = fills.get(order_id)
            if fill is None or (entry.current.request.at_market and not is_final(fill)):
                self.doubt(entry)
                continue
            lacking = fill.volume - self._moved(order_id, entry.claimed_at, fill.volume, trades)
            if lacking > 0:
                yield self._trade(entry, lacking, fill)
        for entry, order in self._exits(entries):
            moved = self._moved(order.order_id, order.opened_at, order.executed, trades)
            if order.executed > moved:
                yield self._trade(entry, order.executed - moved, order)

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

    def _exits(self, entries: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, RestingOrder]]:
        """What conditional closes have traded, or trade, since lists may lag."""
        leaving = [entry for entry in entries if entry.current.request.leaves_exit]
        if not leaving:
            return []
        venue = self._sources.venue
        if self.listed is None:
            self.listed = venue.open_orders(self._budget)
        # Those that are done come second: one that is filled in between is in no list else.
        shown = (*self.listed, *venue.orders_closed(self._lists_lack_since, self._budget))
        traded = {one.order_id: one for one in shown if one.parent and one.executed}
        parents = {entry.current.order_id: entry for entry in leaving}
        older = {one.parent for one in traded.values() if one.parent} - parents.keys()
        for entry in self._sources.own_orders.of_orders(older):
            if entry.state is State.ACCEPTED and self.are_of(entry):
                parents[entry.current.order_id] = entry
        return [(parents[one.parent], one) for one in traded.values() if one.parent in parents]

    def _trade(self, entry: LedgerEntry, volume: Decimal, done: Fill | RestingOrder) -> Trade:
        """Without its cost, which says nothing of what is held."""
        request, order_id, fee = entry.current.request, entry.current.order_id or "", _ZERO
        side, role, in_base = request.side or Side.SELL, Role.ORDER, False
        if isinstance(done, RestingOrder):
            order_id, side, role = done.order_id, done.side, Role.EXIT
        elif request.fee_in_base and done.cost > 0:
            fee, in_base = (done.fee * volume / done.cost).quantize(_STEP), True
        return Trade(
            f"unseen {order_id}",
            order_id,
            request.pair,
            request.symbol or request.pair,
            side,
            volume,
            price=_ZERO,
            cost=_ZERO,
            fee=fee,
            at=done.closed_at or self._moment(side),
            margin=request.on_margin,
            role=role,
            strategy=entry.strategy,
            fee_in_base=in_base,
        )

    def _moment(self, side: Side) -> datetime:
        """Of a part that has filled and is not listed, while the order rests on: before whatever
        may have sold it, and behind whatever it may have sold."""
        return self._lists_lack_since if side is Side.BUY else self._sources.clock.now() + _DAY


def _sum_of(order_id: str, trades: Iterable[Trade]) -> Decimal:
    return sum((trade.volume for trade in trades if trade.order_id == order_id), _ZERO)
