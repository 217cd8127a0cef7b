"""The book as it stood at the end of each month, and what the month came to, kept: whoever asks for
a month or for everything reads the days of one month alone, however old the account is.

A document a month, made of its days by whoever needs it first, once no trade of the month can come
any more. It holds nothing that the days don't, so one that is lost, too long or not to be read is
made again of them. A trade that comes later than it should voids it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Document, rewritten
from webhook_core.money.counts import Counts, from_row, to_row
from webhook_core.money.trade_book import PairOfOwner, TradeBook
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Trade

LONGEST = 900_000
"""Characters, of ASCII alone: Firestore takes 1 MiB in a document. Some 7,000 orders a month."""
SETTLED = timedelta(days=2)
"""So long before the place that the venue is read from no trade is new any more."""
_VOID = "{}"
_FORM = 2
"""Earlier ones, which named none, held a short on spot where more was sold than was bought."""


class ClosedMonth(NamedTuple):
    """A month at its end: the book, and what the month came to by line; None where that was too
    long to be kept."""

    book: TradeBook
    counts: Mapping[PairOfOwner, Counts] | None


@dataclass(slots=True)
class OpenedSpan:
    """What was held when ``trades`` begin, what all before them came to where the whole time is
    asked for, and the trades, oldest first."""

    book: TradeBook = field(default_factory=TradeBook)
    counts: dict[PairOfOwner, Counts] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)


class Months:
    """Of the account whose trades these are."""

    def __init__(self, store: TradeStore) -> None:
        self._store = store

    def opened(self, since: datetime, until: datetime) -> OpenedSpan:
        """All that a report of that span needs; trades from a while before ``since`` may be among
        its trades. Raises LedgerUnavailable."""
        place = self._store.place()
        if place is None:
            return OpenedSpan()
        first = place.first.replace(day=1)
        whole = since < _begin(first)
        asked = (until if whole else since).date()
        start = max(first, min(asked.replace(day=1), _settled(place)))
        opened = self._before(first, start, place, whole=whole)
        opened.trades = [*self._store.between(_begin(start), until)]
        return opened

    def _before(self, first: date, start: date, place: ReadTo, *, whole: bool) -> OpenedSpan:
        kept: list[tuple[date, Document | None, ClosedMonth | None]] = []
        for month in reversed([*_months(first, start)]):
            document = self._store.documents.read(_name(self._store, month))
            closed = None if document is None else _read(document.text)
            kept.append((month, document, closed))
            if closed is not None and not whole:
                break
        opened = OpenedSpan()
        for month, document, known in reversed(kept):
            closed = known
            if closed is None or (whole and closed.counts is None):
                closed = self._made(month, opened.book)
                if known is None and month < _settled(place):
                    self._keep(month, closed, document)
            opened.book = closed.book
            if whole:
                for line, of_line in (closed.counts or {}).items():
                    opened.counts.setdefault(line, Counts()).add(of_line)
        return opened

    def _made(self, month: date, book: TradeBook) -> ClosedMonth:
        """Of its days; ``book`` is what was held before, and moves on."""
        counts: dict[PairOfOwner, Counts] = {}
        for trade in self._store.between(_begin(month), _begin(_next(month))):
            done = book.take(trade)
            if done is not None:
                counts.setdefault(PairOfOwner.of(trade), Counts()).take(done)
        return ClosedMonth(book, counts)

    def _keep(self, month: date, closed: ClosedMonth, before: Document | None) -> None:
        """Whoever was first wrote the same; and nobody's report fails where it can't be kept."""
        text = next((text for text in _texts(closed) if len(text) <= LONGEST), None)
        if text is not None:
            with suppress(LedgerUnavailable):
                self._store.documents.write(_name(self._store, month), text, before)


def void_late(store: TradeStore, oldest: date, place: ReadTo) -> None:
    """After a trade of the day ``oldest`` was written, or found written: where it came too late for
    what is kept of its month, that and every later one are void. ``place``: read behind the write.
    Raises LedgerUnavailable.

    The oldest first, each by a write: whoever makes one meanwhile, of days that lacked the trade,
    finds another version and keeps nothing.
    """
    for month in _months(oldest.replace(day=1), _settled(place)):
        rewritten(store.documents, _name(store, month), lambda _: (_VOID, None))


def _name(store: TradeStore, month: date) -> str:
    return f"trades-month:{store.whose}:{month:%Y-%m}"


def _texts(closed: ClosedMonth) -> Iterator[str]:
    """As it is stored, with all and without what the month came to."""
    lines = closed.book.to_rows()
    counts = [[*line, to_row(of_line)] for line, of_line in (closed.counts or {}).items()]
    yield json.dumps({"form": _FORM, "lines": lines, "counts": counts})
    yield json.dumps({"form": _FORM, "lines": lines})


def _read(text: str) -> ClosedMonth | None:
    """None for one that is void, of an earlier form, or can't be read."""
    try:
        kept = json.loads(text)
        if kept.get("form") != _FORM:
            return None
        book = TradeBook.from_rows(kept["lines"])
        counts = {PairOfOwner(*line): from_row(row) for *line, row in kept.get("counts", ())}
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError):
        return None
    return ClosedMonth(book, counts if "counts" in kept else None)


def _settled(place: ReadTo) -> date:
    """The month that a trade may still come of; none comes of an earlier one."""
    return (place.since.date() - SETTLED).replace(day=1)


def _months(first: date, end: date) -> Iterator[date]:
    """The first days of the months from ``first`` on, before ``end``."""
    while first < end:
        yield first
        first = _next(first)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
