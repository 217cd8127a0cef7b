"""Which open orders a cancel or an amendment means, and the requests for them.

An order is one of ours by its client order id or its order id; the order that a conditional close
leaves behind has neither, but names the order it came from (docs.kraken.com, get-orders-info
``refid``), so it goes with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from webhook_core.errors import OrderDenied
from webhook_core.trading.facts import Balance, Facts, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import AmendIntent, CancelIntent, NoOrder
from webhook_core.trading.kraken_changes import amendment_of, cancel_by_client, cancel_of
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.ours import Allowed, Ours, plain_client_order_id
from webhook_core.trading.plans import Denied, Plan, denied
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain, round_price, round_volume
from webhook_core.trading.symbols import display_name


def cancels(
    wanted: CancelIntent,
    orders: Sequence[RestingOrder],
    named: Ours | None,
    allowed: Allowed,
    pair: Instrument | None,
) -> Plan | NoOrder | Denied:
    """A CancelOrder for each.

    ``orders``: all open ones; ``named``: those of ours that an id, an alert or a strategy names,
    None where none does; ``pair``: the instrument of the symbol, if there is one. A name that means
    another's order is denied; what a pair, a side or a scope means is the sender's own alone.
    """
    found = [order for order in orders if _is_meant(order, wanted, named, pair)]
    permitted = [order for order in found if allowed.has(order)]
    left = len(found) - len(permitted)
    if found and not permitted and wanted.has_a_name:
        return denied(
            "NOT_OWN", "the open orders that are meant are not this credential's to cancel"
        )
    requests = [cancel(order.order_id, order.pair) for order in permitted]
    requests += _unlisted(wanted, orders, named, allowed)
    if not requests and wanted.client_order_id is not None and allowed.everything:
        requests = [
            OrderRequest("", cancel_by_client(wanted.client_order_id), method="CancelOrder")
        ]
    others = f"{left} more {_OTHERS}"
    if not requests:
        why = "no such order is open"
        return NoOrder(wanted.symbol or "", f"{why} but others': {others}" if left else why)
    return Plan(tuple(requests), (others,) if left else ())


def cancel(order_id: str, symbol: str) -> OrderRequest:
    return OrderRequest(symbol, cancel_of(order_id), method="CancelOrder")


def amendment(
    wanted: AmendIntent, order: RestingOrder, instrument: Instrument
) -> OrderRequest | Denied:
    """The AmendOrder, rounded as the order would be: volumes down, a buy's prices down, a sell's up
    (docs.kraken.com, amend-order)."""
    fixed = _not_amendable(order)
    if fixed is not None:
        return fixed
    changes = _amended_sizes(wanted, instrument)
    volume = changes.get("volume")
    if volume is not None and volume <= order.executed:
        text = (
            f"volume {plain(volume)} is no more than the {plain(order.executed)} that has "
            "filled: cancel the rest"
        )
        return denied("AMEND_VOLUME", text, volume=plain(volume), filled=plain(order.executed))
    for name, price, of_types in (
        ("limit", wanted.limit, _LIMITED),
        ("trigger", wanted.trigger, _TRIGGERED),
    ):
        if not isinstance(price, Decimal):
            continue
        if order.order_type not in of_types:
            has_none = f"{order.order_id} is a {order.order_type} order and has none"
            return denied("AMEND_PRICE", f"{_FIELDS[name]}: {has_none}")
        changes[name] = round_price(instrument, price, order.side)
    # Required for what is no crypto pair (docs.kraken.com, amend-order).
    pair = instrument.key if instrument.is_tokenized else ""
    sent = amendment_of(order.order_id, changes, post_only=wanted.post_only, pair=pair)
    return OrderRequest(display_name(instrument), sent, method="AmendOrder")


def _amended_sizes(wanted: AmendIntent, instrument: Instrument) -> dict[str, Decimal]:
    sizes = {"volume": wanted.volume, "display_volume": wanted.display_volume}
    return {
        name: round_volume(instrument, size) for name, size in sizes.items() if size is not None
    }


def is_no_larger(request: OrderRequest, order: RestingOrder) -> bool:
    """Whether the AmendOrder leaves the order its size, or less, as far as the two can be compared:
    that of a market order may be money (docs.kraken.com, add-order ``viqc``)."""
    volume = request.amended.get("volume")
    if volume is None:
        return True
    return order.order_type != OrderType.MARKET and volume <= order.volume


def _not_amendable(order: RestingOrder) -> Denied | None:
    if order.order_type not in list(OrderType):
        return denied(
            "AMEND_TYPE",
            f"{order.order_id} is a {order.order_type} order, which no rule here knows",
        )
    if order.closes:
        return denied(
            "AMEND_CLOSE",
            f"{order.order_id} carries a conditional close, and Kraken amends no such order",
        )
    return None


def roundings(wanted: AmendIntent, request: OrderRequest) -> Iterator[str]:
    """What fits the pair now and did not as the alert sent it, a sentence for each number."""
    for name, sent in request.amended.items():
        asked = getattr(wanted, name)
        if isinstance(asked, Decimal) and sent != asked:
            yield f"{_FIELDS.get(name, name)} {plain(asked)} was rounded to {plain(sent)}"


def is_as_amended(request: OrderRequest, order: RestingOrder) -> bool:
    """Whether the order shows all that the AmendOrder asked for."""
    shown = {"volume": order.volume, "limit": order.limit, "trigger": order.trigger}
    return all(
        shown[name] is not None and amount == shown[name]
        for name, amount in request.amended.items()
        if name in shown
    )


_OTHERS = (
    "open orders are meant that this sender may not cancel, by its strategy or ALLOWED_SYMBOLS"
)
_FIELDS = {"limit": "price", "trigger": "stop_price"}
"""What an alert calls them."""
_LIMITED = (
    OrderType.LIMIT,
    OrderType.ICEBERG,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT_LIMIT,
    OrderType.TRAILING_STOP_LIMIT,
)
_TRIGGERED = (
    OrderType.STOP_LOSS,
    OrderType.TAKE_PROFIT,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT_LIMIT,
)


def meant(
    wanted: AmendIntent, orders: Sequence[RestingOrder], named: Ours | None
) -> list[RestingOrder]:
    """The open orders that an amendment names: one, if all is well."""
    as_cancel = CancelIntent(
        None, None, None, wanted.order_id, wanted.client_order_id, wanted.of_alert
    )
    # The order that a close left is no order of the alert's own: what is amended
    # there is the entry.
    return [
        order
        for order in orders
        if _is_meant(order, as_cancel, named, None) and not (wanted.of_alert and order.parent)
    ]


def not_one(found: Sequence[RestingOrder], exits: Iterable[RestingOrder]) -> OrderDenied:
    """Why an amendment means no order, or several. ``exits``: what the entry that it names has
    left."""
    if found:
        return OrderDenied(f"AMEND_ORDER: {len(found)} orders are meant: name one by order_id.")
    left = " or ".join(order.order_id for order in exits)
    how = f": the entry has filled, and its exit is amended by order_id {left}" if left else ""
    return OrderDenied(f"AMEND_ORDER: no such order is open{how}.")


def _is_meant(
    order: RestingOrder, wanted: CancelIntent, named: Ours | None, pair: Instrument | None
) -> bool:
    if wanted.order_id is not None:
        return order.order_id == wanted.order_id
    if wanted.client_order_id is not None:
        own = order.client_order_id
        return own is not None and plain_client_order_id(own) == plain_client_order_id(
            wanted.client_order_id
        )
    return (
        (named is None or named.has(order))
        and (pair is None or order.pair in (pair.altname, pair.key, pair.wsname))
        and wanted.side in (None, order.side)
    )


def _unlisted(
    wanted: CancelIntent, orders: Sequence[RestingOrder], named: Ours | None, allowed: Allowed
) -> list[OrderRequest]:
    """For orders that are meant by their name and that Kraken's list may lack: a cancel of one that
    is gone changes nothing."""
    known = dict(named.just_sent) if named is not None and wanted.has_a_name else {}
    if wanted.order_id is not None and allowed.everything:
        known.setdefault(wanted.order_id, "")
    listed = {order.order_id for order in orders}
    return [cancel(order_id, pair) for order_id, pair in known.items() if order_id not in listed]


def released(orders: Sequence[RestingOrder], side: Side) -> Decimal:
    """What these orders on that side hold no longer once they are cancelled, base."""
    return sum(
        (order.left for order in orders if order.side is side and not order.margin), Decimal(0)
    )


def with_freed(
    facts: Facts, instrument: Instrument, canceled: Iterable[RestingOrder], sold: Decimal
) -> Facts:
    """With the base free that the canceled orders of the pair held, but for what is ``sold`` of
    it by then. As they are where no balance was read."""
    if facts.balances is None:
        return facts
    here = [one for one in canceled if one.pair in (instrument.altname, instrument.key)]
    funds = facts.balances.get(instrument.base, Balance(Decimal(0)))
    held = max(Decimal(0), funds.held - released(here, Side.SELL)) + sold
    return facts._replace(balances={**facts.balances, instrument.base: funds._replace(held=held)})
