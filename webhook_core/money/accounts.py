"""The money of one account, for whoever asks: collected, reported, listed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import AlertMalformed, NoPrice, VenueUnavailable
from webhook_core.events import event
from webhook_core.money.collect import Collector
from webhook_core.money.months import Months, OpenedSpan
from webhook_core.money.report import curves, reported, to_document
from webhook_core.money.trade_store import TradeStore
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.instruments import Instrument
from webhook_core.venue import Venue

if TYPE_CHECKING:
    from webhook_core.money.daily_loss import KeptLosses, LossOwner

_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")


@dataclass(slots=True, eq=False, repr=False)
class Accounts:
    """``find``: the pair of a symbol, None for one that is not known."""

    collector: Collector
    venue: Venue
    clock: Clock
    find: Callable[[str], Instrument | None]
    loss_owners: tuple[LossOwner, ...] = ()

    @property
    def store(self) -> TradeStore:
        return self.collector.store

    def collect(self, budget: Budget) -> int:
        """How many trades were not known before. Raises VenueUnavailable, LedgerUnavailable."""
        new = self.collector.run(budget)
        for trade in new:
            if trade.role is Role.EXIT:
                event(logging.INFO, "exit.filled", **_told(trade))
        return len(new)

    def keep_losses(self, budget: Budget) -> KeptLosses | None:
        """What each owner of a daily limit has lost, for the alerts to come; None where nobody has
        one. Raises LedgerUnavailable."""
        if not self.loss_owners:
            return None
        from webhook_core.money.daily_loss import DailyLoss  # few accounts have such a limit

        return DailyLoss(self.store, self.clock, self.prices, self.loss_owners).keep(budget)

    def opened(self) -> OpenedSpan:
        """What a report of this month needs, for whoever asks more than one thing of it. Raises
        LedgerUnavailable."""
        return Months(self.store).opened(*span("", self.clock.now()))

    def report(
        self, query: Mapping[str, str], budget: Budget, opened: OpenedSpan | None = None
    ) -> dict[str, Any]:
        """``month`` (2026-11, this one if it is left out, ``all`` for everything) and ``strategy``.
        ``opened``: where it was read already. ``priced_at`` of the answer: when the prices were
        had. Raises AlertMalformed, LedgerUnavailable."""
        now = self.clock.now()
        since, until = span(query.get("month", ""), now)
        opened = opened or Months(self.store).opened(since, until)
        lines = reported(opened, since, query.get("strategy") or None)
        place = self.store.place()
        symbols = {line.line.symbol for line in lines if line.position.lots}
        prices = self.prices(symbols, budget)
        read_at = None if place is None else place.read_at
        document = to_document(lines, prices, since, until, read_at)
        return {**document, "priced_at": now if prices else None}

    def curves(self, opened: OpenedSpan) -> dict[tuple[str, str], list[Decimal]]:
        """By strategy and quote: how the realised profit of this month came about."""
        since, _ = span("", self.clock.now())
        return curves(opened, since)

    def trades(self, query: Mapping[str, str]) -> Iterator[Trade]:
        """Every trade of ``month``, oldest first, those that are not ours too."""
        since, until = span(query.get("month", ""), self.clock.now())
        for trade in self.store.between(since, until):
            if query.get("strategy") in (None, "", trade.strategy):
                yield trade

    def prices(self, symbols: Iterable[str], budget: Budget) -> Mapping[str, Decimal]:
        """Last ones by symbol, of those that can be had: a report without one says so."""
        pairs = {symbol: pair for symbol in symbols if (pair := self.find(symbol)) is not None}
        if not pairs:
            return {}
        try:
            found = self.venue.prices(list(pairs.values()), budget, {})
        except (VenueUnavailable, NoPrice) as error:
            event(logging.WARNING, "report.no_prices", reason=error.message)
            return {}
        return {symbol: found[pair.key] for symbol, pair in pairs.items() if pair.key in found}


def span(month: str, now: datetime) -> tuple[datetime, datetime]:
    """From its first moment to its end, or to now. Raises AlertMalformed."""
    if month == "all":
        return datetime.min.replace(tzinfo=UTC), now
    match = _MONTH.fullmatch(month or f"{now:%Y-%m}")
    if match is None:
        raise AlertMalformed("month must be like 2026-11, or all.", field="month")
    year, number = int(match[1]), int(match[2])
    since = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return since, max(since, min(now, end))


def _told(trade: Trade) -> dict[str, Any]:
    return {
        name: getattr(trade, name)
        for name in ("alert_id", "strategy", "symbol", "side", "volume", "price", "cost", "fee")
    }
