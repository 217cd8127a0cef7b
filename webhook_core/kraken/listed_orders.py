"""Orders as Kraken lists them -> VenueOrder, RestingOrder, Fill.

One that can't be read fails the whole read: it may be the one that matters.

Shape: docs.kraken.com/api/docs/rest-api/get-open-orders, get-closed-orders, get-orders-info.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.client import decimal
from webhook_core.kraken.replies import in_usual_form
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.requests import Fill, VenueOrder

Order = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = 10**11


def listed(result: Mapping[str, Any], which: str) -> Mapping[str, Order]:
    """The orders of a list, each in a form that shows whose it is. Raises VenueUnavailable."""
    orders = result.get(which)
    if isinstance(orders, dict) and all(
        isinstance(order, dict) and isinstance(order.get("cl_ord_id"), str | None)
        for order in orders.values()
    ):
        return orders
    raise VenueUnavailable(f"Kraken's list of {which} orders is not in its usual form.")


def count(result: Mapping[str, Any]) -> int:
    """How long a list says it is. Raises VenueUnavailable."""
    said = result.get("count")
    if isinstance(said, str) and said.isdecimal() and len(said) < 10:
        said = int(said)
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise VenueUnavailable("Kraken's list of closed orders does not say how long it is.")
    return said


def matching(orders: Mapping[str, Order], client_order_id: str) -> VenueOrder | None:
    """Kraken ignores a filter that it does not know: only the id in the order itself counts. Of
    several with one id, which an id that was forgotten here can bring about, the one that was
    opened last."""
    wanted = plain_client_order_id(client_order_id)
    found: VenueOrder | None = None
    for order_id, order in orders.items():
        own = order.get("cl_ord_id")
        if own is None or plain_client_order_id(own) != wanted:
            continue
        one = _venue_order(order_id, own, order)
        if found is None or (one.opened_at or _EPOCH) > (found.opened_at or _EPOCH):
            found = one
    return found


def _venue_order(order_id: str, client_order_id: str, order: Order) -> VenueOrder:
    descr = order.get("descr")
    description = descr.get("order", "") if isinstance(descr, dict) else ""
    facts = {
        name: order[name]
        for name in ("vol", "vol_exec", "cost", "fee", "price", "reason")
        if order.get(name)
    }
    opened_at = None
    with suppress(ValueError, LookupError, TypeError):  # the order counts all the same
        opened_at = moment(order["opentm"])
    status = str(order.get("status", ""))
    return VenueOrder(
        order_id, client_order_id, status, {"description": description, **facts}, opened_at
    )


def resting(order_id: str, order: Order) -> RestingOrder:
    """Raises VenueUnavailable."""
    with in_usual_form(f"order {order_id}"):
        descr = order["descr"]
        order_type = _text(descr["ordertype"])
        limit, trigger = _prices(order_type, descr)
        return RestingOrder(
            order_id=order_id,
            pair=_text(descr["pair"]),
            side=Side(descr["type"]),
            order_type=order_type,
            volume=decimal(order["vol"]),
            executed=decimal(order["vol_exec"]),
            opened_at=moment(order["opentm"]),
            status=_text(order["status"]),
            client_order_id=_optional(order.get("cl_ord_id")),
            parent=_optional(order.get("refid")),
            limit=limit,
            trigger=trigger,
            margin=_margin(order, descr),
            closes=_optional(descr.get("close")) is not None,
            closed_at=_moment_or_none(order, "closetm"),
            fires_at=_fires_at(order, order_type, trigger),
            offsets=(_offset(descr.get("price")), _offset(descr.get("price2"))),
            by_index=order.get("trigger", "last") == "index",
            earned=_earned(order, Side(descr["type"])),
            starts=_moment_or_none(order, "starttm"),
        )


def _earned(order: Order, side: Side) -> Decimal | None:
    if "fcib" in str(order.get("oflags")) or not {"cost", "fee"} <= order.keys():
        return None
    cost, fee = decimal(order["cost"]), decimal(order["fee"])
    return (cost if side is Side.SELL else -cost) - fee


def fill(order_id: str, order: Order) -> Fill:
    """Raises VenueUnavailable."""
    with in_usual_form(f"order {order_id}"):
        volume, price = decimal(order["vol_exec"]), decimal(order["price"])
        average = price if volume and price else None
        cost, fee = decimal(order["cost"]), decimal(order["fee"])
        opened_at = _moment_or_none(order, "opentm")
        trades = len(order["trades"]) if isinstance(order.get("trades"), list) else None
        status, closed_at = _text(order["status"]), _moment_or_none(order, "closetm")
        return Fill(status, volume, average, cost, fee, closed_at, opened_at, trades)


def trades_of(order_id: str, order: Order | None) -> list[str]:
    """The ids of its trades, oldest first. Raises VenueUnavailable."""
    with in_usual_form(f"order {order_id}"):
        return [] if order is None else [_text(name) for name in order.get("trades") or ()]


@in_usual_form("QueryTrades")
def traded_at(trades: Mapping[str, Any]) -> datetime | None:
    """When the newest of them was made. Raises VenueUnavailable."""
    return max((moment(trade["time"]) for trade in trades.values()), default=None)


def _prices(order_type: str, descr: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """The limit and the trigger, which Kraken names by place: ``price`` is the
    trigger of whatever has one."""
    if order_type in ("limit", "iceberg"):
        return _price(descr["price"]), None
    if not order_type.startswith(("stop-loss", "take-profit", "trailing-stop")):
        return None, None
    return (_price(descr["price2"]) if order_type.endswith("-limit") else None), _price(
        descr["price"]
    )


def _fires_at(order: Order, order_type: str, trigger: Decimal | None) -> Decimal | None:
    """By the last price, unless it goes by the index. A trail's is ``stopprice``."""
    if order.get("trigger", "last") != "last":
        return None
    if not order_type.startswith("trailing-stop"):
        return trigger
    return decimal(order.get("stopprice", 0)) or None


def _price(value: Any) -> Decimal | None:
    """None for an offset, as "+1.0000%" is, and for 0, which stands where an order
    has no such price."""
    relative = _offset(value) or str(value).endswith("%")
    return None if relative else decimal(value) or None


def _offset(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith(("+", "-", "#")) else ""


def moment(value: Any) -> datetime:
    seconds = decimal(value)
    if not 0 <= seconds < _LATEST_S:
        raise ValueError("not a time")
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _moment_or_none(order: Order, name: str) -> datetime | None:
    """None for 0 too, which stands where an order has no such moment."""
    return moment(order[name]) if order.get(name) else None


def _margin(order: Order, descr: Mapping[str, Any]) -> bool:
    margin = order.get("margin", descr.get("leverage", "none") != "none")
    if not isinstance(margin, bool):
        raise TypeError("not a flag")
    return margin


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value


def _optional(value: Any) -> str | None:
    """None for null, for an empty text, and for the "None" of Kraken's own examples."""
    if value is None or value in ("", "None"):
        return None
    return _text(value)
