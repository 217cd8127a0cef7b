"""Alerts about orders that are open: cancel them, or amend one.

Nothing that would widen what is canceled is guessed.
"""

from __future__ import annotations

import re
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake import order_values, quantities, shared_fields
from webhook_core.intake.field_names import (
    Order,
    Sent,
    Sorted,
    fault_on,
    is_missing,
    present,
    shown_names,
)
from webhook_core.intake.market_position import read_leniently
from webhook_core.intake.shared_fields import MAX_NAME
from webhook_core.trading.orders import Action, CancelScope

_ORDER_ID = r"O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}"
_CLIENT_ORDER_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[a-z0-9_-]{1,18}"


def order_id(sent: Sent) -> str:
    """Kraken's id of an order (docs.kraken.com, CancelOrder ``txid``)."""
    text = values.order_text(sent)
    if re.fullmatch(_ORDER_ID, text):
        return text
    raise sent.fault(
        f"must be Kraken's id of the order, such as OUF4EM-FRGI2-MQMWZD, not {values.shown(text)}: "
        "{{strategy.order.id}} names an order of the script. Send client_order_id or of_alert, or "
        "leave it out"
    )


def client_order_id(sent: Sent) -> str:
    """Kraken's ``cl_ord_id``: a UUID, its 32 digits alone, or up to 18 characters
    (docs.kraken.com, add-order)."""
    text = values.order_text(sent)
    if re.fullmatch(_CLIENT_ORDER_ID, text):
        return text
    raise sent.fault(
        "must be a UUID in lower case, its 32 hexadecimal digits, or at most 18 of a-z, 0-9, _ and "
        f"-, not {values.shown(text)}"
    )


_IDS = {
    "order_id": order_id,
    "client_order_id": client_order_id,
    "of_alert": values.name_text(MAX_NAME),
}


def read(
    action: Action, fields: Sorted, symbol: str | None, default_symbol: str | None
) -> dict[str, Any]:
    """The fields of a ``cancel`` or ``amend``, as ``Alert`` names them. Raises AlertMalformed."""
    order = fields.order
    ids = _ids(order)
    wanted = {"action": action, "symbol": symbol or default_symbol, **ids, **read_leniently(fields)}
    if action == "amend":
        if not ids:
            raise fault_on(
                "order_id",
                "is missing: send it, client_order_id or of_alert for the order to amend",
            )
        shared_fields.check_bar_volume(fields)
        return wanted | _changes(order)
    _refuse_empty(order)
    scope = values.agreed(present(order, "scope"), order_values.one_of(CancelScope))
    if ids:
        _check_alone(order, next(iter(ids)))
        return wanted
    if scope is None and fields.unknown:
        named = shown_names(sent.name for sent in fields.unknown)
        raise fault_on(
            "scope",
            f"is missing: {named} may be meant to say what is canceled. Send scope symbol, "
            "strategy or all, or remove what is no field of an alert",
        )
    return wanted | _scope(order, scope, symbol, default_symbol)


def _ids(order: Order) -> dict[str, str]:
    """Which order is meant: one id, or none."""
    said = [sent for name in _IDS for sent in present(order, name)]
    for sent in said:
        if sent.canonical != said[0].canonical:
            raise sent.fault(
                f"stands beside {said[0].canonical}, and each names the order: send one of them"
            )
    return {said[0].canonical: str(values.agreed(said, _IDS[said[0].canonical]))} if said else {}


def _refuse_empty(order: Order) -> None:
    """A placeholder without a value: without the field more would be canceled than was
    meant. null leaves it out."""
    for name in (*_IDS, "symbol", "side"):
        for sent in order.get(name, ()):
            if isinstance(sent.value, str) and is_missing(sent.value):
                raise sent.fault(
                    "is empty, and without it more would be canceled: send a value, or remove the "
                    "field"
                )


def _check_alone(order: Order, named_by: str) -> None:
    for sent in (*present(order, "scope"), *present(order, "side")):
        raise sent.fault(
            f"does not go with {named_by}, which says already what is canceled: send one of the two"
        )


def _scope(
    order: Order, scope: CancelScope | None, symbol: str | None, default_symbol: str | None
) -> dict[str, Any]:
    side = values.agreed(present(order, "side"), order_values.side)
    if scope == "all":
        for name, value in (("symbol", symbol), ("side", side)):
            if value is not None:
                raise AlertMalformed(
                    f"{name} narrows what is canceled, and scope all cancels every order of the "
                    "account: send one of the two, or scope strategy.",
                    field=name,
                )
        return {"scope": scope, "symbol": None}
    named = symbol or default_symbol
    if scope is None and named is None:
        raise fault_on(
            "scope",
            "is missing: send symbol for its orders, scope strategy or all, or the one "
            "order's order_id, client_order_id or of_alert",
        )
    if scope == "symbol" and named is None:
        raise fault_on("symbol", "is missing: scope symbol cancels the orders of one")
    return {"scope": scope or "symbol", "symbol": named, "side": side}


def _changes(order: Order) -> dict[str, Any]:
    if quantities.kind_of(order) not in (None, "base"):
        raise fault_on(
            "quantity_type",
            "must be base with action amend: volume is the order's whole size, "
            "in the base currency",
        )
    changes = {
        "volume": values.agreed(order.get("volume", ()), values.number),
        "price": values.agreed(order.get("price", ()), order_values.price),
        "stop_price": values.agreed(order.get("stop_price", ()), order_values.price),
        "display_volume": values.agreed(order.get("display_volume", ()), values.number),
        "post_only": values.agreed(order.get("post_only", ()), values.flag) or False,
    }
    if not any(changes.values()):
        raise fault_on(
            "volume",
            "is missing: send what is to change, at least one of volume, price, stop_price, "
            "display_volume and post_only",
        )
    return changes
