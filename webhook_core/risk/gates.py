"""What may keep an entry from its claim beside its line: the documents to look at in one step with
the claim, and what they say. One rule for every store."""

from __future__ import annotations

from collections.abc import Mapping

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.keys import is_operators

RULE = "paused"
_PREFIX = "pause"


def account_pause(mode: str, account: str) -> str:
    """The document's name. Those of the account's strategies begin with it and a slash."""
    return f"{_PREFIX}/{mode}/{account}"


def strategy_pause(mode: str, account: str, strategy: str) -> str:
    return f"{account_pause(mode, account)}/{strategy}"


def pauses_of(entry: LedgerEntry) -> tuple[str, ...]:
    """The names of the pauses that may stop it. None where nothing is to be sent: what is written
    down as done, denied or missed moves no money. Nor any where the operator, who pauses, sends, or
    where a stop is canceled already for what is to follow."""
    unit = entry.unit
    if entry.state is not State.SUBMITTING or entry.begun or is_operators(unit):
        return ()
    return (
        account_pause(unit.mode, unit.account),
        strategy_pause(unit.mode, unit.account, entry.strategy),
    )


def held_back(entry: LedgerEntry, texts: Mapping[str, str]) -> HeldBack | None:
    """``texts``: of those documents that are there, by name. Raises LedgerUnavailable for one
    that can't be read: it may have been meant to stop this."""
    if not texts:
        return None
    from webhook_core.risk.pauses import from_text  # only where something is paused

    for name in pauses_of(entry):
        if name not in texts:
            continue
        try:
            pause = from_text(texts[name])
        except ValueError as error:
            raise LedgerUnavailable.because("a pause in it can't be read") from error
        if not pause.stands_at(entry.current.claimed_at):
            continue
        if pause.entries_only and _only_reduces(entry):
            continue
        said = pause.sentence
        return HeldBack(RULE, f"{said[0].upper()}{said[1:]}. Nothing was sent.")
    return None


def _only_reduces(entry: LedgerEntry) -> bool:
    from webhook_core.trading.reduces import exit_of_request  # only where something is paused

    request = entry.current.request
    return request.method == "CancelOrder" or exit_of_request(request) is not None
