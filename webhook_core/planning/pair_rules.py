"""The pair rules this instance plans with: the packaged snapshot, beneath what was read
from Kraken since.

On paper there are the records of all other pairs as well, beneath both, read where
a name is asked for.

What was read lives in the ledger's store, where reconcile and the operator's command refresh it, so
that every instance profits. The store is a help, never a condition: without it the snapshot plans,
and Kraken has the last word.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from webhook_core.clock import Budget, Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import Documents, rewritten
from webhook_core.trading.assets import asset_code
from webhook_core.trading.instruments import Instrument, Listed, Records, stored_in, to_document
from webhook_core.trading.symbols import Instruments, UnknownSymbol
from webhook_core.value import Record
from webhook_core.venue import Venue

READ_AGAIN_AFTER_S = 300.0
REFRESH_AFTER = timedelta(hours=12)
UNLISTED_FOR_S = 3600.0
MOST_QUESTIONS = 12
_UNREADABLE = (
    LedgerUnavailable,
    ValueError,
    ArithmeticError,
    RecursionError,
    TypeError,
    AttributeError,
)
"""A store that is away, or a text in it that only looks like rules; neither may cost an alert."""


class PairRules(Record):
    """``snapshot`` gives the packaged rules. ``document`` names the stored ones: the paper venue's
    are no rules of Kraken's."""

    snapshot: Callable[[], Sequence[Instrument]]
    document: str
    documents: Documents
    venue: Venue
    clock: Clock
    records: Records | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: Instruments | None = None
    _read_at: float = 0.0
    _unlisted: dict[str, float] = field(default_factory=dict)

    def current(self) -> Instruments:
        """What is known without asking Kraken.

        One alert reads the store again; no other waits for it.
        """
        known, now = self._known, self.clock.monotonic()
        if known is not None and now - self._read_at <= READ_AGAIN_AFTER_S:
            return known
        self._read_at = now
        stored = self._stored()
        with self._lock:  # what was learnt meanwhile stays
            self._known = self._newest(
                [*_still_listed(self._snapshot_or_known(), stored), *stored.instruments]
            )
            return self._known

    def learn(self, pairs: Sequence[str] | None, budget: Budget) -> Instruments:
        """Ask AssetPairs for these pairs (None: all), remember the answer here and in the store.

        Raises VenueUnavailable.
        """
        self._learnt(pairs, budget)
        return self.current()

    def find(self, names: Sequence[str], budget: Budget) -> None:
        """Ask AssetPairs for pairs of these altnames, where Kraken has such.

        It refuses all for one that it doesn't know: then the halves are asked for, and what is
        refused alone not again for a while. Raises VenueUnavailable.
        """
        now = self.clock.monotonic()
        left = [[name for name in names if self._unlisted.get(name, now) <= now]]
        for _ in range(MOST_QUESTIONS):
            some = left.pop() if left else []
            if not some:
                break
            learnt = self._learnt(some, budget)
            missing = [name for name in some if not (learnt and self.current().find(name))]
            if len(missing) == 1:
                self._unlisted[missing[0]] = now + UNLISTED_FOR_S
            elif missing:
                half = len(missing) // 2
                left += [missing[half:], missing[:half]]

    def unknown_name(self, base: str, quote: str) -> str | None:
        """What Kraken would call the pair of these asset ids; None for one that is known,
        or that can be none."""
        try:
            self.current().resolve(f"{asset_code(base)}/{asset_code(quote)}")
        except UnknownSymbol as unknown:
            return unknown.ask_for
        return None

    def _learnt(self, pairs: Sequence[str] | None, budget: Budget) -> bool:
        learnt = self.venue.instruments(pairs, budget)
        if not learnt:
            return False
        whole = min(instrument.as_of for instrument in learnt) if pairs is None else None
        known = self.current()
        with self._lock:
            self._known = self._newest([*_still_listed(known, Listed(learnt, whole)), *learnt])
        self._store(learnt, whole)
        return True

    def refreshed_at(self) -> datetime | None:
        """The age of the freshest rule; None where there is none."""
        return max((instrument.as_of for instrument in self.current()), default=None)

    def refresh_if_due(self, budget: Budget) -> bool:
        """Read all rules again once most of the packaged pairs' are half a day old; whether it did.

        Raises VenueUnavailable.
        """
        due = self.clock.now() - REFRESH_AFTER
        fresh = {
            instrument.key for instrument in self._stored().instruments if instrument.as_of > due
        }
        packaged = {instrument.key for instrument in self.snapshot()}
        if len(packaged & fresh) > len(packaged) / 2:  # most: a pair may be gone, or xStocks unread
            return False
        return self._learnt(None, budget)

    def _snapshot_or_known(self) -> Sequence[Instrument]:
        return self.snapshot() if self._known is None else list(self._known)

    def _stored(self) -> Listed:
        try:
            document = self.documents.read(self.document)
            return stored_in(document.text) if document else Listed()
        except _UNREADABLE as error:
            event(logging.WARNING, "pair_rules.not_read", reason=type(error).__name__)
            return Listed()

    def _store(self, learnt: Sequence[Instrument], whole: datetime | None) -> None:
        def change(text: str | None) -> tuple[str, None]:
            before = stored_in(text) if text is not None and whole is None else Listed((), whole)
            merged = {one.key: one for one in (*before.instruments, *learnt)}
            return to_document(merged.values(), before.whole), None

        try:
            rewritten(self.documents, self.document, change)
        except _UNREADABLE as error:
            event(logging.WARNING, "pair_rules.not_stored", reason=type(error).__name__)

    def _newest(self, instruments: Iterable[Instrument]) -> Instruments:
        """Of several rules of one pair those that Kraken stated last."""
        return Instruments(
            sorted(instruments, key=lambda instrument: instrument.as_of), self.records
        )


def _still_listed(known: Iterable[Instrument], stored: Listed) -> list[Instrument]:
    """Without those that Kraken no longer listed when it was asked for all.

    What was asked for may have been answered in part: of a kind of which it shows less
    than half, none is gone.
    """
    rows = list(known)
    if stored.whole is None:
        return rows
    listed = {instrument.key for instrument in stored.instruments}
    older = [one for one in rows if one.as_of < stored.whole and one.key not in listed]
    lost = Counter(map(_kind, older))
    all_of = Counter(map(_kind, rows))
    gone = {one.key for one in older if lost[_kind(one)] * 2 < all_of[_kind(one)]}
    return [one for one in rows if one.key not in gone]


def _kind(instrument: Instrument) -> tuple[bool, str]:
    """Each is a question of its own (``market_data.instruments``)."""
    return instrument.is_tokenized, instrument.venue
