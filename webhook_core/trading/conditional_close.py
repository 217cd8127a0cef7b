"""Take profit and stop loss of an entry, as Kraken's conditional close: one order on the other side
for what the entry fills.

One only. Kraken spot has no one-cancels-other, so the leg that survives the other one would sell
what was bought for something else (docs.kraken.com, add-order: each fill creates an order of its
own, which knows nothing of any other).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.trading.checks import Check
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Close, OrderType, Relative, Side
from webhook_core.trading.prices import Price, estimate, goes_up
from webhook_core.trading.prices import text as as_text
from webhook_core.trading.rounding import plain

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert


_KINDS = {
    "take_profit": (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT),
    "stop_loss": (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT),
}
_WRITE = (
    'a bare number is a price. Write percent as "2%" and points with a sign, "-50" or "+50". '
    'What is really that far off is written as a percentage, such as "-60%".'
)


def only_one(field: str) -> OrderDenied:
    """The refusal of a second exit for one entry."""
    return OrderDenied(
        "ONE_CLOSE: an order of Kraken's carries one conditional close, and Kraken spot has no "
        "one-cancels-other: with two exits the one that survives could sell other holdings. Send "
        "one take_profit or one stop_loss, and let the strategy close the position for the other.",
        field=field,
    )


def close_of(alert: Alert, side: Side) -> Close | None:
    """The conditional close that the alert asks for, of an order on that side.

    Raises AlertMalformed, OrderDenied for two.
    """
    if alert.take_profit is not None and alert.stop_loss is not None:
        raise only_one("take_profit")
    close: Close | None = None
    for name, (at_market, with_limit) in _KINDS.items():
        trigger, limit = getattr(alert, name), getattr(alert, f"{name}_limit")
        if trigger is None and limit is not None:
            raise AlertMalformed(
                f"{name}_limit is the limit behind {name}, which is missing.", field=f"{name}_limit"
            )
        if trigger is not None:
            close = Close(name, at_market if limit is None else with_limit, trigger, limit)
    if close is None:
        return None
    if alert.reduce_only or alert.order_type is OrderType.SETTLE_POSITION:
        raise AlertMalformed(
            f"{close.field} closes what an entry opens, and this order only reduces: send one "
            "of the two.",
            field=close.field,
        )
    return _on_its_side(close, alert, side)


def _on_its_side(close: Close, alert: Alert, side: Side) -> Close:
    """Every # with its sign, and a trigger that would not fire at once."""
    above = goes_up("#", side.opposite, close.order_type)
    trigger = _signed(close.trigger, above=above)
    limit = None if close.limit is None else _signed(close.limit, above=above)
    for name, price in ((close.field, trigger), (f"{close.field}_limit", limit)):
        if (
            isinstance(price, Relative)
            and price.percent
            and price.sign == "-"
            and price.amount >= 100
        ):
            raise AlertMalformed(
                f"{name} is {price.amount:f} % below the market: nothing would be left.", field=name
            )
    entry = _entry_price(alert)
    if entry is not None:
        for name, price in ((close.field, trigger), (f"{close.field}_limit", limit)):
            _check_reach(name, price, entry)
    if isinstance(trigger, Relative):
        wrong, than = (trigger.sign == "+") != above, "the market: mind the sign"
    else:
        wrong = entry is not None and (trigger <= entry if above else trigger >= entry)
        than = f"the entry's {entry:f}" if entry is not None else ""
    if wrong:
        place = "above" if above else "below"
        raise AlertMalformed(
            f"{close.field} of a {side} must lie {place} {than}.", field=close.field
        )
    return close._replace(trigger=trigger, limit=limit)


def _check_reach(name: str, price: Price | None, entry: Decimal) -> None:
    """Points or percent written as a price: nobody means such an exit, and
    it would protect nothing."""
    if _is_out_of_reach(name, price, entry):
        raise AlertMalformed(f"{_too_far(name, 'entry', entry)}: {_WRITE}", field=name)


def needs_market(wanted: OrderIntent) -> bool:
    """Whether its exit can be held against nothing but the market's price."""
    return any(True for _ in _held_against_market(wanted))


