"""What orders that are not ours have traded since a figure that one of now is held against.

A figure that is what it was before our order lacks it, or somebody has traded as much the other way
since; one that has moved by another amount shows our order and more, or lacks it. The figure alone
can't tell which; the list of the orders that were done can. Somebody else is, on spot, a
conditional close of ours too, for no plan counts it; a position names its orders.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.planning.other_steps import AT_THE_MARKET, MOST_OF_NOW, Other
from webhook_core.planning.own_changes import NEAR, InstrumentOf
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.open_orders import OpenNow
    from webhook_core.planning.position_course import Parts
    from webhook_core.planning.settled_figures import Settled
    from webhook_core.planning.sources import Sources


class OthersTrades:
    """Of one plan; a list is read only if asked for."""

    def __init__(
        self,
        sources: Sources,
        budget: Budget,
        instrument_of: InstrumentOf,
        pairs: Collection[Instrument],
    ) -> None:
        self._sources, self._budget = sources, budget
        self._instrument_of, self._pairs = instrument_of, pairs
        self._since: datetime | None = None
        self._list: tuple[datetime, Sequence[RestingOrder]] | None = None
        self._closed: Sequence[Other] = ()
        self._open: Sequence[Other] | None = None

    @property
    def known(self) -> Sequence[Other]:
        """Those that change a figure of one of the pairs, as far as the lists were read."""
        return (*self._closed, *(self._open or ()))

    def told(self, settle: Callable[[], Settled], listed: Sequence[RestingOrder] | None) -> Settled:
        """The figures that ``settle`` sets right, with what others have traded where no part of
        ours leads to one. ``listed``: what is open, if that was read. Raises as ``read``."""
        settled = settle()
        if settled.moved and self.read(settled.oldest):
            settled = settle()
        if settled.moved and self._read_open(listed):
            settled = settle()
        return settled

    def read(self, moment: datetime | None) -> bool:
        """Whether more are known now. ``moment``: when the oldest figure was true that one is held
        against, or the oldest order of ours claimed that they may lack. Raises NotItsTurn where the
        list does not reach back that far, VenueUnavailable, LedgerUnavailable."""
        since = self._sources.clock.now() - self._sources.read_lag
        since = since if moment is None else moment - NEAR
        if self._since is not None and self._since <= since:
            return False
        closed = self._sources.venue.orders_closed(since, self._budget)
        self._list = since, closed
        if len(closed) >= MOST_OF_NOW:
            raise InDoubt(
                "So many orders were done since Kraken's figures were certain last that what is "
                "held is not certain."
            )
        before, self._since = self._closed, since
        self._closed = self._timed([one for one in closed if traded_since(one, since)])
        return self._closed != before

    def _closed_since(self, since: datetime) -> Sequence[RestingOrder]:
        """Every order that is done since then, and some before. Raises VenueUnavailable."""
        if self._list is None or self._list[0] > since:
            self._list = since, self._sources.venue.orders_closed(since, self._budget)
        return self._list[1]

    def are_in(self, parts: Parts, now: OpenNow) -> bool:
        """Whether a position's rows prove that none of all that was traded is lacking. ``now``:
        what is open. Raises VenueUnavailable, LedgerUnavailable."""
        from webhook_core.planning.accounted_rows import AccountedRows  # few come to it

        rows = AccountedRows(self._sources, self._instrument_of, parts, self._closed_since)
        return rows.contain(now)

    def _read_open(self, listed: Sequence[RestingOrder] | None) -> bool:
        """The same, of what orders have traded that rest on."""
        if self._open is not None:
            return False
        if listed is None:
            listed = self._sources.venue.open_orders(self._budget)
        self._open = self._timed([one for one in listed if one.executed])
        return bool(self._open)

    def _timed(self, traded: Sequence[RestingOrder]) -> list[Other]:
        """Those that matter and are not ours, each with when it traded."""
        others = self._not_ours([one for one in traded if self._matters(one)])
        rested = [one.order_id for one, _ in others if not self._is_of_now(one)]
        fills = self._sources.venue.fills(rested, self._budget) if rested else {}
        timed = [self._other(one, fills)._replace(exits_ours=ours) for one, ours in others]
        return sorted(timed, key=lambda one: one.at)

    def _is_of_now(self, order: RestingOrder) -> bool:
        began = self._since is not None and order.opened_at >= self._since
        return began or order.order_type in AT_THE_MARKET

    def _other(self, order: RestingOrder, fills: Mapping[str, Fill]) -> Other:
        fill = fills.get(order.order_id)
        once = fill is not None and fill.trades == 1 and order.closed_at is not None
        at = order.closed_at or self._sources.clock.now()
        return Other(order, at, self._is_of_now(order) or once)

    def _not_ours(self, traded: Sequence[RestingOrder]) -> list[tuple[RestingOrder, bool]]:
        """And whether each is an exit that an entry of ours left."""
        named = {order.order_id for order in traded} | {order.parent or "" for order in traded}
        entries = self._sources.own_orders.of_orders(named - {""})
        own = {entry.current.order_id for entry in entries}
        return [(order, order.parent in own) for order in traded if order.order_id not in own]

    def _matters(self, order: RestingOrder) -> bool:
        pair = self._instrument_of(order.pair)
        if pair is None or order.margin:
            return pair in self._pairs
        assets = {pair.base, pair.quote}
        return any(not assets.isdisjoint((one.base, one.quote)) for one in self._pairs)


def traded_since(order: RestingOrder, since: datetime) -> bool:
    """Whether an order that is done may have."""
    return bool(order.executed) and (order.closed_at is None or order.closed_at >= since)
