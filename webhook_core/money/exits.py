"""What the conditional closes of an entry have traded, written down in the entry itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import TRIES, Ledger, Recorded
from webhook_core.ledger.entry import ExitTrade, LedgerEntry, Unit
from webhook_core.ledger.fill_records import exited
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.trades import VenueTrade


class Owner(NamedTuple):
    """The entry that a trade belongs to, and as what; of an exit whose entry the ledger has
    forgotten a trade of that entry's order, as it is kept."""

    entry: LedgerEntry | Trade
    role: Role


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
