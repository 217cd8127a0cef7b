"""Where the messages stand: one document beside the ledger, changed only under compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook_core.ledger.contract import Document


class Message(NamedTuple):
    """``kind``: of notify.kinds, empty for what is always told. ``strategy``: None for what is
    about the account. ``title`` says what happened, ``body`` the rest."""

    kind: str
    title: str
    body: str = ""
    strategy: str | None = None


class Queue(NamedTuple):
    """Of one address.

    ``waiting``: (title, body) of what it has not taken yet, oldest first; ``more``: how many a sum
    stands for beside those; ``sending``: how many a run is about to send; ``lost``: how many may
    not have arrived, which nobody knows. ``failures`` in a row, the last at ``failed_at``.
    """

    waiting: tuple[tuple[str, str], ...] = ()
    more: int = 0
    sending: int = 0
    lost: int = 0
    failures: int = 0
    failed_at: datetime | None = None
    told_at: datetime | None = None


class NotifyState(NamedTuple):
    """``looked_at``: how far the alerts have been looked through; None before the first run.

    ``told``: alerts by their keys, with the kind that was told, which a run that overlaps, or whose
    clock is another, meets again; ``came``: when each of them came in. ``watched``: alerts without
    an outcome yet. ``trades_from``: what has traded since then is looked at again, but for
    ``trades``, their ids. ``heard``: when each strategy's newest alert came in; ``silent``: those
    that were told to be. ``paused``: the pauses that stand, by whose they are. ``failing``: runs in
    a row that Kraken could not be read. ``summed_up``: the moment of the last day's summary.
    ``lost``: records that could not be written and were told to be, by hour. ``broken``: of what no
    message could be made. ``sending_at``: since when a run is about to send.
    """

    looked_at: datetime | None = None
    told: Mapping[str, str] = {}
    came: Mapping[str, str] = {}
    watched: tuple[str, ...] = ()
    trades_from: datetime | None = None
    trades: tuple[str, ...] = ()
    heard: Mapping[str, str] = {}
    silent: tuple[str, ...] = ()
    paused: Mapping[str, str] = {}
    failing: int = 0
    summed_up: datetime | None = None
    sending_at: datetime | None = None
    lost: Mapping[str, int] = {}
    broken: tuple[str, ...] = ()
    queues: Mapping[str, Queue] = {}


_TIMES = ("looked_at", "trades_from", "summed_up", "sending_at", "failed_at", "told_at")
_LISTS = ("watched", "trades", "silent", "broken")


def state_in(stored: Document | None) -> NotifyState:
    """A new one for a text that is none of ours: what happens from now on is told again."""
    if stored is None:
        return NotifyState()
    try:
        said: dict[str, Any] = json.loads(stored.text)
        known = _known(said, NotifyState)
        for name in _LISTS:
            known[name] = tuple(known.get(name, ()))
        queues = {place: _queue(row) for place, row in known.get("queues", {}).items()}
        return NotifyState(**{**known, "queues": queues})
    except (AttributeError, TypeError, ValueError):
        return NotifyState()


def _queue(row: Mapping[str, Any]) -> Queue:
    known = _known(row, Queue)
    waiting = tuple((str(title), str(body)) for title, body in known.get("waiting", ()))
    return Queue(**{**known, "waiting": waiting})


def _known(said: Mapping[str, Any], kind: type[NotifyState] | type[Queue]) -> dict[str, Any]:
    """Keys of a later version are ignored."""
    return {
        name: _moment(said[name]) if name in _TIMES and said[name] else said[name]
        for name in kind._fields
        if name in said
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def text_of(state: NotifyState) -> str:
    """Without what says nothing, and foreign letters as they are: escaped they take three times
    the room. Half of a surrogate pair can't be written but escaped."""
    said = _told(state)
    if state.queues:
        said["queues"] = {place: _told(queue) for place, queue in state.queues.items()}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace").decode()


def _told(values: NotifyState | Queue) -> dict[str, Any]:
    said = values._asdict()
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in said.items()
        if value != values._field_defaults[name]
    }
