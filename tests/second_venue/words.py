"""An order in the words of the Quay, and what the Quay shows in ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from webhook_core.errors import OrderDenied
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.requests import Fill, OrderRequest, VenueOrder
from webhook_core.trading.venue_refusals import Refusal
from webhook_core.trading.venue_trades import VenueTrade

DIRECTIONS = {Side.BUY: "bid", Side.SELL: "offer"}
SIDES = {direction: side for side, direction in DIRECTIONS.items()}
STYLES = {OrderType.MARKET: "at_once", OrderType.LIMIT: "at_a_price"}
KINDS = {style: kind for kind, style in STYLES.items()}
STATUSES = {"working": "open", "done": "closed", "withdrawn": "canceled"}
REFUSALS = {"purse_is_short": Refusal.NO_FUNDS, "no_such_ticket": Refusal.NO_SUCH_ORDER}


def words_for(request: OrderRequest) -> dict[str, str]:
    """Raises OrderDenied for what the Quay has no words for."""
    if request.method != "AddOrder":
        named = {"ticket": request.named} if request.named else {"tag": request.named_by_client}
        sizes = {"volume": "size", "limit": "at"}
        changed = {sizes.get(name, name): f"{to:f}" for name, to in request.amended.items()}
        if changed.keys() - sizes.values():
            raise OrderDenied("QUAY: a ticket's size and price can be changed, and no more.")
        return {name: text for name, text in named.items() if text} | changed
    kind, side = OrderType(request.kind), request.side
    if kind not in STYLES or side is None or request.on_margin or request.leaves_exit:
        raise OrderDenied("QUAY: it takes spot orders at the market or at a limit, and no exits.")
    words = {
        "market": request.pair,
        "direction": DIRECTIONS[side],
        "style": STYLES[kind],
        "size": f"{request.volume:f}",
        "size_counts": "money" if request.in_quote else "coin",
    }
    return words | ({"at": f"{request.limit:f}"} if isinstance(request.limit, Decimal) else {})


def instrument_of(code: str, row: Mapping[str, Any], as_of: datetime) -> Instrument:
    coin, money = row["coin"], row["money"]
    step = Decimal(row["price_step"])
    return Instrument(
        key=code,
        altname=coin + money,
        wsname=f"{coin}/{money}",
        base=coin,
        quote=money,
        pair_decimals=-int(step.as_tuple().exponent),
        lot_decimals=row["size_places"],
        cost_decimals=2,
        tick_size=step,
        ordermin=Decimal(row["least_size"]),
        costmin=Decimal(row["least_value"]),
        leverage_buy=(),
        leverage_sell=(),
        status="online" if row["doors"] == "open" else "cancel_only",
        as_of=as_of,
    )


def venue_order(ticket: Mapping[str, Any]) -> VenueOrder:
    entered = moment(ticket["entered"])
    return VenueOrder(ticket["ticket"], ticket["tag"], STATUSES[ticket["stage"]], opened_at=entered)


def resting_order(ticket: Mapping[str, Any]) -> RestingOrder:
    left = ticket["left"]
    return RestingOrder(
        order_id=ticket["ticket"],
        pair=ticket["market"].replace("-", ""),
        side=SIDES[ticket["direction"]],
        order_type=KINDS[ticket["style"]],
        volume=Decimal(ticket["size"]),
        executed=Decimal(ticket["done"]),
        opened_at=moment(ticket["entered"]),
        status=STATUSES[ticket["stage"]],
        client_order_id=ticket["tag"],
        limit=None if ticket["at"] is None else Decimal(ticket["at"]),
        closed_at=None if left is None else moment(left),
    )


def fill(ticket: Mapping[str, Any]) -> Fill:
    done, paid = Decimal(ticket["done"]), Decimal(ticket["paid"])
    left = ticket["left"]
    return Fill(
        status=STATUSES[ticket["stage"]],
        volume=done,
        price=paid / done if done else None,
        cost=paid,
        fee=Decimal(ticket["fee"]),
        closed_at=None if left is None else moment(left),
        opened_at=moment(ticket["entered"]),
        trades=1 if done else 0,
    )


def trade(deal: Mapping[str, Any]) -> VenueTrade:
    size, price = Decimal(deal["size"]), Decimal(deal["price"])
    return VenueTrade(
        trade_id=deal["deal"],
        order_id=deal["ticket"],
        pair=deal["market"],
        side=SIDES[deal["direction"]],
        volume=size,
        price=price,
        cost=size * price,
        fee=Decimal(deal["fee"]),
        at=moment(deal["when"]),
        margin=False,
    )


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)
