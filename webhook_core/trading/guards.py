"""Limits that few strategies have: a price collar, the book's spread, trading hours, and what the
legs of one alert may cost together. Exits pass all of them unless the trader says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.trading import checks, price_limits, trading_hours
from webhook_core.trading.assets import same_asset
from webhook_core.trading.checks import Check
from webhook_core.trading.drafts import Draft
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.price_limits import BidAsk
from webhook_core.trading.reduces import exit_of, exit_of_intent
from webhook_core.trading.rounding import cost_of, plain
from webhook_core.trading.rules import Guards, Limits, TradingRules, owned
from webhook_core.trading.worst_price import buys_back, is_uncapped, own_price, worst_price

if TYPE_CHECKING:
    from webhook_core.trading.orders import Exit


_NO_OTHER_PRICE = "with PAPER_PRICES=alert there is no price but the alert's own to hold it against"


class Cost(NamedTuple):
    """What one order counts for, in the quote asset ``asset``."""

    asset: str
    amount: Decimal


def needs_last(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether a collar has to know the venue's last price."""
    collared = any(guards.price_collar is not None for _, guards in _owners(rules))
    return collared and not _is_let_pass(wanted, rules) and price_limits.names_price(wanted)


def needs_book(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether the spread has to be known: for a market order that is no exit."""
    limited = any(guards.max_spread is not None for _, guards in _owners(rules))
    return limited and price_limits.trades_at_once(wanted) and not _is_let_pass(wanted, rules)


def hours_checks(draft: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    for owner, guards in _owners(rules):
        if guards.trading_hours is None:
            continue
        passing = _exit_of(draft, rules)
        check = (
            trading_hours.check(guards.trading_hours, now)
            if passing is None
            else checks.passed("TRADING_HOURS", hours=guards.trading_hours.text, exit=passing)
        )
        yield owned(check, owner, "TRADING_HOURS")


def priced_checks(draft: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    """Of what needs a price: the alert's own, or those of what is held. Raises LossUnknown."""
    yield from collar_checks(draft, rules, now)
    if rules.limits_loss:
        from webhook_core.trading import loss_limit  # fewer strategies have such a limit

        yield from loss_limit.loss_checks(draft, rules, now)


def collar_checks(draft: Draft, rules: TradingRules, _now: datetime) -> Iterator[Check]:
    for owner, guards in _owners(rules):
        most = guards.price_collar
        if most is None:
            continue
        passing = _exit_of(draft, rules)
        if passing is not None:
            passed = checks.passed("PRICE_COLLAR", max_percent=plain(most), exit=passing)
            yield owned(passed, owner, "PRICE_COLLAR")
            continue
        if _has_no_other_price(draft.wanted, rules):
            unknown = checks.unchecked("PRICE_COLLAR", _NO_OTHER_PRICE, max_percent=plain(most))
            yield owned(unknown, owner, "PRICE_COLLAR")
            continue
        for check in price_limits.collar_checks(draft, most):
            yield owned(check, owner, "PRICE_COLLAR")


def unjudged(wanted: OrderIntent, rules: TradingRules) -> tuple[str, ...]:
    """What the answer warns of: a collar that stands and can't hold this order."""
    if needs_last(wanted, rules) and _has_no_other_price(wanted, rules):
        return (f"the price collar was not checked: {_NO_OTHER_PRICE}",)
    return ()


def _has_no_other_price(wanted: OrderIntent, rules: TradingRules) -> bool:
    return rules.priced_by_alerts and own_price(wanted) is not None


def spread_checks(wanted: OrderIntent, rules: TradingRules, book: BidAsk | None) -> Iterator[Check]:
    """Of a market order. ``book``: where ``needs_book`` asked for it."""
    if not price_limits.trades_at_once(wanted):
        return
    for owner, guards in _owners(rules):
        if guards.max_spread is None:
            continue
        if _is_let_pass(wanted, rules):
            passing = str(exit_of_intent(wanted))
            check = checks.passed("MAX_SPREAD", max_percent=plain(guards.max_spread), exit=passing)
        else:
            check = price_limits.spread_check(book, guards.max_spread)
        yield owned(check, owner, "MAX_SPREAD")


def cost_in_alert(draft: Draft, rules: TradingRules) -> Cost | None:
    """What the order adds to the cost of its alert; None for an exit that no cap holds up."""
    price = None if is_uncapped(draft, rules) else worst_price(draft)
    if price is None:
        return None
    if buys_back(draft) and draft.close_price is not None:
        price = max(price, draft.close_price)
    return Cost(draft.instrument.quote, cost_of(draft.volume, price))


def alert_cost_checks(costs: tuple[Cost, ...], rules: TradingRules) -> Iterator[Check]:
    """All orders of one alert together, in each currency that has a cap."""
    for owner, guards in _owners(rules):
        for code, most in (guards.max_alert_cost or {}).items():
            found = [cost.amount for cost in costs if same_asset(code, cost.asset)]
            if found:
                check = _within(sum(found, Decimal(0)), most, code, len(found))
                yield owned(check, owner, "MAX_ALERT_COST")


def _within(cost: Decimal, most: Decimal, code: str, orders: int) -> Check:
    numbers: Mapping[str, str] = {
        "cost": plain(cost),
        "max": plain(most),
        "orders": str(orders),
        "currency": code,
    }
    text = f"the {orders} orders of the alert cost {plain(cost)} {code}, above {plain(most)} {code}"
    return checks.judged("MAX_ALERT_COST", text, holds=cost <= most, **numbers)


def _owners(rules: TradingRules) -> Iterator[tuple[Limits, Guards]]:
    for owner in rules.limits:
        if owner.guards is not None:
            yield owner, owner.guards


def _is_let_pass(wanted: OrderIntent, rules: TradingRules) -> bool:
    return rules.exits_ignore_limits and exit_of_intent(wanted) is not None


def _exit_of(draft: Draft, rules: TradingRules) -> Exit | None:
    return exit_of(draft) if rules.exits_ignore_limits else None
