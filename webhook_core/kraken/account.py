"""What the account holds, from Kraken's answers.

Whatever is malformed fails the whole read: a wrong number would size an order.

Shapes: docs.kraken.com/api/docs/rest-api/get-extended-balance, get-open-positions,
get-trade-balance, get-trade-volume.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from webhook_core.kraken.client import decimal
from webhook_core.kraken.replies import in_usual_form
from webhook_core.trading.assets import asset_id
from webhook_core.trading.facts import Balance, OpenPosition
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.rules import Fees

Result = Mapping[str, Any]
_NOT_FOR_ORDERS = frozenset({"S", "M", "B", "P"})
"""Balances of an asset that is staked, opted in to rewards or bonded stand under a
name of their own."""
_EARNING = "F"
"""Auto Earn: XBT.F is traded with like XXBT, and XXBT's own hold_trade is of both (docs.kraken.com,
get-extended-balance)."""
_TOKENIZED = "T"
HIGHEST_FEE = Decimal(10)
"""Percent. No fee of Kraken's is near it: a higher one is a misreading."""


@in_usual_form("BalanceEx")
def balances(result: Result) -> Mapping[str, Balance]:
    """Asset id -> Balance, from BalanceEx. Raises VenueUnavailable."""
    found: dict[str, Balance] = {}
    for name, row in result.items():
        asset, _, kind = name.rpartition(".")
        if asset and kind in _NOT_FOR_ORDERS:
            continue
        balance = _balance(row)
        if asset and kind == _TOKENIZED:  # AAPLx.T is AAPLx
            name = asset  # noqa: PLW2901
        elif asset and kind == _EARNING:
            name = asset_id(asset)  # noqa: PLW2901
        before = found.get(name, Balance(Decimal(0)))
        found[name] = Balance(before.total + balance.total, before.held + balance.held)
    return found


def _balance(row: Mapping[str, Any]) -> Balance:
    credit = decimal(row.get("credit", 0)) - decimal(row.get("credit_used", 0))
    return Balance(decimal(row["balance"]) + credit, _size(row.get("hold_trade", 0)))


@in_usual_form("OpenPositions")
def positions(result: Result) -> tuple[OpenPosition, ...]:
    """Every open position, from OpenPositions, as Kraken lists them. Raises VenueUnavailable."""
    found = []
    for row in result.values():
        if row["posstatus"] == "closed":
            continue
        if row["posstatus"] != "open":
            raise ValueError("neither open nor closed")
        pair, order_id, closed = row["pair"], row.get("ordertxid") or "", _size(row["vol_closed"])
        if not isinstance(pair, str) or not pair or not isinstance(order_id, str):
            raise ValueError("not a name")
        size = _size(decimal(row["vol"]) - closed)
        found.append(
            OpenPosition(pair, order_id, size if Side(row["type"]) is Side.BUY else -size, closed)
        )
    return tuple(found)


@in_usual_form("TradeBalance")
def equity(result: Result) -> Decimal:
    """All balances and the unrealised result of the open positions, from TradeBalance.

    Raises VenueUnavailable.
    """
    return decimal(result["eb"]) + decimal(result.get("n", 0))


@in_usual_form("TradeVolume")
def fees(result: Result, pairs: Collection[Instrument]) -> Mapping[str, Fees]:
    """Pair key -> fees in percent, from TradeVolume, which calls a pair by its key or its altname;
    one that it has no row of is left out. Raises VenueUnavailable."""
    takers, makers = result["fees"], result.get("fees_maker") or {}
    found: dict[str, Fees] = {}
    for pair in pairs:
        name = next(
            (name for name in (pair.key, pair.altname, pair.wsname) if name in takers), None
        )
        if name is not None:
            taker = _size(_fee(takers[name]))
            found[pair.key] = Fees(_fee(makers[name]) if name in makers else taker, taker)
    return found


def _fee(row: Mapping[str, Any]) -> Decimal:
    """Percent; a maker may be paid."""
    fee = decimal(row["fee"])
    if not -HIGHEST_FEE <= fee <= HIGHEST_FEE:
        raise ValueError("not a fee")
    return fee


def _size(value: Any) -> Decimal:
    size = decimal(value)
    if size < 0:
        raise ValueError("below zero")
    return size
