"""The list of all alerts, newest first: the ledger's entries and the records of
what has none, merged.

Only the strategy is the stores' own filter. All else is searched for, up to a bound; a page that
ends there has a cursor, behind which the search goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.journal.record import NOT_REFUSED, RESENT
from webhook_core.journal.rows import Row, row_of_close, row_of_entries, row_of_note
from webhook_core.journal.streams import Stream, cursor_of, places_in
from webhook_core.ledger.contract import Ledger, later_legs
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.keys import is_operators
from webhook_core.ledger.store import Note, Store
from webhook_core.planning.own_closes import positions_of
from webhook_core.sending.close_units import asked_unit, is_position, position_unit
from webhook_core.trading.symbols import Instruments
from webhook_core.web.listing import letters_of

SEARCHED = 10_000
"""Entries and records that one search reads at most: on Firestore a billed read for each."""
_AT_ONCE = 100
_ENOUGH_S = 2.0


class RowFilter(NamedTuple):
    """None: anything.

    ``refused``: only what ended without an order for good. ``search``: in all that
    a row says, small and capital letters alike. ``is_symbol``: whether a symbol, as
    written, is the wanted pair. ``whose``: the mode and the account. ``resent``: later deliveries
    of one alert too.
    """

    since: datetime | None = None
    strategy: str | None = None
    outcomes: frozenset[str] | None = None
    refused: bool = False
    is_symbol: Callable[[str], bool] | None = None
    whose: tuple[str, str] | None = None
    search: str | None = None
    alert_id: str | None = None
    id_prefix: str | None = None
    resent: bool = False

    def takes(self, row: Row) -> bool:
        """All but the strategy, which the stores have seen to."""
        return (
            (self.resent or row.outcome != RESENT)
            and (self.since is None or row.at >= self.since)
            and (self.outcomes is None or row.outcome in self.outcomes)
            and not (self.refused and row.outcome in NOT_REFUSED)
            and (self.is_symbol is None or any(map(self.is_symbol, row.symbols)))
            and (self.whose is None or row.is_of(*self.whose))
            and self.alert_id in (None, row.alert_id)
            and (self.id_prefix is None or self._begins(row))
            and (self.search is None or self.search.casefold() in _said(row))
        )

    def _begins(self, row: Row) -> bool:
        prefix = self.id_prefix or ""
        return (row.alert_id or "").startswith(prefix) or row.key.startswith(prefix)


class AlertsPage(NamedTuple):
    """``cursor``: where the next page begins; None where nothing older can match."""

    rows: Sequence[Row]
    cursor: str | None


def list_alerts(
    store: Store, wanted: RowFilter, limit: int, budget: Budget, cursor: str | None = None
) -> AlertsPage:
    """At most ``limit`` alerts, newest first.

    Fewer and a cursor: the search ended at its bound. Raises LedgerUnavailable, and ValueError for
    a cursor that is not ours.
    """
    before_entries, before_notes = places_in(cursor)
    by_index = wanted == RowFilter(strategy=wanted.strategy)
    size = max(1, min(limit + 1, _AT_ONCE)) if by_index else _AT_ONCE
    entries = Stream(partial(store.entries, strategy=wanted.strategy), before_entries, size)
    notes = Stream(partial(store.notes, strategy=wanted.strategy), before_notes, size)
    found: list[Row] = []
    for _ in range(SEARCHED):
        row = _next(store, entries, notes, wanted)
        if row is None:
            return AlertsPage(found, None)
        if row and wanted.takes(row):
            found.append(row)
        if len(found) == limit or budget.remaining() < _ENOUGH_S:
            break
    if entries.peek() is None and notes.peek() is None:
        return AlertsPage(found, None)
    return AlertsPage(found, cursor_of(entries.place(), notes.place()))


def _next(
    store: Store, entries: Stream[LedgerEntry], notes: Stream[Note], wanted: RowFilter
) -> Row | tuple[()] | None:
    """The newer of the two that come next; nothing for a leg that is part of
    another row, and for what was claimed for no alert; None at the end.

    An entry is claimed after its alert came in: one that was claimed before ``since``
    came in before it.
    """
    entry, note = entries.peek(), notes.peek()
    since, strategy = wanted.since, wanted.strategy
    if note is not None and (entry is None or note.at >= entry.claimed_at):
        if since is not None and note.at < since:
            return None
        notes.take()
        return row_of_note(note)
    if entry is None or (since is not None and entry.claimed_at < since):
        return None
    entries.take()
    if entry.unit.leg or is_operators(entry.unit) or _is_part(store, entry, strategy):
        return ()
    return row_of(store, entry)


def row_of(store: Ledger, first: LedgerEntry) -> Row:
    """Of an alert, by its leg 0; of one that closes several positions, with them. Raises
    LedgerUnavailable."""
    positions = positions_of(first.figures)
    if not positions:
        return row_of_entries([first, *later_legs(store, first)])
    found = {held: store.find(position_unit(first.unit, held)) for held in positions}
    begun = [entry for entry in found.values() if entry is not None]
    not_begun = [held.text for held, entry in found.items() if entry is None]
    return row_of_close(first, [(entry, *later_legs(store, entry)) for entry in begun], not_begun)


def _is_part(store: Ledger, entry: LedgerEntry, strategy: str | None) -> bool:
    """Whether it is shown with its alert, which closes several positions. Where the alerts of one
    strategy are asked for, that of another may have closed its position: then it stands alone."""
    if not is_position(entry.unit):
        return False
    if strategy is None:
        return True
    alert = store.find(asked_unit(entry))
    return alert is not None and alert.strategy == strategy


def _said(row: Row) -> str:
    texts = (row.alert_id, row.symbol, row.asked, row.reason, row.code, row.strategy, row.outcome)
    return "\n".join(filter(None, (*texts, *row.warnings, *row.order_ids))).casefold()


def symbol_matcher(symbol: str, known: Instruments) -> Callable[[str], bool]:
    """Whether another symbol means the same pair; of one that is not known, by their letters."""
    wanted = known.find(symbol)

    @cache
    def is_it(other: str) -> bool:
        pair = known.find(other)
        if wanted is not None and pair is not None:
            return wanted.key == pair.key
        return letters_of(symbol) == letters_of(other)

    return is_it
