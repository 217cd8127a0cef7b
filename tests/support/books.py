"""What trades came to, for those who ask the books of the bridge."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from webhook_core.money.accounts import Accounts
from webhook_core.money.held_before import HeldBefore
from webhook_core.money.trade_book import TradeBook
from webhook_core.money.trades import Trade


def booked(trades: Iterable[Trade]) -> TradeBook:
    """The book behind all of these, oldest first."""
    book = TradeBook()
    for trade in trades:
        book.take(trade)
    return book


def held_by(money: Accounts, strategy: str, symbol: str, *, margin: bool = False) -> Decimal:
    """What the bridge's own orders bought for this strategy and have not sold, base; below zero
    for a short. As of the last reconcile run."""
    book, _, trades = HeldBefore(money.store).until(money.clock.now())
    for trade in trades:
        book.take(trade)
    lines = (
        position.volume
        for line, position in book.positions.items()
        if (line.strategy, line.symbol, line.margin) == (strategy, symbol, margin)
    )
    return sum(lines, Decimal(0))
