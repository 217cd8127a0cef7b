"""A cancel and an amendment in the fields of Kraken's CancelOrder and AmendOrder
(docs.kraken.com, cancel-order, amend-order), and read from them again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webhook_core.trading.rounding import plain

_AMENDED = {
    "volume": "order_qty",
    "display_volume": "display_qty",
    "limit": "limit_price",
    "trigger": "trigger_price",
}


def cancel_of(order_id: str) -> dict[str, str]:
    """A cancel of the order of that id."""
    return {"txid": order_id}


def cancel_by_client(client_order_id: str) -> dict[str, str]:
    """A cancel of the order of that client order id."""
    return {"cl_ord_id": client_order_id}


def amendment_of(
    order_id: str, changes: Mapping[str, Decimal], *, post_only: bool, pair: str
) -> dict[str, str]:
    """An amendment. ``changes``: as in ``amended``; ``pair``: empty where none has to be named."""
    sent = {"txid": order_id}
    sent |= {_AMENDED[name]: plain(amount) for name, amount in changes.items()}
    if post_only:
        sent["post_only"] = "true"
    return sent | ({"pair": pair} if pair else {})


def amended(sent: Mapping[str, str]) -> dict[str, Decimal]:
    """What an amendment changes: volume, display_volume, limit and trigger, those that it names."""
    return {own: Decimal(sent[name]) for own, name in _AMENDED.items() if name in sent}
