"""From the position that an alert wants to the market order that leads there from what is held.

On spot the position is what the account holds of the base asset, and short means flat. With
leverage it is the net margin position of the pair. What is held by resting orders can't be sold; it
is no position of less, so a target counts it.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.trading.assets import asset_code
from webhook_core.trading.basis import Basis
from webhook_core.trading.facts import part_of
from webhook_core.trading.intent import NoOrder, OrderIntent, PositionIntent
from webhook_core.trading.orders import Exit, OrderType, Side, Terms, is_margin
from webhook_core.trading.plans import NOT_ALL_CLOSED, Denied, denied, undone
from webhook_core.trading.rounding import (
    cost_of,
    difference,
    percent_of,
    plain,
    quotient,
    round_cost,
    round_volume,
)

ZERO = Decimal(0)


def order_for(wanted: PositionIntent, basis: Basis) -> OrderIntent | NoOrder | Denied:
    """The order from what is held to what is wanted, ``NoOrder`` where it is held already."""
    instrument = basis.instrument
    held, whose = held_of(wanted, basis)
    target = target_of(wanted, basis, held)
    if isinstance(target, Denied):
        return target
    notes: list[str] = []
    if target < 0 and not is_margin(wanted.leverage):
        notes.append(f"spot has no short positions: the target is flat, not {plain(target)}")
        target = ZERO
    change = round_volume(instrument, abs(difference(target, held)))
    base = asset_code(instrument.base)
    if change == 0 or (
        basis.rules_are_fresh and instrument.ordermin is not None and change < instrument.ordermin
    ):
        less = f", but for {plain(abs(target - held))}, less than the pair takes"
        found = f"the position is {plain(held)} {base} already{whose}, the target {plain(target)}"
        return NoOrder(wanted.symbol, found + (less if target != held else ""))
    notes.append(f"the position goes from {plain(held)} to {plain(target)} {base}{whose}")
    if basis.facts.not_valued and ZERO < target < held:
        return _incomplete(basis)._replace(notes=tuple(notes))
    side = Side.BUY if target > held else Side.SELL
    order = _order(wanted, side, change, notes, reduces=_reduces(held, target))
    return order if is_margin(wanted.leverage) else _on_spot(order, wanted, basis)


def is_flat(wanted: PositionIntent, basis: Basis) -> bool:
    """Whether nothing of what the alert is about is held."""
    return held_of(wanted, basis)[0] == 0


def held_of(wanted: PositionIntent, basis: Basis) -> tuple[Decimal, str]:
    """The position that the alert is about, signed base, and whose it is, for people."""
    instrument, margin = basis.instrument, is_margin(wanted.leverage)
    whole = basis.position if margin else basis.balance(instrument.base).total
    if not wanted.own:
        return whole, ""
    base = asset_code(instrument.base)
    whose = (
        f" (what this strategy bought and has not sold; the account holds {plain(whole)} {base})"
    )
    own = basis.facts.own_part(instrument.key, whole)
    return (own if wanted.most is None else part_of(own, wanted.most)), whose


def target_of(wanted: PositionIntent, basis: Basis, held: Decimal) -> Decimal | Denied:
    """The position that it leads to from what is held, both signed base."""
    if wanted.action == "close":
        return held - percent_of(held, wanted.percent)
    if wanted.action == "reverse":
        size = (abs(held) or abs(basis.exited)) if wanted.target is None else wanted.target
        # An exit of its own may have fired that the strategy does not know of.
        facing = held or -basis.exited
        if facing == 0:
            return ZERO
        return -size if facing > 0 else size
    if wanted.percent_of_equity is None:
        return wanted.target or ZERO
    price = basis.price
    if price is None or price <= 0:
        return denied(
            "SIZE_PRICE",
            f"no price of {basis.instrument.altname} is known to count a percentage with",
        )
    size = round_volume(
        basis.instrument, quotient(percent_of(basis.equity, abs(wanted.percent_of_equity)), price)
    )
    return size if wanted.percent_of_equity > 0 else -size


def _incomplete(basis: Basis) -> Denied:
    """A part of a worth that is too small would be sold for nothing."""
    named = ", ".join(asset_code(asset) for asset in basis.facts.not_valued)
    text = (
        f"nothing is sold on an equity that lacks {named}, of which no price is known: send "
        "the size, or close"
    )
    return denied("EQUITY_INCOMPLETE", text, not_valued=named)


def _reduces(held: Decimal, target: Decimal) -> bool:
    """Towards zero and not beyond it."""
    return abs(target) < abs(held) and target * held >= 0


def _order(
    wanted: PositionIntent, side: Side, volume: Decimal, notes: list[str], *, reduces: bool
) -> OrderIntent:
    margin = is_margin(wanted.leverage)
    return OrderIntent(
        symbol=wanted.symbol,
        side=side,
        order_type=OrderType.MARKET,
        volume=volume,
        leverage=wanted.leverage,
        reference_price=wanted.reference_price,
        terms=Terms(reduce_only=True) if margin and reduces else Terms(),
        notes=tuple(notes),
        exit=_exit_by(wanted) if reduces else None,
    )


def _exit_by(wanted: PositionIntent) -> Exit:
    return Exit.CLOSE if wanted.action == "close" else Exit.TARGET


def _on_spot(order: OrderIntent, wanted: PositionIntent, basis: Basis) -> OrderIntent | Denied:
    """A sell is what is free at most; a buy by percentage what the free money covers."""
    if order.side is Side.SELL:
        return _of_the_free(order, wanted, basis)
    if wanted.percent_of_equity is None or basis.price is None:
        return order
    most = round_cost(basis.instrument, basis.affordable)
    if cost_of(order.volume, basis.price) <= most:
        return order
    note = (
        f"the buy is cut to {plain(most)} {asset_code(basis.instrument.quote)}, which what is free "
        "covers with its fee"
    )
    return order._replace(volume=most, quantity_type="quote", notes=(*order.notes, note))


def _of_the_free(order: OrderIntent, wanted: PositionIntent, basis: Basis) -> OrderIntent | Denied:
    base, funds = asset_code(basis.instrument.base), basis.balance(basis.instrument.base)
    if order.volume <= funds.free:
        return order
    kept, total = plain(funds.held - basis.sold.gone), plain(funds.total)
    by = "orders, this alert's own among them" if basis.sold.rests else "open orders"
    text = f"{kept} of {total} {base} are held by {by}: cancel those first"
    if round_volume(basis.instrument, funds.free) == 0:
        refused = denied("POSITION_HELD", text, held=kept, total=total)
        return refused._replace(notes=order.notes)
    gone = funds.free + basis.sold.gone
    if order.volume <= gone:
        return order._replace(volume=funds.free)
    held, whose = held_of(wanted, basis)
    left = f"from {plain(held)} to {plain(held - gone)} {base} only{whose}"
    said = undone(NOT_ALL_CLOSED, f"the position goes {left}: {text}")
    return order._replace(volume=funds.free, notes=(*order.notes[:-1], said))