def _held_against_market(wanted: OrderIntent) -> Iterator[tuple[str, Price]]:
    """Field and price of an exit that no price of the alert's own was there for. A percentage says
    what it means."""
    own = (wanted.limit, wanted.trigger, wanted.reference_price)
    if wanted.close is None or any(isinstance(price, Decimal) for price in own):
        return
    field, _, trigger, limit = wanted.close
    for name, price in ((field, trigger), (f"{field}_limit", limit)):
        if price is not None and not (isinstance(price, Relative) and price.percent):
            yield name, price


def reach_checks(wanted: OrderIntent, market: Decimal | None) -> Iterator[Check]:
    """The same against the market's price, for an order that named none of its own to
    hold its exit against."""
    for name, price in _held_against_market(wanted):
        if market is None:
            yield Check(
                "EXIT_REACH", None, "EXIT_REACH: not checked: the market's price is not known"
            )
        elif _is_out_of_reach(name, price, market):
            text = f"EXIT_REACH: {_too_far(name, 'market', market)}: {_WRITE}"
            yield Check("EXIT_REACH", False, text, {name: as_text(price), "market": plain(market)})
        else:
            yield Check("EXIT_REACH", True, "", {"market": plain(market)})
    yield from _side_checks(wanted, market)


def _side_checks(wanted: OrderIntent, market: Decimal | None) -> Iterator[Check]:
    """A trigger on the wrong side of where the entry fills at this price would fire at once."""
    close = wanted.close
    if close is None or (close.field, close.trigger) not in _held_against_market(wanted):
        return
    at, trigger = _fills_at(wanted, market), close.trigger
    if isinstance(trigger, Relative) or (wanted.trail is not None and close.field == "take_profit"):
        return  # its sign says the side; a trail may follow the market to beyond any profit
    if at is None or market is None:
        yield Check("EXIT_SIDE", None, "EXIT_SIDE: not checked: the market's price is not known")
        return
    above = goes_up("#", wanted.side.opposite, close.order_type)
    numbers = {close.field: plain(trigger), "entry": plain(at), "market": plain(market)}
    if trigger > at if above else trigger < at:
        yield Check("EXIT_SIDE", True, "", numbers)
        return
    entry = "" if at == market else f" (the entry comes to {plain(at)})"
    text = (
        f"EXIT_SIDE: {close.field} {plain(trigger)} of a {wanted.side} must lie "
        f"{'above' if above else 'below'} the market's {plain(market)}{entry}: it would fire at "
        "once"
    )
    yield Check("EXIT_SIDE", False, text, numbers)


def _fills_at(wanted: OrderIntent, market: Decimal | None) -> Decimal | None:
    """Where an entry without a price of its own fills, counted from the market's: at its limit or
    trigger if those are offsets. For a trail the worst that it can come to now."""
    for price in (wanted.limit, wanted.trigger, wanted.trail):
        if isinstance(price, Relative):
            up = goes_up(price.sign, wanted.side, wanted.order_type)
            if price is wanted.trail:
                up = wanted.side is Side.BUY
            return estimate(price._replace(sign="+" if up else "-"), market)
    return market


def _is_out_of_reach(name: str, price: Price | None, entry: Decimal) -> bool:
    """Whether an exit is so far from the entry that it must mean something else.

    A percentage says what it means.
    """
    if price is None or (isinstance(price, Relative) and price.percent):
        return False
    at = (
        price
        if isinstance(price, Decimal)
        else entry + (-price.amount if price.sign == "-" else price.amount)
    )
    if name.startswith("stop_loss"):
        return abs(at - entry) > entry / 2
    return not entry / 10 <= at <= entry * 10


def _too_far(name: str, whose: str, price: Decimal) -> str:
    place = f"the {whose}'s {plain(price)}"
    if name.startswith("stop_loss"):
        return f"{name} lies further from {place} than half its price"
    return f"{name} lies beyond ten times {place}, or below a tenth of it"


def _signed(price: Price, *, above: bool) -> Price:
    if isinstance(price, Relative) and price.sign == "#":
        return price._replace(sign="+" if above else "-")
    return price


def _entry_price(alert: Alert) -> Decimal | None:
    """Where the entry is meant to trade, as far as the alert says it: its limit, else its trigger,
    else the reference."""
    kind = alert.order_type
    candidates = [alert.price if kind.takes_limit else None, alert.stop_price, alert.price]
    return next((price for price in candidates if isinstance(price, Decimal)), None)
