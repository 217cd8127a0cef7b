"""How many of a strategy's alerts were refused, counted from the list of all of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from webhook_core.clock import Budget
from webhook_core.journal.alert_list import SEARCHED, RowFilter, list_alerts
from webhook_core.journal.record import NOT_KEPT, NOT_REFUSED
from webhook_core.journal.rows import Row
from webhook_core.ledger.store import Store
from webhook_core.sending.close_units import is_position
from webhook_core.trading.rounding import plain

_TENTH = Decimal("0.1")


def refused_shares(
    store: Store, wanted: RowFilter, since: datetime, until: datetime, budget: Budget
) -> dict[str, Any]:
    """Of the alerts that are ``wanted``. ``since`` of the answer: from where on they were counted,
    later than asked where the search ended at its bound. Validations are not counted: nothing was
    to be traded. Raises LedgerUnavailable."""
    page = list_alerts(store, wanted._replace(since=since), SEARCHED, budget)
    rows = [row for row in page.rows if row.at < until]
    if page.cursor is not None:
        since = min((row.at for row in page.rows), default=until)
    counted = [row for row in rows if _counts(row)]
    alerts = Counter(row.strategy for row in counted)
    refused = Counter(row.strategy for row in counted if row.outcome not in NOT_REFUSED)
    return {
        "since": since,
        "until": until,
        "strategies": [
            {
                "strategy": name,
                "alerts": number,
                "refused": refused[name],
                "refused_percent": _percent(refused[name], number),
            }
            for name, number in sorted(alerts.items())
        ],
    }


def _counts(row: Row) -> bool:
    """What closed a position of the strategy for an alert of another counts there alone."""
    is_part = any(part[0].unit.name == row.key and is_position(part[0].unit) for part in row.parts)
    return not row.validates and row.outcome != NOT_KEPT and not is_part


def _percent(part: int, whole: int) -> str:
    return plain((Decimal(100 * part) / whole).quantize(_TENTH))
