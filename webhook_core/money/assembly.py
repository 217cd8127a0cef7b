"""The parts that read an account's trades and report on them, put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from webhook_core.money.accounts import Accounts
from webhook_core.money.collect import Collector
from webhook_core.money.trade_store import TradeStore
from webhook_core.planning.pair_rules import PairRules
from webhook_core.sending.reconcile import Reconciler
from webhook_core.settings.settings import Settings
from webhook_core.trading.instruments import Instrument

if TYPE_CHECKING:
    from webhook_core.ledger.store import Store
    from webhook_core.money.daily_loss import LossOwner


def open_accounts(
    reconciler: Reconciler, store: Store, pair_rules: PairRules, settings: Settings
) -> Accounts:
    """Of the account that ``reconciler`` asks for."""
    kept = TradeStore(store, reconciler.mode, reconciler.account)
    venue, clock = reconciler.venue, reconciler.clock
    collector = Collector(store, venue, clock, reconciler.read_lag, kept)

    def find(symbol: str) -> Instrument | None:
        return pair_rules.current().find(symbol)

    return Accounts(collector, venue, clock, find, tuple(_loss_owners(settings)))


def _loss_owners(settings: Settings) -> Iterator[LossOwner]:
    """The account and each strategy, where it limits what may be lost a day."""
    from webhook_core.money.daily_loss import LossOwner  # few accounts have such a limit

    for name in dict.fromkeys(("", *settings.strategies)):
        rules = settings.rules_for(name)
        owner = rules.limits[1 if name else 0]
        guards = owner.guards
        if guards is not None and guards.max_daily_loss:
            pauses = guards.on_limit == "pause"
            yield LossOwner(name, rules.day_begins(owner), guards.max_daily_loss, pauses)
