"""The ledger in Firestore: for more than one instance.

A claim and a record are one write each, and no read. Only an entry with a turn costs two reads
more, and its mark one (ledger.firestore.turns).

A claim is ``create``, which Firestore does once per document id; a record is an update under the
update time that was read. A write whose answer is lost is read back: what is stored, owner and all,
tells our own write from another's. A new attempt at the same write is safe either way, for both
writes are conditional.

Production needs the composite indexes of examples/firestore.indexes.json, each list in both
directions: state + claimedAt, strategy + claimedAt, strategy + state + claimedAt, and base +
generation; the emulator needs none. ``expireAt`` is for a TTL policy on the collection ``ledger``.
Only terminal entries have one: an order whose fate is unknown is never forgotten. TTL may be a day
late, so an expired entry counts as absent here, and its place can be claimed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from webhook_core.clock import Clock, SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claim, Document, Existing, Page, Recorded
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.firestore.calls import LEDGER, FirestoreCalls, Stored, operation
from webhook_core.ledger.firestore.channel import FirestoreChannel
from webhook_core.ledger.firestore.claims import claim_alone, recorded
from webhook_core.ledger.firestore.documents import (
    Identity,
    delete_document,
    documents_beginning,
    read_document,
    write_document,
)
from webhook_core.ledger.firestore.entries import cursor_at, entry_in, is_expired
from webhook_core.ledger.firestore.notes import FirestoreNotes
from webhook_core.ledger.keys import read_cursor, unit_digest
from webhook_core.ledger.serial import entry_to_show
from webhook_core.ledger.unfinished import Unfinished, has_placed, places_of
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.ledger.firestore.purging import Purging


class FirestoreLedger(FirestoreNotes):
    """Ledger, Documents and Notes.

    ``timeout_s`` bounds each call, one and a half times it each method but ``purge``; ``ledger_id``
    is the id that the database must have, None for any.
    """

    def __init__(
        self,
        project: str,
        *,
        timeout_s: float = 0.8,
        database: str = "(default)",
        clock: Clock | None = None,
        ledger_id: str | None = None,
    ) -> None:
        self._channel = FirestoreChannel(project, database)
        self._identity = Identity(ledger_id, project, database)
        self._timeout_s, self._clock = timeout_s, clock or SystemClock()
        self._purging: Purging | None = None

    def close(self) -> None:
        """Give the connections back. The next use opens another."""
        self._channel.close()

    def claim(self, entry: LedgerEntry) -> Claim:
        return self.claim_next(replace(entry, version=""))

    def claim_next(self, entry: LedgerEntry) -> Claim:
        with self._operation(version=entry.version) as calls:
            if entry.turn is None and not entry.takes:
                return claim_alone(entry, calls, self._clock)
            from webhook_core.ledger.firestore.turns import claim_together

            return claim_together(entry, calls, self._clock)

    def mark(self, line: str) -> str:
        from webhook_core.ledger.firestore.turns import mark_of

        with self._operation() as calls:
            return mark_of(line, calls)

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        with self._operation(in_budget=False, version=entry.version) as calls:
            return recorded(entry, calls, self._clock)

    def find(self, unit: Unit) -> LedgerEntry | None:
        with self._operation() as calls:
            stored = calls.get(LEDGER, unit_digest(unit).hex())
        return None if stored is None or self._is_expired(stored) else entry_in(stored)

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        from webhook_core.ledger.firestore import queries

        with self._operation() as calls:
            found = calls.query(queries.newest_of(unit))
        return next((entry_in(stored) for stored in found if not self._is_expired(stored)), None)

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        """A page may hold fewer than ``limit`` entries, or none, before the last: expired
        ones are left out too."""
        if limit < 1:
            raise ValueError("limit: at least 1")
        from webhook_core.ledger.firestore import queries

        after = None if cursor is None else read_cursor(cursor, "[0-9a-f]{64}")
        if states is not None and not states:
            return Page([], None)

        with self._operation(
            anew=not newest_first
        ) as calls:  # reconcile: it notices an emptied database
            begin = None if after is None else (after[0], calls.path_of(LEDGER, after[1]))
            found = calls.query(
                queries.listing(states, strategy, begin, limit + 1, newest_first=newest_first)
            )
        following = cursor_at(found[limit - 1]) if len(found) > limit else None
        return Page(self._shown(found[:limit]), following)

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        if not kinds:
            return []
        from webhook_core.ledger.firestore import queries

        with self._operation() as calls:
            found = calls.query(queries.in_places(places_of(mode, account, kinds), limit))
        return self._shown(found)

    def of_orders(
        self, mode: str, account: str, order_ids: Collection[str]
    ) -> Sequence[LedgerEntry]:
        from webhook_core.ledger.firestore import queries

        with self._operation() as calls:
            found = [
                one for query in queries.of_orders(list(order_ids)) for one in calls.query(query)
            ]
        return [entry for entry in self._shown(found) if has_placed(entry, mode, account)]

    def purge(self, kept_before: datetime, limit: int) -> int:
        if self._purging is None:
            from webhook_core.ledger.firestore.purging import Purging  # no alert purges

            self._purging = Purging(self._clock)
        return self._purging.run(self._operation, kept_before, limit)

    def read(self, name: str) -> Document | None:
        with self._operation() as calls:
            return read_document(name, calls)

    def write(self, name: str, text: str, before: Document | None) -> bool:
        with self._operation(in_budget=False) as calls:
            return write_document(name, text, before, calls)

    def delete(self, name: str, before: Document) -> bool:
        with self._operation(in_budget=False) as calls:
            return delete_document(name, before, calls)

    def beginning_with(self, prefix: str) -> Mapping[str, Document]:
        with self._operation() as calls:
            return documents_beginning(prefix, calls)

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is there as the ledger from now on: its id, and whether it is new.

        Raises LedgerUnavailable.
        """
        with operation(self._channel, self._clock, self._timeout_s, in_budget=False) as calls:
            return self._identity.begin_anew(calls)

    @contextmanager
    def _operation(
        self, *, in_budget: bool = True, anew: bool = False, version: str = ""
    ) -> Iterator[FirestoreCalls]:
        """An entry with a ``version`` was read here or written: only this database can take it."""
        try:
            with operation(
                self._channel, self._clock, self._timeout_s, in_budget=in_budget
            ) as calls:
                if not version:
                    self._identity.check(calls, anew=anew)
                yield calls
        except LedgerUnavailable:
            self._identity.forget()
            raise

    def _shown(self, found: Sequence[Stored]) -> list[LedgerEntry]:
        entries = (
            entry_to_show(stored.text("document") or "", stored.version, stored.id)
            for stored in found
            if not self._is_expired(stored)
        )
        return [entry for entry in entries if entry is not None]

    def _is_expired(self, stored: Stored) -> bool:
        return is_expired(stored, self._clock.now())
