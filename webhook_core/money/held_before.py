"""What the trades of all days but the last few have left open, kept in one document: whoever asks
each minute what is held reads no day twice."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.money.trade_book import TradeBook
from webhook_core.money.trade_store import ReadTo, TradeStore
from webhook_core.money.trades import Trade

DAYS_READ = 3
"""Today in UTC and two before: a day may have begun so long ago in another zone."""


class DayBook(NamedTuple):
    """``book``: what was open when ``day`` began, in UTC; ``trades``: the kept ones since, oldest
    first, of which the book has none."""

    book: TradeBook
    day: date
    trades: list[Trade]


class HeldBefore:
    """Of the account whose trades these are."""

    def __init__(self, store: TradeStore) -> None:
        self._documents, self._store = store.documents, store
        self._name = f"held-before/{store.mode}/{store.account}"

    def until(self, now: datetime, *, keeps: bool = True) -> DayBook:
        """What was open some days ago, and every trade since then. A day that may still get a trade
        is no part of the document; ``keeps``: what was counted goes into it.

        Raises LedgerUnavailable.
        """
        place = self._store.place()
        if place is None:
            return DayBook(TradeBook(), date.min, [])
        stored = self._documents.read(self._name)
        book, day = (TradeBook(), place.first) if stored is None else _read(stored.text)
        settled = min(now.date(), _settled(place))
        moved = day < settled
        while day < settled:
            for trade in self._store.of_day(day):
                book.take(trade)
            day += timedelta(days=1)
        if moved and keeps:  # whoever was first wrote the same
            self._documents.write(self._name, _text(book, day), stored)
        trades: list[Trade] = []
        begins = day
        while day <= now.date():
            trades += self._store.of_day(day)
            day += timedelta(days=1)
        return DayBook(book, begins, trades)

    def void_late(self, oldest: date, place: ReadTo) -> None:
        """After a trade of that day was written: what is kept is made anew where it has the day.
        ``place``: read behind the write. Raises LedgerUnavailable."""
        stored = self._documents.read(self._name) if oldest < _settled(place) else None
        if stored is not None and oldest < _read(stored.text)[1]:
            self._documents.delete(self._name, stored)


def _settled(place: ReadTo) -> date:
    """The first day that may still get a trade."""
    return place.since.date() - timedelta(days=DAYS_READ - 1)


def _text(book: TradeBook, day: date) -> str:
    return json.dumps({"until": day.isoformat(), "lines": book.to_rows()})


def _read(text: str) -> tuple[TradeBook, date]:
    try:
        kept: dict[str, Any] = json.loads(text)
        return TradeBook.from_rows(kept["lines"]), date.fromisoformat(kept["until"])
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise LedgerUnavailable.because("what was held some days ago can't be read") from None
