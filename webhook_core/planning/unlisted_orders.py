"""Which orders of ours a cancel has to reach although Kraken's list of the open ones lacks them.

A list may lag the engine by the read lag. So, of the orders that a cancel by pair, scope
or alert means:

- one that was accepted within the read lag is asked for by its id: it is open unless Kraken says
  that it is done;
- one whose outcome is unknown is looked up, and while that proves nothing, nothing is sent;
- one with a conditional close has left an order for all that it filled (docs.kraken.com,
  get-orders-info ``refid``), and has filled where no bid or ask is as good. Until that is seen,
  open or closed, nothing is sent: its cancel would miss it. A list past the read lag that lacks it
  is believed, with a warning: a part below the pair's minimum may have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, cast

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.planning.last_prices import is_in_the_book
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.own_orders import may_live
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.ours import plain_client_order_id

if TYPE_CHECKING:
    from webhook_core.planning.sources import Sources

_ZERO = Decimal(0)
Shown = Mapping[str, RestingOrder]
"""By order id, what QueryOrders shows."""


class Parent(NamedTuple):
    """An order with a conditional close: what it has filled, and when it was done, None while it is
    open."""

    entry: LedgerEntry
    order_id: str
    executed: Decimal
    done_at: datetime | None


class Unlisted(NamedTuple):
    """``orders``: open ones that the list lacks. ``notes``: what was never seen, each in words."""

    orders: tuple[RestingOrder, ...]
    notes: tuple[str, ...]


class UnlistedOrders:
    """``listed``: the open orders, as a read that began at ``read_at`` shows them."""

    def __init__(
        self, sources: Sources, listed: Sequence[RestingOrder], read_at: datetime, budget: Budget
    ) -> None:
        self.sources, self.listed, self.read_at, self.budget = sources, listed, read_at, budget
        self._looked_up: dict[Unit, LedgerEntry] = {}
        self._by_name = {order.order_id: order for order in listed}
        self._by_name |= {
            plain_client_order_id(order.client_order_id): order
            for order in listed
            if order.client_order_id
        }

    def of(self, entries: Iterable[LedgerEntry], side: Side | None) -> Unlisted:
        """``entries``: the orders of ours that are meant; ``side``: of the orders to be cancelled,
        None for both. Raises NotItsTurn, VenueUnavailable, LedgerUnavailable."""
        concerned = (one for one in entries if _is_meant(one, side) or _leaves(one, side))
        # What a look proves to be no order has left nothing.
        meant = [one for one in map(self.looked_up, concerned) if may_live(one)]
        for entry in meant:
            self._check_known(entry)
        own = [entry for entry in meant if _is_meant(entry, side) and self._may_be_unlisted(entry)]
        leaving = [entry for entry in meant if _leaves(entry, side)]
        parents = [entry for entry in leaving if self._may_lack_a_close(entry)]
        trading = [entry for entry in parents if not _is_done(entry)]
        asked = {self._order_id(entry) for entry in (*own, *trading)}
        shown = self.sources.venue.orders(sorted(asked), self.budget) if asked else {}
        found = [order for entry in own if (order := _open_order(entry, shown)) is not None]
        notes = self._check_closes(list(self._parents(parents, shown)))
        late = (entry for entry in leaving if entry not in parents)
        return Unlisted(tuple(found), (*notes, *self._never_seen(late)))

    def looked_up(self, entry: LedgerEntry) -> LedgerEntry:
        """One whose outcome is unknown and that the list does not show, after a look at Kraken."""
        if entry.state is not State.SUBMITTING or self._listed(entry) is not None:
            return entry
        if entry.unit not in self._looked_up:
            self._looked_up[entry.unit] = self.sources.look_up(entry, self.budget)
        return self._looked_up[entry.unit]

    def latest(self, entry: LedgerEntry) -> LedgerEntry:
        """As the last look at Kraken left it: what it found has an id, by which its exit goes."""
        return self._looked_up.get(entry.unit, entry)

    def _check_known(self, entry: LedgerEntry) -> None:
        if entry.state is not State.SUBMITTING or self._listed(entry) is not None:
            return
        # By then Kraken takes it no more, and the list shows what it has taken; not what that left.
        ends_at = entry.current.deadline + self.sources.read_lag
        if entry.current.request.leaves_exit or self.read_at < ends_at:
            raise _in_doubt(entry, "has no known outcome yet")

    def _listed(self, entry: LedgerEntry) -> RestingOrder | None:
        by_id = self._by_name.get(entry.current.order_id or "")
        return by_id or self._by_name.get(plain_client_order_id(entry.current.client_order_id))

    def _order_id(self, entry: LedgerEntry) -> str:
        listed = self._listed(entry)
        return listed.order_id if listed is not None else entry.current.order_id or ""

    def _is_young(self, moment: datetime) -> bool:
        return moment + self.sources.read_lag > self.read_at

    def _may_be_unlisted(self, entry: LedgerEntry) -> bool:
        if entry.state is not State.ACCEPTED or self._listed(entry) is not None or _is_done(entry):
            return False
        return self._is_young(_taken_at(entry))

    def _may_lack_a_close(self, entry: LedgerEntry) -> bool:
        """One that fills at once has left its close when it was taken; one that rests may have
        filled just now."""
        if entry.state is State.SUBMITTING and self._listed(entry) is None:  # it was never placed
            return False
        return entry.current.request.rests or self._is_young(_taken_at(entry))

    def _parents(self, entries: Iterable[LedgerEntry], shown: Shown) -> Iterator[Parent]:
        for entry in entries:
            order_id, fill = self._order_id(entry), entry.current.fill
            if _is_done(entry) and fill is not None:
                yield Parent(entry, order_id, fill.volume, fill.closed_at or _taken_at(entry))
                continue
            views = list(filter(None, (shown.get(order_id), self._by_name.get(order_id))))
            if not views and self._is_young(_taken_at(entry)):
                raise _in_doubt(entry, "is not shown by Kraken yet")
            done = next((view for view in views if view.status in DONE), None)
            done_at = None if done is None else done.closed_at or _taken_at(entry)
            executed = max((view.executed for view in views), default=_ZERO)
            if done is None and views and not is_in_the_book(views[0], self.sources, self.budget):
                raise _in_doubt(entry, "is shown as open, and is in the book no more")
            yield Parent(entry, order_id, executed, done_at)

    def _check_closes(self, parents: Sequence[Parent]) -> list[str]:
        """A sentence for each close that was never placed, or is gone. Raises NotItsTurn while one
        may be in the book unseen."""
        lacking = [parent for parent in parents if _missing(parent, self.listed) > 0]
        if any(self._is_waited_for(parent, self.listed) for parent in lacking):
            since = min(parent.entry.current.claimed_at for parent in lacking)
            closed = self.sources.venue.orders_closed(since, self.budget)
            seen = {order.order_id: order for order in (*closed, *self.listed)}.values()
            for parent in lacking:
                if self._is_waited_for(parent, seen):
                    raise _in_doubt(parent.entry, self._filled_unseen())
            lacking = [parent for parent in lacking if _missing(parent, seen) > 0]
        return [_not_shown(parent.entry, parent.order_id) for parent in lacking]

    def _filled_unseen(self) -> str:
        end = f"{self.sources.read_lag.total_seconds():.0f} s after its last trade"
        return f"has filled, and its exit is not shown by Kraken yet ({end} it counts as absent)"

    def _is_waited_for(self, parent: Parent, orders: Collection[RestingOrder]) -> bool:
        missing = _missing(parent, orders)
        if missing <= 0:
            return False
        if parent.done_at is not None:
            return self._is_young(parent.done_at)
        if missing < self._least(parent.entry):
            return False
        traded_at = self.sources.venue.last_traded(parent.order_id, self.budget)
        return traded_at is None or self._is_young(traded_at)

    def _least(self, entry: LedgerEntry) -> Decimal:
        pair = self.sources.known_pairs(self.budget)(entry.current.request.pair)
        return _ZERO if pair is None else pair.ordermin or _ZERO

    def _never_seen(self, entries: Iterable[LedgerEntry]) -> Iterator[str]:
        """Of those that can't be seen any later."""
        parents = {order.parent for order in self.listed}
        for entry in entries:
            fill, order_id = entry.current.fill, self._order_id(entry)
            if order_id and order_id not in parents and (fill is None or fill.volume):
                yield _not_shown(entry, order_id)


