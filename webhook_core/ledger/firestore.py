"""The ledger in Firestore: for more than one instance. A claim and a record are one write each, and no read.
Only an entry with a turn costs two reads more, and its mark one (ledger.firestore_turns).

A claim is ``create``, which Firestore does once per document id; a record is an update under the update time that was
read. A write whose answer is lost is read back: what is stored, owner and all, tells our own write from another's.
A new attempt at the same write is safe either way, for both writes are conditional.

Production needs the composite indexes of examples/firestore.indexes.json, each list in both directions: state +
claimedAt, strategy + claimedAt, strategy + state + claimedAt, and base + generation; the emulator needs none. ``expireAt``
is for a TTL policy on the collection ``ledger``. Only terminal entries have one: an order whose fate is unknown is never
forgotten. TTL may be a day late, so an expired entry counts as absent here, and its place can be claimed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from webhook_core.clock import SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import LedgerEntry, State, Turn, Unit
from webhook_core.ledger.firestore_calls import FirestoreCalls, FirestoreChannel, operation, version_text
from webhook_core.ledger.firestore_documents import Identity, read_document, write_document
from webhook_core.ledger.firestore_entries import (
    CONTENTION_S,
    GONE,
    LEDGER,
    UNSURE,
    entry_in,
    entry_to_show,
    fields_of,
    filtered,
    in_places,
    is_expired,
    newest_of,
    of_orders,
    oldest_terminal,
)
from webhook_core.ledger.serial import cursor_text, read_cursor, unit_digest
from webhook_core.ledger.unfinished import Unfinished, is_of, places_of
from webhook_core.ports import Claim, Claimed, Clock, Document, Existing, Page, Recorded

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from webhook_core.ledger.firestore_calls import Snapshot

_DELETED_AT_ONCE = 100


class FirestoreLedger:
    """Ledger and Documents. ``timeout_s`` bounds each call, one and a half times it each method but
    ``purge``; ``ledger_id`` is the id that the database must have, None for any."""

    def __init__(  # noqa: PLR0913 — one keyword per property of the store
        self,
        project: str,
        *,
        client: Client | None = None,
        timeout_s: float = 0.8,
        database: str = "(default)",
        clock: Clock | None = None,
        ledger_id: str | None = None,
    ) -> None:
        self._channel = FirestoreChannel(project, database, client)
        self._identity = Identity(ledger_id, project, database)
        self._timeout_s, self._clock = timeout_s, clock or SystemClock()

    def close(self) -> None:
        """Give the connection back. The next use opens another."""
        self._channel.close()

    def claim(self, entry: LedgerEntry) -> Claim:
        if entry.turn is None:
            return self._claim(entry)
        return self._claim_in_turn(replace(entry, version=""), entry.turn)

    def claim_next(self, entry: LedgerEntry) -> Claim:
        if entry.turn is None:
            written = self.record(entry)
            return Claimed(written.entry) if isinstance(written, Recorded) else written
        return self._claim_in_turn(entry, entry.turn)

    def _claim_in_turn(self, entry: LedgerEntry, turn: Turn) -> Claim:
        from webhook_core.ledger.firestore_turns import claim_in_turn

        with self._operation(version=entry.version) as calls:
            return claim_in_turn(entry, turn, calls, self._clock)

    def mark(self, line: str) -> str:
        from webhook_core.ledger.firestore_turns import mark_of

        with self._operation() as calls:
            return mark_of(line, calls)

    def _claim(self, entry: LedgerEntry) -> Claimed | Existing:
        from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound, ServerError

        name, fields = unit_digest(entry.unit).hex(), fields_of(entry)
        with self._operation() as calls:
            for _ in range(2):
                try:
                    return Claimed(replace(entry, version=calls.create(LEDGER, name, fields)))
                except Aborted:  # contention, which is no redelivery: nothing was written
                    self._clock.sleep(CONTENTION_S)
                    continue
                except (AlreadyExists, ServerError):
                    snapshot = calls.get(LEDGER, name)
                if snapshot is None:
                    continue
                if snapshot.get("document") == fields["document"]:  # our own write, whose answer was lost
                    return Claimed(replace(entry, version=version_text(snapshot.update_time)))
                if not self._is_expired(snapshot):
                    return Existing(entry_in(snapshot))
                try:
                    version = calls.update(LEDGER, name, fields, version_text(snapshot.update_time))
                    return Claimed(replace(entry, version=version))
                except (Aborted, FailedPrecondition, NotFound, ServerError):
                    continue  # somebody else, or we ourselves: the next create tells
        raise LedgerUnavailable(UNSURE)

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        from google.api_core.exceptions import Aborted, FailedPrecondition, NotFound, ServerError

        name, fields = unit_digest(entry.unit).hex(), fields_of(entry)
        with self._operation(in_budget=False, version=entry.version) as calls:
            for _ in range(2):
                try:
                    return Recorded(replace(entry, version=calls.update(LEDGER, name, fields, entry.version)))
                except Aborted:
                    self._clock.sleep(CONTENTION_S)
                    continue
                except (FailedPrecondition, NotFound, ServerError, ValueError):
                    snapshot = calls.get(LEDGER, name)
                if snapshot is None:
                    raise LedgerUnavailable(GONE)
                version = version_text(snapshot.update_time)
                if snapshot.get("document") == fields["document"]:
                    return Recorded(replace(entry, version=version))
                if version != entry.version:
                    return Existing(entry_in(snapshot))
        raise LedgerUnavailable(UNSURE)

    def find(self, unit: Unit) -> LedgerEntry | None:
        with self._operation() as calls:
            snapshot = calls.get(LEDGER, unit_digest(unit).hex())
        return None if snapshot is None or self._is_expired(snapshot) else entry_in(snapshot)

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        with self._operation() as calls:
            snapshots = calls.query(partial(newest_of, unit=unit))
        return next((entry_in(snapshot) for snapshot in snapshots if not self._is_expired(snapshot)), None)

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        """A page may hold fewer than ``limit`` entries, or none, before the last: expired ones are left out too."""
        if limit < 1:
            raise ValueError("limit: at least 1")
        after = None if cursor is None else read_cursor(cursor, "[0-9a-f]{64}")
        if states is not None and not states:
            return Page([], None)

        def listing(client: Client) -> Any:
            query = filtered(client.collection(LEDGER), states, strategy)
            direction = "DESCENDING" if newest_first else "ASCENDING"
            query = query.order_by("claimedAt", direction=direction).order_by("__name__", direction=direction)
            if after is not None:
                query = query.start_after({"claimedAt": after[0], "__name__": after[1]})
            return query.limit(limit + 1)

        with self._operation(anew=not newest_first) as calls:  # reconcile: it notices an emptied database
            snapshots = calls.query(listing)
        last = snapshots[limit - 1] if len(snapshots) > limit else None
        following = None if last is None else cursor_text(last.get("claimedAt"), last.id)
        return Page(self._shown(snapshots[:limit]), following)

    def unfinished(self, mode: str, account: str, kinds: Collection[Unfinished], limit: int) -> Sequence[LedgerEntry]:
        """Along the index that Firestore keeps of every field: no composite one is needed."""

        if not kinds:
            return []
        with self._operation() as calls:
            snapshots = calls.query(partial(in_places, places=places_of(mode, account, kinds), limit=limit))
        return self._shown(snapshots)

    def of_orders(self, mode: str, account: str, order_ids: Collection[str]) -> Sequence[LedgerEntry]:
        with self._operation() as calls:
            snapshots = of_orders(calls, list(order_ids))
        return [entry for entry in self._shown(snapshots) if is_of(entry, mode, account)]

    def purge(self, claimed_before: datetime, limit: int) -> int:
        """As far as it gets: an entry that changes meanwhile, or is purged by another, ends it."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        deleted = 0
        while deleted < limit:
            wanted = min(limit - deleted, _DELETED_AT_ONCE)
            with self._operation() as calls:
                snapshots = calls.query(partial(oldest_terminal, before=claimed_before, limit=wanted))
                try:
                    calls.delete(snapshots)
                except (FailedPrecondition, NotFound):
                    return deleted
            deleted += len(snapshots)
            if len(snapshots) < wanted:
                break
        return deleted

    def read(self, name: str) -> Document | None:
        with self._operation() as calls:
            return read_document(name, calls)

    def write(self, name: str, text: str, version: str | None) -> bool:
        with self._operation(in_budget=False) as calls:
            return write_document(name, text, version, calls)

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is there as the ledger from now on: its id, and whether it is new. Raises LedgerUnavailable."""
        with operation(self._channel, self._clock, self._timeout_s, in_budget=False) as calls:
            return self._identity.begin_anew(calls)

    @contextmanager
    def _operation(self, *, in_budget: bool = True, anew: bool = False, version: str = "") -> Iterator[FirestoreCalls]:
        """An entry with a ``version`` was read here or written: only this database can take it."""
        try:
            with operation(self._channel, self._clock, self._timeout_s, in_budget=in_budget) as calls:
                if not version:
                    self._identity.check(calls, anew=anew)
                yield calls
        except LedgerUnavailable:
            self._identity.forget()
            raise

    def _shown(self, snapshots: Sequence[Snapshot]) -> list[LedgerEntry]:
        found = (entry_to_show(snapshot) for snapshot in snapshots if not self._is_expired(snapshot))
        return [entry for entry in found if entry is not None]

    def _is_expired(self, snapshot: Snapshot) -> bool:
        return is_expired(snapshot, self._clock.now())
