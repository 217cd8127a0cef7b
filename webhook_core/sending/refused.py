"""What follows from a refusal of Kraken's, which proves that nothing was placed: whether the order
is planned once more, and whether the second refusal is the last word."""

from __future__ import annotations

from webhook_core.ledger.entry import LedgerEntry, OrderShown
from webhook_core.trading.requests import NotSent, Outcome, Rejected
from webhook_core.trading.venue_refusals import Refusal, is_nothing_held, is_nothing_to_reduce


def may_be_planned_again(entry: LedgerEntry, refusal: Rejected) -> bool:
    """For its pair's rules have changed, or for less is there than was counted."""
    return (
        refusal.stale_rules
        or _asks_for_too_much(entry, refusal)
        or _counts_too_much(entry, refusal)
        or _protects_too_much(entry, refusal)
    )


def _protects_too_much(entry: LedgerEntry, refusal: Rejected) -> bool:
    """A stop for what an exit leaves: where that leaves nothing, none is missing."""
    request = entry.current.request
    is_stop = request.freeing and request.method == "AddOrder"
    return is_stop and (_lacks_funds(refusal) or is_nothing_to_reduce(refusal.errors))


def _counts_too_much(entry: LedgerEntry, refusal: Rejected) -> bool:
    """An order on spot by what is free: the fee of a buy may have risen since it was read, so that
    it is planned with the highest; a limit before a sale may have traded at once."""
    request = entry.current.request
    return request.counted and not request.on_margin and _lacks_funds(refusal)


def _asks_for_too_much(entry: LedgerEntry, refusal: Rejected) -> bool:
    """An exit, of which a part was sold in the meantime, or all: what is there is to be
    sold all the same."""
    request = entry.current.request
    is_told = request.waits or (request.whole and is_nothing_held(refusal.errors))
    gone = not is_told and is_nothing_to_reduce(refusal.errors)
    return request.exits and (gone or _lacks_funds(refusal))


def _lacks_funds(refusal: Rejected) -> bool:
    return refusal.refusal is Refusal.NO_FUNDS


def final(entry: LedgerEntry, outcome: Outcome) -> Outcome:
    """What an order that was planned again came to, or could not be: an exit that lacks funds is
    for a resend to count."""
    if isinstance(outcome, Rejected) and _asks_for_too_much(entry, outcome):
        return NotSent("the account does not show what there is to sell yet", outcome.errors)
    return outcome


def contradicts_nothing(entry: LedgerEntry, refusal: Rejected) -> bool:
    """An exit that would have added to a position: one is open, whatever the figures show."""
    on_its_side = is_nothing_to_reduce(refusal.errors) and not is_nothing_held(refusal.errors)
    return entry.current.request.exits and on_its_side


def may_have_been_done(entry: LedgerEntry, refusal: Rejected) -> bool:
    """A cancel that is sent again since a list showed its order open, and finds none: that list may
    have been an old one."""
    if all(attempt.shown is not OrderShown.STILL_OPEN for attempt in entry.attempts):
        return False
    return refusal.refusal is Refusal.NO_SUCH_ORDER
