"""From what an alert counts in (quote, a percentage, a risk) to the size of its order: base, or
quote where Kraken takes that.

Nothing here makes an order larger than asked: a price that is not certain is taken as the
higher one, quotients are cut, and on spot a buy costs no more than is free with the fee,
a sell is no more than is free.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.trading.assets import asset_code
from webhook_core.trading.basis import Basis
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Denied, denied
from webhook_core.trading.prices import estimate, highest
from webhook_core.trading.rounding import (
    cost_of,
    percent_of,
    plain,
    quotient,
    round_cost,
    round_volume,
)


def sized(wanted: OrderIntent, basis: Basis) -> OrderIntent | Denied:
    """The order with a size that Kraken takes."""
    order = _counted(wanted, basis)
    if isinstance(order, Denied) or not wanted.sells_own:
        return order
    base = basis.instrument.base
    own, whose = _position_of(wanted, basis, basis.balance(base).total)
    if order.volume <= own:
        return order
    return _in_base(order, own, f"the {plain(own)} {asset_code(base)} {whose}")


def _counted(wanted: OrderIntent, basis: Basis) -> OrderIntent | Denied:
    kind, amount, instrument = wanted.quantity_type, wanted.volume, basis.instrument
    if kind == "base":
        return wanted
    if kind == "quote":
        return _of_cost(wanted, basis, amount)
    if kind == "percent_position":
        return _of_position(wanted, basis)
    if kind == "risk_percent":
        return _of_risk(wanted, basis)
    if kind == "percent_balance" and wanted.side is Side.SELL:
        free = basis.balance(instrument.base).free
        said = f"{plain(amount)} % of {_free(free, instrument.base)}"
        return _as_far_as_free(wanted, basis, percent_of(free, amount), said)
    worth = basis.balance(instrument.quote).free if kind == "percent_balance" else basis.equity
    cost = percent_of(worth, amount)
    whose = (
        _free(worth, instrument.quote) if kind == "percent_balance" else _worth(worth, instrument)
    )
    said = f"{plain(amount)} % of {whose}"
    return _within_funds(wanted, basis, cost, said)


def price_of(wanted: OrderIntent, last: Decimal | None) -> Decimal | None:
    """What a unit is expected to cost: the limit or the trigger, whichever is higher,
    else the last price."""
    named = [price for price in (wanted.trigger, wanted.limit) if price is not None]
    own = highest(wanted.order_type, named, last)
    return own if own is not None else last


def _within_funds(
    wanted: OrderIntent, basis: Basis, cost: Decimal, said: str
) -> OrderIntent | Denied:
    """An order of that cost, or of what the account can bear of it. With leverage
    Kraken's margin decides."""
    if not is_margin(wanted.leverage) and wanted.side is Side.BUY and cost > basis.affordable:
        return _of_cost(wanted, basis, basis.affordable, f"{said}, {_covered(basis)}")
    found = _of_cost(wanted, basis, cost, said)
    if isinstance(found, Denied) or is_margin(wanted.leverage) or wanted.side is Side.BUY:
        return found
    if found.volume <= basis.sellable(wanted):
        return found
    return _as_far_as_free(wanted, basis, found.volume, said)


def _of_cost(
    wanted: OrderIntent, basis: Basis, cost: Decimal, said: str = ""
) -> OrderIntent | Denied:
    instrument = basis.instrument
    quote = asset_code(instrument.quote)
    if wanted.takes_quote:
        cost = round_cost(instrument, cost)
        notes = (f"volume is {plain(cost)} {quote}: {said}",) if said else ()
        return wanted._replace(volume=cost, quantity_type="quote", notes=(*wanted.notes, *notes))
    price = price_of(wanted, basis.price)
    if price is None or price <= 0:
        text = (
            f"no price of {instrument.altname} is known, so {plain(cost)} {quote} can't be "
            "counted in base"
        )
        return denied("SIZE_PRICE", text)
    said = said or f"{plain(cost)} {quote}"
    return _in_base(
        wanted, round_volume(instrument, quotient(cost, price)), f"{said}, at {plain(price)}"
    )


