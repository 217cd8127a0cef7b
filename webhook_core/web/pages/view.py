"""What the operator's page shows, read once for a page.

What can't be read is said, and the rest stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from webhook_core import __version__
from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.settings.settings import Settings
from webhook_core.trading.assets import asset_code
from webhook_core.trading.facts import OpenPosition, RestingOrder
from webhook_core.trading.rounding import plain
from webhook_core.web.operators import Operators
from webhook_core.web.pages.amounts import Amounts, curve_of
from webhook_core.web.pages.heard import heard
from webhook_core.web.pages.limits_shown import LimitsShown, read_limits

READ_S = 10.0
ALERTS_SHOWN = "100"
FILTERS = ("search", "outcome", "strategy", "since")
TODAY = "24h"


@dataclass(slots=True)
class View:
    """``asked``: the search and filters of the page's own address."""

    operators: Operators
    settings: Settings

    def page(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Raises AlertMalformed for a filter that can't be used, LedgerUnavailable."""
        operators, now = self.operators, self.operators.clock.now()
        filters = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
        listed = operators.alerts({"since": TODAY, **filters, "limit": ALERTS_SHOWN})
        orders = operators.orders({"state": "SUBMITTING", "limit": "50"})
        return {
            "mode": self.settings.trading_mode,
            "environment": self.settings.environment,
            "version": __version__,
            "now": now,
            "paused": orders["paused"],
            "unknown": orders["orders"],
            "alerts": listed["alerts"],
            "not_written": sum(hour["records"] for hour in listed["not_written"]),
            "filters": {name: filters.get(name, "") for name in FILTERS},
            "heard": heard(operators),
            "whose": operators.history.whose,
            **self._limits(now),
            **self._account(),
            **self._money(),
        }

    def _limits(self, now: datetime) -> dict[str, Any]:
        decider = self.operators.decider
        documents = decider.documents
        shown = LimitsShown(self.settings, documents, decider.mode, decider.account)
        return read_limits(shown, now)

    def _account(self) -> dict[str, Any]:
        decider = self.operators.decider
        budget, venue = Budget.start(decider.clock, READ_S), decider.venue
        try:
            balances = venue.balances(budget)
            positions, resting = venue.positions(budget), venue.open_orders(budget)
        except VenueUnavailable as error:
            return {"unread": error.message, "balances": [], "positions": [], "resting": []}
        owners = self._owners(positions, resting)
        shown = self._amounts()
        return {
            "unread": "",
            "balances": [
                (asset_code(asset), plain(row.total), plain(row.free))
                for asset, row in sorted(balances.items())
                if row.total
            ],
            "positions": [
                (
                    shown.name(row.pair),
                    shown.volume(row.pair, row.volume),
                    _whose(owners.get(row.order_id)),
                )
                for row in positions
            ],
            "resting": [_resting(order, owners, shown) for order in resting],
        }

    def _owners(
        self, positions: Iterable[OpenPosition], resting: Iterable[RestingOrder]
    ) -> dict[str | None, LedgerEntry]:
        """By its order's id, the entry that each of them is of."""
        ids = {row.order_id for row in positions}
        ids |= {name for order in resting for name in (order.order_id, order.parent) if name}
        decider = self.operators.decider
        entries = decider.ledger.of_orders(decider.mode, decider.account, ids) if ids else ()
        return {entry.current.order_id: entry for entry in entries}

    def _money(self) -> dict[str, Any]:
        money, shown = self.operators.money, self._amounts()
        opened = money.opened()  # read once for both
        document = money.report({}, Budget.start(self.operators.clock, READ_S), opened)
        rows = [_earned(row, shown) for row in document["rows"]]
        symbols = {
            (row["strategy"], row["symbol"].partition("/")[2]): row["symbol"]
            for row in document["rows"]
        }
        curves = [
            (*key, shown.money(symbols.get(key, ""), course[-1]), curve_of(course))
            for key, course in money.curves(opened).items()
        ]
        return {"report": {**document, "rows": rows}, "curves": curves}

    def _amounts(self) -> Amounts:
        return Amounts(self.operators.decider.pair_rules.current())


def _earned(row: Mapping[str, Any], shown: Amounts) -> dict[str, Any]:
    """A row of the report."""
    symbol, unrealised = row["symbol"], row["unrealised"]
    return {
        **row,
        "realised": shown.money(symbol, Decimal(row["realised"])),
        "open_volume": shown.volume(symbol, Decimal(row["open_volume"])),
        "unrealised": None if unrealised is None else shown.money(symbol, Decimal(unrealised)),
        "beyond": _beyond(row, shown),
    }


def _beyond(row: Mapping[str, Any], shown: Amounts) -> str:
    """What was sold of coins that others had bought; empty where nothing was."""
    symbol, volume = row["symbol"], Decimal(row["beyond_volume"])
    base, _, quote = symbol.partition("/")
    if not volume:
        return ""
    brought = shown.money(symbol, Decimal(row["beyond_cost"]))
    return (
        f"{shown.volume(symbol, volume)} {base} sold beyond what it bought, for {brought} {quote}"
    )


def _resting(
    order: RestingOrder, owners: Mapping[str | None, LedgerEntry], amounts: Amounts
) -> Sequence[str]:
    owner = owners.get(order.order_id) or owners.get(order.parent or "")
    prices: tuple[Decimal | None, ...] = (order.limit, order.trigger)
    shown = [amounts.price(order.pair, price) for price in prices if price is not None]
    what = f"exit of {_whose(owner)}" if order.parent and owner else _whose(owner)
    return (
        order.order_id,
        amounts.name(order.pair),
        str(order.side),
        order.order_type,
        amounts.volume(order.pair, order.left),
        ", ".join(shown),
        what,
    )


def _whose(entry: LedgerEntry | None) -> str:
    return "not ours" if entry is None else f"{entry.strategy} ({entry.alert_id})"
