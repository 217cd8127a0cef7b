"""From an alert to exactly what goes to Kraken, or to the rule that forbids it. The same input gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.trading import closing, intents, limits
from webhook_core.trading.drafts import Draft, draft, limit_of, lowest, notes, parameters, trigger_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intents import Size
from webhook_core.trading.limits import Check
from webhook_core.trading.orders import OrderIntent, OrderRequest, QuantityType, Relative
from webhook_core.trading.prices import amount_of, text
from webhook_core.trading.symbols import display_name
from webhook_core.trading.terms import moment_of

if TYPE_CHECKING:
    from webhook_core.trading.alert_like import AlertLike
    from webhook_core.trading.appraisal import Appraisal


class Fees(NamedTuple):
    """In percent of an order's cost. By default Kraken's first tier, for crypto on spot (kraken.com/features/fee-schedule, since
    2026-07-09)."""

    maker: Decimal = Decimal("0.40")
    taker: Decimal = Decimal("0.80")


class TradingRules(NamedTuple):
    """What the settings say for one strategy. Every list and every cap applies, so the global ones hold for each strategy.

    ``allow_lists``: pairs in any form of their names; no list allows any pair. ``caps``: currency code -> most cost of one
    order; no cap is no limit. ``volume``: the configured size, for alerts without one; ``quantity_type`` is what it counts.
    ``fees`` are for the estimate of what an order costs, and what a buy by percentage keeps back; no limit counts them.
    """

    allow_lists: tuple[tuple[str, ...], ...] = ()
    caps: tuple[Mapping[str, Decimal], ...] = ()
    volume: Decimal | None = None
    fees: Fees = Fees()
    quantity_type: QuantityType = "base"

    @property
    def size(self) -> Size | None:
        return None if self.volume is None else Size(self.volume, self.quantity_type)


class Plan(NamedTuple):
    """What to send, in this order, and ``notes`` for the answer's warnings: what was rounded or left out. ``appraisals``, one
    for each request, only where they were asked for."""

    requests: tuple[OrderRequest, ...]
    notes: tuple[str, ...] = ()
    appraisals: tuple[Appraisal | None, ...] = ()


class Denied(NamedTuple):
    """We refuse to send it. ``message`` begins with ``rule``; ``numbers`` are its facts as plain strings. ``plan`` is what is
    refused, where an appraisal was asked for."""

    rule: str
    message: str
    numbers: Mapping[str, str] = MappingProxyType({})
    plan: Plan = Plan(())


def intent(alert: AlertLike, rules: TradingRules) -> OrderIntent:
    """The order that the alert asks for, of the configured size if it names none. Raises AlertMalformed naming the field
    that is missing, senseless or contradicts another; OrderDenied for a second conditional close."""
    return intents.order_intent(alert, rules.size)


def needs_ticker(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether the cost is capped and the alert brought no price to compute it with, or one that counts from the market's."""
    return bool(rules.caps) and lacks_price(wanted)


def lacks_price(wanted: OrderIntent) -> bool:
    """The alert brought no price to compute the cost with, or one that counts from the market's."""
    prices = (limit_of(wanted), trigger_of(wanted), wanted.trail, wanted.reference_price)
    return all(price is None for price in prices) or any(isinstance(price, Relative) for price in prices)


def plan(
    wanted: OrderIntent, instrument: Instrument, rules: TradingRules, now: datetime, ticker: Decimal | None = None
) -> Plan | Denied:
    """Round to the pair's steps, hold against every limit, and write Kraken's AddOrder parameters.

    ``ticker``: the last price, where ``needs_ticker`` asked for it. ``now`` decides whether Kraken's rules still deny, and
    what a start and an expiry come to.
    """
    fitted = draft(wanted, instrument, ticker)
    refusal = limits.first(_checks(fitted, rules, now))
    if refusal is not None:
        return Denied(refusal.rule, refusal.message, refusal.numbers)
    return _planned(fitted, ticker)


def appraise(
    wanted: OrderIntent, instrument: Instrument, rules: TradingRules, now: datetime, ticker: Decimal | None = None
) -> Plan | Denied:
    """What ``plan`` says of the same order, with the appraisal: every check, however the first ones end, and the cost."""
    from webhook_core.trading import appraisal  # a trade does not need it

    fitted = draft(wanted, instrument, ticker)
    checks = tuple(_checks(fitted, rules, now))
    planned = _planned(fitted, ticker)._replace(appraisals=(appraisal.of(fitted, checks, rules.fees),))
    refusal = limits.first(checks)
    return planned if refusal is None else Denied(refusal.rule, refusal.message, refusal.numbers, planned)


def _planned(fitted: Draft, ticker: Decimal | None) -> Plan:
    reference = fitted.wanted.reference_price
    request = OrderRequest(
        display_name(fitted.instrument), parameters(fitted), ticker if reference is None else reference
    )
    return Plan((request,), tuple(notes(fitted)))


def _checks(fitted: Draft, rules: TradingRules, now: datetime) -> Iterator[Check]:
    instrument, volume = fitted.instrument, fitted.volume
    for allowed in rules.allow_lists:
        yield limits.symbol_allowed(instrument, allowed)
    yield limits.volume_remains(instrument, fitted.wanted.volume, volume)
    for price in (*fitted.prices, *fitted.close_prices):
        if not price.may_be_zero:
            yield limits.price_remains(price.field, text(price.asked), amount_of(price.rounded))
    for price, left in lowest(fitted):
        yield limits.offset_leaves_a_price(price.field, text(price.rounded), left, fitted.market)
    yield from closing.reach_checks(fitted.wanted, fitted.market)
    for cap in rules.caps:
        yield limits.cost_within_cap(instrument, volume, fitted.cost_price, cap)
    yield from _kraken_checks(fitted, now)
    yield _status_check(fitted, now)
    fresh = limits.rules_are_fresh(instrument, now)
    for check in _pair_checks(fitted):
        yield check if fresh else limits.outdated(check, instrument)


def _kraken_checks(fitted: Draft, now: datetime) -> Iterator[Check]:
    """Kraken's rules for every pair; they don't age."""
    terms = fitted.wanted.terms
    if fitted.display_volume is not None:
        yield limits.display_volume_fits(fitted.volume, fitted.display_volume)
    starts = None if terms.starts is None else moment_of(terms.starts, now)
    if starts is not None:
        yield limits.start_is_ahead(starts, now)
    if terms.expires is not None:
        yield limits.expiry_in_reach(moment_of(terms.expires, now), starts, now)


def _status_check(fitted: Draft, now: datetime) -> Check:
    wanted, instrument = fitted.wanted, fitted.instrument
    check = limits.status_permits(instrument, wanted.order_type, wanted.leverage, post_only=wanted.terms.post_only)
    return check if limits.status_is_fresh(instrument, now) else limits.outdated(check, instrument)


def _pair_checks(fitted: Draft) -> Iterator[Check]:
    wanted, instrument, volume = fitted.wanted, fitted.instrument, fitted.volume
    if wanted.leverage is not None and wanted.leverage > 1:
        yield limits.leverage_offered(instrument, wanted.side, wanted.leverage)
    yield limits.volume_minimum(instrument, fitted.base_volume)
    yield limits.cost_minimum(instrument, volume, fitted.cost_price)
    if wanted.close is not None and not fitted.in_quote:
        yield limits.close_minimum(instrument, volume, fitted.close_price, wanted.close.field)