def _of_position(wanted: OrderIntent, basis: Basis) -> OrderIntent | Denied:
    instrument, percent = basis.instrument, wanted.volume
    base = asset_code(instrument.base)
    if is_margin(wanted.leverage):
        held, whose = _position_of(wanted, basis, basis.position)
        said = f"{plain(percent)} % of the {plain(abs(held))} {base} {whose}"
        return _in_base(wanted, percent_of(abs(held), percent), said)
    held, whose = _position_of(wanted, basis, basis.balance(instrument.base).total)
    volume = percent_of(held, percent)
    said = f"{plain(percent)} % of the {plain(held)} {base} {whose}"
    if wanted.side is Side.SELL:
        return _as_far_as_free(wanted, basis, volume, said)
    price = price_of(wanted, basis.price)
    if price is not None and cost_of(volume, price) > basis.affordable:
        return _of_cost(wanted, basis, basis.affordable, f"{said}, {_covered(basis)}")
    return _in_base(wanted, volume, said)


def _position_of(wanted: OrderIntent, basis: Basis, whole: Decimal) -> tuple[Decimal, str]:
    if not wanted.own:
        return whole, "of the position" if is_margin(wanted.leverage) else "held"
    whose = (
        f"that this strategy bought and has not sold (the account holds {plain(whole)} "
        f"{asset_code(basis.instrument.base)})"
    )
    return basis.facts.own_part(basis.instrument.key, whole), whose


def _of_risk(wanted: OrderIntent, basis: Basis) -> OrderIntent | Denied:
    """So much that the way from the entry to its stop loss costs the given
    percentage of the account."""
    entry = (
        price_of(wanted, basis.price) if wanted.side is Side.BUY else _lowest(wanted, basis.price)
    )
    stop = None if wanted.close is None else wanted.close.trigger
    at = estimate(stop, entry) if stop is not None else None
    if entry is None or at is None:
        return denied(
            "RISK_PRICE",
            f"no price of {basis.instrument.altname} is known, nor so the way to the stop loss",
        )
    distance = entry - at if wanted.side is Side.BUY else at - entry
    if distance <= 0:
        text = f"the stop loss at {plain(at)} lies on the wrong side of the entry at {plain(entry)}"
        return denied("RISK_DISTANCE", text, stop_loss=plain(at), entry=plain(entry))
    volume = round_volume(
        basis.instrument, quotient(percent_of(basis.equity, wanted.volume), distance)
    )
    way = f"over {plain(distance)} from {plain(entry)} to the stop loss"
    said = f"{plain(wanted.volume)} % of {_worth(basis.equity, basis.instrument)} {way}"
    if is_margin(wanted.leverage):
        return _in_base(wanted, volume, said)
    if wanted.side is Side.SELL:
        return _as_far_as_free(wanted, basis, volume, said)
    if cost_of(volume, entry) > basis.affordable:
        return _of_cost(wanted, basis, basis.affordable, f"{said}, {_covered(basis)}")
    return _in_base(wanted, volume, said)


def _lowest(wanted: OrderIntent, last: Decimal | None) -> Decimal | None:
    """Where a sell may trade at the worst: the way from there up to its
    stop loss is the longest."""
    named = [
        estimate(price, last) for price in (wanted.trigger, wanted.limit) if price is not None
    ] or [last]
    return min((price for price in named if price is not None), default=None)


def _as_far_as_free(wanted: OrderIntent, basis: Basis, volume: Decimal, said: str) -> OrderIntent:
    most = basis.sellable(wanted)
    if volume > most:
        volume, said = most, f"{said}, as far as {_free(most, basis.instrument.base)} goes"
    return _in_base(wanted, volume, said)


def _covered(basis: Basis) -> str:
    return f"as far as what is free covers it and a fee of {plain(basis.taker_fee)} %"


def _in_base(wanted: OrderIntent, volume: Decimal, said: str) -> OrderIntent:
    return wanted._replace(
        volume=volume, quantity_type="base", notes=(*wanted.notes, f"volume is {said}")
    )


def _free(amount: Decimal, asset: str) -> str:
    return f"the {plain(amount)} {asset_code(asset)} that is free"


def _worth(amount: Decimal, instrument: Instrument) -> str:
    return f"the account's {plain(round_cost(instrument, amount))} {asset_code(instrument.quote)}"
