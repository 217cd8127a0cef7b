"""Which orders are ours, and which of them a sender may touch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from webhook_core.trading.facts import RestingOrder


class Ours(NamedTuple):
    """Orders that the ledger knows: ``order_ids``, and ``client_order_ids`` of those too whose
    reply was lost. ``just_sent`` are so young that Kraken's list may lack them: order id -> the
    symbol for people. ``unknown``: the outcome of one is."""

    order_ids: Collection[str] = ()
    client_order_ids: Collection[str] = ()
    just_sent: Sequence[tuple[str, str]] = ()
    unknown: bool = False

    def has(self, order: RestingOrder) -> bool:
        own = order.client_order_id
        return (
            order.order_id in self.order_ids
            or (order.parent is not None and order.parent in self.order_ids)
            or (
                own is not None
                and plain_client_order_id(own) in map(plain_client_order_id, self.client_order_ids)
            )
        )


class Allowed(NamedTuple):
    """``own``: the orders of the strategy whose credential asks, None for a credential
    that may touch every order. ``pairs``: altname -> instrument of the pairs that may be
    traded, None for all."""

    own: Ours | None = None
    pairs: Collection[str] | None = None

    def has(self, order: RestingOrder) -> bool:
        return (self.pairs is None or order.pair in self.pairs) and (
            self.own is None or self.own.has(order)
        )

    @property
    def everything(self) -> bool:
        return self.own is None and self.pairs is None


def plain_client_order_id(client_order_id: str) -> str:
    """Kraken shows a UUID with or without its dashes."""
    return client_order_id.replace("-", "").lower()
