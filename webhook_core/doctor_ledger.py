"""The doctor where no ledger is yet: it makes none, and goes on without."""

from __future__ import annotations

from webhook_core import bootstrap
from webhook_core.errors import LedgerAbsent
from webhook_core.findings import Finding, fail, warn
from webhook_core.settings import Settings

_NOT_YET = "this is right only if no alert has come yet; else correct LEDGER_URL, or run this in the function's folder"
_NEVER = "let LEDGER_URL name the function's ledger, or a file that is not there yet"


def in_place_of_a_ledger(settings: Settings) -> tuple[Settings, Finding | None]:
    """The settings with a ledger that is not there in memory, and what to say of it; the same and
    None if it is there, or if it can't be made, which the check of the ledger says."""
    try:
        bootstrap.require_ledger(settings.ledger_url)
    except LedgerAbsent as error:
        if error.can_be_made is False:
            return settings, None
        found = warn if error.can_be_made else fail
        advice = _NOT_YET if error.can_be_made else _NEVER
        return settings._replace(ledger_url="memory://"), found("ledger", error.message, advice)
    return settings, None
