"""One entry as a log line, as facts for an operator, and its fill as shown."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from webhook_core.events import event
from webhook_core.ledger.entry import Attempt, ExitTrade, LedgerEntry, State
from webhook_core.trading.orders import Side
from webhook_core.trading.rounding import plain


def waiting_for(entry: LedgerEntry, read_lag: timedelta) -> str:
    """What has to happen before this entry can change, in a sentence."""
    attempt = entry.current
    if entry.state in (State.NOT_SENT, State.MISSED):
        return f"never sent; a fresh redelivery may send it until {_clock_time(entry.fresh_until)}"
    if entry.state is not State.SUBMITTING:
        return attempt.reason or "settled"
    if attempt.open_absent_at is not None:
        return (
            "the closed orders have to lack it at or after "
            f"{_clock_time(attempt.open_absent_at + read_lag)}"
        )
    return f"absence can only be proved from {_clock_time(attempt.deadline + read_lag)} on"


def _clock_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def facts(entry: LedgerEntry) -> dict[str, Any]:
    """What an operator, or a reconcile by hand, needs to know of an entry."""
    attempt = entry.current
    return {
        "alert_id": entry.alert_id,
        "strategy": entry.strategy,
        "unit": entry.unit.name,
        "state": entry.state,
        "attempt": attempt.number,
        "client_order_id": attempt.client_order_id,
        "order_id": attempt.order_id,
        "claimed_at": attempt.claimed_at,
        "deadline": attempt.deadline,
        "method": attempt.request.method,
        "request": dict(attempt.request.sent),
        "errors": list(attempt.errors),
        "reason": attempt.reason,
    }


_EVENTS = {
    State.SUBMITTING: (logging.ERROR, "order.unknown"),
    State.ACCEPTED: (logging.INFO, "order.accepted"),
    State.REJECTED: (logging.WARNING, "order.rejected"),
    State.NOT_PLACED: (logging.ERROR, "order.not_placed"),
    State.NOT_SENT: (logging.WARNING, "order.not_sent"),
    State.EXPIRED: (logging.ERROR, "order.expired"),
    State.NO_ACTION: (logging.INFO, "order.no_action"),
    State.DENIED: (logging.WARNING, "order.denied"),
    State.MISSED: (logging.WARNING, "order.missed"),
}


_HELD_BY_A_STOP = (
    "the leg before it has canceled a stop, and what it held is neither sold nor stopped: look at "
    "the position"
)
_REST_UNSOLD = (
    "what an order in doubt may have bought, or an exit that was to be canceled may have opened, "
    "was not counted any more and is not closed: look at the position"
)
_REST_UNSTOPPED = (
    "the exit went before it, and the stop that was canceled for it could not be put back for what "
    "is left: look at the position"
)
_ENDED = (State.REJECTED, State.NOT_PLACED, State.EXPIRED, State.DENIED)


def report(entry: LedgerEntry) -> None:
    """The log line of an entry that has just changed."""
    level, name = _EVENTS[entry.state]
    if entry.state is State.SUBMITTING and entry.current.open_absent_at is not None:
        level, name = logging.WARNING, "order.absent_from_open_orders"
    event(level, name, **facts(entry))
    why = _unprotected(entry) if entry.state in _ENDED and entry.unit.leg else ""
    if why:
        event(
            logging.CRITICAL,
            "exit.unprotected",
            alert_id=entry.alert_id,
            strategy=entry.strategy,
            reason=why,
        )


def _unprotected(entry: LedgerEntry) -> str:
    """What a later leg that ended without an order leaves, where that is a position."""
    request = entry.current.request
    if request.waits:
        return _REST_UNSOLD
    if request.exits:
        return _HELD_BY_A_STOP
    if not request.freeing:
        return ""
    if request.method == "AddOrder":
        return _REST_UNSTOPPED
    from webhook_core.ledger.cancels import has_found_none  # few legs end like this

    return "" if has_found_none(entry) else _HELD_BY_A_STOP  # the legs behind it go on


def shown_exits(entry: LedgerEntry) -> list[dict[str, Any]]:
    """What its conditional closes came to, a row an order, as plain decimal strings. ``at``: its
    last trade."""
    orders: dict[str, list[ExitTrade]] = {}
    for trade in entry.exits:
        orders.setdefault(trade.order_id, []).append(trade)
    return [_shown_exit(order_id, trades) for order_id, trades in orders.items()]


def _shown_exit(order_id: str, trades: Sequence[ExitTrade]) -> dict[str, Any]:
    volume, cost, fee = (
        sum((getattr(trade, name) for trade in trades), Decimal(0))
        for name in ("volume", "cost", "fee")
    )
    price = trades[0].price if len(trades) == 1 or not volume else cost / volume
    amounts = {"volume": volume, "price": price, "cost": cost, "fee": fee}
    return {
        "order_id": order_id,
        "side": trades[0].side,
        **{name: plain(amount) for name, amount in amounts.items()},
        "at": trades[-1].at,
    }


def shown(attempt: Attempt) -> dict[str, str | None] | None:
    """What an order filled, as plain decimal strings; None if nobody has asked.

    ``slippage`` is how much worse than the alert's price it traded, in quote per base;
    below zero it was better.
    """
    request, fill = attempt.request, attempt.fill
    if fill is None:
        return None
    asked = request.asked_price
    slippage = None
    if fill.price is not None and asked is not None:
        slippage = fill.price - asked if request.side is Side.BUY else asked - fill.price
    amounts = {
        "volume": fill.volume,
        "price": fill.price,
        "cost": fill.cost,
        "fee": fill.fee,
        "slippage": slippage,
    }
    return {
        "status": fill.status,
        **{name: None if value is None else plain(value) for name, value in amounts.items()},
    }


def row_of(entry: LedgerEntry) -> dict[str, Any]:
    """All that is shown of one entry to an operator."""
    attempt = entry.current
    return {
        **facts(entry),
        "trade_details": attempt.request.trade_details(),
        **attempt.request.prices(),
        "in_quote": attempt.request.in_quote,
        "named": attempt.request.named or attempt.request.named_by_client,
        "received_at": entry.received_at,
        "settled_at": attempt.settled_at,
        "fill": shown(attempt),
        "exit_fills": shown_exits(entry),
        "warnings": list(entry.warnings),
    }
