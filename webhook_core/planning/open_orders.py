"""The open orders of the account, and what our own cancels of the last minute say of them.

A list may lag the engine by the read lag, and so may the funds that a balance holds for an
order (docs.kraken.com, get-open-orders). What the ledger knows of a cancel is true at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.events import event
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
    """Of one plan, read once, and only if asked for. ``before``: what was read before.
    ``is_asked``: of which the list is not believed that it rests still. ``matters``: whether what
    rests of that pair, with leverage or without, does."""

    def __init__(
        self,
        sources: Sources,
        budget: Budget,
        before: Sequence[RestingOrder] | None,
        is_asked: Callable[[RestingOrder], bool],
        matters: Callable[[str, bool], bool],
    ) -> None:
        self._sources, self._budget, self._before = sources, budget, before
        self._instrument_of = sources.known_pairs(budget)
        self._is_asked, self._matters = is_asked, matters

    @property
    def so_far(self) -> tuple[RestingOrder, ...] | None:
        """As they were read, without those that we have canceled, or that were asked for and are
        done; None where nobody has asked."""
        if self._before is None and "_read" not in vars(self):
            return None
        done = {
            order.order_id for order in vars(self).get("_asked", {}).values() if _is_done(order)
        }
        return without(self._read, self._canceled.done | done)

    @cached_property
    def listed(self) -> Sequence[RestingOrder]:
        """Without those of which a cancel of ours says that they are open no more, or they
        themselves."""
        canceled = self._canceled
        listed = without(self._read, canceled.done | canceled.not_found)
        newer = (self._asked.get(order.order_id, order) for order in listed)
        return [order for order in newer if not _is_done(order)]

    @cached_property
    def gone(self) -> Sequence[RestingOrder]:
        """What became of those that are listed as open, and are done by themselves, or were not
        found by a cancel of ours, and of those that are listed no more.

        Raises NotItsTurn as long as that is not shown.
        """
        for order in self._read:
            name = order.order_id
            if name in self._canceled.not_found and not _is_done(self._asked.get(name, order)):
                raise InDoubt(f"Kraken shows {name} as open, and could not cancel it.")
        for name in self._vanished:
            if name in self._asked and not _is_done(self._asked[name]):
                raise InDoubt(f"Kraken shows {name} as open, and lists it no more.")
        return list(filter(_is_done, self._asked.values()))

    def margin_parents(self, pair: str) -> set[str]:
        """Which orders left the exits with leverage of that pair, by its key, that rest or have
        just ceased to: where the list was read, or reconcile saw one there."""
        if self._before is None and "_read" not in vars(self) and not self._has_seen(pair):
            return set()
        return {
            order.parent
            for order in (*self.listed, *self.gone)
            if order.parent and order.margin and self._is_of(pair, order.pair)
        }

    def _has_seen(self, pair: str) -> bool:
        seen = self._sources.seen_resting().values()
        return any(one.margin and self._is_of(pair, one.pair) for one in seen)

    def _is_of(self, pair: str, name: str) -> bool:
        whose = self._instrument_of(name)
        return whose is not None and whose.key == pair

    @cached_property
    def _asked(self) -> Mapping[str, RestingOrder]:
        """How they are themselves, in one call: the list may be older."""
        names = [
            order.order_id
            for order in without(self._read, self._canceled.done)
            if order.order_id in self._canceled.not_found or self._is_asked(order)
        ]
        names += self._vanished
        return self._sources.venue.orders(names, self._budget) if names else {}

    @cached_property
    def _vanished(self) -> list[str]:
        """Those that reconcile saw at rest and the list lacks, but for a cancel of ours."""
        listed = {order.order_id for order in self._read}
        seen = self._sources.seen_resting().items()
        names = [name for name, one in seen if name not in listed and self._matters(*one[:2])]
        return [name for name in names if name not in self._just_canceled.done]

    def lacking(self, rests: Mapping[str, Decimal]) -> str:
        """What is wrong with orders of ours that QueryOrders shows as open, with so much filled:
        the list shows more of one, or lacks it for longer than it can take to show it, so that it
        is open no more. Else empty."""
        listed = {order.order_id: order.executed for order in self._read}
        missing = [name for name in rests if name not in listed]
        for name, filled in rests.items():
            if listed.get(name, filled) > filled:
                return f"Kraken lists {name} with more filled than it shows of it."
        if not missing:
            return ""
        own = self._sources.own_orders
        canceled, since = self._just_canceled.done, own.clock.now() - own.read_lag
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


def _is_done(order: RestingOrder) -> bool:
    return order.status in DONE


def read_open_orders(sources: Sources, budget: Budget) -> tuple[RestingOrder, ...]:
    """Without those that we have canceled. Raises VenueUnavailable, LedgerUnavailable."""
    listed = sources.venue.open_orders(budget)
    return without(listed, just_canceled(sources.own_orders).done) if listed else listed


def without(listed: Iterable[RestingOrder], order_ids: Collection[str]) -> tuple[RestingOrder, ...]:
    return tuple(order for order in listed if order.order_id not in order_ids)


def just_canceled(own: OwnOrders) -> Canceled:
    """Those that Kraken's reads may still show as open. Raises LedgerUnavailable."""
    since, cursor, found = own.clock.now() - own.read_lag, None, list[LedgerEntry]()
    for _ in range(_MOST_PAGES):
        page = own.ledger.entries(
            states=(State.ACCEPTED, State.REJECTED), cursor=cursor, limit=_PAGE
        )
        found += (entry for entry in page.entries if own.is_ours(entry))
        cursor = page.cursor
        if cursor is None or (page.entries and page.entries[-1].claimed_at < since):
            break
    else:
        event(logging.WARNING, "orders.canceled_unread", entries=_MOST_PAGES * _PAGE)
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
