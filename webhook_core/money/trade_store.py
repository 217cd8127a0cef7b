"""The trades of the account, kept for good: a document a day beside the ledger, and one that says
how far the venue was read. A trade is written once, however often it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Documents
from webhook_core.money.trades import Trade, from_row, to_row

TRIES = 5
"""So often another process may come first in one write."""
MOST_DAYS = 4000


class Place(NamedTuple):
    """``since``: the venue is read from there on, next time. ``first``: the day of the oldest trade
    that is kept. ``read_at``: up to when all was read."""

    since: datetime
    first: date
    read_at: datetime | None = None


class TradeStore:
    """Of one account in one mode. Every method raises LedgerUnavailable."""

    def __init__(self, documents: Documents, mode: str, account: str) -> None:
        self.documents = documents
        self._place, self._day = f"trades-read:{mode}:{account}", f"trades:{mode}:{account}:"

    def place(self) -> Place | None:
        """None before the first run."""
        kept = self.documents.read(self._place)
        if kept is None:
            return None
        row = json.loads(kept.text)
        read_at = row.get("read_at")
        return Place(
            datetime.fromisoformat(row["since"]),
            date.fromisoformat(row["first"]),
            None if read_at is None else datetime.fromisoformat(read_at),
        )

    def keep_place(self, place: Place) -> None:
        """Where two runs meet, the place of the one that was first stands: nothing is
        lost by reading again."""
        kept = self.documents.read(self._place)
        row = {
            "since": place.since.isoformat(),
            "first": place.first.isoformat(),
            "read_at": None if place.read_at is None else place.read_at.isoformat(),
        }
        self.documents.write(self._place, json.dumps(row), None if kept is None else kept.version)

    def add(self, trades: Iterable[Trade]) -> list[Trade]:
        """Those that were not kept before, oldest first, written now."""
        new: list[Trade] = []
        ordered = sorted(trades, key=_in_order)
        for day, of_day in groupby(ordered, key=lambda trade: trade.at.date()):
            new += self._add_to(day, list(of_day))
        return new

    def known(self, trades: Sequence[Trade]) -> set[str]:
        """The ids among these that are kept already."""
        days = {trade.at.date() for trade in trades}
        return {trade.trade_id for day in days for trade in self.of_day(day)}

    def of_day(self, day: date) -> list[Trade]:
        """In UTC, oldest first."""
        kept = self.documents.read(f"{self._day}{day.isoformat()}")
        return [] if kept is None else [from_row(row) for row in json.loads(kept.text)]

    def until(self, end: datetime) -> Iterator[Trade]:
        """Every trade before that moment, oldest first."""
        place = self.place()
        if place is None:
            return
        for number in range(MOST_DAYS):
            day = place.first + timedelta(days=number)
            if day > end.date():
                return
            yield from (trade for trade in self.of_day(day) if trade.at < end)

    def _add_to(self, day: date, trades: Sequence[Trade]) -> list[Trade]:
        name = f"{self._day}{day.isoformat()}"
        for _ in range(TRIES):
            kept = self.documents.read(name)
            rows = [] if kept is None else json.loads(kept.text)
            known = {row["trade_id"] for row in rows}
            new = [trade for trade in trades if trade.trade_id not in known]
            if not new:
                return []
            rows = sorted((*rows, *map(to_row, new)), key=lambda row: (row["at"], row["trade_id"]))
            version = None if kept is None else kept.version
            if self.documents.write(name, json.dumps(rows), version):
                return new
        raise LedgerUnavailable("The trades of a day could not be written: others wrote them too.")


def _in_order(trade: Trade) -> tuple[datetime, str]:
    return trade.at, trade.trade_id
