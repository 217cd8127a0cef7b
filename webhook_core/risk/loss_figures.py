"""What each owner of a daily limit has lost, as reconcile has counted it last: one document beside
the ledger, which an alert reads once where its strategy, or the account, has such a limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Documents
from webhook_core.trading.rounding import plain
from webhook_core.trading.rules import Loss

_AMOUNTS = ("realised", "open_loss", "worst")


def document(mode: str, account: str) -> str:
    """Its name."""
    return f"daily-loss/{mode}/{account}"


def read(documents: Documents, mode: str, account: str) -> Mapping[str, Loss]:
    """By strategy, the account's under the empty name. Raises LedgerUnavailable, also for a text
    that is none of ours: it may have been meant to stop an entry."""
    stored = documents.read(document(mode, account))
    return {} if stored is None else of_text(stored.text)


def of_text(text: str) -> Mapping[str, Loss]:
    """Raises LedgerUnavailable."""
    try:
        return {str(owner): _loss(row) for owner, row in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        raise LedgerUnavailable.because(
            "the figures of what was lost today can't be read"
        ) from None


def to_text(losses: Mapping[str, Loss]) -> str:
    return json.dumps({owner: _row(loss) for owner, loss in losses.items()})


def rows(losses: Mapping[str, Loss]) -> list[dict[str, Any]]:
    """As the answer of a reconcile run shows them; the account's has no strategy."""
    return [{"strategy": owner or None, **_row(loss)} for owner, loss in losses.items()]


def _loss(row: Mapping[str, Any]) -> Loss:
    realised, open_loss, worst = (
        {code: Decimal(amount) for code, amount in row[name].items()} for name in _AMOUNTS
    )
    as_of, day = datetime.fromisoformat(row["as_of"]), datetime.fromisoformat(row["day"])
    return Loss(as_of, day, realised, open_loss, worst)


def _row(loss: Loss) -> dict[str, Any]:
    amounts = {
        name: {code: plain(amount) for code, amount in getattr(loss, name).items()}
        for name in _AMOUNTS
    }
    return {"as_of": loss.as_of.isoformat(), "day": loss.day.isoformat(), **amounts}
