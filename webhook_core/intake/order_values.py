"""The order's side, type, prices, offsets, times and flags, each from its field or an error that
names it.

A bare number is a price; an offset from the last traded price begins with + or -, or with # where
Kraken is to pick the sign by side and order type; % makes it a percentage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from webhook_core.intake import field_values as values
from webhook_core.intake.field_names import MAX_ECHO, Sent, is_missing, present
from webhook_core.intake.field_values import order_text, shown
from webhook_core.trading.conditional_close import only_one
from webhook_core.trading.orders import (
    FeeCurrency,
    OrderType,
    Relative,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerBy,
)
from webhook_core.trading.prices import FIELDS

_RELATIVE = r"(?a)([+#-]?)(\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)(%?)"
_SECONDS = r"(?a)\+(\d{1,8})"
_FEES = {"fcib": "base", "fciq": "quote"}
_LIFE_HINTS = {
    "PO": "; send post_only",
    "POST": "; send post_only",
    "DAY": "; send GTD and expires",
}


def price(sent: Sent) -> Decimal | Relative:
    """A number above zero, or an offset with its sign."""
    if not _is_offset(sent.value):
        return values.number(sent)
    offset = _relative(sent)
    if not offset.sign:
        raise sent.fault(
            f"needs a sign before its percentage: +{_shown(offset)}, -{_shown(offset)} or "
            f"#{_shown(offset)}"
        )
    return offset


def closing_price(sent: Sent) -> Decimal | Relative:
    """The same, and a percentage may go without sign: take profit and stop loss know their side."""
    if isinstance(sent.value, list):
        raise only_one(sent.canonical)
    if not _is_offset(sent.value):
        return values.number(sent)
    offset = _relative(sent)
    return offset if offset.sign else offset._replace(sign="#")


def distance(sent: Sent) -> Relative:
    """How far a stop trails behind the market: 150, "+150", "2%". Kraken knows the side."""
    offset = _relative(sent) if isinstance(sent.value, str) else Relative("", values.number(sent))
    if offset.sign not in ("", "+"):
        raise sent.fault(
            "is a distance, which has no direction: send it without a sign, such as 2% or 150"
        )
    return offset._replace(sign="+")


def offset_from_trigger(sent: Sent) -> Relative:
    """The limit behind a trailing trigger: "-50", "+0.5%", "+0" for the trigger itself."""
    offset = _relative(sent, zero=True) if isinstance(sent.value, str) else Relative("", Decimal(0))
    if offset.sign not in ("+", "-"):
        raise sent.fault(
            'counts from the trigger and needs a sign, as a text: "-50", "+0.5%" or "+0"'
        )
    return offset


def when(sent: Sent) -> datetime | timedelta | None:
    """A time, or "+3600" for seconds from when Kraken takes the order. Kraken's 0 is none."""
    text = values.order_text(sent)
    if text == "0":
        return None
    if match := re.fullmatch(_SECONDS, text):
        return timedelta(seconds=int(match[1]))
    if text.startswith("+"):
        raise sent.fault("must be + and whole seconds, such as +3600, or a time")
    return values.moment(sent)


def one_of(
    kind: Any, hints: Mapping[str, str] | None = None, names: Mapping[str, str] | None = None
) -> Callable[[Sent], Any]:
    """One of a Literal's texts, in any case, or of their other ``names``."""
    allowed = {str(text).lower(): text for text in get_args(kind)}

    def read(sent: Sent) -> Any:
        text = values.order_text(sent)
        key = text.lower().replace("_", "-")
        key = (names or {}).get(key, key)
        if key not in allowed:
            hint = (hints or {}).get(text.upper(), "")
            raise sent.fault(
                f"must be one of {', '.join(allowed.values())}, not {values.shown(text)}{hint}"
            )
        return allowed[key]

    return read


def trigger_by(sent: Sent) -> TriggerBy:
    """The price that triggers; as a number it is somebody's trigger price."""
    if values.grouped_number(sent.value) and not values.unexpanded(sent.value):
        raise sent.fault("is last or index; send stop_price for the trigger's price")
    found: TriggerBy = one_of(TriggerBy)(sent)
    return found


_READERS: Mapping[str, Callable[[Sent], Any]] = {
    "price": price,
    "stop_price": price,
    "trail": distance,
    "trail_limit": offset_from_trigger,
    "reduce_only": values.flag,
    "display_volume": values.number,
    "trigger_by": trigger_by,
    "time_in_force": one_of(TimeInForce, hints=_LIFE_HINTS),
    "post_only": values.flag,
    "starts": when,
    "expires": when,
    "fee_currency": one_of(FeeCurrency, names=_FEES),
    "self_trade": one_of(SelfTrade),
    "take_profit": closing_price,
    "take_profit_limit": closing_price,
    "stop_loss": closing_price,
    "stop_loss_limit": closing_price,
}


