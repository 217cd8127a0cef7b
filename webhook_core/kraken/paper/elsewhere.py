"""What paper has not at hand: pairs, which Kraken's AssetPairs has told somebody before or the
records have; and prices from outside. Paper trades at those, and never at one of before where they
can't be had."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken.paper.envelope import Unreachable
from webhook_core.kraken.paper.pairs import Pair, Rows

if TYPE_CHECKING:
    from webhook_core.clock import Clock
    from webhook_core.ledger.contract import Documents

STATED_BY_KRAKEN = "pair-rules"
"""The document that a live trade, or a reconcile that reached Kraken, leaves: Kraken's
own rules and no other's."""
READ_AGAIN_AFTER_S = 300.0

PriceSource = Callable[[str], Decimal | None]
"""The last price of an altname, None where it is stated to have none. Raises VenueUnavailable where
nobody can be asked."""


class Elsewhere:
    """``documents`` may be away, or hold a text that is no rules: then only what it
    told before is known."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._read_at: float | None = None
        self._version = ""
        self._stated: Rows = {}

    def named(self, name: str) -> Iterator[Rows]:
        """Rows in which a pair of that key or altname may be, the newest first."""
        yield self._stored(READ_AGAIN_AFTER_S)
        from webhook_core.kraken import known_pairs  # few alerts name such a pair

        yield known_pairs.named(name)
        yield self._stored(0)  # another instance may have learnt it since

    def every(self) -> Rows:
        """All of them, each as it was stated last."""
        from webhook_core.kraken import known_pairs

        return {**known_pairs.every(), **self._stored(0)}

    def _stored(self, read_again_after_s: float) -> Rows:
        now = self._clock.monotonic()
        if self._read_at is not None and now - self._read_at <= read_again_after_s:
            return self._stated
        try:
            document = self._documents.read(STATED_BY_KRAKEN)
            if document is not None and document.version != self._version:
                self._version, self._stated = document.version, _rows_in(document.text)
        except (LedgerUnavailable, ValueError, RecursionError) as error:
            event(logging.WARNING, "pair_rules.not_read", reason=type(error).__name__)
        self._read_at = now
        return self._stated


def _rows_in(text: str) -> Rows:
    document = json.loads(text, parse_float=Decimal)
    pairs = document.get("pairs") if isinstance(document, dict) else None
    if not isinstance(pairs, dict):
        raise ValueError("not a document of pairs")
    needed = {"altname", "base", "quote"}
    return {
        key: row for key, row in pairs.items() if isinstance(row, dict) and needed <= row.keys()
    }


def outside_price(pair: Pair, source: PriceSource | None) -> Decimal | None:
    """None where there is none. Raises Unreachable where it can't be seen now."""
    if source is None:
        return None
    try:
        return source(pair.altname)
    except VenueUnavailable as error:
        event(logging.WARNING, "paper.no_price", pair=pair.altname, reason=error.message)
        raise Unreachable from None
