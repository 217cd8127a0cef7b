"""What became of the alerts since the last run, and how many records of them were lost. The
ledger's entries and the history's records are the outbox: nothing is written for a message while an
alert is answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, takewhile

from webhook_core.intake.actions import ACTION_NAMES
from webhook_core.journal.rows import Row, row_of_close, row_of_entries, row_of_note
from webhook_core.ledger.contract import later_legs
from webhook_core.ledger.entry import Unit
from webhook_core.ledger.keys import is_operators
from webhook_core.ledger.store import Store, newest_first
from webhook_core.notify.alert_words import WHAT, message_of
from webhook_core.notify.state import Message, NotifyState
from webhook_core.planning.own_closes import positions_of
from webhook_core.sending.left_open import left_in
from webhook_core.trading.orders import Side
from webhook_core.trading.reduces import exit_of_request

OVERLAP = timedelta(minutes=5)
"""An alert may be written a while after it came in, and by another clock."""
TOLD_KEPT = timedelta(hours=2)
"""So far the clocks of the instances that run may differ, and none tells what another has told."""
UNKNOWN_TOO_LONG = timedelta(minutes=2)
MOST_ROWS = 500
"""Of one run: reconcile comes each minute."""
MOST_WATCHED = MOST_ROWS
MOST_TOLD = 1000
"""That are known, the newest of them: what is written each minute stays a small document."""
_LONGEST_NAME = 64
"""Bytes. A longer key, in which a sender's id stands, is known by its digest of so many."""
PAGE = 25
_WAITING = frozenset({"unknown", "not_sent", "missed"})
"""No outcome yet: looked at again by each run until it has one."""
_REFUSED = frozenset(
    {"rejected", "denied", "malformed", "stale", "expired", "paused", "not_placed", "conflict"}
)
_EXITS = frozenset({"close", "reverse"})
_TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class AlertNews:
    """Of the alerts of one account in one mode."""

    store: Store
    mode: str
    account: str

    def since(self, state: NotifyState, now: datetime) -> tuple[list[Message], NotifyState]:
        """Nothing of before the first run is told. Raises LedgerUnavailable."""
        looked_at = min(state.looked_at or now, now)
        begin = looked_at - OVERLAP
        rows = {row.key: row for row in self._rows(begin)}
        again = (self._again(key) for key in state.watched if key not in rows)
        looked = sorted([*filter(None, again), *rows.values()], key=lambda row: row.at)
        told, messages = _told(looked, state, now)
        # Of a record no more comes.
        waiting = [row.key for row in looked if row.outcome in _WAITING and row.record is None]
        if len(rows) >= MOST_ROWS:
            messages.append(_too_many(begin))
        if len(waiting) > MOST_WATCHED:
            messages.append(_not_watched(len(waiting) - MOST_WATCHED))
        came = {_name(key): at for key, at in state.came.items()}
        came |= {_name(row.key): row.at.isoformat() for row in looked}
        kept = _recent(came, looked_at - TOLD_KEPT) | set(map(_name, waiting))
        after = state._replace(
            looked_at=now,
            told={key: kind for key, kind in told.items() if key in kept},
            came={key: at for key, at in came.items() if key in kept and key in told},
            watched=tuple(waiting[-MOST_WATCHED:]),
            heard=_heard(state.heard, looked),
        )
        return messages, after

    def _rows(self, begin: datetime) -> Iterator[Row]:
        """Newest first, each source up to its bound. One that is quiet costs one billed read. Of an
        alert that closes several positions each is told by itself, and together what it left."""
        entries = newest_first(self.store.entries, PAGE, MOST_ROWS // PAGE)
        for entry in takewhile(lambda entry: entry.claimed_at >= begin, entries):
            ours = (entry.unit.mode, entry.unit.account) == (self.mode, self.account)
            if not ours or entry.unit.leg or is_operators(entry.unit):
                continue
            if not positions_of(entry.figures):
                yield row_of_entries([entry, *later_legs(self.store, entry)])
            elif left_in(entry):
                yield row_of_close(entry, ())
        notes = newest_first(self.store.notes, PAGE, MOST_ROWS // PAGE)
        for note in takewhile(lambda note: note.at >= begin, notes):
            row = row_of_note(note)
            if row.is_of(self.mode, self.account):
                yield row

    def _again(self, key: str) -> Row | None:
        """An alert that had no outcome, as it is by now."""
        if key.count("/") < 4:
            return None  # an earlier version waited for a record too
        mode, account, generation, leg, alert_key = key.split("/", 4)
        first = self.store.find(Unit(mode, account, alert_key, int(leg), int(generation)))
        return None if first is None else row_of_entries([first, *later_legs(self.store, first)])


def _told(
    rows: Iterable[Row], state: NotifyState, now: datetime
) -> tuple[dict[str, str], list[Message]]:
    """What each alert's people know by now, by its name, and the messages that say what is new."""
    told, messages = {_name(key): kind for key, kind in state.told.items()}, list[Message]()
    for row in rows:
        name = _name(row.key)
        kind = kind_of(row, now, told.get(name))
        if kind is None or told.get(name) == kind:
            continue
        told[name] = kind
        if state.looked_at is not None:
            messages.append(message_of(kind, row))
    return told, messages


def kind_of(row: Row, now: datetime, before: str | None = None) -> str | None:
    """What there is to tell of it, ``before`` being what was told; None for an alert that was only
    validated, and for one without an outcome yet."""
    if row.outcome == "unknown":
        return "unknown" if now - row.at > UNKNOWN_TOO_LONG else None
    if row.outcome in _REFUSED and wants_exit(row):
        return "refused_exit"
    if row.outcome in _WAITING or row.outcome not in WHAT:
        return None
    if row.in_part:
        return "in_part"
    return "found" if row.outcome == "accepted" and before in ("unknown", "found") else row.outcome


def wants_exit(row: Row) -> bool:
    """Whether it would have made a position smaller, as far as its order or its words say."""
    if row.record is not None:
        return _words_exit(row.record.fields)
    if row.left:
        return True
    requests = chain(*([leg.current.request, *leg.following] for leg in row.legs))
    return any(request.exits or exit_of_request(request) is not None for request in requests)


def _words_exit(fields: Mapping[str, str]) -> bool:
    """On spot every sell is an exit, with leverage only one that may only reduce."""
    said = [fields.get(name, "").lower() for name in ("action", "side")]
    named = [ACTION_NAMES.get(text.replace("-", "_").replace(" ", "_")) for text in said]
    if _EXITS & set(named) or fields.get("reduce_only", "").lower() in _TRUE:
        return True
    if "target" in named and fields.get("market_position", "").lower() == "flat":
        return True
    return Side.SELL in named and not fields.get("leverage")


def _heard(before: Mapping[str, str], rows: Iterable[Row]) -> dict[str, str]:
    """With the newest alert of each strategy that is listened for."""
    heard = dict(before)
    for row in rows:
        if row.strategy in heard and row.at > datetime.fromisoformat(heard[row.strategy]):
            heard[row.strategy] = row.at.isoformat()
    return heard


def _name(key: str) -> str:
    """Of a row, in what is kept; of such a name, itself."""
    text = key.encode()
    return key if len(text) <= _LONGEST_NAME else hashlib.sha256(text).hexdigest()


def _recent(came: Mapping[str, str], since: datetime) -> set[str]:
    moments = {key: datetime.fromisoformat(at) for key, at in came.items()}
    newest = sorted(moments, key=lambda key: moments[key])[-MOST_TOLD:]
    return {key for key in newest if moments[key] >= since}


def _not_watched(orders: int) -> Message:
    body = "What becomes of the oldest is not told. See the list of orders."
    return Message("unknown", f"{orders} more orders have no outcome than are watched", body)


def _too_many(begin: datetime) -> Message:
    body = f"Since {begin:%H:%M} UTC more than {MOST_ROWS} came: older ones are not told."
    return Message("", "More alerts than can be told", f"{body} See the list of alerts.")


_LOST_BODY = (
    "They were answered as ever, but why each was refused stands in the function's log alone. "
    "Whether the ledger works: .venv/bin/python -m webhook_core doctor"
)


def lost_records(
    state: NotifyState, counted: Iterable[tuple[datetime, int]]
) -> tuple[list[Message], NotifyState]:
    """``counted``: how many by hour, as far back as records are kept. Nothing of before the first
    run is told."""
    by_hour = {hour.isoformat(): many for hour, many in counted}
    after = state._replace(lost=by_hour)
    more = {hour: many - state.lost.get(hour, 0) for hour, many in by_hour.items()}
    new = {hour: many for hour, many in more.items() if many > 0}
    if state.looked_at is None or not new:
        return [], after
    return [
        Message("not_kept", f"{said(sum(new.values()), min(new))} may be missing", _LOST_BODY)
    ], after


def said(many: int, hour: str) -> str:
    """As in ``The records of up to 3 alerts since 2026-11-28 07:00 UTC``: a write that gave no
    answer may have been done, and a resend counts again."""
    which = "The record of 1 alert" if many == 1 else f"The records of up to {many} alerts"
    return f"{which} since {datetime.fromisoformat(hour):%Y-%m-%d %H:%M} UTC"
