"""The legs of an alert: each an order, a close or a cancel of its own, read as strictly
as an alert alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.intake.field_names import (
    POSITIONS,
    Order,
    Sent,
    Sorted,
    fault_on,
    is_off,
    normalise,
    present,
)
from webhook_core.intake.field_values import agreed, flag, shown
from webhook_core.intake.shared_fields import positions_around, symbol
from webhook_core.trading.orders import Action
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert

MOST = 10

ReadLeg = Callable[[Mapping[str, Any], str | None], "Alert"]

ACTIONS = ("order", "close", "cancel")
_OF_THE_ALERT = frozenset({"id", "fired_at", "validate", "strategy_name", "confirm_fill"})
_SECRETS = frozenset({"token", "secret", "passphrase"})
BESIDE_LEGS = _OF_THE_ALERT.union(
    POSITIONS, ("symbol", "orders", "alert_message", "custom_fields", "bar_time", "order_id")
)


def read(fields: Sorted, read_leg: ReadLeg) -> dict[str, Any]:
    """``orders``, ``symbol``, ``confirm_fill``, and what the legs warn of. Raises what a
    leg does, named after it."""
    order = fields.order
    for name in order:
        for sent in present(order, name) if name not in BESIDE_LEGS else ():
            raise sent.fault(
                "belongs into the legs: beside orders only symbol may stand, for all of them"
            )
    common = symbol(order)
    legs = [
        _leg(number, leg, common, read_leg)
        for number, leg in enumerate(agreed(order["orders"], _list) or ())
    ]
    return {
        "symbol": common,
        "orders": tuple(replace(leg, warnings=()) for leg in legs),
        "confirm_fill": agreed(order.get("confirm_fill", ()), flag) or False,
        "warnings": tuple(
            f"orders[{n}]: {warning}" for n, leg in enumerate(legs) for warning in leg.warnings
        ),
        **positions_around(fields),
    }


def check(fields: Mapping[str, Any], order: Order, action: Action) -> None:
    """Raises AlertMalformed for what belongs to the alert, or an alert of
    its own, and not to a leg."""
    if action not in ACTIONS:
        raise fault_on("action", f"must be buy, sell, close or cancel in a leg, not {action}")
    for name, value in fields.items():
        if normalise(name) in _SECRETS and not is_off(value):
            raise AlertMalformed(
                f"{normalise(name)} belongs to the alert, not to a leg.", field=normalise(name)
            )
    for name in (*sorted(_OF_THE_ALERT), "orders"):
        for sent in present(order, name):
            raise sent.fault("belongs to the alert, not to a leg")
    for sent in present(order, "scope") if action == "close" else ():
        raise sent.fault("of a close belongs to an alert of its own, not to a leg")


def _list(sent: Sent) -> list[Any]:
    if not isinstance(sent.value, list):
        raise sent.fault(f"must be a list of 1 to {MOST} objects, not {shown(sent.value)}")
    if not 1 <= len(sent.value) <= MOST:
        raise sent.fault(f"must hold 1 to {MOST} legs, not {len(sent.value)}")
    return sent.value


def _leg(number: int, leg: object, common: str | None, read_leg: ReadLeg) -> Alert:
    name = f"orders[{number}]"
    if not isinstance(leg, dict):
        raise AlertMalformed(f"{name} must be a JSON object, not {shown(leg)}.", field=name)
    try:
        return read_leg(leg, common)
    except (AlertMalformed, OrderDenied) as error:
        fault = error
    raise type(fault)(
        f"{name}: {fault.message}", field=f"{name}.{fault.field}" if fault.field else name
    )
