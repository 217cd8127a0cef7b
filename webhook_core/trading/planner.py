"""From an alert to exactly what goes to Kraken, or to the rule that forbids it. The same input gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from webhook_core.errors import AlertMalformed
from webhook_core.trading import limits
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.limits import Denied
from webhook_core.trading.orders import OrderIntent, OrderRequest, OrderType, Side
from webhook_core.trading.rounding import plain, round_price, round_volume
from webhook_core.trading.symbols import display_name

_MOST_DIGITS = 18
"""Before or after the point; an amount beyond that is a mistake, and no exchange has a use for it."""


class AlertLike(Protocol):
    """What trading reads of an alert."""

    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def order_type(self) -> OrderType: ...
    @property
    def volume(self) -> Decimal | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def stop_price(self) -> Decimal | None: ...
    @property
    def leverage(self) -> int | None: ...


class TradingRules(NamedTuple):
    """What the settings say for one strategy. Every list and every cap applies, so the global ones hold for each strategy.

    ``allow_lists``: pairs in any form of their names; no list allows any pair. ``caps``: currency code -> most cost of one
    order; no cap is no limit. ``volume``: the configured size in base currency, for alerts without one.
    """

    allow_lists: tuple[tuple[str, ...], ...] = ()
    caps: tuple[Mapping[str, Decimal], ...] = ()
    volume: Decimal | None = None


class Plan(NamedTuple):
    """What to send, in this order, and ``notes`` for the answer's warnings: what was rounded or left out."""

    requests: tuple[OrderRequest, ...]
    notes: tuple[str, ...] = ()


class _Price(NamedTuple):
    """One price of the order: the alert's field, what it asked for, and what fits the pair."""

    field: str
    asked: Decimal
    rounded: Decimal


class _Draft(NamedTuple):
    """The order with its numbers fitted to the pair. ``prices``: the trigger, then the limit, those that are sent."""

    wanted: OrderIntent
    instrument: Instrument
    volume: Decimal
    prices: tuple[_Price, ...]
    highest_price: Decimal | None


def intent(alert: AlertLike, rules: TradingRules) -> OrderIntent:
    """The order that the alert asks for. ``price`` is the limit where the type takes one, else only a reference;
    ``stop_price`` is the trigger. Raises AlertMalformed naming the field that is missing or senseless."""
    kind = alert.order_type
    volume = alert.volume if alert.volume is not None else rules.volume
    if volume is None:
        raise AlertMalformed("volume is missing: send it, or configure a size for the strategy.", field="volume")
    if kind.takes_limit and alert.price is None:
        raise AlertMalformed(f"price is missing: {kind} needs it as its limit price.", field="price")
    if kind.takes_trigger and alert.stop_price is None:
        raise AlertMalformed(f"stop_price is missing: {kind} needs it as its trigger price.", field="stop_price")
    if alert.leverage is not None and alert.leverage < 1:
        raise AlertMalformed("leverage must be a whole number from 1 up, or left out.", field="leverage")
    for name, amount in (("volume", volume), ("price", alert.price), ("stop_price", alert.stop_price)):
        _check_amount(name, amount)
    return OrderIntent(
        symbol=alert.symbol,
        side=alert.side,
        order_type=kind,
        volume=volume,
        limit=alert.price if kind.takes_limit else None,
        trigger=alert.stop_price,
        leverage=alert.leverage,
        reference_price=None if kind.takes_limit else alert.price,
    )


def needs_ticker(wanted: OrderIntent, rules: TradingRules) -> bool:
    """Whether the cost is capped and the alert brought no price to compute it with."""
    return bool(rules.caps) and not any(
        price is not None for price in (_limit(wanted), _trigger(wanted), wanted.reference_price)
    )


