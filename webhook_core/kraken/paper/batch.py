"""AddOrderBatch: docs.kraken.com/api/docs/rest-api/add-order-batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper.add_order import checked, described, trade
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.wire import Refused, flat, invalid

FEWEST, MOST = 2, 15
_SHARED = ("pair", "asset_class", "deadline", "validate")


def add_order_batch(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """Orders of one pair, answered in their order.

    A bad argument refuses the batch; want of funds only its order.
    """
    shared = {field: params[field] for field in _SHARED if field in params}
    good = [checked(desk, fields | shared) for fields in _orders(params)]
    answers: list[dict[str, Any]] = []
    for pair, order in good:
        said = described(order, pair)
        answer: dict[str, Any] = {"descr": {"order": said["order"]}}
        if "validate" not in params:
            try:
                trade(desk, pair, order)
                answer["txid"] = order.txid
            except Refused as refusal:
                answer["error"] = refusal.error
        if "close" in said:
            answer["close"] = said["close"]
        answers.append(answer)
    return {"orders": answers}


def _orders(params: Mapping[str, str]) -> list[dict[str, str]]:
    try:
        rows = json.loads(params.get("orders", ""), parse_float=Decimal)
        orders = [dict(flat(row)) for row in rows] if isinstance(rows, list) else []
    except (ValueError, RecursionError):
        raise invalid("orders") from None
    if not FEWEST <= len(orders) <= MOST:
        raise invalid("orders")
    return orders
