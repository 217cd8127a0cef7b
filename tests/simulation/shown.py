"""What a port gives back, short enough for a line of the story."""

from __future__ import annotations

import json

from webhook_core.ledger.contract import (
    Claimed,
    Document,
    Existing,
    Page,
    Recorded,
    Superseded,
    Waiting,
)
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import VenueOrder
from webhook_core.web.messages import HttpResponse


def brief(entry: LedgerEntry) -> str:
    """Who it is and where it stands."""
    attempt = entry.current
    leg = f"leg {entry.unit.leg} " if entry.unit.leg else ""
    number = f"{leg}generation {entry.unit.generation} attempt {attempt.number}"
    absent = " (open orders lack it)" if attempt.open_absent_at else ""
    return (
        f"[{entry.alert_id[:12]} {number} {attempt.client_order_id[:8]} "
        f"{attempt.state}{absent} v{entry.version or '-'}]"
    )


def shown(result: object) -> str:
    """Any result of a port."""
    match result:
        case (
            Claimed(entry) | Existing(entry) | Recorded(entry) | Waiting(entry) | Superseded(entry)
        ):
            text = f"{type(result).__name__} {brief(entry)}"
        case LedgerEntry():
            text = brief(result)
        case Page(entries):
            text = ", ".join(map(brief, entries)) or "none"
        case VenueOrder(order_id, _, status):
            text = f"{order_id} {status}"
        case HttpResponse(status, body):
            answer = json.loads(body)
            replayed = "replayed" if answer.get("replayed") else ""
            text = (
                f"{status} {answer.get('code', '')} {answer.get('order_id') or ''} {replayed}"
            ).rstrip()
        case Document():
            text = "a text"
        case [Instrument(), *_]:
            text = f"{len(result)} pairs"
        case _:
            text = str(result)
    return text
