"""Keeps one small record of every alert that has no entry, after its decision and before
its answer leaves.

Its failure changes no answer. What is accepted costs nothing here: its entry is its record.
Requests without a proof are counted, and nothing of them is kept.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from webhook_core.clock import Budget
from webhook_core.cloud.masking import masked, written_forms
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.journal.hourly import UNPROVED, Hourly, lost_document
from webhook_core.journal.record import RESENT, AlertRecord, text_of
from webhook_core.ledger.store import Note, Notes
from webhook_core.ledger.time_left import within
from webhook_core.settings.settings import Settings

MOST_A_MINUTE = 120
"""Of one instance: an alert a bar of two hundred charts stays far below it, a sender that
runs wild does not."""
MOST_RESENT = MOST_A_MINUTE // 2
"""No resend is kept behind so many: the rest is for alerts that leave nothing else."""
WRITTEN_WITHIN_S = 0.4
LEAST_S = 0.02
"""With less time than that nothing is begun."""


class History:
    """Of one instance. ``mask`` takes secrets out of a text; ``whose``: mode and account.
    ``unproved`` counts requests without a proof, ``lost`` the records that could not be written."""

    def __init__(
        self, store: Notes, kept_for: timedelta, mask: Callable[[str], str], whose: tuple[str, str]
    ) -> None:
        self._store, self.kept_for, self._mask = store, kept_for, mask
        self.whose = whose
        self._minute = ""
        self._in_minute = 0
        self._left_out = 0
        self.unproved, self.lost = Hourly(UNPROVED), Hourly(lost_document(*whose))
        self._lock = Lock()

    def keep(self, record: AlertRecord, budget: Budget) -> None:
        """Written within ``budget``, or not at all: counted, and said in the log. Never raises."""
        try:
            with self._lock:
                wanted = self._bounded(record)
            if wanted is None:
                return
            if budget.remaining() < LEAST_S:
                raise LedgerUnavailable("no time was left")
            with within(budget.at_most(WRITTEN_WITHIN_S)):
                self._store.add_note(self._note(wanted))
        except LedgerUnavailable as failure:
            self._lose(record)
            event(logging.WARNING, "history.not_kept", reason=failure.message)
        except Exception:  # noqa: BLE001  a fault of the history is none of the answer's
            self._lose(record)
            event(logging.ERROR, "history.not_kept", exc_info=True)

    def _lose(self, record: AlertRecord) -> None:
        """Of a resend the alert itself is there."""
        if record.outcome != RESENT:
            self.lost.count(record.at)

    def _note(self, record: AlertRecord) -> Note:
        strategy, expires_at = self._mask(record.strategy), record.at + self.kept_for
        text = text_of(record._replace(account=self.whose[1]))
        return Note(uuid.uuid4().hex, record.at, expires_at, strategy, self._mask(text))

    def _bounded(self, record: AlertRecord) -> AlertRecord | None:
        """In the place of the first that is too much stands that there is a bound; the next minute
        says how many it was."""
        minute = record.at.strftime("%Y-%m-%dT%H:%M")
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        if record.outcome == RESENT and self._in_minute >= MOST_RESENT:
            return None
        self._in_minute += 1
        if self._in_minute <= MOST_A_MINUTE:
            left_out, self._left_out = self._left_out, 0
            return record._replace(not_kept=left_out)
        self._left_out += 1
        if self._in_minute > MOST_A_MINUTE + 1:
            return None
        event(logging.WARNING, "history.full", most_a_minute=MOST_A_MINUTE, minute=minute)
        reason = f"more than {MOST_A_MINUTE} alerts in this minute: from here on they are not kept"
        return AlertRecord(
            record.at, record.mode, record.strategy, "not_kept", "history_full", reason=reason
        )


def open_history(settings: Settings, store: Notes) -> History:
    """Of this instance, as its settings have it."""
    forms = written_forms(settings.texts_to_mask)
    kept_for = timedelta(days=settings.history_days)
    whose = (settings.trading_mode, settings.account)
    return History(store, kept_for, lambda text: masked(text, forms), whose)
