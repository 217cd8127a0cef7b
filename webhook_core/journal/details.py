"""All that is known of one alert: as asked, every check, each leg, each fill, each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhook_core.clock import Budget
from webhook_core.errors import AlertMalformed
from webhook_core.journal.alert_list import RowFilter, list_alerts
from webhook_core.journal.rows import Row
from webhook_core.ledger.entry import Attempt, LedgerEntry
from webhook_core.ledger.entry_report import shown, shown_exits
from webhook_core.ledger.store import Store
from webhook_core.sending.close_units import is_position
from webhook_core.web.answers import check_row

LEAST_PREFIX = 4
_MOST_ROWS = 50


def details_of(
    store: Store, alert_id: str, budget: Budget, strategy: str | None = None
) -> dict[str, Any]:
    """Of the alert with this id, or the one whose id, or whose key in the list, begins so; of
    ``strategy`` alone, if it is named: several may have one of that id.

    Raises AlertMalformed where there is none.

    ``deliveries``: oldest first; the checks of an order that was sent are those of its claim.
    """
    of = RowFilter(strategy=strategy, resent=True)
    rows = list_alerts(store, of._replace(alert_id=alert_id), _MOST_ROWS, budget).rows
    rows = rows or _beginning_with(store, of, alert_id.rstrip("…"), budget)
    parts = [part for row in rows for part in row.parts]
    legs = [leg for part in parts for leg in part]
    unclaimed = [request for part in parts for request in part[0].following[len(part) - 1 :]]
    return {
        "alert_id": rows[0].alert_id,
        "key": rows[-1].key,
        "strategy": ", ".join(sorted({row.strategy for row in rows})),
        "deliveries": [_delivery(row) for row in reversed(rows)],
        "legs": [_leg(entry) for entry in legs],
        "not_claimed": [dict(request.sent) for request in unclaimed],
    }


def _beginning_with(store: Store, of: RowFilter, prefix: str, budget: Budget) -> Sequence[Row]:
    wanted = of._replace(id_prefix=prefix)
    rows = (
        list_alerts(store, wanted, _MOST_ROWS, budget).rows if len(prefix) >= LEAST_PREFIX else ()
    )
    ids = sorted({row.alert_id or row.key for row in rows})
    if not ids:
        raise AlertMalformed("id names no alert that is known.", field="id")
    if len(ids) > 1:
        named = ", ".join(ids[:5])
        raise AlertMalformed(f"id begins those of several alerts: {named}.", field="id")
    if rows[0].alert_id is None:
        return rows
    return list_alerts(store, of._replace(alert_id=rows[0].alert_id), _MOST_ROWS, budget).rows


def _delivery(row: Row) -> dict[str, Any]:
    record = row.record
    if record is None:
        held = [check for part in row.parts for check in part[0].checks]
        checks = [check_row(check) for check in (*held, *row.left)]
        return {**row.document, "fields": {}, "checks": checks}
    checks = [dict(check) for check in record.checks]
    return {**row.document, "fields": dict(record.fields), "checks": checks}


def _leg(entry: LedgerEntry) -> dict[str, Any]:
    request = entry.current.request
    return {
        "leg": entry.unit.leg,
        "strategy": entry.strategy,
        "position": _position(entry),
        "state": entry.state,
        "method": request.method,
        "request": dict(request.sent),
        "trade_details": request.trade_details(),
        **request.prices(),
        "fill": shown(entry.current),
        "exit_fills": shown_exits(entry),
        "attempts": [_attempt(attempt) for attempt in entry.attempts],
    }


def _position(entry: LedgerEntry) -> str | None:
    """Which one its alert closes by it, among others."""
    if not is_position(entry.unit):
        return None
    return f"{entry.current.request.symbol or ''} of strategy {entry.strategy}".strip()


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "client_order_id": attempt.client_order_id,
        "order_id": attempt.order_id,
        "claimed_at": attempt.claimed_at,
        "deadline": attempt.deadline,
        "settled_at": attempt.settled_at,
        "reason": attempt.reason,
        "errors": list(attempt.errors),
    }
