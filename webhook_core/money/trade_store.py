"""The trades of the account, kept for good: documents of each day beside the ledger, and one that
says how far the venue was read. A trade is written once, however often it is read.

A day begins with one document. Once that is full it stays as it is, and the next trades go into a
further one: Firestore takes 1 MiB in a document (firebase.google.com/docs/firestore/quotas), which
a day of some 3,200 trades fills.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import TRIES, Document, Documents
from webhook_core.money.trades import Trade, from_row, in_order, to_row

MOST_DAYS = 4000
FULL = 400_000
"""Characters, of ASCII alone; one trade more has 3,000 at most. An earlier version wrote a whole
day into its first document, however long."""


class ReadTo(NamedTuple):
    """``since``: the venue is read from there on, next time. ``first``: the day of the oldest trade
    that is kept. ``read_at``: up to when all was read."""

    since: datetime
    first: date
    read_at: datetime | None = None


class TradeStore:
    """Of one account in one mode. Every method raises LedgerUnavailable."""

    def __init__(self, documents: Documents, mode: str, account: str) -> None:
        self.documents, self.mode, self.account = documents, mode, account
        self.whose = f"{mode}:{account}"
        self._place, self._day = f"trades-read:{self.whose}", f"trades:{self.whose}:"

    def place(self) -> ReadTo | None:
        """None before the first run."""
        kept = self.documents.read(self._place)
        if kept is None:
            return None
        row = json.loads(kept.text)
        read_at = row.get("read_at")
        return ReadTo(
            datetime.fromisoformat(row["since"]),
            date.fromisoformat(row["first"]),
            None if read_at is None else datetime.fromisoformat(read_at),
        )

    def keep_place(self, place: ReadTo) -> None:
        """Where two runs meet, the place of the one that was first stands: nothing is
        lost by reading again."""
        kept = self.documents.read(self._place)
        row = {
            "since": place.since.isoformat(),
            "first": place.first.isoformat(),
            "read_at": None if place.read_at is None else place.read_at.isoformat(),
        }
        self.documents.write(self._place, json.dumps(row), kept)

    def add(self, trades: Iterable[Trade]) -> list[Trade]:
        """Those that were not kept before, oldest first, written now."""
        new: list[Trade] = []
        ordered = sorted(trades, key=in_order)
        for day, of_day in groupby(ordered, key=lambda trade: trade.at.date()):
            new += self._add_to(day, list(of_day))
        return new

    def of_day(self, day: date) -> list[Trade]:
        """In UTC, oldest first."""
        rows = {row["trade_id"]: row for part in self._parts(day) for row in json.loads(part.text)}
        return sorted(map(from_row, rows.values()), key=in_order)

    def between(self, since: datetime, end: datetime) -> Iterator[Trade]:
        """From the first moment on, before the second, oldest first."""
        place = self.place()
        if place is None:
            return
        first = max(place.first, since.date())
        for number in range(MOST_DAYS):
            day = first + timedelta(days=number)
            if datetime.combine(day, time(), UTC) >= end:
                return
            yield from (trade for trade in self.of_day(day) if since <= trade.at < end)

    def _add_to(self, day: date, trades: Sequence[Trade]) -> list[Trade]:
        """Where others write beside, what a part lacks is looked at again."""
        new: list[Trade] = []
        failed = 0
        while failed < TRIES:
            parts = self._parts(day)
            known = {row["trade_id"] for part in parts for row in json.loads(part.text)}
            left = [trade for trade in trades if trade.trade_id not in known]
            if not left:
                return new
            written = self._write(day, parts, left)
            failed += not written
            new += left[:written]
        raise LedgerUnavailable("The trades of a day could not be written: others wrote them too.")

    def _write(self, day: date, parts: Sequence[Document], left: Sequence[Trade]) -> int:
        """How many of them the last part has taken; none where somebody else has written it.

        A full one never changes, so whoever holds the last one as it is has seen all of the day."""
        last = parts[-1] if parts and len(parts[-1].text) < FULL else None
        rows = [] if last is None else json.loads(last.text)
        size = 0 if last is None else len(last.text)
        taken = 0
        while taken < len(left) and size < FULL:
            row = to_row(left[taken])
            size += len(json.dumps(row)) + len(", ")
            rows.append(row)
            taken += 1
        rows.sort(key=lambda row: (row["at"], row["trade_id"]))
        number = len(parts) if last is not None else len(parts) + 1
        done = self.documents.write(self._part(day, number), json.dumps(rows), last)
        return taken if done else 0

    def _parts(self, day: date) -> list[Document]:
        """The day's documents. Behind one that is not full there is none."""
        parts: list[Document] = []
        while not parts or len(parts[-1].text) >= FULL:
            part = self.documents.read(self._part(day, len(parts) + 1))
            if part is None:
                break
            parts.append(part)
        return parts

    def _part(self, day: date, number: int) -> str:
        """The first has the name that an earlier version gave to the whole day."""
        return f"{self._day}{day.isoformat()}" + (f"/{number}" if number > 1 else "")
