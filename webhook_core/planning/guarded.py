"""Limits that few strategies have and that an order alone does not tell: the book's spread, and
what the orders of one alert cost together."""

from __future__ import annotations

from webhook_core.clock import Budget
from webhook_core.planning.decision import Decided
from webhook_core.planning.sources import Sources
from webhook_core.trading import denials, guards
from webhook_core.trading.checks import Check
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.price_limits import BidAsk
from webhook_core.trading.rules import TradingRules


def held_against_spread(
    sources: Sources,
    order: tuple[OrderIntent, Instrument],
    planned: Plan | Denied,
    rules: TradingRules,
    budget: Budget,
) -> Plan | Denied:
    """One order as it is planned, or the refusal of it.

    The book is looked at once, when the alert is planned; not for an order that is denied already,
    unless a validation asks for every verdict. Raises VenueUnavailable.
    """
    wanted, instrument = order
    if isinstance(planned, Denied) and not planned.plan.appraisals:
        return planned
    shown = None
    if guards.needs_book(wanted, rules):
        shown = sources.venue.book(instrument, budget)
    book = None if shown is None else BidAsk(*shown)
    return with_checks(planned, tuple(guards.spread_checks(wanted, rules, book)))


def held_together(decided: Decided, rules: TradingRules) -> Decided | Denied:
    """The orders of one alert, or the refusal of all of them."""
    checks = tuple(guards.alert_cost_checks(decided.plan.costs, rules))
    held = with_checks(decided.plan, checks)
    return held if isinstance(held, Denied) else decided._replace(plan=held)


def with_checks(planned: Plan | Denied, checks: tuple[Check, ...]) -> Plan | Denied:
    """With these verdicts among those of its last order, and refused by the first that denies."""
    plan = planned.plan if isinstance(planned, Denied) else planned
    last = plan.appraisals[-1] if plan.appraisals else None
    if last is not None and checks:
        known = last._replace(checks=(*last.checks, *checks))
        plan = plan._replace(appraisals=(*plan.appraisals[:-1], known))
    plan = plan._replace(checks=(*plan.checks, *checks))
    if isinstance(planned, Denied):
        return planned._replace(plan=plan)
    refusal = denials.first(checks)
    if refusal is None:
        return plan
    made = plan.checks[: plan.checks.index(refusal) + 1]
    return denied_by(refusal, plan.notes, made)._replace(plan=plan)
