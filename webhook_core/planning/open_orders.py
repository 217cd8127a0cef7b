"""The open orders of the account, and what our own cancels of the last minute say of them.

A list may lag the engine by the visibility margin, and so may the funds that a balance holds for an
order (docs.kraken.com, get-open-orders). What the ledger knows of a cancel is true at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.cancels import has_found_none
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.own_changes import DONE
from webhook_core.trading.facts import RestingOrder

if TYPE_CHECKING:
    from webhook_core.planning.own_orders import OwnOrders
    from webhook_core.planning.sources import Sources

_PAGE = 50
_MOST_PAGES = 20


class Canceled(NamedTuple):
    """Ids of orders. ``done``: canceled. ``not_found``: they were open no more, so they have
    filled, or somebody else has canceled them."""

    done: frozenset[str]
    not_found: frozenset[str]


_NONE = Canceled(frozenset(), frozenset())


class OpenNow:
    """Of one plan, read once, and only if asked for. ``before``: what was read before."""

    def __init__(
        self, sources: Sources, budget: Budget, before: Sequence[RestingOrder] | None
    ) -> None:
        self._sources, self._budget, self._before = sources, budget, before

    @property
    def so_far(self) -> tuple[RestingOrder, ...] | None:
        """As they were read, without those that we have canceled; None where nobody has asked."""
        if self._before is None and "_read" not in vars(self):
            return None
        return without(self._read, self._canceled.done)

    @cached_property
    def listed(self) -> Sequence[RestingOrder]:
        """Without those of which a cancel of ours says that they are open no more."""
        canceled = self._canceled
        return without(self._read, canceled.done | canceled.not_found)

    @cached_property
    def gone(self) -> Sequence[RestingOrder]:
        """What became of those that are shown as open though a cancel of ours has found none.

        Raises NotItsTurn as long as that is not shown.
        """
        names = self._canceled.not_found
        ids = [order.order_id for order in self._read if order.order_id in names]
        shown = self._sources.venue.orders(ids, self._budget) if ids else {}
        for name in ids:
            if name not in shown or shown[name].status not in DONE:
                raise NotItsTurn(
                    f"Kraken shows {name} as open, and could not cancel it. Nothing was sent; "
                    "sending the same alert again soon is safe."
                )
        return list(shown.values())

    def lacking(self, rests: Collection[str]) -> str:
        """What is wrong with orders of ours that QueryOrders shows as open and the list does not,
        for longer than it can take to show them: they are open no more. Else empty."""
        listed = {order.order_id for order in self._read}
        missing = [name for name in rests if name not in listed]
        if not missing:
            return ""
        own = self._sources.own_orders
        canceled, since = self._just_canceled.done, own.clock.now() - own.margin
        for entry in own.of_orders(missing):
            order_id, attempt = entry.current.order_id, entry.current
            if order_id not in canceled and (attempt.settled_at or attempt.deadline) < since:
                return f"Kraken shows {order_id} as open, and does not list it."
        return ""

    def has_all_of(self, rests: Collection[str]) -> bool:
        """Whether the list has them, so that no other order of ours holds funds."""
        listed = {order.order_id for order in self._read}
        return set(rests) <= listed | self._just_canceled.done

    @cached_property
    def has_canceled(self) -> bool:
        """Whether a cancel of ours may not be shown yet."""
        return bool(self._just_canceled.done)

    @cached_property
    def _read(self) -> Sequence[RestingOrder]:
        if self._before is not None:
            return self._before
        return self._sources.venue.open_orders(self._budget)

    @cached_property
    def _canceled(self) -> Canceled:
        return self._just_canceled if self._read else _NONE

    @cached_property
    def _just_canceled(self) -> Canceled:
        return just_canceled(self._sources.own_orders)


def read_open_orders(sources: Sources, budget: Budget) -> tuple[RestingOrder, ...]:
    """Without those that we have canceled. Raises VenueUnavailable, LedgerUnavailable."""
    listed = sources.venue.open_orders(budget)
    return without(listed, just_canceled(sources.own_orders).done) if listed else listed


def without(listed: Iterable[RestingOrder], order_ids: Collection[str]) -> tuple[RestingOrder, ...]:
    return tuple(order for order in listed if order.order_id not in order_ids)


def just_canceled(own: OwnOrders) -> Canceled:
    """Those that Kraken's reads may still show as open. Raises LedgerUnavailable."""
    since, cursor, found = own.clock.now() - own.margin, None, list[LedgerEntry]()
    for _ in range(_MOST_PAGES):
        page = own.ledger.entries(
            states=(State.ACCEPTED, State.REJECTED), cursor=cursor, limit=_PAGE
        )
        found += (entry for entry in page.entries if own.is_ours(entry))
        cursor = page.cursor
        if cursor is None or (page.entries and page.entries[-1].claimed_at < since):
            break
    recent = [
        entry
        for entry in found
        if entry.current.request.method == "CancelOrder"
        and (entry.current.settled_at or entry.current.claimed_at) > since
    ]
    return Canceled(
        frozenset(_named(entry) for entry in recent if entry.state is State.ACCEPTED),
        frozenset(_named(entry) for entry in recent if has_found_none(entry)),
    )


def _named(entry: LedgerEntry) -> str:
    return entry.current.request.named or ""
