"""What every kind of alert shares: the symbol, the positions around it,
checks of the bar's values."""

from __future__ import annotations

from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake.field_names import (
    POSITIONS,
    Order,
    Sorted,
    fault_on,
    is_missing,
    is_off,
    normalise,
    shown_name,
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
