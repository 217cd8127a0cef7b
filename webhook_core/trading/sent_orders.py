"""An order that no alert asks for just now, as the draft that the rules are asked about: one that
is stored as it goes to Kraken, or one that rests there and is to be amended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from webhook_core.trading.drafts import Draft, Fitted
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import AmendIntent, OrderIntent
from webhook_core.trading.orders import Close, OrderType, Relative, Terms
from webhook_core.trading.prices import highest
from webhook_core.trading.requests import OrderRequest


def amended_volume(request: OrderRequest) -> Decimal | None:
    """The whole size that an amendment gives an order, None for one that leaves it."""
    return request.amended.get("volume")


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
    kind, close = OrderType(request.kind), request.close
    prices = tuple(_prices(kind, request))
    closing = () if close is None else tuple(_close_prices(close))
    own = highest(kind, (price.rounded for price in prices), market)
    wanted = _as_wanted(request, kind, prices)
    return Draft(
        wanted=wanted,
        instrument=instrument,
        volume=wanted.volume,
        prices=prices,
        highest_price=_highest_known(own, market),
        close_prices=closing,
        close_price=_close_price(close, closing, own or market),
        display_volume=wanted.terms.display_volume,
        market=market,
    )


def _as_wanted(request: OrderRequest, kind: OrderType, prices: Sequence[Fitted]) -> OrderIntent:
    """What an alert that names each value as it was sent would want."""
    if request.side is None:
        raise LookupError(request.kind)
    named = {price.field: price.rounded for price in prices}
    trail, trail_limit = named.get("trail"), named.get("trail_limit")
    return OrderIntent(
        symbol=request.symbol,
        side=request.side,
        order_type=kind,
        volume=request.volume,
        limit=named.get("price"),
        trigger=named.get("stop_price"),
        leverage=request.leverage,
        trail=trail if isinstance(trail, Relative) else None,
        trail_limit=trail_limit if isinstance(trail_limit, Relative) else None,
        terms=request.terms,
        close=request.close,
        quantity_type="quote" if request.in_quote else "base",
        exit=request.exit,
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
    amended = request.amended
    volume, shown = amended.get("volume", order.volume), amended.get("display_volume")
    limit, trigger = amended.get("limit", order.limit), amended.get("trigger", order.trigger)
    intent = OrderIntent(
        symbol=request.symbol,
        side=order.side,
        order_type=OrderType(order.order_type),
        volume=volume if wanted.volume is None else wanted.volume,
        limit=limit,
        trigger=trigger,
        terms=Terms(display_volume=shown, post_only=wanted.post_only),
    )
    return Draft(
        wanted=intent,
        instrument=instrument,
        volume=volume,
        prices=tuple(_amended_prices(wanted, limit, trigger)),
        highest_price=_highest_known(limit, trigger, market),
        display_volume=shown,
        market=market,
        amends=order,
    )


def _highest_known(*prices: Decimal | None) -> Decimal | None:
    return max((price for price in prices if price is not None), default=None)


def _amended_prices(
    wanted: AmendIntent, limit: Decimal | None, trigger: Decimal | None
) -> Iterator[Fitted]:
    """Those that the order has then, each as it was asked for."""
    for field, asked, price in (
        ("stop_price", wanted.trigger, trigger),
        ("price", wanted.limit, limit),
    ):
        if price is not None:
            yield Fitted(field, price if asked is None else asked, price)


def _prices(kind: OrderType, request: OrderRequest) -> Iterator[Fitted]:
    fields = ("trail", "trail_limit") if kind.trails else ("stop_price", "price")
    for field, price in zip(fields, (request.trigger, request.limit), strict=True):
        if price is not None:
            yield Fitted(field, price, price, may_be_zero=field == "trail_limit")


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
