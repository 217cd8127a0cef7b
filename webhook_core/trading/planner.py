"""From an alert to exactly what goes to Kraken, or to the rule that forbids it.

The same input gives the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.trading import denials
from webhook_core.trading.checks import Check
from webhook_core.trading.denials import Need
from webhook_core.trading.drafts import Draft, draft, notes
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.kraken_fields import parameters
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import display_name

if TYPE_CHECKING:
    from webhook_core.trading.guards import Cost


def needs_ticker(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether the market's price has to be known: for the cost that is held against a cap, or for
    an exit that has no other price to be held against."""
    return exit_needs_market(wanted) or needs_market(wanted, rules)


def exit_needs_market(wanted: OrderIntent) -> bool:
    """Whether its take profit or stop loss can be held against nothing but the market's price."""
    if wanted.close is None:
        return False
    from webhook_core.trading.conditional_close import needs_market  # few orders have one

    return needs_market(wanted)


def plan(
    wanted: OrderIntent,
    instrument: Instrument,
    rules: TradingRules,
    now: datetime,
    ticker: Decimal | None = None,
) -> Plan | Denied:
    """Round to the pair's steps, hold against every limit, and write Kraken's AddOrder parameters.

    ``ticker``: the last price, where ``needs_ticker`` asked for it. ``now`` decides whether
    Kraken's rules still deny, and what a start and an expiry come to.
    """
    fitted = draft(wanted, instrument, ticker)
    made = _until_refused(fitted, rules, now)
    refusal = denials.first(made[-1:])
    if refusal is not None:
        return denied_by(refusal, tuple(notes(fitted)), made)
    costs = costs_of(fitted, rules)
    return _planned(fitted, ticker)._replace(costs=costs, checks=tuple(made))


def refused_early(
    wanted: OrderIntent, instrument: Instrument, rules: TradingRules, now: datetime
) -> Denied | None:
    """What is refused whatever Kraken would say of the account and the market; for want of either
    the other rules are not asked yet."""
    of_fixed_size = wanted.quantity_type == "base" and not wanted.sells_own
    fitted = draft(wanted, instrument, None)
    known = Need.SIZE if of_fixed_size else Need.TERMS
    made = _until_refused(fitted, rules, now, known)
    refusal = denials.first(made[-1:])
    if refusal is None:
        return None
    return denied_by(refusal, tuple(notes(fitted)) if of_fixed_size else wanted.notes, made)


def _until_refused(
    fitted: Draft, rules: TradingRules, now: datetime, known: Need = Need.PRICE
) -> list[Check]:
    """The checks that are made; behind one that denies there is none."""
    made: list[Check] = []
    for check in denials.checks(fitted, rules, now, known):
        made.append(check)
        if check.passed is False:
            break
    return made


def appraise(
    wanted: OrderIntent,
    instrument: Instrument,
    rules: TradingRules,
    now: datetime,
    ticker: Decimal | None = None,
) -> Plan | Denied:
    """What ``plan`` says of the same order, with the appraisal: every check, however the first ones
    end, and the cost."""
    from webhook_core.trading import appraisal  # a trade does not need it

    fitted = draft(wanted, instrument, ticker)
    checks = tuple(denials.checks(fitted, rules, now))
    planned = _planned(fitted, ticker)._replace(
        appraisals=(appraisal.of(fitted, checks, rules.fees),), costs=costs_of(fitted, rules)
    )
    refusal = denials.first(checks)
    return planned if refusal is None else denied_by(refusal, planned.notes)._replace(plan=planned)


def denied_by(refusal: Check, said: tuple[str, ...], made: Sequence[Check] = ()) -> Denied:
    """The refusal of an order.

    ``said``: what is to be known of its size and prices all the same; ``made``: the checks that
    were made, if this is not the only one.
    """
    return Denied(
        refusal.rule,
        refusal.message,
        refusal.numbers,
        notes=said,
        set_by=refusal.set_by,
        checks=tuple(made) or (refusal,),
    )


def costs_of(fitted: Draft, rules: TradingRules) -> tuple[Cost, ...]:
    """What the order counts for among those of its alert, where anybody caps that."""
    if not rules.caps_alerts:
        return ()
    from webhook_core.trading import guards  # few have such a cap

    cost = guards.cost_in_alert(fitted, rules)
    return () if cost is None else (cost,)


def _planned(fitted: Draft, ticker: Decimal | None) -> Plan:
    reference = fitted.wanted.reference_price
    request = OrderRequest(
        display_name(fitted.instrument),
        parameters(fitted),
        ticker if reference is None else reference,
        exit=fitted.wanted.exit,
    )
    return Plan((request,), tuple(notes(fitted)))
