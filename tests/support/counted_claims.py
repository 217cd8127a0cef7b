"""Claims that take places of a count with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from webhook_core.ledger.contract import Claim
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.sending.entry_counts import CountedAlert, read_counted
from webhook_core.sending.places import takes_of, with_places_given_back
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import Guards, Limits, TradingRules

RULES = TradingRules((Limits(strategy="trend", guards=Guards(orders_per_day=3)),))
BUY = OrderRequest("BTC/USD", {"pair": "P", "type": "buy", "ordertype": "market", "volume": "1"})
LARGER = OrderRequest("BTC/USD", {"txid": "O1", "order_qty": "2"}, method="AmendOrder")
NO_LARGER = LARGER._replace(no_larger=True)
NAME = "entry-counts/paper/main/trend"


def claim(
    store: Any,
    entry: LedgerEntry,
    *,
    rules: TradingRules = RULES,
    requests: Sequence[OrderRequest] = (BUY,),
    next_one: bool = False,
) -> Claim:
    """As an alert makes it."""
    takes = takes_of(requests, rules, entry.unit, entry.current.claimed_at)
    taking = replace(entry, takes=takes)
    make = store.claim_next if next_one else store.claim
    return with_places_given_back(lambda: make(taking), takes, entry.unit, (store, store))


def places(store: Any, owner: str = "trend") -> list[CountedAlert]:
    stored = store.read(f"entry-counts/paper/main/{owner}")
    return read_counted(None if stored is None else stored.text)


def counted(store: Any, owner: str = "trend") -> int:
    """How many orders stand in the count."""
    return sum(one.orders for one in places(store, owner))