def plan(
    wanted: OrderIntent, instrument: Instrument, rules: TradingRules, now: datetime, ticker: Decimal | None = None
) -> Plan | Denied:
    """Round to the pair's steps, hold against every limit, and write Kraken's AddOrder parameters.

    ``ticker``: the last price, where ``needs_ticker`` asked for it. ``now`` decides whether Kraken's rules still deny.
    """
    draft = _draft(wanted, instrument, ticker)
    denied = limits.first(_checks(draft, rules, now))
    if denied is not None:
        return denied
    reference = ticker if wanted.reference_price is None else wanted.reference_price
    request = OrderRequest(display_name(instrument), _parameters(draft), reference)
    return Plan((request,), tuple(_notes(draft)))


def _draft(wanted: OrderIntent, instrument: Instrument, ticker: Decimal | None) -> _Draft:
    asked = (("stop_price", _trigger(wanted)), ("price", _limit(wanted)))
    prices = tuple(
        _Price(field, price, round_price(instrument, price, wanted.side)) for field, price in asked if price is not None
    )
    known = [price.rounded for price in prices] + [p for p in (wanted.reference_price, ticker) if p is not None]
    volume = round_volume(instrument, wanted.volume)
    return _Draft(wanted, instrument, volume, prices, max(known, default=None))


def _checks(draft: _Draft, rules: TradingRules, now: datetime) -> Iterator[Denied | None]:
    wanted, instrument, volume = draft.wanted, draft.instrument, draft.volume
    for allowed in rules.allow_lists:
        yield limits.symbol_allowed(instrument, allowed)
    yield limits.volume_remains(instrument, wanted.volume, volume)
    for price in draft.prices:
        yield limits.price_remains(price.field, price.asked, price.rounded)
    for cap in rules.caps:
        yield limits.cost_within_cap(instrument, volume, draft.highest_price, cap)
    if limits.rules_are_fresh(instrument, now):
        yield limits.status_permits(instrument, wanted.order_type, wanted.leverage)
        yield limits.leverage_offered(instrument, wanted.side, wanted.leverage)
        yield limits.volume_minimum(instrument, volume)
        yield limits.cost_minimum(instrument, volume, draft.highest_price)


def _parameters(draft: _Draft) -> dict[str, str]:
    """Kraken's ``price`` is the trigger where there is one, else the limit; ``price2`` is the limit behind a trigger
    (docs.kraken.com, add-order). ``pair`` is the key: Kraken refuses some wsnames as input."""
    wanted, instrument = draft.wanted, draft.instrument
    parameters = {
        "pair": instrument.key,
        "type": wanted.side.value,
        "ordertype": wanted.order_type.value,
        "volume": plain(draft.volume),
    }
    parameters.update(zip(("price", "price2"), (plain(price.rounded) for price in draft.prices), strict=False))
    if wanted.leverage is not None and wanted.leverage > 1:
        parameters["leverage"] = str(wanted.leverage)
    if instrument.base.endswith("x"):  # xStocks, alone in lower case, need their class named
        parameters["asset_class"] = "tokenized_asset"
    return parameters


def _notes(draft: _Draft) -> Iterator[str]:
    wanted, volume = draft.wanted, draft.volume
    if volume != wanted.volume:
        yield f"volume {plain(wanted.volume)} was rounded down to {plain(volume)}"
    for price in draft.prices:
        if price.rounded != price.asked:
            yield f"{price.field} {plain(price.asked)} was rounded to {plain(price.rounded)}"
    if wanted.trigger is not None and not wanted.order_type.takes_trigger:
        yield f"stop_price {plain(wanted.trigger)} was not used: a {wanted.order_type} order has no trigger"


def _trigger(wanted: OrderIntent) -> Decimal | None:
    return wanted.trigger if wanted.order_type.takes_trigger else None


def _limit(wanted: OrderIntent) -> Decimal | None:
    return wanted.limit if wanted.order_type.takes_limit else None


def _check_amount(name: str, amount: Decimal | None) -> None:
    if amount is None:
        return
    if not amount.is_finite() or amount <= 0:
        raise AlertMalformed(f"{name} must be a number above zero.", field=name)
    if not -_MOST_DIGITS <= amount.adjusted() < _MOST_DIGITS or len(amount.as_tuple().digits) > 4 * _MOST_DIGITS:
        raise AlertMalformed(f"{name} is out of every market's range: send a plain decimal number.", field=name)
