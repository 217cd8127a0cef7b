"""The parts that read an account's trades and report on them, put together."""

from __future__ import annotations

from webhook_core.ledger.opening import Store
from webhook_core.money.accounts import Accounts
from webhook_core.money.collect import Collector
from webhook_core.money.trade_store import TradeStore
from webhook_core.planning.pair_rules import PairRules
from webhook_core.sending.reconcile import Reconciler


def open_accounts(reconciler: Reconciler, store: Store, pair_rules: PairRules) -> Accounts:
    """Of the account that ``reconciler`` asks for."""
    mode, account, venue = reconciler.mode, reconciler.account, reconciler.venue
    kept = TradeStore(store, mode, account)
    clock, margin = reconciler.clock, reconciler.margin
    collector = Collector(mode, account, store, venue, clock, margin, kept)
    return Accounts(collector, venue, clock, lambda symbol: pair_rules.current().resolve(symbol))
