"""What ``volume`` counts: base, quote, or percent of the balance, the equity, the
position, or of what may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from webhook_core.intake import field_values as values
from webhook_core.intake.field_names import Order, Sent, fault_on, normalise, present
from webhook_core.trading.orders import QuantityType, Side

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert


_OTHER_NAMES: dict[str, QuantityType] = {
    "contracts": "base",
    "units": "base",
    "cash": "quote",
    "percentofbalance": "percent_balance",
    "percentofequity": "percent_equity",
    "percentofposition": "percent_position",
    "risk": "risk_percent",
}
QUANTITY_NAMES: Mapping[str, QuantityType] = {
    **{normalise(known): known for known in get_args(QuantityType)},
    **_OTHER_NAMES,
}


def quantity_type(sent: Sent) -> QuantityType:
    """Case, ``_``, ``-`` and spaces don't matter."""
    text = values.order_text(sent)
    if found := QUANTITY_NAMES.get(normalise(text)):
        return found
    hint = ": percent of what" if normalise(text) in ("percent", "percentage", "pct", "%") else ""
    raise sent.fault(
        f"must be one of {', '.join(get_args(QuantityType))}, not {values.shown(text)}{hint}"
    )


def percentage(sent: Sent) -> Decimal:
    """50, "50" or "50%"; above zero."""
    if isinstance(sent.value, str) and sent.value.endswith("%"):
        return values.number(Sent(sent.canonical, sent.name, sent.value[:-1]))
    return values.number(sent)


def part(sent: Sent) -> Decimal:
    """A percentage of something that has no more: at most 100."""
    percent = percentage(sent)
    if percent > 100:
        raise sent.fault(f"must be at most 100, not {values.shown(sent.value)}")
    return percent


def kind_of(order: Order) -> QuantityType | None:
    """The quantity type that the alert says.

    Raises AlertMalformed if there is no volume for it to speak of.
    """
    return values.agreed(present(order, "quantity_type"), quantity_type)


def read(order: Order) -> dict[str, Any]:
    """``volume`` and ``quantity_type``, either of them None. A type without a volume would change a
    configured size's meaning."""
    kind = kind_of(order)
    in_percent = kind not in (None, "base", "quote")
    volume = values.agreed(order.get("volume", ()), percentage if in_percent else values.number)
    if kind is not None and volume is None:
        raise fault_on(
            "volume",
            f"is missing: quantity_type {kind} says what it counts. Send both, or "
            "neither for a configured size",
        )
    return {"volume": volume, "quantity_type": kind}


def check(alert: Alert) -> None:
    """No more than there is.

    Raises AlertMalformed on volume, or on the stop_loss that a risk is measured by.
    """
    kind, volume = alert.quantity_type, alert.volume
    if kind == "risk_percent" and alert.stop_loss is None:
        raise fault_on(
            "stop_loss",
            "is missing: with quantity_type risk_percent the distance to it decides the size",
        )
    bounded = (
        kind in ("percent_balance", "risk_percent")
        or (kind == "percent_position" and alert.side is Side.SELL)
        or (kind == "percent_equity" and alert.leverage is None)
    )
    if bounded and volume is not None and volume > 100:
        hint = ", or leverage sent" if kind == "percent_equity" else ""
        raise fault_on("volume", f"must be at most 100 with quantity_type {kind}{hint}")
