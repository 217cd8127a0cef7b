"""The doctor's look at the records of alerts: whether some could not be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from webhook_core.application import Application
from webhook_core.errors import LedgerUnavailable
from webhook_core.findings import Finding, warn
from webhook_core.journal.hourly import counted_since, lost_document
from webhook_core.notify.lost_records import said

SHOWN = timedelta(days=7)
_MEND = "the log has history.not_kept with the cause; no answer of an alert was another for it"


def check_history(application: Application) -> Iterator[Finding]:
    """Nothing where every record was written, and where the ledger fails, which is said apart."""
    history = application.operators.history
    name, since = lost_document(*history.whose), application.clock.now() - SHOWN
    try:
        lost = counted_since(history.store, name, since)
    except LedgerUnavailable:
        return
    if lost:
        which = said(sum(many for _, many in lost), lost[-1][0].isoformat())
        yield warn("records of alerts", f"{which} may be missing: the ledger took none", _MEND)
