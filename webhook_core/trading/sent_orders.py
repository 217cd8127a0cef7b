"""An order that no alert asks for just now, as the draft that the rules are asked about: one that
is stored as it goes to Kraken, or one that rests there and is to be amended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from webhook_core.trading.drafts import Draft, Fitted
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import AmendIntent, OrderIntent
from webhook_core.trading.orders import (
    Close,
    OrderType,
    Relative,
    SelfTrade,
    Side,
    Terms,
    TimeInForce,
    TriggerBy,
)
from webhook_core.trading.prices import highest, parsed
from webhook_core.trading.requests import OrderRequest


def amended_volume(request: OrderRequest) -> Decimal | None:
    """The whole size that an amendment gives an order, None for one that leaves it."""
    sent = request.parameters.get("order_qty")
    return None if sent is None else Decimal(sent)


def as_stored(request: OrderRequest, instrument: Instrument, market: Decimal | None) -> Draft:
    """An AddOrder as it stands, neither rounded nor sized anew.

    ``market``: the last price, if known.

    Raises ValueError for parameters that this version writes no order with.
    """
    try:
        return _as_stored(request, instrument, market)
    except (ArithmeticError, LookupError) as error:
        raise ValueError(f"{type(error).__name__} in {', '.join(request.parameters)}") from None


def _as_stored(request: OrderRequest, instrument: Instrument, market: Decimal | None) -> Draft:
    sent = request.parameters
    kind, side = OrderType(sent["ordertype"]), Side(sent["type"])
    prices, close = tuple(_prices(kind, sent)), _close(sent)
    closing = () if close is None else tuple(_close_prices(close))
    own = highest(kind, (price.rounded for price in prices), market)
    shown = Decimal(sent["displayvol"]) if "displayvol" in sent else None
    named = {price.field: price.rounded for price in prices}
    trail, trail_limit = named.get("trail"), named.get("trail_limit")
    wanted = OrderIntent(
        symbol=request.symbol,
        side=side,
        order_type=kind,
        volume=Decimal(sent["volume"]),
        limit=named.get("price"),
        trigger=named.get("stop_price"),
        leverage=int(sent["leverage"]) if "leverage" in sent else None,
        trail=trail if isinstance(trail, Relative) else None,
        trail_limit=trail_limit if isinstance(trail_limit, Relative) else None,
        terms=_terms(sent, shown),
        close=close,
        quantity_type="quote" if "viqc" in _flags(sent) else "base",
        exit=request.exit,
    )
    return Draft(
        wanted=wanted,
        instrument=instrument,
        volume=wanted.volume,
        prices=prices,
        highest_price=max((price for price in (own, market) if price is not None), default=None),
        close_prices=closing,
        close_price=_close_price(close, closing, own or market),
        display_volume=shown,
        market=market,
    )


def as_amended(
    wanted: AmendIntent,
    order: RestingOrder,
    request: OrderRequest,
    instrument: Instrument,
    market: Decimal | None = None,
) -> Draft:
    """The order as it will be.

    ``request``: the AmendOrder, fitted to the pair. ``market``: the last price,
    where it was asked for.

    Raises ValueError for an order of a type that is not known here.
    """
    sent = request.parameters
    volume = Decimal(sent["order_qty"]) if "order_qty" in sent else order.volume
    limit = Decimal(sent["limit_price"]) if "limit_price" in sent else order.limit
    trigger = Decimal(sent["trigger_price"]) if "trigger_price" in sent else order.trigger
    shown = Decimal(sent["display_qty"]) if "display_qty" in sent else None
    fields = (("stop_price", wanted.trigger, trigger), ("price", wanted.limit, limit))
    prices = tuple(
        Fitted(field, price if asked is None else asked, price)
        for field, asked, price in fields
        if price is not None  # the order has none
    )
    intent = OrderIntent(
        symbol=request.symbol,
        side=order.side,
        order_type=OrderType(order.order_type),
        volume=volume if wanted.volume is None else wanted.volume,
        limit=limit,
        trigger=trigger,
        terms=Terms(display_volume=shown, post_only=wanted.post_only),
    )
    known = [price for price in (limit, trigger, market) if price is not None]
    return Draft(
        wanted=intent,
        instrument=instrument,
        volume=volume,
        prices=prices,
        highest_price=max(known, default=None),
        display_volume=shown,
        market=market,
        amends=order,
    )


def _prices(kind: OrderType, sent: Mapping[str, str]) -> Iterator[Fitted]:
    """``price`` is the trigger or the trail where there is one, else the limit (docs.kraken.com,
    add-order)."""
    first = "trail" if kind.trails else "stop_price" if kind.takes_trigger else "price"
    second = "trail_limit" if kind.trails else "price"
    for field, name in ((first, "price"), (second, "price2")):
        if name in sent:
            price = parsed(sent[name])
            yield Fitted(field, price, price, may_be_zero=field == "trail_limit")


def _close(sent: Mapping[str, str]) -> Close | None:
    if "close[ordertype]" not in sent:
        return None
    kind = OrderType(sent["close[ordertype]"])
    field = "take_profit" if kind in _TAKE_PROFIT else "stop_loss"
    limit = parsed(sent["close[price2]"]) if "close[price2]" in sent else None
    return Close(field, kind, parsed(sent["close[price]"]), limit)


_TAKE_PROFIT = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)


def _close_prices(close: Close) -> Iterator[Fitted]:
    yield Fitted(close.field, close.trigger, close.trigger)
    if close.limit is not None:
        yield Fitted(f"{close.field}_limit", close.limit, close.limit)


def _close_price(
    close: Close | None, prices: tuple[Fitted, ...], entry: Decimal | None
) -> Decimal | None:
    if close is None:
        return None
    return highest(close.order_type, (price.rounded for price in prices), entry)


def _flags(sent: Mapping[str, str]) -> list[str]:
    return sent.get("oflags", "").split(",")


def _terms(sent: Mapping[str, str], shown: Decimal | None) -> Terms:
    flags = _flags(sent)
    return Terms(
        display_volume=shown,
        trigger_by=cast("TriggerBy | None", sent.get("trigger")),
        reduce_only=sent.get("reduce_only") == "true",
        self_trade=cast("SelfTrade | None", sent.get("stptype")),
        fee_currency="base" if "fcib" in flags else "quote" if "fciq" in flags else None,
        post_only="post" in flags,
        time_in_force=cast("TimeInForce | None", sent.get("timeinforce")),
        starts=_when(sent.get("starttm")),
        expires=_when(sent.get("expiretm")),
    )


def _when(sent: str | None) -> datetime | timedelta | None:
    """Unix seconds, or + and the seconds from when Kraken takes the order."""
    if sent is None:
        return None
    if sent.startswith("+"):
        return timedelta(seconds=int(sent[1:]))
    return datetime.fromtimestamp(int(sent), UTC)
