"""Whether the rows of a margin position contain the last orders, by what the rows say themselves.

A row names the order that opened it, and how much of that is closed. Only orders on the other side,
done since it was opened, can have closed any of it. So what is closed of these rows is no more than
what such orders had traded by then: where it is all that they have traded by now, each of them is
in the rows. The list of closed orders may be late too. So it has to show each order in question:
then it has whatever was done before that one, and what came later does not hide it. What an order
has traded that rests on is in no such list, so none may rest here that trades in parts.

A row that is gone proves nothing: an order opens less than it has traded where it closed something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.other_steps import AT_THE_MARKET, MOST_OF_NOW
from webhook_core.planning.own_changes import DONE, NEAR, InstrumentOf, signed_by
from webhook_core.planning.position_course import Parts, signed
from webhook_core.trading.facts import OpenPosition, RestingOrder
from webhook_core.trading.orders import OrderType

if TYPE_CHECKING:
    from webhook_core.planning.open_orders import OpenNow
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)
Traded = Mapping[str, Decimal]
"""Signed, in base, by order id."""
ClosedSince = Callable[[datetime], Sequence[RestingOrder]]
"""Every order that is done since then, and some before. Raises VenueUnavailable."""


class AccountedRows:
    """Of one position; the closed orders are read only where its rows may prove it."""

    def __init__(
        self, sources: Sources, instrument_of: InstrumentOf, parts: Parts, closed_since: ClosedSince
    ) -> None:
        self._sources, self._instrument_of = sources, instrument_of
        self._rows, self._parts, self._closed_since = parts.rows, parts, closed_since

    def contain(self, now: OpenNow) -> bool:
        """``now``: what is open. Raises VenueUnavailable, LedgerUnavailable."""
        in_question = self._in_question()
        named = self._sources.own_orders.of_orders({row.order_id for row in self._rows} - {""})
        lots = _lots(self._rows, named)
        if not lots or not in_question or any(map(self._trades_in_parts, now.listed)):
            return False
        closed = self._closed_since(min(entry.current.claimed_at for entry in named) - NEAR)
        if len(closed) >= MOST_OF_NOW:
            return False
        here = [one for one in closed if one.executed and self._is_here(one)]
        traded = {one.order_id: signed_by(one.side, one.executed) for one in here}
        if not in_question.items() <= traded.items():
            return False
        opened = _by_order(self._rows)
        asked = {one.order_id for one in here if self._is_recent(one)} | in_question.keys()
        unshown = {name for name in asked if opened.get(name) != traded[name]}
        sides = {traded[name] > 0 for name in unshown}
        return all(_closed_by_all(lots, opened, traded, bought=side) for side in sides)

    def _in_question(self) -> Traded:
        """What the young entries, and the exits, have traded; nothing where one may trade more."""
        traded = {one.order_id: one.change for one in self._parts.exits.fills}
        for entry, fill in self._parts.young:
            if fill.status not in DONE and (fill.volume or not _rests_whole(entry)):
                return {}
            if fill.volume:
                traded[entry.current.order_id or ""] = signed(entry, fill.volume)
        return traded

    def _trades_in_parts(self, order: RestingOrder) -> bool:
        """Whether it has traded in the position, or may have meanwhile, and rests on."""
        whole = order.order_type in AT_THE_MARKET and not order.executed
        return not whole and self._is_here(order)

    def _is_here(self, order: RestingOrder) -> bool:
        settles = order.order_type == OrderType.SETTLE_POSITION
        pair = self._instrument_of(order.pair) if order.margin or settles else None
        return pair is not None and pair.key == self._rows[0].pair

    def _is_recent(self, order: RestingOrder) -> bool:
        """Whether the rows may lack it."""
        young_from = self._sources.clock.now() - self._sources.read_lag - NEAR
        return order.closed_at is None or order.closed_at >= young_from


def _rests_whole(entry: LedgerEntry) -> bool:
    request = entry.current.request
    return request.kind in AT_THE_MARKET and request.rests


def _lots(rows: Sequence[OpenPosition], named: Sequence[LedgerEntry]) -> Sequence[OpenPosition]:
    """Of which something is closed, all by orders that came behind the first of ``named``; none
    where one shows more than its order was for, so that it stands for others too."""
    whole = {entry.current.order_id or "": signed(entry) for entry in named}
    for name, opened in _by_order(rows).items():
        if not name or (name in whole and not 0 < opened / whole[name] <= 1):
            return ()
    return [row for row in rows if row.order_id in whole and row.closed]


def _by_order(rows: Sequence[OpenPosition]) -> Traded:
    """What each order has opened of them."""
    opened: dict[str, Decimal] = {}
    for row in rows:
        whole = row.volume + row.closed.copy_sign(row.volume)
        opened[row.order_id] = opened.get(row.order_id, _ZERO) + whole
    return opened


def _closed_by_all(
    lots: Sequence[OpenPosition], opened: Traded, traded: Traded, *, bought: bool
) -> bool:
    """Whether what is closed of these, and what the orders on the other side have opened
    themselves, is all that those have traded."""
    side = {name: abs(change) for name, change in traded.items() if (change > 0) == bought}
    closed = sum((row.closed for row in lots if (row.volume < 0) == bought), _ZERO)
    turned = sum((abs(opened[name]) for name in side if name in opened), _ZERO)
    return closed + turned == sum(side.values(), _ZERO)
