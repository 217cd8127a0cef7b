"""The operator's cancel of own open orders, as an answer shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.sending.own_cancels import Cancelled, OpenOrder, OwnCancels, OwnOrdersFound
from webhook_core.sending.progress import DONE, found_none_open
from webhook_core.trading.rounding import plain
from webhook_core.web.pause_requests import FAULTS, PauseRequest, told_to_repeat

OPEN = "OPEN"
"""Of an order that was left in the book; the others have the state of their cancel."""
MEANT = "all open orders are canceled"


def cancel_own(cancels: OwnCancels, asked: PauseRequest, budget: Budget) -> dict[str, Any]:
    """Find them and cancel them. Raises what both raise, and says that the pause stands."""
    try:
        found = cancels.find(asked.strategy, budget, entries_only=asked.entries_only)
        return shown(found, cancels.cancel(found, asked.by, budget))
    except FAULTS as error:
        raise told_to_repeat(error, MEANT) from error


def shown(found: OwnOrdersFound, canceled: Sequence[Cancelled]) -> dict[str, Any]:
    """``complete``: nothing of ours that was meant is open any more, or may be."""
    return {
        "orders": [row(one.order, one.entry) for one in canceled],
        "left": [row(one) for one in found.left],
        "in_doubt": [
            {"strategy": one.strategy, "alert_id": one.alert_id, "order_id": one.current.order_id}
            for one in found.in_doubt
        ],
        "never_sent": [one.alert_id for one in found.unsent],
        "complete": is_complete(found, canceled),
    }


def is_complete(found: OwnOrdersFound, canceled: Sequence[Cancelled]) -> bool:
    return not found.in_doubt and all(is_gone(one.entry) for one in canceled)


def is_gone(entry: LedgerEntry | None) -> bool:
    """Whether the cancel left nothing open: it was accepted, or found nothing."""
    return entry is not None and (entry.state in DONE or found_none_open(entry))


def row(one: OpenOrder, canceled: LedgerEntry | None = None) -> dict[str, Any]:
    """An order, whose it is, and the state of its cancel."""
    order = one.order
    prices = [plain(price) for price in (order.limit, order.trigger) if price is not None]
    attempt = None if canceled is None else canceled.current
    why = "" if attempt is None else "; ".join([*attempt.errors, *filter(None, [attempt.reason])])
    return {
        "order_id": order.order_id,
        "symbol": one.symbol,
        "side": str(order.side),
        "order_type": order.order_type,
        "volume": plain(order.left),
        "prices": prices,
        "is_exit": one.is_exit,
        "strategy": one.strategy,
        "alert_id": one.alert_id,
        "state": OPEN if canceled is None else str(canceled.state),
        "why": why or None,
    }
