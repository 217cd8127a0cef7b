"""The positions that an alert which closes several has left open for good, by a limit or a pause:
kept with the alert's own entry, so that it tells by itself what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from webhook_core.errors import LedgerUnavailable, WebhookError
from webhook_core.ledger.contract import Ledger, Recorded
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.own_closes import Held
from webhook_core.trading.checks import Check, denied
from webhook_core.value import replace

RULE = "NOT_CLOSED"
TRIES = 5
"""So often another delivery may write the entry first."""


def keep(
    ledger: Ledger, root: LedgerEntry, failed: Iterable[tuple[Held, WebhookError]]
) -> LedgerEntry:
    """In the place of what an earlier delivery left: a resend may have closed it. What a resend
    is worth (5xx) is not left for good, and the ledger has it. Raises LedgerUnavailable."""
    left = tuple(_check(held, error) for held, error in failed if error.status < 500)
    for _ in range(TRIES):
        if left_in(root) == left:
            return root
        checks = (*(check for check in root.checks if check.rule != RULE), *left)
        written = ledger.record(replace(root, checks=checks))
        if isinstance(written, Recorded):
            return written.entry
        root = written.entry
    raise LedgerUnavailable("What was not closed could not be written: others wrote its entry too.")


def left_in(root: LedgerEntry) -> tuple[Check, ...]:
    return tuple(check for check in root.checks if check.rule == RULE)


def sentence_of(check: Check) -> str:
    """For people."""
    return check.message.removeprefix(f"{RULE}: ")


def worst_of(left: Iterable[Check]) -> tuple[int, str] | None:
    """Status and code of the one that decides the answer; None where nothing was left."""
    found = ((int(check.numbers["status"]), check.numbers["code"]) for check in left)
    return max(found, key=lambda one: one[0], default=None)


def _check(held: Held, error: WebhookError) -> Check:
    numbers = {"position": held.text, "status": str(error.status), "code": error.code}
    return denied(RULE, f"Not closed: {held.text}. {error.message}", **numbers)
