"""What has to be read of the account and the market before an order can be planned:
nothing for a fixed size."""

from __future__ import annotations

from typing import NamedTuple

from webhook_core.trading.intent import (
    AmendIntent,
    CancelIntent,
    Intent,
    OrderIntent,
    PositionIntent,
)
from webhook_core.trading.orders import Relative, Side, is_margin
from webhook_core.trading.planner import exit_needs_market


class Needs(NamedTuple):
    """``price``: of the pair itself. ``equity``: what the account is worth; on spot it is added up
    from the balances and one ticker, on ``margin`` Kraken states it."""

    balances: bool = False
    positions: bool = False
    equity: bool = False
    price: bool = False
    open_orders: bool = False
    margin: bool = False

    def and_(self, other: Needs) -> Needs:
        return Needs(*(one or two for one, two in zip(self, other, strict=True)))


NOTHING = Needs()


def of_intent(wanted: Intent, *, capped: bool) -> Needs:
    """``capped``: the order's cost is held against a cap for which the market's price is needed. Of
    an order that leads to a position that shows once it is planned."""
    if isinstance(wanted, OrderIntent):
        found = _of_order(wanted, capped=capped)
        return found._replace(balances=True) if wanted.sells_own else found
    if isinstance(wanted, PositionIntent):
        return _of_position(wanted)
    return Needs(open_orders=True) if isinstance(wanted, CancelIntent | AmendIntent) else NOTHING


def depends_on_holdings(wanted: Intent) -> bool:
    """Its size follows from what the account has: such alerts of one strategy and
    pair go one at a time."""
    if isinstance(wanted, OrderIntent):
        return wanted.sells_own or wanted.quantity_type not in ("base", "quote")
    return isinstance(wanted, PositionIntent)


def is_close(wanted: Intent) -> bool:
    """All that is held is closed, however much that is."""
    return isinstance(wanted, PositionIntent) and wanted.wants_flat and wanted.percent == 100


def follows_from_own(wanted: Intent) -> bool:
    """Its size follows from what the strategy bought."""
    if isinstance(wanted, OrderIntent):
        return wanted.sells_own or (wanted.own and wanted.quantity_type == "percent_position")
    return isinstance(wanted, PositionIntent) and wanted.own


def follows_from(wanted: Intent) -> tuple[bool, bool]:
    """Whether a size on spot follows from what is held of the base, and of the quote.

    A buy that is cut to what is free follows from the quote too.
    """
    kind = wanted.quantity_type if isinstance(wanted, OrderIntent) else None
    buys = isinstance(wanted, OrderIntent) and wanted.side is Side.BUY
    in_quote = buys and kind == "percent_balance"
    cut = buys and kind == "percent_position"
    return not in_quote, in_quote or cut or of_intent(wanted, capped=False).equity


def follows_from_the_account(wanted: Intent) -> bool:
    """What is sent depends on what the account holds, or on an order of it that rests."""
    return isinstance(wanted, AmendIntent) or depends_on_holdings(wanted)


def _of_order(wanted: OrderIntent, *, capped: bool) -> Needs:
    kind = wanted.quantity_type
    for_exit = exit_needs_market(wanted)
    price = for_exit or capped
    if kind == "base":
        return Needs(price=price)
    margin, in_quote = is_margin(wanted.leverage), wanted.takes_quote
    if kind == "quote":
        return Needs(price=price or (not in_quote and not _has_own_price(wanted)))
    if kind == "percent_balance":
        counted = wanted.side is Side.BUY and not _has_own_price(wanted)
        return Needs(balances=True, price=for_exit or (not in_quote and (counted or price)))
    if kind == "percent_position":
        # A buy is held against what is free: only with leverage is that Kraken's to judge.
        return Needs(
            balances=not margin,
            positions=margin,
            price=price or (wanted.side is Side.BUY and not margin),
        )
    return Needs(balances=not margin, equity=True, price=True, margin=margin)


def _of_position(wanted: PositionIntent) -> Needs:
    margin = is_margin(wanted.leverage)
    by_equity = wanted.percent_of_equity is not None
    return Needs(
        balances=not margin, positions=margin, equity=by_equity, price=by_equity, margin=margin
    )


def _has_own_price(wanted: OrderIntent) -> bool:
    """A limit or a trigger that is a number: a size in quote can be counted by it."""
    named = [price for price in (wanted.limit, wanted.trigger) if price is not None]
    return (
        bool(named)
        and wanted.trail is None
        and not any(isinstance(price, Relative) for price in named)
    )
