"""The day in a dozen lines, once a day at a chosen hour: alerts, orders, refusals, profit and
positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.journal.reading import Store, Wanted, list_alerts
from webhook_core.journal.record import NOT_REFUSED, OUTCOMES
from webhook_core.journal.rows import Row
from webhook_core.money.report import LineReport, reported
from webhook_core.money.trade_store import TradeStore
from webhook_core.notify.state import Message, State
from webhook_core.trading.rounding import plain

DAY = timedelta(days=1)
MOST_ALERTS = 2000
MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Summary:
    """``hour`` in UTC; None: no summary is wanted."""

    store: Store
    trades: TradeStore
    mode: str
    hour: time | None

    def since(self, state: State, now: datetime, budget: Budget) -> tuple[list[Message], State]:
        """The one of the last such hour, unless it was told. Raises LedgerUnavailable."""
        if self.hour is None:
            return [], state._replace(summed_up=None)
        due = datetime.combine(now.date(), self.hour, UTC)
        due = due if due <= now else due - DAY
        after = state._replace(summed_up=due)
        if state.summed_up is None or state.summed_up >= due:
            return [], after._replace(summed_up=max(due, state.summed_up or due))
        return [self._of(due - DAY, due, budget)], after

    def _of(self, since: datetime, until: datetime, budget: Budget) -> Message:
        page = list_alerts(self.store, Wanted(since=since), MOST_ALERTS, budget)
        rows = [row for row in page.rows if row.at < until and row.mode in (self.mode, "")]
        lines = reported(self.trades.until(until), since)
        at_least = "" if page.cursor is None else "at least "
        body = [f"Alerts: {at_least}{len(rows)}{_outcomes(rows)}", *_refusals(rows)]
        body += [_line(line) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            body.append(f"and {len(lines) - MOST_LINES} more: python -m webhook_core report")
        body += _totals(lines)
        mode = "" if self.mode == "live" else f" ({self.mode})"
        title = f"The day until {until:%Y-%m-%d %H:%M} UTC{mode}"
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


def _line(line: LineReport) -> str:
    """Of one strategy and pair; what it holds without its price, which nobody was asked for."""
    pair = f"{line.line.symbol}{' margin' if line.line.margin else ''}"
    done = f"{line.fills} fills, profit {plain(line.realised)} {line.quote}"
    held = line.position.volume
    cost = f" for {plain(line.position.cost)} {line.quote}"
    holds = f"holds {plain(held)}{cost}" if held else "holds nothing"
    return f"{line.line.strategy} {pair}: {done}; {holds}"


def _totals(lines: Sequence[LineReport]) -> Iterator[str]:
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.quote] = totals.get(line.quote, Decimal(0)) + line.realised
    for quote, total in totals.items():
        yield f"Profit: {plain(total)} {quote}"
