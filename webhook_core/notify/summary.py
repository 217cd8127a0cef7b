"""The day in a dozen lines, once a day at a chosen hour: alerts, orders, refusals, profit and
positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.journal.alert_list import RowFilter, list_alerts
from webhook_core.journal.record import NOT_REFUSED, OUTCOMES
from webhook_core.journal.rows import Row
from webhook_core.ledger.store import Store
from webhook_core.money.months import Months
from webhook_core.money.report import LineReport, reported, unrealised_of
from webhook_core.money.trade_store import TradeStore
from webhook_core.notify.state import Message, NotifyState
from webhook_core.trading.day_begins import DayBegins, day_of
from webhook_core.trading.rounding import plain

_MOMENT = timedelta(microseconds=1)
MOST_ALERTS = 2000
MOST_LINES = 12
Prices = Callable[[Iterable[str], Budget], Mapping[str, Decimal]]
"""Last ones by symbol, of those that can be had."""


@dataclass(frozen=True, slots=True)
class Summary:
    """``whose``: the mode and the account. ``hour`` at which a day ends, by the clock of its zone;
    None: no summary is wanted."""

    store: Store
    trades: TradeStore
    whose: tuple[str, str]
    hour: DayBegins | None
    prices: Prices

    def since(
        self, state: NotifyState, now: datetime, budget: Budget
    ) -> tuple[list[Message], NotifyState]:
        """The one of the last such hour, unless it was told. Raises LedgerUnavailable."""
        if self.hour is None:
            return [], state._replace(summed_up=None)
        due = day_of(self.hour, now)
        after = state._replace(summed_up=due)
        if state.summed_up is None or state.summed_up >= due:
            return [], after._replace(summed_up=max(due, state.summed_up or due))
        return [self._of(day_of(self.hour, due - _MOMENT), due, budget)], after

    def _of(self, since: datetime, until: datetime, budget: Budget) -> Message:
        wanted = RowFilter(since=since, whose=self.whose)
        page = list_alerts(self.store, wanted, MOST_ALERTS, budget)
        rows = [row for row in page.rows if row.at < until]
        lines = reported(Months(self.trades).opened(since, until), since)
        prices = self.prices({line.line.symbol for line in lines if line.position.lots}, budget)
        at_least = "" if page.cursor is None else "at least "
        body = [f"Alerts: {at_least}{len(rows)}{_outcomes(rows)}", *_refusals(rows)]
        body += [_line(line, prices) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            body.append(
                f"and {len(lines) - MOST_LINES} more: .venv/bin/python -m webhook_core report"
            )
        body += _totals(lines, prices)
        there = "" if self.hour is None or self.hour.zone == "UTC" else f" ({self.hour.text})"
        title = f"The day until {until:%Y-%m-%d %H:%M} UTC{there}"
        return Message("", title, "\n".join(body))


def _outcomes(rows: Sequence[Row]) -> str:
    counts = Counter(row.outcome for row in rows)
    said = [f"{counts[name]} {name.replace('_', ' ')}" for name in OUTCOMES if counts[name]]
    return f" ({', '.join(said)})" if said else ""


def _refusals(rows: Sequence[Row]) -> Iterator[str]:
    by_strategy = Counter(row.strategy for row in rows if row.outcome not in NOT_REFUSED)
    if by_strategy:
        named = ", ".join(f"{name} {count}" for name, count in by_strategy.most_common(MOST_LINES))
        yield f"Refused: {named}"


def _line(line: LineReport, prices: Mapping[str, Decimal]) -> str:
    """Of one strategy and pair, and what its position is worth beyond its cost by now."""
    pair = f"{line.line.symbol}{' margin' if line.line.margin else ''}"
    done = f"{line.counts.fills} fills, profit {plain(line.counts.realised)} {line.quote}"
    if line.counts.beyond_volume:
        done += f", {plain(line.counts.beyond_volume)} sold beyond what it bought"
    held = line.position.volume
    if not held:
        return f"{line.line.strategy} {pair}: {done}; holds nothing"
    open_profit = line.unrealised(prices.get(line.line.symbol))
    worth = "no price" if open_profit is None else f"{plain(open_profit)} {line.quote} unrealised"
    cost = f"for {plain(line.position.cost)} {line.quote}"
    return f"{line.line.strategy} {pair}: {done}; holds {plain(held)} {cost}, {worth}"


def _totals(lines: Sequence[LineReport], prices: Mapping[str, Decimal]) -> Iterator[str]:
    """Without the open profit where a price is missing."""
    for quote in dict.fromkeys(line.quote for line in lines):
        of_quote = [line for line in lines if line.quote == quote]
        realised = sum((line.counts.realised for line in of_quote), Decimal(0))
        unrealised = unrealised_of(of_quote, prices)
        holds = any(line.position.lots for line in of_quote)
        beside = f", unrealised {plain(unrealised)} {quote}" if holds and unrealised else ""
        yield f"Profit: {plain(realised)} {quote}{beside}"
