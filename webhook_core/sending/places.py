"""The places of counts that an alert takes with its claim, and those that an order which was proved
not placed gives back, when somebody needs one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from webhook_core.errors import OrderDenied
from webhook_core.ledger.contract import Claim, Claimed, Documents, Ledger
from webhook_core.ledger.entry import TERMINAL, State, Unit
from webhook_core.ledger.takes import Take
from webhook_core.planning.decision import Decided
from webhook_core.planning.guarded import with_checks
from webhook_core.sending.entry_counts import (
    CountedAlert,
    EntryTake,
    entry_takes,
    read_counted,
    text_of,
)
from webhook_core.sending.firing import kept_checks
from webhook_core.sending.token_orders import TokenTake, token_takes
from webhook_core.trading.checks import Check
from webhook_core.trading.plans import Denied
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.value import replace

_TRIES = 3
MOST_ASKED = 20
"""So many entries are looked up before an alert is refused, the newest first."""


def takes_of(
    requests: Sequence[OrderRequest], rules: TradingRules, unit: Unit, now: datetime
) -> tuple[EntryTake | TokenTake, ...]:
    """Of the strategy, the account and the token."""
    permit = rules.permit
    own = () if permit is None else token_takes(requests, permit, unit, now)
    return (*own, *entry_takes(requests, rules, unit, now))


def shown(
    decided: Decided, rules: TradingRules, unit: Unit, documents: Documents, now: datetime
) -> Decided | Denied:
    """The plan of an alert that is only looked at, with the verdict of every count that a claim
    would take places of: nothing is counted. Raises LedgerUnavailable."""
    checks: list[Check] = []
    for take in takes_of(decided.requests, rules, unit, now):
        stored = documents.read(take.name)
        checks += take.shown(None if stored is None else stored.text)
    held = with_checks(decided.plan, tuple(checks))
    return held if isinstance(held, Denied) else decided._replace(plan=held)


def with_checks_of(takes: Sequence[Take], claim: Claim) -> Claim:
    """With what the counts have said, which is stored with the outcome: the claim was what counted
    it."""
    counts = [take for take in takes if isinstance(take, EntryTake | TokenTake)]
    made = [check for take in counts for check in take.made]
    if not isinstance(claim, Claimed) or not made:
        return claim
    entry = claim.entry
    return Claimed(replace(entry, checks=kept_checks((*entry.checks, *made))))


def with_places_given_back(
    claim: Callable[[], Claim], takes: Sequence[Take], unit: Unit, store: tuple[Ledger, Documents]
) -> Claim:
    """The claim; where a count refuses it and places in it can be given back, once more.

    Raises OrderDenied, LedgerUnavailable.
    """
    try:
        return claim()
    except OrderDenied as refused:
        counts = [take for take in takes if isinstance(take, EntryTake)]
        given_back = [_given_back(one.name, unit, store) for one in counts if refused.rule]
        if not any(given_back):
            raise
    return claim()


def _given_back(name: str, unit: Unit, store: tuple[Ledger, Documents]) -> bool:
    """Whether the document counts fewer now. Only what is final decides: an order that may yet be
    sent keeps its place, and so does one that the ledger does not know."""
    ledger, documents = store
    for _ in range(_TRIES):
        stored = documents.read(name)
        if stored is None:
            return False
        before, left = read_counted(stored.text), [MOST_ASKED]
        newest_first = [_settled(one, unit, ledger, left) for one in reversed(before)]
        after = [one for one in reversed(newest_first) if one.orders or one in before]
        text = text_of(after)
        if text == stored.text:
            return False
        if documents.write(name, text, stored):
            return sum(one.orders for one in after) < sum(one.orders for one in before)
    return False


def _settled(one: CountedAlert, unit: Unit, ledger: Ledger, left: list[int]) -> CountedAlert:
    """Without the legs that were proved not placed, and those that nobody sends behind one of
    them; what is final is not asked again."""
    orders, open_legs, stopped = one.orders, list[int](), False
    for leg in one.legs:
        left[0] -= 1
        of = Unit(unit.mode, unit.account, one.key, leg, one.generation)
        entry = ledger.find(of) if left[0] >= 0 else None
        if entry is None and stopped:
            orders -= 1
        elif entry is None or entry.state not in TERMINAL:
            open_legs.append(leg)
        elif entry.state is not State.ACCEPTED:
            orders -= 1
            stopped = stopped or entry.state is not State.NO_ACTION
    return one._replace(orders=orders, legs=tuple(open_legs))
