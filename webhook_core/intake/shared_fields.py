"""What every kind of alert shares: the symbol, the positions around it, checks of the bar's values,
free text that decides nothing, and what the sender should know about the fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import (
    POSITIONS,
    Order,
    Sent,
    Sorted,
    fault_on,
    is_missing,
    is_off,
    normalise,
    shown_name,
    shown_names,
    word_set,
)

MAX_SYMBOL = 64


_IN_CONTEXT = word_set("position pos positionsize prevposition prevpositionsize")


def symbol(order: Order) -> str | None:
    return values.agreed(order.get("symbol", ()), values.name_text(MAX_SYMBOL))


def no_symbol() -> AlertMalformed:
    return fault_on("symbol", 'is missing: send "symbol": "{{ticker}}" or a pair such as BTC/USD')


def positions_around(fields: Sorted) -> dict[str, Any]:
    """The strategy's positions where they are mere context: what can't be read is left out."""
    if not says_position(fields):
        return {}
    from webhook_core.intake import market_position

    return market_position.read_leniently(fields)


def says_position(fields: Sorted) -> bool:
    """Whether the alert says anything of a position, by our names or another's."""
    return any(name in fields.order for name in POSITIONS) or any(
        sent.canonical in _IN_CONTEXT for sent in fields.context
    )


def check_bar_volume(fields: Sorted) -> None:
    """Beside a price of the bar ``volume`` is as likely the bar's volume, thousands of
    times the order's size."""
    said = [sent for sent in fields.order.get("volume", ()) if not is_missing(sent.value)]
    if not said or any(normalise(sent.name) != "volume" for sent in said):
        return
    for sent in (*fields.context, *fields.unknown):
        if _is_of_a_bar(sent.canonical) and not is_off(sent.value):
            raise fault_on(
                "volume",
                f"stands beside {shown_name(sent.name)} and could be the bar's: say "
                "quantity for the order's size, and bar_volume for the bar's volume",
            )


def _is_of_a_bar(key: str) -> bool:
    """open, closeprice, ohlc4, bar, candle, prevclose; not bar_time or bar_volume, which
    say whose they are."""
    if key in ("bar", "candle", "kline", "hl2", "hlc3"):
        return True
    bare = key.removeprefix("bar").removesuffix("price")
    return key.startswith("ohlc") or bare in ("open", "high", "low", "close")


def no_limit(order: Order, what: str) -> None:
    """As "price" it is a reference; under this name the sender means a limit, and
    ``what`` would ignore it."""
    for sent in order.get("price", ()):
        if normalise(sent.name) == "limitprice" and not is_missing(sent.value):
            raise sent.fault(
                f"means a limit, and a {what} has none: set order_type, or send a mere reference "
                "as price"
            )


MAX_NAME = 128
MAX_MESSAGE = 4096
_MERE_TEXT = ("alert_message", "bar_time", "order_id", *POSITIONS)
"""Fields of ours that are context in most alerts; where one decides something, a placeholder left
in it is an error."""


def texts(fields: Sorted) -> dict[str, Any]:
    """The alert's ``alert_message``, ``custom_fields``, ``bar_time`` and ``warnings``."""
    order = fields.order
    return {
        "alert_message": _free_text(order.get("alert_message", ()), MAX_MESSAGE),
        "custom_fields": values.agreed(order.get("custom_fields", ()), values.json_object) or {},
        "bar_time": _free_text(order.get("bar_time", ()), MAX_NAME),
        "warnings": tuple(_warnings(fields)),
    }


def strategy_name(candidates: Sequence[Sent]) -> str | None:
    for sent in candidates:
        if isinstance(sent.value, dict | list):
            raise sent.fault(
                "must be a text: alerts with nested objects are not supported. Send flat fields, "
                "such as "
                '"side": "{{strategy.order.action}}" and "volume": "{{strategy.order.contracts}}"'
            )
    return values.agreed(candidates, values.name_text(MAX_NAME))


def strategy_warning(verified: VerifiedBody, named: str | None) -> tuple[str, ...]:
    if verified.strategy is None or named in (None, verified.strategy):
        return ()
    return (
        "strategy_name is ignored: the alert's credential belongs to the strategy "
        f"{verified.strategy!r}.",
    )


def _free_text(candidates: Sequence[Sent], limit: int) -> str | None:
    """The first that is present: text that decides nothing, so that only its size matters."""
    for sent in candidates:
        if is_missing(sent.value):
            continue
        if isinstance(sent.value, bool | dict | list):
            raise sent.fault(f"must be a text, not {values.shown(sent.value)}")
        text = str(sent.value)
        if len(text) > limit:
            raise sent.fault(f"has {len(text)} characters; at most {limit} are allowed")
        return text
    return None


def _warnings(fields: Sorted) -> list[str]:
    warnings = []
    if fields.unknown:
        warnings.append(
            "Ignored, because no such field is known: "
            f"{shown_names(sent.name for sent in fields.unknown)}."
        )
    mere_text = [
        *fields.context,
        *(sent for name in _MERE_TEXT for sent in fields.order.get(name, ())),
    ]
    if left := [sent.name for sent in mere_text if values.unexpanded(sent.value)]:
        warnings.append(f"TradingView did not expand the placeholder in: {shown_names(left)}.")
    for sent in fields.context:
        elsewhere = (
            sent.canonical == "exchange"
            and not is_missing(sent.value)
            and not values.unexpanded(sent.value)
        )
        if elsewhere and str(sent.value).upper() != "KRAKEN":
            warnings.append(
                f"exchange is {values.shown(sent.value)}: prices and volume are another market's, "
                "the order goes to Kraken."
            )
    return warnings
