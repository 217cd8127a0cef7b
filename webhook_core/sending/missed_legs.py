"""Legs of an alert that were never claimed and are too old to be sent: each is claimed as one that
was never sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from webhook_core.events import event
from webhook_core.ledger.attempts import missed_attempt
from webhook_core.ledger.contract import Claimed, Ledger, later_legs
from webhook_core.ledger.entry import TERMINAL, LedgerEntry
from webhook_core.ledger.entry_report import facts, report
from webhook_core.ledger.later_leg import later_leg
from webhook_core.sending.progress import Progress, ended_as_nothing, why_nothing
from webhook_core.value import replace

MISSED_WITHIN = timedelta(hours=1)
"""Reconcile runs each minute; what is older was said long ago."""
_BEHIND = "a leg before it ended without an order"
_TOO_LATE = "the legs before it were done too late"


def miss_legs(entries: Sequence[LedgerEntry], ledger: Ledger, now: datetime) -> int:
    """Say of every leg behind these that is too old to be sent that it never was; how many. Raises
    LedgerUnavailable."""
    young = (first for first in entries if first.claimed_at > now - MISSED_WITHIN)
    return sum(_miss_behind(first, ledger, now) for first in young)


def without_the_rest(progress: Progress, ledger: Ledger, now: datetime) -> Progress:
    """Of an alert that came again too late: the same, the legs that are left among the entries."""
    first = progress.entries[0]
    missed = _miss_behind(first, ledger, now)
    entries = (first, *later_legs(ledger, first)) if missed else progress.entries
    return progress._replace(entries=entries)


def _miss_behind(first: LedgerEntry, ledger: Ledger, now: datetime) -> int:
    """The legs of one alert.

    While one before them has no outcome they wait for it: it may have been sent, and then the
    answer to the next one is another.
    """
    if not first.following or now <= first.fresh_until:
        return 0
    entries = [first, *later_legs(ledger, first)]
    if not first.independent and any(entry.state not in TERMINAL for entry in entries):
        return 0
    stopped = Progress(tuple(entries)).is_stopped
    missed = 0
    for number in range(len(entries), len(first.following) + 1):
        leg = later_leg(first, number, now, deadline_s=0)
        why = _BEHIND if stopped else _TOO_LATE
        nothing = why_nothing(leg.current.request, entries, trade_whole=False)
        attempt = missed_attempt(leg.unit, leg.current.request, now, why)
        missed_leg = replace(leg, attempts=(attempt,), turn=None)
        claim = ledger.claim(
            ended_as_nothing(leg, nothing, now, entries) if nothing else missed_leg
        )
        if not isinstance(claim, Claimed):
            break
        if stopped:  # the answer has said so
            event(logging.INFO, "leg.not_sent", **facts(claim.entry))
        else:
            report(claim.entry)
        missed += 1
    return missed
