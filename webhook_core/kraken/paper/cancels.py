"""The ways to cancel.

Requests and answers: docs.kraken.com/api/docs/rest-api (cancel-order, cancel-all-orders).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webhook_core.kraken.paper.arguments import same_id
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.wire import Refused, invalid


def cancel_order(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """By txid, by userref (all of them) or by cl_ord_id."""
    return _cancel(desk, named(desk, params.get("txid", ""), params.get("cl_ord_id")))


def named(desk: Desk, wanted: str, client_order_id: str | None) -> list[Order]:
    """The open orders of a txid, a userref or a cl_ord_id, one at least. Raises Refused."""
    if not wanted and client_order_id is None:
        raise invalid("txid")
    resting = list(desk.book.open.values())
    if not wanted:
        found = [order for order in resting if same_id(order.cl_ord_id, client_order_id)]
    elif re.fullmatch(r"-?[0-9]+", wanted, re.ASCII):
        found = [order for order in resting if str(order.userref) == wanted]
    elif desk.book.gave(wanted):
        found = [order for order in resting if order.txid == wanted]
    else:
        raise Refused("EOrder:Invalid order")
    if not found:
        raise Refused("EOrder:Unknown order")
    return found


def cancel_all(desk: Desk, _: Mapping[str, str]) -> dict[str, Any]:
    return _cancel(desk, list(desk.book.open.values()))


def _cancel(desk: Desk, orders: list[Order]) -> dict[str, Any]:
    for order in orders:
        desk.finish(order, "canceled", "User requested")
    return {"count": len(orders)}
