"""What the account held of each asset while nothing of ours could just have changed it: reconcile
reads that and keeps it (``sending.seeing``).

It stands among our orders like a plan that found nothing to do, so that a figure can be held
against it where no alert has left one, or others have changed what one left.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.events import event
from webhook_core.ledger.attempts import no_action_attempt
from webhook_core.ledger.contract import Document, Documents
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.trading.requests import OrderRequest


class Seen(NamedTuple):
    """``total`` of an asset, with all of our orders in it that were claimed by ``at``, and none
    that was claimed later."""

    total: Decimal
    at: datetime


Known = Mapping[str, Seen | None]
"""By asset; None where it was in doubt each time."""


class SeenFigures:
    """Of one account. Every method raises LedgerUnavailable."""

    def __init__(self, documents: Documents, mode: str, account: str) -> None:
        self._documents, self._mode, self._account = documents, mode, account

    def entries(self, assets: Iterable[str], after: datetime | None) -> list[LedgerEntry]:
        """Of these assets, as far as they were seen ``after`` that."""
        known = of_text(self.stored())
        seen = ((name, one) for name in assets if (one := known.get(name)) is not None)
        return [self._entry(*one) for one in seen if after is None or one[1].at > after]

    def stored(self) -> Document | None:
        return self._documents.read(self._name)

    def write(self, known: Known, before: Document | None) -> bool:
        """True if nobody has written since ``before`` was read."""
        rows = {name: one and [f"{one.total:f}", one.at.isoformat()] for name, one in known.items()}
        return self._documents.write(self._name, json.dumps(rows), before)

    @property
    def _name(self) -> str:
        return f"seen-figures:{self._mode}:{self._account}"

    def _entry(self, asset: str, seen: Seen) -> LedgerEntry:
        unit = Unit(self._mode, self._account, f"seen {asset}")
        return LedgerEntry(
            unit,
            alert_id="",
            body_sha256="",
            strategy="",
            received_at=seen.at,
            fresh_until=seen.at,
            attempts=(no_action_attempt(unit, OrderRequest("", {}), seen.at),),
            figures={asset: seen.total},
            counted_until=seen.at,
        )


def of_text(stored: Document | None) -> dict[str, Seen | None]:
    """Nothing for a text that is none of ours: the next run writes another one."""
    if stored is None:
        return {}
    try:
        rows = json.loads(stored.text).items()
        return {name: None if row is None else _seen(*row) for name, row in rows}
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        event(logging.ERROR, "figures.unreadable")
        return {}


def _seen(total: str, at: str) -> Seen:
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(at)
    return Seen(Decimal(total), moment)
