"""Which take profits and stop losses that rest are a strategy's own: what its entries have left,
and what an exit has put back for the rest of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt, NotItsTurn
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.sources import Sources
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.trading.assets import asset_code
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.requests import Fill
from webhook_core.trading.rounding import plain

_KINDS = (
    OrderType.STOP_LOSS,
    OrderType.TAKE_PROFIT,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT_LIMIT,
)
_ZERO = Decimal(0)
_NO_FILLS: Mapping[str, Fill] = MappingProxyType({})


class Whose(NamedTuple):
    """``symbol``: for people. ``margin``: it is one of positions with leverage."""

    strategy: str
    symbol: str
    margin: bool


class ExitLine(NamedTuple):
    """The exits of one pair, on spot or on margin, on one side; None: on both."""

    instrument: Instrument
    margin: bool
    side: Side | None


class OwnExits:
    """Those of ``strategy``, None: of every one; of one line, None: of all. ``refused``: an entry
    whose order is none, though it is SUBMITTING still."""

    def __init__(
        self,
        sources: Sources,
        strategy: str | None,
        line: ExitLine | None,
        budget: Budget,
        refused: Unit | None = None,
    ) -> None:
        self._sources, self._strategy, self._line = sources, strategy, line
        self._budget, self._refused = budget, refused

    def resting(
        self,
        listed: Sequence[RestingOrder],
        read_at: datetime,
        fills: Mapping[str, Fill] = _NO_FILLS,
        balances: Mapping[str, Balance] | None = None,
        rows: Sequence[OpenPosition] = (),
    ) -> list[RestingOrder]:
        """Oldest first. ``fills``: what was known of the orders that rest when what is held was
        counted; one that had filled whole then rests no more, though it is listed. ``balances``:
        what orders on spot hold, which may show one that no list does yet; ``rows``: of the margin
        positions, each with the order that has opened it.

        Raises NotItsTurn while one may be in the book unseen, or was left by a fill that is in no
        figure yet; VenueUnavailable, LedgerUnavailable.
        """
        unlisted = UnlistedOrders(self._sources, listed, read_at, self._budget)
        side, leaving = None if self._line is None else self._line.side, self._leaving()
        seen = unlisted.of(leaving, side).orders
        waiting = [entry for entry in leaving if _may_fill(entry)]
        _check_opened(listed, waiting, rows)
        if balances is not None and waiting:
            self._check_holds(balances, [*listed, *seen], waiting)
        found, entries = self._owned([*listed, *seen])
        resting = [order for order, _ in found if not has_filled(order, fills)]
        orders = sorted(resting, key=lambda order: order.opened_at)
        self._check_counted(orders, entries, fills)
        return orders

    def owners(self, listed: Sequence[RestingOrder], read_at: datetime) -> set[Whose]:
        """Whose exits rest, or may, unseen as yet. Raises VenueUnavailable, LedgerUnavailable,
        NotItsTurn where there are too many to tell."""
        leaving = self._leaving()
        try:
            listed = [
                *listed,
                *UnlistedOrders(self._sources, listed, read_at, self._budget)
                .of(leaving, None)
                .orders,
            ]
            unseen = []
        except NotItsTurn:
            unseen = [_whose(entry) for entry in leaving]
        return {*unseen, *(whose for _, whose in self._owned(listed)[0])}

    def _leaving(self) -> list[LedgerEntry]:
        """Entries that Kraken's list may lack an exit of."""
        maybe_open = self._sources.own_orders.maybe_open()
        placed = (entry for entry in maybe_open if entry.unit != self._refused)
        return [entry for entry in placed if self._leaves_one(entry)]

    def _leaves_one(self, entry: LedgerEntry) -> bool:
        """Or stands in its place."""
        request, line = entry.current.request, self._line
        if self._strategy not in (None, entry.strategy):
            return False
        if line is None:
            return request.leaves_exit or request.freeing
        if (request.pair, request.on_margin) != (line.instrument.key, line.margin):
            return False
        on_this_side = line.side in (None, request.side)
        return (request.freeing and on_this_side) or (
            request.leaves_exit and request.side is not line.side
        )

    def _owned(
        self, listed: Sequence[RestingOrder]
    ) -> tuple[list[tuple[RestingOrder, Whose]], dict[str | None, LedgerEntry]]:
        """With whose each is; and the entries that left them, or stand in the place of one."""
        here = [order for order in listed if self._may_be_one(order)]
        names = {order.parent or order.order_id for order in here}
        of_names = self._sources.own_orders.of_orders(names)
        entries = {entry.current.order_id: entry for entry in of_names}
        return list(self._with_owners(here, entries)), entries

    def _with_owners(
        self, orders: Sequence[RestingOrder], entries: Mapping[str | None, LedgerEntry]
    ) -> Iterator[tuple[RestingOrder, Whose]]:
        for order in orders:
            whose = self._owner(order, entries.get(order.parent or order.order_id))
            if whose is None or self._strategy not in (None, whose.strategy):
                continue
            if self._line is None or whose.margin == self._line.margin:
                yield order, whose

    def _may_be_one(self, order: RestingOrder) -> bool:
        line = self._line
        if order.order_type not in list(_KINDS):
            return False
        if line is None:
            return True
        names = (line.instrument.altname, line.instrument.key)
        return order.pair in names and line.side in (None, order.side)

    def _owner(self, order: RestingOrder, entry: LedgerEntry | None) -> Whose | None:
        if entry is None:
            bought = self._sources.bought_by_purged(order)
            if bought is None or bought.strategy is None:
                return None
            return Whose(bought.strategy, bought.symbol, bought.margin)
        request = entry.current.request
        is_one = request.freeing if order.parent is None else request.leaves_exit
        return _whose(entry) if is_one else None

    def _check_holds(
        self,
        balances: Mapping[str, Balance],
        shown: Sequence[RestingOrder],
        entries: Sequence[LedgerEntry],
    ) -> None:
        """An entry that rested may have filled and left its exit, which holds just what it bought
        before any list shows either."""
        if self._line is None or self._line.margin:
            return
        pair, known = self._line.instrument, self._sources.known_pairs(self._budget)
        held = balances[pair.base].held if pair.base in balances else _ZERO
        for order in shown:
            sold = None if order.margin else known(order.pair)
            if sold is None:
                continue
            if sold.quote == pair.base and order.side is Side.BUY:
                return  # how much of it that holds its size does not say
            if sold.base == pair.base and order.side is Side.SELL:
                held -= order.left
        executed = {order.order_id: order.executed for order in shown}
        left = [
            one.current.request.volume - executed.get(one.current.order_id or "", _ZERO)
            for one in entries
        ]
        if held > 0 and held in (*left, sum(left)):
            what = f"{plain(held)} {asset_code(pair.base)}"
            raise InDoubt(f"An order that Kraken's list lacks as yet holds {what}.")

    def _check_counted(
        self,
        exits: Sequence[RestingOrder],
        entries: Mapping[str | None, LedgerEntry],
        fills: Mapping[str, Fill],
    ) -> None:
        """An order that rested leaves its exit when it fills, and figures may lag that."""
        since = self._sources.clock.now() - self._sources.read_lag
        for name in {order.parent for order in exits if order.parent and order.opened_at > since}:
            entry = entries.get(name)
            if entry is None or not entry.current.request.rests:
                continue
            left = sum((order.volume for order in exits if order.parent == name), _ZERO)
            fill = fills.get(name, entry.current.fill)
            if fill is None or fill.volume < left:
                raise InDoubt(
                    f"The order of the alert {entry.alert_id} has just filled, and what is held "
                    "may lack that."
                )


def has_filled(order: RestingOrder, fills: Mapping[str, Fill]) -> bool:
    """Whether it is known to have filled whole, though it is listed as open."""
    fill = fills.get(order.order_id)
    return fill is not None and fill.volume >= order.volume


def _check_opened(
    listed: Sequence[RestingOrder], entries: Sequence[LedgerEntry], rows: Sequence[OpenPosition]
) -> None:
    """A list that shows less of an entry than the position has of it is behind, and lacks what that
    has left."""
    names = {entry.current.order_id for entry in entries}
    for order in listed:
        of_it = (row for row in rows if row.order_id == order.order_id in names)
        if order.executed < sum(abs(row.volume) + row.closed for row in of_it):
            raise InDoubt(f"The order {order.order_id} has just filled, and no list shows it yet.")


def _may_fill(entry: LedgerEntry) -> bool:
    """Whether it is an entry that rests, as far as the ledger knows."""
    fill, request = entry.current.fill, entry.current.request
    return request.leaves_exit and request.rests and (fill is None or fill.status not in DONE)


def _whose(entry: LedgerEntry) -> Whose:
    request = entry.current.request
    return Whose(entry.strategy, request.symbol or request.pair, request.on_margin)
