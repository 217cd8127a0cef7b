"""Whether an order only makes a position smaller, and in which way: such an exit is let through
where an entry is held back.

What is judged is the order as it is planned, amended or stored, never what its alert calls it:

- on spot there is no short position, and Kraken lets nobody sell more than is held ("EOrder:
  Insufficient funds"), so every sell is an exit and no buy is one;
- with leverage an order may open as much as it closes, so only Kraken's ``reduce_only`` says that
  it does not (docs.kraken.com, add-order: "reduce_only"). A close and a target nearer to flat set
  it; a reversal can't, nor can an order from flat to short;
- an order that leaves a conditional close is none: what follows it trades the other way;
- a settled margin position (``settle-position``) is held on as spot, so it is not smaller.
"""

from __future__ import annotations

from webhook_core.trading.drafts import Draft
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Exit, OrderType, Side, is_margin
from webhook_core.trading.requests import OrderRequest


def exit_of(draft: Draft) -> Exit | None:
    """How the order only reduces what is held; None for one that opens, adds or may do so.

    Of an amendment the order is judged as it will be: a margin order that rests does not show
    whether it may only reduce, so it is none.
    """
    amended = draft.amends
    if amended is not None and (amended.margin or amended.closes):
        return None
    return exit_of_intent(draft.wanted)


def exit_of_intent(wanted: OrderIntent) -> Exit | None:
    """The same of an order whose size is not counted yet."""
    opens_another = wanted.close is not None or wanted.order_type is OrderType.SETTLE_POSITION
    margin, reduces = is_margin(wanted.leverage), wanted.terms.reduce_only
    return _exit(wanted.exit, wanted.side, opens_another, margin, reduces)


def exit_of_request(request: OrderRequest) -> Exit | None:
    """The same of an AddOrder as it is sent or stored; None for a cancel. An amendment's request
    does not say which order it changes: of that counts what its plan knew."""
    if request.method != "AddOrder":
        return request.exit if request.method == "AmendOrder" else None
    opens_another = request.leaves_exit or request.kind == OrderType.SETTLE_POSITION
    margin, reduces = request.on_margin, request.reduces_only
    return _exit(request.exit, request.side, opens_another, margin, reduces)


def may_add(request: OrderRequest) -> bool:
    """Whether it is an order, or an amendment that may make one larger, and no exit."""
    return is_counted(request) and exit_of_request(request) is None


def is_counted(request: OrderRequest) -> bool:
    """Whether it is one order more where orders are counted, be it an exit or not: an amendment is,
    unless it was seen to leave the order no larger. A new price alone is none."""
    if request.method == "AmendOrder":
        return not request.no_larger
    return request.method == "AddOrder"


def _exit(
    named: Exit | None, side: Side | None, opens_another: bool, margin: bool, reduces: bool
) -> Exit | None:
    if opens_another:
        return None
    if margin:
        return (named or Exit.REDUCE_ONLY) if reduces else None
    return (named or Exit.SALE) if side is Side.SELL else None
