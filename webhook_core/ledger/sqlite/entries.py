"""An entry as a row of SQLite's, and back; and the statement that lists them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State, Unit
from webhook_core.ledger.keys import base_digest, digest, microseconds
from webhook_core.ledger.serial import entry_to_show, stored_entry, to_text
from webhook_core.ledger.sqlite.schema import ORDER_ID
from webhook_core.ledger.stored_values import iso
from webhook_core.ledger.unfinished import unfinished_place

MOST_ORDERS = 200
"""In one look-up: SQLite binds 999 values at least (sqlite.org/limits.html)."""
_OLDEST_OF_STATE = (
    "SELECT * FROM (SELECT id, claimed_at FROM entries WHERE state = ? AND claimed_at < ?"
    " AND CASE WHEN json_valid(document) THEN"
    " ifnull(json_extract(document, '$.open_at'), '') ELSE '' END < ?"
    " ORDER BY claimed_at LIMIT ?)"
)
"""The few that were seen open long after their claim are passed over each time."""


def key_of(unit: Unit) -> tuple[bytes, int]:
    return base_digest(unit), unit.generation


def row_of(entry: LedgerEntry) -> dict[str, Any]:
    """By column. ``version``: the one that it replaces."""
    base, generation = key_of(entry.unit)
    return {
        "base": base,
        "generation": generation,
        "strategy": entry.strategy,
        "state": entry.state,
        "claimed_at": microseconds(entry.claimed_at),
        "line": None if entry.turn is None else digest(entry.turn.line),
        "fired_at": None if entry.turn is None else microseconds(entry.turn.fired_at),
        "unfinished": unfinished_place(entry),
        "document": to_text(entry),
        "version": version_number(entry.version),
    }


def version_number(version: str) -> int:
    """-1, which no row has, for a text that is no version of ours."""
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 19 else -1


def entry_in(document: str, version: int) -> LedgerEntry:
    """Raises LedgerUnavailable for a document that is none of ours."""
    return stored_entry(document, str(version))


def shown(rows: Iterable[tuple[bytes, str, int]]) -> list[LedgerEntry]:
    """Those that can be read, of base, document and version."""
    found = (entry_to_show(document, str(number), base.hex()) for base, document, number in rows)
    return [entry for entry in found if entry is not None]


def listing(
    states: list[State],
    strategy: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
    newest_first: bool,
) -> tuple[str, list[str | int]]:
    """claimed_at, id, base, document and version.

    One short walk along an index for each state, merged: no number of entries makes it slow.
    """
    direction, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    where = "state = ?" if strategy is None else "strategy = ? AND state = ?"
    position: list[str | int] = []
    if after is not None:
        where += f" AND (claimed_at, id) {beyond} (?, ?)"
        position = [microseconds(after[0]), int(after[1])]
    order = f"ORDER BY claimed_at {direction}, id {direction} LIMIT ?"
    columns = "claimed_at, id, base, document, version"
    one = f"SELECT * FROM (SELECT {columns} FROM entries WHERE {where} {order})"  # noqa: S608  ours
    values: list[str | int] = []
    for state in states:
        values += [*([] if strategy is None else [strategy]), state, *position, limit]
    return f"SELECT * FROM ({' UNION ALL '.join([one] * len(states))}) {order}", [*values, limit]  # noqa: S608  the same


def listing_unfinished(places: Sequence[str], limit: int) -> tuple[str, list[str | int]]:
    """base, document and version, along the index that holds unfinished orders alone."""
    wanted = ", ".join("?" * len(places))
    statement = (
        f"SELECT base, document, version FROM entries WHERE unfinished IN ({wanted}) LIMIT ?"  # noqa: S608  only our own words
    )
    return statement, [*places, limit]


def of_orders(db: sqlite3.Connection, order_ids: Sequence[str]) -> list[LedgerEntry]:
    """The entries of these orders, along their index: its expression, word for word.

    It is named since SQLite, which knows nothing of how they are spread, would take the
    one of the states.
    """
    found: list[LedgerEntry] = []
    for start in range(0, len(order_ids), MOST_ORDERS):
        asked = order_ids[start : start + MOST_ORDERS]
        where = f"{ORDER_ID} IN ({', '.join('?' * len(asked))}) AND state = 'ACCEPTED'"
        entries = "entries INDEXED BY entries_by_order"
        query = f"SELECT base, document, version FROM {entries} WHERE {where}"  # noqa: S608  only our own words
        found += shown(db.execute(query, asked))
    return found


def purge_settled(db: sqlite3.Connection, kept_before: datetime, limit: int) -> int:
    """How many of the oldest settled entries are gone; ``limit`` at most."""
    oldest = " UNION ALL ".join(_OLDEST_OF_STATE for _ in TERMINAL)
    gone = f"SELECT id FROM ({oldest}) ORDER BY claimed_at LIMIT ?"  # noqa: S608  only our own words
    before = (microseconds(kept_before), iso(kept_before))
    values = [value for state in TERMINAL for value in (state, *before, limit)]
    return db.execute(f"DELETE FROM entries WHERE id IN ({gone})", (*values, limit)).rowcount  # noqa: S608