def read_terms(order: Mapping[str, Sequence[Sent]]) -> dict[str, Any]:
    """Every field of these that the alert has, read; Kraken's ``oflags`` say
    post_only and fee_currency."""
    named: dict[str, Sequence[Sent]] = {name: order[name] for name in _READERS if name in order}
    for name in FIELDS:  # a script that has no exit to send may say so with false
        if name in named:
            named[name] = present(order, name)
    for sent in order.get("oflags", ()):
        for flag in _flags(sent):
            named[flag.canonical] = [*named.get(flag.canonical, ()), flag]
    read = {name: values.agreed(candidates, _READERS[name]) for name, candidates in named.items()}
    return {name: value for name, value in read.items() if value is not None}


def _flags(sent: Sent) -> list[Sent]:
    if is_missing(sent.value):
        return []
    flags = [flag.strip() for flag in values.order_text(sent).lower().split(",")]
    if {"fcib", "fciq"} <= set(flags):
        raise sent.fault("holds fcib and fciq, which exclude each other")
    if "viqc" in flags:
        raise sent.fault(
            "holds viqc, a size in the quote currency: send volume with quantity_type quote"
        )
    if unknown := [flag for flag in flags if flag not in ("post", "fcib", "fciq")]:
        raise sent.fault(f"may hold post and one of fcib and fciq, not {values.shown(unknown[0])}")
    return [
        Sent("post_only", sent.name, True)
        if flag == "post"
        else Sent("fee_currency", sent.name, flag)
        for flag in flags
    ]


def _is_offset(value: object) -> bool:
    return isinstance(value, str) and (value[:1] in ("+", "-", "#") or value.endswith("%"))


def _relative(sent: Sent, *, zero: bool = False) -> Relative:
    text = values.order_text(sent)
    match = re.fullmatch(_RELATIVE, text) if len(text) <= 64 else None
    if match is None:
        raise sent.fault(f"must be an offset such as +5, -2% or 1.5%, not {values.shown(text)}")
    amount = Decimal(match[2])
    if zero and not amount:
        return Relative(match[1], Decimal(0), bool(match[3]))
    values.number(Sent(sent.canonical, sent.name, amount))  # its bounds are those of every number
    return Relative(match[1], amount, bool(match[3]))


def _shown(offset: Relative) -> str:
    text = f"{offset.amount:f}"
    return f"{text}%" if len(text) <= MAX_ECHO else "…%"


_SIDE_HINTS = {
    "long": "send buy, or action target with market_position long",
    "short": "send sell to sell what is held, or action target with market_position short",
    "target": "send action target, without a side",
}
_ORDER_TYPES = {order_type.replace("-", ""): order_type for order_type in OrderType}
_ORDER_TYPE_HINTS = {
    "stop": "; for a stop at the market send stop-loss",
    "stopmarket": "; send stop-loss",
    "stoplimit": "; send stop-loss-limit",
    "trailing": "; send trailing-stop",
    "trailingstoploss": "; send trailing-stop",
    "settle": "; send settle-position",
}


def side(sent: Sent) -> Side:
    """buy or sell, in either case."""
    text = order_text(sent).lower()
    if text in ("buy", "sell"):
        return Side(text)
    hint = _SIDE_HINTS.get(text) or _hint_of_action(text)
    raise sent.fault(f"must be buy or sell, not {shown(text)}{hint and f' ({hint})'}")


def _hint_of_action(text: str) -> str:
    """close_long and "cancel all" are no side but an action."""
    # An alert with a side that can be read needs neither.
    from webhook_core.intake import refused_names, words

    hint = refused_names.overrides(words.of_value(text))
    return f"{hint}; without a side" if hint else ""


def order_type(sent: Sent) -> OrderType:
    """Kraken's name of it; case, ``_``, ``-`` and spaces don't matter."""
    text = order_text(sent)
    key = text.lower().replace("_", "").replace("-", "").replace(" ", "")
    if key in _ORDER_TYPES:
        return _ORDER_TYPES[key]
    raise sent.fault(
        f"must be one of {', '.join(OrderType)}, not {shown(text)}{_ORDER_TYPE_HINTS.get(key, '')}"
    )
