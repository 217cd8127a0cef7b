"""An alert that was answered before its claim, written down: one that was answered 503 as MISSED,
so that it ends with an alarm if no resend is claimed in time; one that was MISSED and is refused
for good now as DENIED, so that it does not.

It is written after the answer is decided and never changes it: a ledger that fails leaves a line in
the log.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from http import HTTPStatus

from webhook_core.clock import Budget, Clock
from webhook_core.errors import LedgerUnavailable, WebhookError
from webhook_core.events import event
from webhook_core.ledger.attempts import unclaimed_attempt
from webhook_core.ledger.contract import Claimed, Ledger, Recorded
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.entry_report import report
from webhook_core.ledger.time_left import within
from webhook_core.ledger.transitions import denied_unclaimed
from webhook_core.sending.firing import Firing
from webhook_core.trading.intent import Intent
from webhook_core.trading.rounding import plain

WRITTEN_WITHIN_S = 0.4
"""Of the half second between the request's budget and TradingView's time-out."""
_TOLD = (
    *("action", "side", "volume", "quantity_type", "order_type", "symbol", "percent", "target"),
    *("percent_of_equity", "scope", "order_id", "client_order_id", "of_alert", "leverage"),
)


def write_down(
    firing: Firing, error: WebhookError, missed: LedgerEntry | None, ledger: Ledger, clock: Clock
) -> None:
    """``error`` is what ended the delivery; ``missed`` the alert's entry, where it has one that may
    be claimed."""
    if isinstance(error, LedgerUnavailable):
        return  # there is nothing to write to
    try:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if missed is None:
                with within(Budget.start(clock, WRITTEN_WITHIN_S)):
                    _write(firing, error, ledger, clock)
        elif missed is not None:
            written = ledger.record(denied_unclaimed(missed, clock.now(), error.message))
            error.in_ledger = True
            if isinstance(written, Recorded):
                report(written.entry)
    except LedgerUnavailable as failure:
        event(
            logging.ERROR, "ledger.missed_not_recorded", reason=failure.message, why=error.message
        )


def _write(firing: Firing, error: WebhookError, ledger: Ledger, clock: Clock) -> None:
    """Only where the ledger has nothing of the alert: another delivery may have claimed it."""
    unit, intents = firing.unit, firing.wants.intents
    symbol = next((intent.symbol for intent in intents if intent.symbol), "")
    reason = f"Never planned ({'; '.join(map(_asked, intents))}): {error.message}"
    entry = LedgerEntry(
        unit=unit,
        alert_id=firing.alert_id,
        body_sha256=firing.body_sha256,
        strategy=firing.wants.strategy,
        received_at=firing.received_at,
        fresh_until=firing.fresh_until,
        attempts=(unclaimed_attempt(unit, symbol, clock.now(), reason),),
        warnings=firing.warnings,
    )
    written = ledger.claim(entry)
    if isinstance(written, Claimed):
        report(written.entry)


def _asked(intent: Intent) -> str:
    """What the alert wanted, for a person who has to do it by hand; what goes without
    saying is left out."""
    said, unsaid = intent._asdict(), type(intent)._field_defaults
    return ", ".join(
        f"{name} {plain(said[name]) if isinstance(said[name], Decimal) else said[name]}"
        for name in _TOLD
        if name in said and said[name] not in (None, unsaid.get(name))
    )
