"""What Kraken charges this account, as far as reconcile has read it.

It lives in the ledger's store, so that every instance plans with it. Kraken's fees fall
and rise with what was traded in 30 days, so what was read counts for a while only;
without it, Kraken's highest does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.clock import Budget, Clock
from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import Document, Documents
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.kraken_limits import rules_are_fresh
from webhook_core.trading.rules import Fees
from webhook_core.trading.symbols import Instruments
from webhook_core.venue import Venue

READ_AFTER = timedelta(hours=24)
TRIED_AGAIN_AFTER = timedelta(hours=1)
"""After a read that failed."""
COUNTS_FOR = timedelta(hours=48)
LOOKED_UP_AGAIN_AFTER_S = 300.0
MOST_PAIRS = 100
"""In one question."""
HIGHEST = Decimal(10)
"""Percent. No fee of Kraken's is near it: a higher one is a misreading."""
_UNREADABLE = (
    LedgerUnavailable,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
)
"""A store that is away, or a text in it that only looks like fees; neither may cost an alert."""


class _Read(NamedTuple):
    """``asked_at``: when Kraken was asked last, ``as_of``: when it answered.
    ``fees``: by pair key."""

    asked_at: datetime | None = None
    as_of: datetime | None = None
    fees: Mapping[str, Fees] = {}


@dataclass(slots=True, eq=False, repr=False)
class AccountFees:
    """Safe across threads."""

    document: str
    documents: Documents
    venue: Venue
    clock: Clock
    _known: _Read = field(default_factory=_Read)
    _looked_up_at: float | None = None

    def of(self, instrument: Instrument) -> Fees | None:
        """Those of the pair, None where they were not read, or too long ago."""
        known = self._looked_up()
        now = self.clock.now()
        if known.as_of is None or not timedelta(0) <= now - known.as_of <= COUNTS_FOR:
            return None
        return known.fees.get(instrument.key)

    def read_if_due(
        self,
        known: Instruments,
        symbols: Collection[str] | None,
        traded: Callable[[], Collection[str]],
        budget: Budget,
    ) -> bool:
        """Ask Kraken once a day; whether it answered.

        ``symbols``: the pairs that are allowed by name, None where every pair is. ``traded`` reads
        those of our last orders.
        """
        before, stored = self._stored()
        now = self.clock.now()
        if not _is_due(before.as_of, READ_AFTER, now) or not _is_due(
            before.asked_at, TRIED_AGAIN_AFTER, now
        ):
            return False
        pairs = list(_pairs(known, symbols, traded(), now))[:MOST_PAIRS]
        if not pairs:
            return False
        try:
            read = _Read(now, now, self.venue.fees(pairs, budget))
        except VenueUnavailable as error:
            event(logging.WARNING, "fees.not_read", reason=error.message)
            self._store(before._replace(asked_at=now), stored)
            return False
        self._store(read, stored)
        self._known, self._looked_up_at = read, self.clock.monotonic()
        return True

    def _looked_up(self) -> _Read:
        """One alert looks; those beside it go on with what was known before, and
        wait for no store."""
        now = self.clock.monotonic()
        if self._looked_up_at is None or now - self._looked_up_at > LOOKED_UP_AGAIN_AFTER_S:
            self._looked_up_at = now
            self._known, _ = self._stored()
        return self._known

    def _stored(self) -> tuple[_Read, Document | None]:
        """What the store has, read and as it stands there."""
        try:
            document = self.documents.read(self.document)
        except LedgerUnavailable as error:
            event(logging.WARNING, "fees.not_looked_up", reason=type(error).__name__)
            return _Read(), None
        if document is None:
            return _Read(), None
        try:
            return _from_text(document.text), document
        except _UNREADABLE as error:
            event(logging.WARNING, "fees.not_looked_up", reason=type(error).__name__)
            return _Read(), document

    def _store(self, read: _Read, before: Document | None) -> None:
        """Where another reconcile was faster, its answer stays."""
        try:
            self.documents.write(self.document, _to_text(read), before)
        except LedgerUnavailable as error:
            event(logging.WARNING, "fees.not_stored", reason=type(error).__name__)


def _pairs(
    known: Instruments, symbols: Collection[str] | None, traded: Collection[str], now: datetime
) -> Iterator[Instrument]:
    """Those that Kraken lists, for it refuses all for one name that it does not know; the
    traded ones first."""
    named = [known.find(symbol) for symbol in (*traded, *(symbols or ()))]
    others = sorted(known, key=_leverage, reverse=True) if symbols is None else []
    for pair in dict.fromkeys([*named, *others]):
        if (
            pair is not None
            and rules_are_fresh(pair, now)
            and not (pair.is_tokenized or pair.venue)
        ):
            yield pair


def _is_due(last: datetime | None, after: timedelta, now: datetime) -> bool:
    """A moment that is still to come was written by a clock that was off."""
    return last is None or not timedelta(0) <= now - last < after


def _leverage(pair: Instrument) -> int:
    """Kraken offers the most of it where most is traded."""
    return max(pair.leverage_buy or (0,))


def _to_text(read: _Read) -> str:
    moments = {"asked_at": read.asked_at, "as_of": read.as_of}
    document: dict[str, Any] = {
        name: moment.astimezone(UTC).isoformat()
        for name, moment in moments.items()
        if moment is not None
    }
    document["fees"] = {
        pair: {"maker": str(fees.maker), "taker": str(fees.taker)}
        for pair, fees in read.fees.items()
    }
    return json.dumps(document, separators=(",", ":"))


def _from_text(text: str) -> _Read:
    """Raises one of _UNREADABLE."""
    document = json.loads(text)
    asked_at, as_of = (_moment(document.get(name)) for name in ("asked_at", "as_of"))
    return _Read(asked_at, as_of, {pair: _fees(row) for pair, row in document["fees"].items()})


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a stored time has no zone")
    return moment


def _fees(row: Mapping[str, str]) -> Fees:
    fees = Fees(Decimal(row["maker"]), Decimal(row["taker"]))
    if not all(fee.is_finite() for fee in fees) or not 0 <= fees.taker <= HIGHEST >= fees.maker:
        raise ValueError("not a fee")
    return fees
