"""Whose an exit is whose entry the ledger has purged: what that bought is kept for good."""

from __future__ import annotations

from webhook_core.money.owners import forgotten
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Trade
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder


def bought_by_entry(sources: Sources, order: RestingOrder) -> Trade | None:
    """A trade of the entry that left this order; None for an order that is no exit, or that of no
    entry of ours. Raises LedgerUnavailable."""
    if order.parent is None:
        return None
    store = TradeStore(sources.pair_rules.documents, sources.mode, sources.account)
    return forgotten(store, order.parent, order.opened_at)