def _missing(parent: Parent, orders: Collection[RestingOrder]) -> Decimal:
    """How much of what it has filled these orders do not close."""
    closing = (order.volume for order in orders if order.parent == parent.order_id)
    return parent.executed - sum(closing, _ZERO)


def _is_meant(entry: LedgerEntry, side: Side | None) -> bool:
    return entry.current.request.rests and side in (None, entry.current.request.side)


def _leaves(entry: LedgerEntry, side: Side | None) -> bool:
    """Whether what it fills leaves an order on that side."""
    request = entry.current.request
    return request.leaves_exit and (side is None or side != request.side)


def _is_done(entry: LedgerEntry) -> bool:
    """Whether the ledger knows all that it has filled."""
    fill = entry.current.fill
    return fill is not None and fill.status in DONE


def _taken_at(entry: LedgerEntry) -> datetime:
    """Until when Kraken may have taken it."""
    return entry.current.settled_at or entry.current.deadline


def _open_order(entry: LedgerEntry, shown: Shown) -> RestingOrder | None:
    """None for one that is done. One that Kraken does not show at all is as it was sent."""
    request, order_id = entry.current.request, entry.current.order_id or ""
    order = shown.get(order_id)
    if order is not None:
        return None if order.status in DONE else order
    own, side = entry.current.client_order_id, cast("Side", request.side)  # every order has one
    return RestingOrder(
        order_id,
        request.pair,
        side,
        request.kind,
        request.volume,
        _ZERO,
        entry.current.claimed_at,
        client_order_id=own,
        margin=request.on_margin,
        closes=request.leaves_exit,
    )


def _in_doubt(entry: LedgerEntry, why: str) -> InDoubt:
    what = f"The order of the alert {entry.alert_id} {why}, so a cancel may miss it"
    return InDoubt(f"{what}.")


def _not_shown(entry: LedgerEntry, order_id: str) -> str:
    what = f"The take profit or stop loss of {order_id} (alert {entry.alert_id})"
    return f"{what} is not among Kraken's open orders: it has filled, was canceled, or never placed"
