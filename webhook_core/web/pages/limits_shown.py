"""Each limit, whose it is, and how much of it is used: from the settings and what stands beside the
ledger. Kraken is not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Documents
from webhook_core.risk import loss_figures
from webhook_core.sending import entry_counts
from webhook_core.settings.settings import Settings
from webhook_core.trading.day_begins import day_of
from webhook_core.trading.loss_limit import counted_in
from webhook_core.trading.rounding import amounts_text, plain
from webhook_core.trading.rules import Guards, Limits, Loss, Most, TradingRules


class ShownLimit(NamedTuple):
    """``used`` is empty where nothing adds up, or where it is not known. ``is_full``: an entry
    would be refused."""

    whose: str
    limit: str
    most: str
    used: str = ""
    is_full: bool = False


@dataclass(slots=True)
class LimitsShown:
    """``mode`` and ``account`` are the venue's."""

    settings: Settings
    documents: Documents
    mode: str
    account: str

    def rows(self, now: datetime) -> list[ShownLimit]:
        """The account's first. Raises LedgerUnavailable."""
        rules = self.settings.rules_for("")
        losses = loss_figures.read(self.documents, self.mode, self.account)
        found = list(self._of(rules.limits[0], rules, losses, now))
        for strategy in sorted(self.settings.strategies):
            rules = self.settings.rules_for(strategy)
            found += self._of(rules.limits[1], rules, losses, now)
        return found

    def _of(
        self, owner: Limits, rules: TradingRules, losses: Mapping[str, Loss], now: datetime
    ) -> Iterator[ShownLimit]:
        whose = owner.strategy or "the account"
        for limit, most in _fixed(owner):
            yield ShownLimit(whose, limit, most)
        guards = owner.guards
        if guards is None:
            return
        if guards.counts_orders:
            yield from self._counted(owner, rules, now)
        for code, amount in (guards.max_daily_loss or {}).items():
            known = losses.get(owner.strategy)
            most = f"{plain(amount)} {code}"
            if known is None:
                yield ShownLimit(whose, "loss of a day", most, "not known yet")
                continue
            counted = counted_in(known, code, day_of(rules.day_begins(owner), now))
            used = f"{plain(counted.loss)} {code}, at worst {plain(counted.worst)}"
            yield ShownLimit(whose, "loss of a day", most, used, counted.worst >= amount)

    def _counted(self, owner: Limits, rules: TradingRules, now: datetime) -> Iterator[ShownLimit]:
        name = entry_counts.document(self.mode, self.account, owner)
        kept = self.documents.read(name)
        text = None if kept is None else kept.text
        for rule, numbers in entry_counts.used(text, owner, rules.day_begins(owner), now).items():
            whose, limit = owner.strategy or "the account", rule.lower().replace("_", " ")
            if "max" in numbers:
                used, most = numbers["used"], numbers["max"]
                yield ShownLimit(whose, limit, most, used, int(used) >= int(most))
            else:
                last = f"{numbers['last']} s since the last" if "last" in numbers else ""
                is_full = bool(last) and Decimal(numbers["last"]) < Decimal(numbers["seconds"])
                yield ShownLimit(whose, limit, f"{numbers['seconds']} s", last, is_full)


def _fixed(owner: Limits) -> Iterator[tuple[str, str]]:
    """Of an order or an alert by itself."""
    if owner.allowed_symbols is not None:
        yield "pairs", ", ".join(owner.allowed_symbols)
    guards = owner.guards or Guards()
    if owner.max_order_cost is not None:
        yield "cost of an order", amounts_text(owner.max_order_cost)
    if guards.max_alert_cost is not None:
        yield "cost of an alert", amounts_text(guards.max_alert_cost)
    if guards.price_collar is not None:
        yield "price collar", f"{plain(guards.price_collar)} %"
    if guards.max_spread is not None:
        yield "spread", f"{plain(guards.max_spread)} %"
    if guards.trading_hours is not None:
        yield "hours", guards.trading_hours.text
    yield from _of_holdings(guards)


def _of_holdings(guards: Guards) -> Iterator[tuple[str, str]]:
    """How much of them is used shows among the page's positions and open orders."""
    if guards.max_position is not None:
        yield "position of a pair", amounts_text(guards.max_position)
    orders = guards.max_open_orders or Most()
    for limit, number in (
        ("open orders", orders.total),
        ("open orders of a pair", orders.per_pair),
        ("open positions", guards.max_open_positions),
        ("entries of a position", guards.max_entries),
    ):
        if number is not None:
            yield limit, str(number)


def read_limits(shown: LimitsShown, now: datetime) -> dict[str, object]:
    """For the page: what can't be read is said, and the rest of the page stands."""
    try:
        return {"limits": shown.rows(now), "limits_unread": ""}
    except LedgerUnavailable as error:
        return {"limits": [], "limits_unread": error.message}
