"""What an order and the exits that it left have filled, written down in its entry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import Ledger, Recorded
from webhook_core.ledger.entry import Attempt, ExitTrade, LedgerEntry
from webhook_core.trading.requests import Fill
from webhook_core.value import replace


def keep_fill(
    ledger: Ledger, entry: LedgerEntry, fill: Fill, now: datetime, read_lag: timedelta
) -> LedgerEntry:
    """The entry with what it has filled, in the ledger too if that can be written now.

    ``read_lag``: how far the venue's reads may lag its engine.
    """
    close_unseen = _lacks_its_close(entry.current, fill, now, read_lag)
    if (fill, close_unseen) == (entry.current.fill, entry.current.close_unseen):
        return entry
    known = transitions.filled(entry, fill, close_unseen=close_unseen)
    try:
        written = ledger.record(known)
    except LedgerUnavailable as error:
        event(logging.WARNING, "fill.not_recorded", reason=error.message, alert_id=entry.alert_id)
        return known
    event(
        logging.INFO,
        "order.filled",
        alert_id=entry.alert_id,
        order_id=entry.current.order_id,
        **fill._asdict(),
    )
    return written.entry if isinstance(written, Recorded) else known


def exited(entry: LedgerEntry, trades: Iterable[ExitTrade]) -> LedgerEntry:
    """With what its conditional closes have traded; the same entry where all of that is known."""
    known = {trade.trade_id for trade in entry.exits}
    new = [trade for trade in trades if trade.trade_id not in known]
    if not new:
        return entry
    ordered = sorted((*entry.exits, *new), key=lambda trade: (trade.at, trade.trade_id))
    return replace(entry, exits=tuple(ordered))


def _lacks_its_close(attempt: Attempt, fill: Fill, now: datetime, read_lag: timedelta) -> bool:
    """Whether Kraken's lists may lack the conditional close of what it has filled.

    One at the market left it when it was placed, so that its age says it.
    """
    request = attempt.request
    if request.at_market or not request.leaves_exit or not fill.volume:
        return False
    return fill.closed_at is not None and fill.closed_at + read_lag > now
