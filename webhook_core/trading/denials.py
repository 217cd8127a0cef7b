"""The rules that deny an order: one list, and every way to an order is held against all of it.

The ways are an alert's plan (a leg's, a target's, one made again, a validation), an amendment, an
order that is sent once more as it was stored, and the operator's replay. Each makes a ``Draft``. A
rule of one's own is a line in ``RULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import IntEnum

from webhook_core.trading import conditional_close, kraken_limits, limits, terms
from webhook_core.trading.checks import Check
from webhook_core.trading.drafts import Draft, lowest
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.prices import amount_of, text
from webhook_core.trading.rules import TradingRules, owned
from webhook_core.trading.symbols import Instruments
from webhook_core.trading.worst_price import buys_back, is_uncapped, worst_price
from webhook_core.value import NamedTuple


class Need(IntEnum):
    """What a rule has to know of an order; each is known only with those before it.

    ``TERMS``: pair, side, type, prices and terms, as the alert says them. ``SIZE``: the volume.
    ``PRICE``: what a unit costs, where the order has no price of its own.
    """

    TERMS = 0
    SIZE = 1
    PRICE = 2


class Rule(NamedTuple):
    """``judge`` gives a Check for everything that it looks at, whatever the verdict. With less than
    everything in ``needs`` it may deny before Kraken is asked for the rest."""

    judge: Callable[[Draft, TradingRules, datetime], Iterable[Check]]
    needs: Need = Need.PRICE


def checks(
    draft: Draft, rules: TradingRules, now: datetime, known: Need = Need.PRICE
) -> Iterator[Check]:
    """Of every rule that can judge by what is ``known``, those that need least first: so an order
    is refused for the same reason, whether or not Kraken had to be asked for the rest.

    ``now`` decides whether Kraken's rules still deny, and what a start and an expiry come to.
    """
    for need in Need:
        for rule in RULES:
            if rule.needs == need <= known:
                yield from rule.judge(draft, rules, now)


def refusal(
    draft: Draft, rules: TradingRules, now: datetime, known: Need = Need.PRICE
) -> Check | None:
    """The first check that denies the order; those behind it are not made."""
    return first(checks(draft, rules, now, known))


def first(made: Iterable[Check]) -> Check | None:
    """The first of them that denies."""
    return next((check for check in made if check.passed is False), None)


def allowed_symbols(instrument: Instrument, rules: TradingRules) -> Iterator[Check]:
    """Whether each owner lets the pair be traded, and the sender's token."""
    if rules.permit is not None and rules.permit.pairs:
        from webhook_core.trading import permits  # few senders have such a token

        yield permits.pair_check(rules.permit, instrument)
    for owner in rules.limits:
        if owner.allowed_symbols is not None:
            check = limits.symbol_allowed(instrument, owner.allowed_symbols)
            yield owned(check, owner, "ALLOWED_SYMBOLS")


def uncapped_currencies(instrument: Instrument, rules: TradingRules) -> Iterator[Check]:
    """A refusal for each owner that caps costs, but none in the currency of the pair."""
    for owner in rules.limits:
        if owner.max_order_cost is not None:
            check = limits.currency_capped(instrument, owner.max_order_cost)
            if not check.passed:  # else the check of the cost says that there is one
                yield owned(check, owner, "MAX_ORDER_COST")


def unlisted(symbol: str, rules: TradingRules, known: Instruments) -> Check | None:
    """The refusal of a symbol that names none of the ``known`` pairs, by a list all of whose pairs
    are known: what else it may name at Kraken is not among them."""
    for owner in rules.limits:
        allowed = owner.allowed_symbols
        if allowed is not None and all(map(known.find, allowed)):
            return owned(limits.none_listed(symbol, allowed), owner, "ALLOWED_SYMBOLS")
    return None


def _allowed_symbols(draft: Draft, rules: TradingRules, _now: datetime) -> Iterator[Check]:
    return allowed_symbols(draft.instrument, rules)


def _uncapped_currencies(draft: Draft, rules: TradingRules, _now: datetime) -> Iterable[Check]:
    return () if is_uncapped(draft, rules) else uncapped_currencies(draft.instrument, rules)


def _permit(draft: Draft, rules: TradingRules, _now: datetime) -> Iterator[Check]:
    if rules.permit is not None:
        from webhook_core.trading import permits

        yield from permits.checks(rules.permit, draft)


def _permitted_cost(draft: Draft, rules: TradingRules, _now: datetime) -> Iterator[Check]:
    if rules.permit is not None:
        from webhook_core.trading import permits

        yield from permits.cost_checks(rules.permit, draft)


def _volume(draft: Draft, _rules: TradingRules, _now: datetime) -> Iterator[Check]:
    yield limits.volume_remains(draft.instrument, draft.wanted.volume, draft.volume)


def _prices(draft: Draft, _rules: TradingRules, _now: datetime) -> Iterator[Check]:
    for price in (*draft.prices, *draft.close_prices):
        if not price.may_be_zero:
            yield limits.price_remains(price.field, text(price.asked), amount_of(price.rounded))


def _offsets(draft: Draft, _rules: TradingRules, _now: datetime) -> Iterator[Check]:
    for price, left in lowest(draft):
        yield limits.offset_leaves_a_price(price.field, text(price.rounded), left, draft.market)


def _exits(draft: Draft, _rules: TradingRules, _now: datetime) -> Iterator[Check]:
    return conditional_close.reach_checks(draft.wanted, draft.market)


def _cost(draft: Draft, rules: TradingRules, _now: datetime) -> Iterator[Check]:
    free = is_uncapped(draft, rules)
    prices = (worst_price(draft), *((draft.close_price,) if buys_back(draft) else ()))
    for owner in rules.limits:
        cap = owner.max_order_cost
        if cap is None:
            continue
        if free:
            yield owned(limits.cost_of_exit(), owner, "MAX_ORDER_COST")
        elif limits.currency_capped(draft.instrument, cap).passed:
            for price in prices:
                check = limits.cost_within_cap(draft.instrument, draft.volume, price, cap)
                yield owned(check, owner, "MAX_ORDER_COST")


def _hours(draft: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    if rules.has_guards:
        from webhook_core.trading import guards  # few strategies have any

        yield from guards.hours_checks(draft, rules, now)


def _guards(draft: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    if rules.has_guards:
        from webhook_core.trading import guards

        yield from guards.priced_checks(draft, rules, now)


RULES: tuple[Rule, ...] = (
    Rule(_allowed_symbols, Need.TERMS),
    Rule(_permit, Need.TERMS),
    Rule(_uncapped_currencies, Need.TERMS),
    Rule(_prices, Need.TERMS),
    Rule(terms.time_checks, Need.TERMS),
    Rule(kraken_limits.status_checks, Need.TERMS),
    Rule(kraken_limits.leverage_checks, Need.TERMS),
    Rule(_hours, Need.TERMS),
    Rule(_volume, Need.SIZE),
    Rule(terms.display_volume_checks, Need.SIZE),
    Rule(kraken_limits.volume_checks, Need.SIZE),
    Rule(_offsets),
    Rule(_exits),
    Rule(_permitted_cost),
    Rule(_guards),
    Rule(_cost),
    Rule(kraken_limits.cost_checks),
)
"""All that denies an order, on every way to one."""
