"""A verified body -> the typed alert: which kind it is, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook_core.intake import field_values as values
from webhook_core.intake import order_alert, shared_fields
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import (
    Order,
    Sorted,
    is_missing,
    is_plain,
    present,
    sort_fields,
)
from webhook_core.intake.freshness import firing_time
from webhook_core.trading.alert import Alert
from webhook_core.trading.orders import Action


def parse(verified: VerifiedBody) -> Alert:
    """The alert in a verified body.

    Raises AlertMalformed with the canonical name of the field at fault, and OrderDenied for a
    second exit of one entry.
    """
    fields = _sorted(verified.fields)
    order = fields.order
    strategy_name = shared_fields.strategy_name(order.get("strategy_name", ()))
    about = {
        "strategy_name": strategy_name,
        "id": values.agreed(order.get("id", ()), values.name_text(shared_fields.MAX_NAME)),
        "fired_at": firing_time(order),
        "validate_only": values.agreed(order.get("validate", ()), values.flag) or False,
        "warnings": shared_fields.strategy_warning(verified, strategy_name),
    }
    if present(order, "orders"):
        from webhook_core.intake import leg_fields

        return _alert(fields, leg_fields.read(fields, _leg), about)
    return _read(fields, _action(order), about)


def _sorted(body: Mapping[str, Any]) -> Sorted:
    """Raises AlertMalformed for a field that is not ours and speaks of an order; most
    alerts have none to look at."""
    fields = sort_fields(body)
    if not fields.unknown and "orders" not in fields.order and all(map(is_plain, fields.context)):
        return fields
    from webhook_core.intake import nets

    return nets.passed(fields)


def _leg(body: Mapping[str, Any], default_symbol: str | None) -> Alert:
    from webhook_core.intake import leg_fields

    fields = _sorted(body)
    action = _action(fields.order, implied=False)
    leg_fields.check(body, fields.order, action)
    return _read(fields, action, {}, default_symbol)


def _action(order: Order, *, implied: bool = True) -> Action:
    """What ``action`` says.

    Without it and without a side a market position is a target; where either came empty it is not,
    for a placeholder without a value must never turn an order into something else.
    """
    said = [sent for sent in order.get("action", ()) if not is_missing(sent.value)]
    if not said and implied and "action" not in order and "side" not in order:
        positions = order.get("market_position", ())
        return "order" if all(is_missing(sent.value) for sent in positions) else "target"
    if all(isinstance(sent.value, str) and sent.value.lower() in ("buy", "sell") for sent in said):
        return "order"
    from webhook_core.intake import actions

    return actions.action_of(said)


def _read(
    fields: Sorted, action: Action, about: Mapping[str, Any], default_symbol: str | None = None
) -> Alert:
    if action == "order":
        alert = _alert(fields, order_alert.read(fields, default_symbol), about)
        order_alert.check(alert, fields)
    else:
        alert = _alert(fields, read(action, fields, default_symbol), about)
    if alert.quantity_type is not None:
        from webhook_core.intake import quantities

        quantities.check(alert)
    return alert


def _alert(fields: Sorted, wanted: Mapping[str, Any], about: Mapping[str, Any]) -> Alert:
    texts = shared_fields.texts(fields)
    warnings = (*texts["warnings"], *wanted.get("warnings", ()), *about.get("warnings", ()))
    return Alert(**{**texts, **wanted, **about, "warnings": warnings})


def read(action: Action, fields: Sorted, default_symbol: str | None) -> dict[str, Any]:
    """The alert's fields, as ``Alert`` names them, ``warnings`` among them.

    Raises AlertMalformed.
    """
    from webhook_core.intake.actions import refuse_others  # a plain order needs none of it

    refuse_others(action, fields.order)
    if action in ("pause", "resume"):
        from webhook_core.intake import scopes

        return scopes.read_switch(action, fields)
    symbol = shared_fields.symbol(fields.order)
    if action in ("cancel", "amend"):
        from webhook_core.intake import open_order_alerts

        return open_order_alerts.read(action, fields, symbol, default_symbol)
    from webhook_core.intake import position_alerts

    return position_alerts.read(action, fields, symbol or default_symbol)
