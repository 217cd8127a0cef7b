"""The ways to cancel.

Requests and answers: docs.kraken.com/api/docs/rest-api (cancel-order, cancel-order-batch, ...).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from webhook_core.kraken.paper.arguments import same_id
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.wire import Refused, invalid

BATCH = 50
LONGEST_TIMEOUT_S = 86400


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


def cancel_order_batch(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """Up to fifty at once.

    What is gone already doesn't count; an id that never was refuses the batch.
    """
    wanted = [(text, None) for text in _listed(params, "orders")]
    wanted += [("", text) for text in _listed(params, "cl_ord_ids")]
    if not 0 < len(wanted) <= BATCH:
        raise invalid("orders")
    count = 0
    for text, client_order_id in wanted:
        try:
            count += _cancel(desk, named(desk, text, client_order_id))["count"]
        except Refused as refusal:
            if refusal.error != "EOrder:Unknown order":
                raise
    return {"count": count}


def _listed(params: Mapping[str, str], field: str) -> list[Any]:
    """A JSON list of ids and userrefs, as texts; form bodies have it as ``orders[0]``,
    which Kraken doesn't document."""
    try:
        rows = json.loads(params.get(field, "[]"))
    except (ValueError, RecursionError):
        raise invalid(field) from None
    if not isinstance(rows, list) or not all(
        isinstance(row, (str, int)) and row != "" for row in rows
    ):
        raise invalid(field)
    return [str(row) for row in rows]


def cancel_all(desk: Desk, _: Mapping[str, str]) -> dict[str, Any]:
    return _cancel(desk, list(desk.book.open.values()))


def _cancel(desk: Desk, orders: list[Order]) -> dict[str, Any]:
    for order in orders:
        desk.finish(order, "canceled", "User requested")
    return {"count": len(orders)}


def cancel_all_orders_after(desk: Desk, params: Mapping[str, str]) -> dict[str, str]:
    """Set the account's timer anew; 0 turns it off."""
    text = params.get("timeout", "")
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or int(text) >= LONGEST_TIMEOUT_S:
        raise invalid("timeout")
    desk.book.cancel_at = desk.now + int(text) if int(text) else 0
    return {
        "currentTime": _written(desk.now),
        "triggerTime": _written(desk.book.cancel_at) if desk.book.cancel_at else "0",
    }


def _written(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
