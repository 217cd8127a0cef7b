"""What the bridge's own orders earned in a span of time, per strategy and pair.

It is no tax advice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from webhook_core.money.book import Book, Line, Position, Realised
from webhook_core.money.trades import Role, Trade
from webhook_core.trading.orders import Side
from webhook_core.trading.rounding import plain

_ZERO = Decimal(0)
_PERCENT = Decimal("0.0001")
NOTE = "Own orders only: trades by hand and other programs' are not in it. It is no tax advice."


@dataclass(slots=True)
class LineReport:
    """Of one strategy and pair.

    ``trades``: orders that closed something, ``won`` those of them that earned more with what they
    closed than its fees came to, those of its opening too. ``turnover``, ``realised`` and
    ``drawdown`` count quote; ``drawdown`` is how far the realised profit fell from its highest.
    ``slippage``: percent of the alert's price, of each order; above zero it was worse.
    """

    line: Line
    position: Position
    trades: int = 0
    won: int = 0
    fills: int = 0
    turnover: Decimal = _ZERO
    realised: Decimal = _ZERO
    drawdown: Decimal = _ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    slippage: list[Decimal] = field(default_factory=list)

    @property
    def quote(self) -> str:
        return self.line.symbol.partition("/")[2]

    def unrealised(self, last: Decimal | None) -> Decimal | None:
        """What the open lots are worth beyond what they cost; None without a price."""
        volume = self.position.volume
        if not volume:
            return _ZERO
        return None if last is None else volume * last - self.position.cost


def reported(
    trades: Iterable[Trade], since: datetime, strategy: str | None = None
) -> list[LineReport]:
    """Of the trades from ``since`` on; the older ones say what was held by then.

    ``trades``: all that are known, oldest first. A line that has nothing in the span and holds
    nothing is left out.
    """
    book = Book()
    counted: dict[Line, list[Realised]] = defaultdict(list)
    for trade in trades:
        done = book.take(trade)
        if done is not None and trade.at >= since and strategy in (None, trade.strategy):
            counted[Line(trade.strategy or "", trade.symbol, trade.margin)].append(done)
    lines = [
        _line(line, position, counted[line])
        for line, position in book.positions.items()
        if (counted[line] or position.lots) and strategy in (None, line.strategy)
    ]
    return sorted(lines, key=lambda one: one.line)


def curves(trades: Iterable[Trade], since: datetime) -> dict[tuple[str, str], list[Decimal]]:
    """By strategy and quote: the realised profit behind each of its trades from ``since`` on."""
    book = Book()
    found: dict[tuple[str, str], list[Decimal]] = {}
    for trade in trades:
        done = book.take(trade)
        if done is not None and trade.at >= since:
            course = found.setdefault((trade.strategy or "", trade.quote), [])
            course.append((course[-1] if course else _ZERO) + done.profit)
    return found


def _line(line: Line, position: Position, done: Sequence[Realised]) -> LineReport:
    found = LineReport(line, position, fills=len(done))
    highest = _ZERO
    of_orders: dict[str, Decimal] = {}
    for one in done:
        trade = one.trade
        found.turnover += trade.cost
        found.realised += one.profit
        highest = max(highest, found.realised)
        found.drawdown = max(found.drawdown, highest - found.realised)
        asset = trade.base if trade.fee_in_base else trade.quote
        found.fees[asset] = found.fees.get(asset, _ZERO) + trade.fee
        if one.closed:
            of_orders[trade.order_id] = of_orders.get(trade.order_id, _ZERO) + one.earned
    found.trades = len(of_orders)
    found.won = sum(earned > 0 for earned in of_orders.values())
    found.slippage = _slippage([one.trade for one in done])
    return found


def _slippage(trades: Sequence[Trade]) -> list[Decimal]:
    """Of each order that was sent with a price, by its average."""
    of_orders: dict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        if trade.role is Role.ORDER and trade.asked:
            of_orders[trade.order_id].append(trade)
    found = []
    for parts in of_orders.values():
        volume = sum((trade.volume for trade in parts), _ZERO)
        asked = parts[0].asked or _ZERO
        if not volume:
            continue
        average = sum((trade.cost for trade in parts), _ZERO) / volume
        worse = average - asked if parts[0].side is Side.BUY else asked - average
        found.append((worse / asked * 100).quantize(_PERCENT))
    return found


def to_document(
    lines: Sequence[LineReport],
    prices: Mapping[str, Decimal],
    since: datetime,
    until: datetime,
    read_at: datetime | None,
) -> dict[str, Any]:
    """``prices``: last ones by symbol. ``read_at``: up to when the venue's trades are known."""
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
        "realised": plain(sum((line.realised for line in lines), _ZERO)),
        "unrealised": None if unrealised is None else plain(unrealised),
    }


def _row(line: LineReport, last: Decimal | None) -> dict[str, Any]:
    unrealised = line.unrealised(last)
    return {
        "strategy": line.line.strategy,
        "symbol": line.line.symbol,
        "margin": line.line.margin,
        "trades": line.trades,
        "won": line.won,
        "fills": line.fills,
        "turnover": plain(line.turnover),
        "fees": {asset: plain(fee) for asset, fee in line.fees.items()},
        "realised": plain(line.realised),
        "drawdown": plain(line.drawdown),
        "open_volume": plain(line.position.volume),
        "open_cost": plain(line.position.cost),
        "last": None if last is None else plain(last),
        "unrealised": None if unrealised is None else plain(unrealised),
        "slippage_median": plain(median(line.slippage)) if line.slippage else None,
        "slippage_worst": plain(max(line.slippage)) if line.slippage else None,
    }
