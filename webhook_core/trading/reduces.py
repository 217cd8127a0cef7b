"""Whether an order only makes a position smaller, and in which way: such an exit is let through
where an entry is held back.

What is judged is the order as it is planned, amended or stored, never what its alert calls it:

- on spot there is no short position, and Kraken lets nobody sell more than is held ("EOrder:
  Insufficient funds"), so every sell is an exit and no buy is one;
- with leverage an order may open as much as it closes, so only Kraken's ``reduce_only`` says that it
  does not (docs.kraken.com, add-order: "reduce_only"). A close and a target nearer to flat set it;
  a reversal can't, nor can an order from flat to short;
- an order that leaves a conditional close is none: what follows it trades the other way;
- a settled margin position (``settle-position``) is held on as spot, so it is not smaller.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading.drafts import Draft
from webhook_core.trading.orders import Exit, OrderType, Side, is_margin
from webhook_core.trading.requests import OrderRequest


class _Shape(NamedTuple):
    """What of an order decides. ``volume``: base, None where it counts quote."""

    side: Side | None
    kind: str
    margin: bool
    reduce_only: bool
    leaves_close: bool
    volume: Decimal | None
    named: Exit | None


def exit_of(draft: Draft, held: Decimal | None = None) -> Exit | None:
    """How the order only reduces what is held; None for one that opens, adds or may do so.

    ``held``: what the account has of the pair's base, where it was read; a sell of more on spot is
    no exit then. Of an amendment the order is judged as it will be: a margin order that rests does
    not show whether it may only reduce, so it is none.
    """
    wanted, amended = draft.wanted, draft.amends
    shape = _Shape(
        side=wanted.side,
        kind=wanted.order_type,
        margin=is_margin(wanted.leverage) or (amended is not None and amended.margin),
        reduce_only=wanted.terms.reduce_only,
        leaves_close=wanted.close is not None or (amended is not None and amended.closes),
        volume=None if draft.in_quote else draft.volume,
        named=wanted.exit,
    )
    return _exit(shape, held)


def exit_of_request(request: OrderRequest, held: Decimal | None = None) -> Exit | None:
    """The same of an AddOrder as it is sent or stored; None for a cancel and for an amendment, whose
    request does not say which order it changes."""
    if request.method != "AddOrder":
        return None
    shape = _Shape(
        side=request.side,
        kind=request.kind,
        margin=request.on_margin,
        reduce_only=request.reduces_only,
        leaves_close=request.leaves_exit,
        volume=None if request.in_quote else request.volume,
        named=request.exit,
    )
    return _exit(shape, held)


def _exit(shape: _Shape, held: Decimal | None) -> Exit | None:
    if shape.leaves_close or shape.kind == OrderType.SETTLE_POSITION:
        return None
    if shape.margin:
        return (shape.named or Exit.REDUCE_ONLY) if shape.reduce_only else None
    if shape.side is not Side.SELL:
        return None
    if held is not None and shape.volume is not None and shape.volume > held:
        return None
    return shape.named or Exit.SALE
