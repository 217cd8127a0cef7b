"""Whose a trade is: the alert's that sent its order, or that of the entry which left its exit. What
exits have traded is written down in that entry itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import TRIES, Ledger, Recorded
from webhook_core.ledger.entry import ExitTrade, LedgerEntry, State, Unit
from webhook_core.ledger.fill_records import exited
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.venue_trades import VenueTrade
from webhook_core.venue import Venue

MOST_UNKNOWN = 100
"""A page of them; all of them are read: an order that is missed is nobody's for good."""
_DAY = timedelta(days=1)


class Owner(NamedTuple):
    """The entry that a trade belongs to, and as what; of an exit whose entry the ledger has
    forgotten a trade of that entry's order, as it is kept."""

    entry: LedgerEntry | Trade
    role: Role


@dataclass(slots=True, eq=False, repr=False)
class Owners:
    """Of the account whose trades are in ``store``."""

    ledger: Ledger
    venue: Venue
    store: TradeStore

    def of_orders(self, order_ids: Collection[str], budget: Budget) -> Mapping[str, Owner | None]:
        """By order id; None for an order that is nobody's here. One that is not among them may
        still be somebody's: the venue does not show it yet, or it is the exit of an order that may
        be one of ours without an outcome.

        An exit is known by the order that it names; an order whose reply was lost by the client
        order id that the ledger knows. Raises VenueUnavailable, LedgerUnavailable.
        """
        entries = self._entries(order_ids)
        strangers = {order_id for order_id in order_ids if order_id not in entries}
        if not strangers:
            return _as_orders(entries)
        shown = self.venue.orders(list(strangers), budget)
        unknown = self._unknown()
        # Behind the unknown ones: an order whose outcome is recorded meanwhile is in one of both.
        parents = {order.parent for order in shown.values() if order.parent}
        late = self._entries(strangers | parents)
        entries |= {name: entry for name, entry in late.items() if name in strangers}
        owners = _as_orders(entries)
        for name, order in shown.items():
            if name not in owners:
                owner = self._of_shown(order, late, unknown)
                if owner is not None or not (order.parent and unknown):
                    owners[name] = owner
        return owners

    def _of_shown(
        self,
        order: RestingOrder,
        entries: Mapping[str, LedgerEntry],
        unknown: Mapping[str, LedgerEntry],
    ) -> Owner | None:
        entry = unknown.get(plain_client_order_id(order.client_order_id or ""))
        if entry is not None:
            return Owner(entry, Role.ORDER)
        if not order.parent:
            return None
        bought = entries.get(order.parent) or forgotten(self.store, order.parent, order.opened_at)
        return None if bought is None else Owner(bought, Role.EXIT)

    def _entries(self, order_ids: Collection[str]) -> dict[str, LedgerEntry]:
        mode, account = self.store.mode, self.store.account
        entries = self.ledger.of_orders(mode, account, order_ids) if order_ids else ()
        return {entry.current.order_id or "": entry for entry in entries}

    def _unknown(self) -> Mapping[str, LedgerEntry]:
        found: dict[str, LedgerEntry] = {}
        cursor: str | None = ""
        while cursor is not None:
            page = self.ledger.entries(
                states=(State.SUBMITTING,), cursor=cursor or None, limit=MOST_UNKNOWN
            )
            for entry in page.entries:
                found[plain_client_order_id(entry.current.client_order_id)] = entry
            cursor = page.cursor
        return found


def forgotten(store: TradeStore, parent: str, opened_at: datetime) -> Trade | None:
    """A trade of the order that left an exit, where the ledger has purged its entry: what that
    bought is kept, on the day on which it left the exit. Raises LedgerUnavailable."""
    day = opened_at.date()
    bought = (*store.of_day(day - _DAY), *store.of_day(day))
    found = (one for one in bought if one.order_id == parent and one.strategy is not None)
    return next(found, None)


def _as_orders(entries: Mapping[str, LedgerEntry]) -> dict[str, Owner | None]:
    return {name: Owner(entry, Role.ORDER) for name, entry in entries.items()}


def keep_exits(ledger: Ledger, owned: Iterable[tuple[VenueTrade, Owner | None]]) -> None:
    """Write those among them that are exits into their entries, each once. Raises
    LedgerUnavailable."""
    entries: dict[Unit, LedgerEntry] = {}
    trades: dict[Unit, list[ExitTrade]] = {}
    for trade, owner in owned:
        if owner is None or owner.role is not Role.EXIT or isinstance(owner.entry, Trade):
            continue
        entries[owner.entry.unit] = owner.entry
        shared = (getattr(trade, name) for name in ExitTrade._fields)
        trades.setdefault(owner.entry.unit, []).append(ExitTrade(*shared))
    for unit, entry in entries.items():
        _keep(ledger, entry, trades[unit])


def _keep(ledger: Ledger, entry: LedgerEntry, trades: Iterable[ExitTrade]) -> None:
    for _ in range(TRIES):
        known = exited(entry, trades)
        if known is entry:
            return
        written = ledger.record(known)
        if isinstance(written, Recorded):
            return
        entry = written.entry
    raise LedgerUnavailable("What an exit traded could not be written: others wrote its entry too.")
