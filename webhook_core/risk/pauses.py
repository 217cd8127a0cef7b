"""A pause: who stopped the alerts of a strategy, or of the account, when, why and until when.

Each is a document beside the ledger that exists only while it stands, so that a claim needs no read
to know that there is none.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple


class Pause(NamedTuple):
    """``strategy``: None for the whole account. ``entries_only``: what only reduces a position, and
    a cancel, goes through. ``until``: None until somebody resumes."""

    strategy: str | None
    by: str
    at: datetime
    why: str = ""
    until: datetime | None = None
    entries_only: bool = False

    @property
    def whose(self) -> str:
        return "the account" if self.strategy is None else f"strategy {self.strategy}"

    @property
    def sentence(self) -> str:
        """What is paused, since when, by whom and why, without a full stop."""
        what = "for entries" if self.entries_only else "for every order"
        until = "" if self.until is None else f" until {self.until:%Y-%m-%d %H:%M:%S} UTC"
        why = f": {self.why}" if self.why else ""
        since = f"since {self.at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.whose} is paused {what} {since}{until} by {self.by}{why}"

    def stands_at(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def to_text(pause: Pause) -> str:
    until = None if pause.until is None else pause.until.isoformat()
    return json.dumps({**pause._asdict(), "at": pause.at.isoformat(), "until": until})


def from_text(text: str) -> Pause:
    """Raises ValueError for a text that is none of ours: who claims must not trade then."""
    try:
        said = json.loads(text)
        until = said["until"]
        return Pause(
            said["strategy"],
            str(said["by"]),
            datetime.fromisoformat(said["at"]),
            str(said["why"]),
            None if until is None else datetime.fromisoformat(until),
            bool(said["entries_only"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a stored pause can't be read") from error


def tightened(stands: Pause | None, wanted: Pause) -> Pause:
    """Both together, for a pause never loosens another: every order beats entries alone, and the
    later end beats the earlier one. To loosen it, resume first."""
    if stands is None or not stands.stands_at(wanted.at):
        return wanted
    ends = (stands.until, wanted.until)
    until = None if None in ends else max(end for end in ends if end is not None)
    entries_only = stands.entries_only and wanted.entries_only
    return wanted._replace(until=until, entries_only=entries_only, why=wanted.why or stands.why)
