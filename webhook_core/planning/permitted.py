"""A plan held against the sender's scoped token, as far as no order is one of its rules' drafts:
the actions that an alert asks for, and the orders that it cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.planning.decision import Decided, Wants
from webhook_core.planning.sources import Sources
from webhook_core.trading.checks import Check
from webhook_core.trading.permits import Permit, action_check, action_of, pair_check
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied

if TYPE_CHECKING:
    from collections.abc import Iterable


def actions(wants: Wants, permit: Permit) -> Denied | None:
    """The first leg whose action the token does not have."""
    several = len(wants.intents) > 1
    made = list(permit.met)
    for number, intent in enumerate(wants.intents):
        check = action_check(permit, action_of(intent))
        made.append(check)
        if not check.passed:
            denied = denied_by(check, (), made)
            if several:
                message = f"orders[{number}]: {denied.message}"
                return denied._replace(message=message, leg=number)
            return denied
    return None


def checks_of(wants: Wants, permit: Permit) -> tuple[Check, ...]:
    """When and from where the alert came, and what it asks for: all of it passed."""
    return (*permit.met, *(action_check(permit, action_of(intent)) for intent in wants.intents))


def with_checks(decided: Decided | Denied, wants: Wants, permit: Permit) -> Decided | Denied:
    """With those before the checks of its orders."""
    made = checks_of(wants, permit)
    if isinstance(decided, Denied):
        return decided._replace(checks=(*made, *decided.checks))
    return decided._replace(plan=decided.plan._replace(checks=(*made, *decided.plan.checks)))


def cancels(decided: Decided, permit: Permit, sources: Sources, budget: Budget) -> Denied | None:
    """The first order to be canceled, one that was never sent included, whose pair the
    token does not have."""
    if not permit.pairs:
        return None
    refused = next((check for check in _checks(decided, permit, sources, budget)), None)
    return None if refused is None else denied_by(refused, decided.plan.notes)


def _checks(decided: Decided, permit: Permit, sources: Sources, budget: Budget) -> Iterable[Check]:
    named = [one.symbol for one in decided.requests if one.method == "CancelOrder"]
    unsent = (*decided.unsent.denied, *decided.unsent.left, *decided.unsent.awaited)
    named += [entry.current.request.symbol for entry in unsent]
    for symbol in filter(None, dict.fromkeys(named)):
        check = pair_check(permit, sources.instrument(symbol, budget))
        if not check.passed:
            yield check
