"""Entries that are counted by many at once never exceed their limit, in any store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from webhook_core.errors import LedgerUnavailable, OrderDenied
from webhook_core.ledger.entry import Unit
from webhook_core.sending.entry_counts import count_entries
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import Guards, Limits, TradingRules

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
RULES = TradingRules((Limits(strategy="trend", guards=Guards(orders_per_day=3)),))
BUY = OrderRequest("BTC/USD", {"pair": "P", "type": "buy", "ordertype": "market", "volume": "1"})


def test_no_more_than_the_limit_are_taken_and_the_same_alert_counts_once(store):
    def take(number):
        try:
            count_entries([BUY], RULES, Unit("live", "default", f"k{number}", 0, 0), store, NOON)
        except (OrderDenied, LedgerUnavailable):  # the store was too busy: nothing is taken then
            return set()
        return {number}

    with ThreadPoolExecutor(4) as pool:
        taken = set().union(*pool.map(take, range(8)))
    for number in range(8):  # whoever came in vain comes again; the day still has its three
        taken |= take(number)
    assert len(taken) == 3
