"""A size of the strategy's own that binds: an alert that names one of its own is
refused, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook_core.errors import OrderDenied

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert


def check(alert: Alert) -> None:
    """Raises OrderDenied naming the field.

    What makes a position smaller by what is held of it has no size: a close, a part of one in
    percent, a target that is flat, a reversal of the same size, a cancel.
    """
    field = _own_size(alert)
    if field is not None:
        raise OrderDenied(
            f"SIZE_FIXED: {field} is the alert's own size, and this strategy has a fixed one in "
            "strategies.toml: leave it out, or take fixed = true away there.",
            field=field,
        )


def _own_size(alert: Alert) -> str | None:
    """The field that has it. An amendment's new volume is one as well."""
    if alert.action == "target":
        if alert.market_position == "flat":
            return None
        return "volume" if alert.quantity_type == "percent_equity" else "market_position_size"
    if alert.volume is None or alert.action in ("close", "cancel"):
        return None
    return "volume"
