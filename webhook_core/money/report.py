"""What the bridge's own orders earned in a span of time, per strategy and pair.

It is no tax advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple

from webhook_core.money.counts import Counts
from webhook_core.money.months import OpenedSpan
from webhook_core.money.trade_book import OpenLots, PairOfOwner
from webhook_core.trading.rounding import plain

_ZERO = Decimal(0)
NOTE = (
    "Own orders only: trades by hand, other programs' and Kraken's own (a liquidation) are not in "
    "it, nor are rollover fees; a fee that fee credits paid counts in quote. It is no tax advice."
)


class LineReport(NamedTuple):
    """Of one strategy and pair: what it holds, and what its trades in the span came to."""

    line: PairOfOwner
    position: OpenLots
    counts: Counts

    @property
    def quote(self) -> str:
        return self.line.symbol.partition("/")[2]

    def unrealised(self, last: Decimal | None) -> Decimal | None:
        """What the open lots are worth beyond what they cost; None without a price."""
        volume = self.position.volume
        if not volume:
            return _ZERO
        return None if last is None else volume * last - self.position.cost


def reported(opened: OpenedSpan, since: datetime, strategy: str | None = None) -> list[LineReport]:
    """Of the trades from ``since`` on; the older ones say what was held by then.

    A line that has nothing in the span and holds nothing is left out.
    """
    book = opened.book.copy()
    counts = {line: of_line.copy() for line, of_line in opened.counts.items()}
    for trade in opened.trades:
        done = book.take(trade)
        if done is not None and trade.at >= since:
            counts.setdefault(PairOfOwner.of(trade), Counts()).take(done)
    lines = [
        LineReport(line, book.positions.get(line, OpenLots()), counts.get(line, Counts()))
        for line in {**book.positions, **counts}
        if strategy in (None, line.strategy)
    ]
    told = (one for one in lines if one.counts.fills or one.position.lots)
    return sorted(told, key=lambda one: one.line)


def curves(opened: OpenedSpan, since: datetime) -> dict[tuple[str, str], list[Decimal]]:
    """By strategy and quote: the realised profit behind each of the trades from ``since`` on."""
    book = opened.book.copy()
    found: dict[tuple[str, str], list[Decimal]] = {}
    for trade in opened.trades:
        done = book.take(trade)
        if done is not None and trade.at >= since:
            course = found.setdefault((trade.strategy or "", trade.quote), [])
            course.append((course[-1] if course else _ZERO) + done.profit)
    return found


def to_document(
    lines: Sequence[LineReport],
    prices: Mapping[str, Decimal],
    since: datetime,
    until: datetime,
    read_at: datetime | None,
) -> dict[str, Any]:
    """``prices``: last ones by symbol, whenever the span ended. ``read_at``: up to when the venue's
    trades are known."""
    rows = [_row(line, prices.get(line.line.symbol)) for line in lines]
    return {
        "since": since,
        "until": until,
        "read_at": read_at,
        "rows": rows,
        "totals": {
            quote: _total([line for line in lines if line.quote == quote], prices)
            for quote in dict.fromkeys(line.quote for line in lines)
        },
        "note": NOTE,
    }


def unrealised_of(lines: Iterable[LineReport], prices: Mapping[str, Decimal]) -> Decimal | None:
    """Of lines of one quote; None where a price is missing: a part would be taken for the whole."""
    found = [line.unrealised(prices.get(line.line.symbol)) for line in lines]
    known = [amount for amount in found if amount is not None]
    return sum(known, _ZERO) if len(known) == len(found) else None


def _total(lines: Sequence[LineReport], prices: Mapping[str, Decimal]) -> dict[str, str | None]:
    unrealised = unrealised_of(lines, prices)
    return {
        "realised": plain(sum((line.counts.realised for line in lines), _ZERO)),
        "unrealised": None if unrealised is None else plain(unrealised),
    }


def _row(line: LineReport, last: Decimal | None) -> dict[str, Any]:
    unrealised, counts, slippage = line.unrealised(last), line.counts, line.counts.slippage
    return {
        "strategy": line.line.strategy,
        "symbol": line.line.symbol,
        "margin": line.line.margin,
        "trades": counts.trades,
        "won": counts.won,
        "fills": counts.fills,
        "turnover": plain(counts.turnover),
        "fees": {asset: plain(fee) for asset, fee in counts.fees.items()},
        "realised": plain(counts.realised),
        "drawdown": plain(counts.drawdown),
        "open_volume": plain(line.position.volume),
        "open_cost": plain(line.position.cost),
        "last": None if last is None else plain(last),
        "unrealised": None if unrealised is None else plain(unrealised),
        "slippage_median": plain(median(slippage)) if slippage else None,
        "slippage_worst": plain(max(slippage)) if slippage else None,
        "beyond_volume": plain(counts.beyond_volume),
        "beyond_cost": plain(counts.beyond_cost),
    }
