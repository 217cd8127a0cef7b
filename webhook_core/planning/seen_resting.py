"""The orders that reconcile has seen at rest. One that Kraken's list of open orders lacks since has
filled or was canceled: by its id it tells which, while the list of what has closed may be late."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from webhook_core.events import event
from webhook_core.ledger.contract import Document, Documents
from webhook_core.trading.facts import RestingOrder


class AtRest(NamedTuple):
    """``pair`` as Kraken calls it there; ``gone_at``: when a list lacked it first."""

    pair: str
    margin: bool
    gone_at: datetime | None = None


class SeenResting:
    """Of one account. Every method raises LedgerUnavailable."""

    def __init__(self, documents: Documents, mode: str, account: str) -> None:
        self._documents, self._name = documents, f"seen-resting:{mode}:{account}"

    def orders(self) -> Mapping[str, AtRest]:
        """By order id."""
        return of_text(self._documents.read(self._name))

    def keep(self, listed: Iterable[RestingOrder], now: datetime, read_lag: timedelta) -> bool:
        """``listed``: the open orders. One that they lack is kept for as long as other reads may
        lag. Whether anything was to be written, and nobody else wrote meanwhile."""
        stored = self._documents.read(self._name)
        before = of_text(stored)
        known = {order.order_id: AtRest(order.pair, order.margin) for order in listed}
        for name, one in before.items():
            gone_at = one.gone_at or now
            if name not in known and gone_at + read_lag > now:
                known[name] = one._replace(gone_at=gone_at)
        if known == before:
            return False
        rows = {
            name: [*one[:2], one.gone_at and one.gone_at.isoformat()] for name, one in known.items()
        }
        return self._documents.write(self._name, json.dumps(rows), stored)


def of_text(stored: Document | None) -> dict[str, AtRest]:
    """Nothing for a text that is none of ours: the next run writes another one."""
    if stored is None:
        return {}
    try:
        rows = json.loads(stored.text).items()
        return {name: _at_rest(*row) for name, row in rows}
    except (ValueError, TypeError, AttributeError):
        event(logging.ERROR, "resting.unreadable")
        return {}


def _at_rest(pair: str, margin: bool, gone_at: str | None) -> AtRest:
    moment = None if gone_at is None else datetime.fromisoformat(gone_at)
    if not isinstance(pair, str) or (moment is not None and moment.tzinfo is None):
        raise ValueError(pair)
    return AtRest(pair, bool(margin), moment)
