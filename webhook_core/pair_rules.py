"""The pair rules this instance plans with: the packaged snapshot, beneath what was read from Kraken since.

On paper there are the records of all other pairs as well, beneath both, read where a name is asked for.

What was read lives in the ledger's store, where reconcile and the operator's command refresh it, so that every instance
profits. The store is a help, never a condition: without it the snapshot plans, and Kraken has the last word.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ports import Budget, Clock, Documents, Venue
from webhook_core.trading.instruments import Instrument, Records, from_document, to_document
from webhook_core.trading.symbols import Instruments

READ_AGAIN_AFTER_S = 300.0
REFRESH_AFTER = timedelta(hours=12)
WRITE_TRIES = 3
_UNREADABLE = (LedgerUnavailable, ValueError, ArithmeticError, RecursionError, TypeError, AttributeError)
"""A store that is away, or a text in it that only looks like rules; neither may cost an alert."""


@dataclass(slots=True, eq=False, repr=False)
class PairRules:
    """``snapshot`` gives the packaged rules. ``document`` names the stored ones: the paper venue's are no rules of Kraken's."""

    snapshot: Callable[[], Sequence[Instrument]]
    document: str
    documents: Documents
    venue: Venue
    clock: Clock
    records: Records | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: Instruments | None = None
    _read_at: float = 0.0

    def current(self) -> Instruments:
        """What is known without asking Kraken."""
        with self._lock:
            now = self.clock.monotonic()
            if self._known is None or now - self._read_at > READ_AGAIN_AFTER_S:
                self._known = self._newest([*self._snapshot_or_known(), *self._stored()])
                self._read_at = now
            return self._known

    def learn(self, pairs: Sequence[str] | None, budget: Budget) -> Instruments:
        """Ask AssetPairs for these pairs (None: all), remember the answer here and in the store. Raises VenueUnavailable."""
        self._learnt(pairs, budget)
        return self.current()

    def _learnt(self, pairs: Sequence[str] | None, budget: Budget) -> bool:
        learnt = self.venue.instruments(pairs, budget)
        if not learnt:
            return False
        known = self.current()
        with self._lock:
            self._known = self._newest([*known, *learnt])
        self._store(learnt, whole=pairs is None)
        return True

    def refreshed_at(self) -> datetime | None:
        """The age of the freshest rule; None where there is none."""
        return max((instrument.as_of for instrument in self.current()), default=None)

    def refresh_if_due(self, budget: Budget) -> bool:
        """Read all rules again once most of the packaged pairs' are half a day old; whether it did. Raises VenueUnavailable."""
        due = self.clock.now() - REFRESH_AFTER
        fresh = {instrument.key for instrument in self._stored() if instrument.as_of > due}
        packaged = {instrument.key for instrument in self.snapshot()}
        if len(packaged & fresh) > len(packaged) / 2:  # most: a pair may be gone, or xStocks unread
            return False
        return self._learnt(None, budget)

    def _snapshot_or_known(self) -> Sequence[Instrument]:
        return self.snapshot() if self._known is None else list(self._known)

    def _stored(self) -> Sequence[Instrument]:
        try:
            document = self.documents.read(self.document)
            return from_document(document.text) if document else ()
        except _UNREADABLE as error:
            event(logging.WARNING, "pair_rules.not_read", reason=type(error).__name__)
            return ()

    def _store(self, learnt: Sequence[Instrument], *, whole: bool) -> None:
        try:
            for _ in range(WRITE_TRIES):
                document = self.documents.read(self.document)
                before = from_document(document.text) if document and not whole else []
                merged = {instrument.key: instrument for instrument in [*before, *learnt]}
                if self.documents.write(
                    self.document, to_document(merged.values()), document.version if document else None
                ):
                    return
        except _UNREADABLE as error:
            event(logging.WARNING, "pair_rules.not_stored", reason=type(error).__name__)

    def _newest(self, instruments: Iterable[Instrument]) -> Instruments:
        """Of several rules of one pair those that Kraken stated last."""
        return Instruments(sorted(instruments, key=lambda instrument: instrument.as_of), self.records)
