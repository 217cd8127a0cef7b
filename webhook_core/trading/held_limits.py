"""Limits of what is held and of what rests: how large a pair's position may become, how many orders
may rest, how many pairs may be held, and how many entries a position takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading import checks
from webhook_core.trading.assets import asset_code, same_asset
from webhook_core.trading.checks import Check
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.rounding import amounts_text, cost_of, plain
from webhook_core.trading.rules import Guards

_ZERO = Decimal(0)


class Counted(NamedTuple):
    """What an owner's limits count, before one order and with it. ``held``: signed base;
    ``open_volume`` what rests or may be sent yet on the order's side, ``wanted`` the order's.
    ``price``: the worst one, quote per base. ``resting`` and ``resting_in_pair``: orders that rest,
    without this one; ``rests``: whether it may. ``pairs``: other pairs that are held or being
    entered; ``entries``: of this pair since it was flat, without this one. ``enters``: it is an
    order, no amendment."""

    instrument: Instrument
    side: Side
    held: Decimal = _ZERO
    open_volume: Decimal = _ZERO
    wanted: Decimal = _ZERO
    price: Decimal | None = None
    resting: int = 0
    resting_in_pair: int = 0
    rests: bool = False
    pairs: int = 0
    entries: int = 0
    enters: bool = True

    @property
    def after(self) -> Decimal:
        """What the position would become in the order's direction, below zero where it still is of
        the other one."""
        held = self.held if self.side is Side.BUY else -self.held
        return held + self.open_volume + self.wanted


def held_checks(counted: Counted, guards: Guards) -> Iterator[Check]:
    """Every verdict of one owner on one order."""
    if guards.max_position is not None:
        yield from position_checks(counted, guards.max_position)
    if not counted.enters:
        return
    most = guards.max_open_orders
    if most is not None and counted.rests:
        yield from _resting_checks(counted, most.total, most.per_pair)
    if guards.max_open_positions is not None:
        text = f"{counted.pairs} other pairs are held or being entered, and"
        yield _within("MAX_OPEN_POSITIONS", counted.pairs, guards.max_open_positions, text)
    if guards.max_entries is not None:
        text = f"the position has taken {counted.entries} entries since it was flat, and"
        yield _within("MAX_ENTRIES", counted.entries, guards.max_entries, text)


def position_checks(counted: Counted, most: Mapping[str, Decimal]) -> Iterator[Check]:
    """In base, and in quote at the worst price."""
    pair = counted.instrument
    known = [(code, same_asset(code, pair.base)) for code in most if _is_of(code, pair)]
    if not known:
        base, quote = asset_code(pair.base), asset_code(pair.quote)
        stated = amounts_text(most)
        text = f"no most is set in {base} or {quote} (set: {stated}); add one, such as 1 {base}"
        yield checks.denied("MAX_POSITION_CURRENCY", text, base=base, quote=quote)
    for code, in_base in known:
        yield _position_check(counted, code, most[code], in_base=in_base)


def _position_check(counted: Counted, code: str, most: Decimal, *, in_base: bool) -> Check:
    if not in_base and counted.price is None:
        return checks.unchecked("MAX_POSITION", "the market's price is not known", currency=code)
    amount = counted.after if in_base else cost_of(counted.after, counted.price or _ZERO)
    numbers = {
        "position": plain(amount),
        "max": plain(most),
        "currency": code,
        "held": plain(counted.held),
        "open_orders": plain(counted.open_volume),
        "wanted": plain(counted.wanted),
    }
    if not in_base:
        numbers["price"] = plain(counted.price or _ZERO)
    text = (
        f"the position would become {plain(amount)} {code}, above {plain(most)} {code} (held "
        f"{numbers['held']}, open orders {numbers['open_orders']}, this order {numbers['wanted']})"
    )
    return checks.judged("MAX_POSITION", text, holds=amount <= most, **numbers)


def _is_of(code: str, pair: Instrument) -> bool:
    return same_asset(code, pair.base) or same_asset(code, pair.quote)


def _resting_checks(counted: Counted, total: int | None, per_pair: int | None) -> Iterator[Check]:
    if total is not None:
        text = f"{counted.resting} orders rest, and"
        yield _within("MAX_OPEN_ORDERS", counted.resting, total, text)
    if per_pair is not None:
        text = f"{counted.resting_in_pair} orders of the pair rest, and"
        yield _within("MAX_OPEN_ORDERS", counted.resting_in_pair, per_pair, text, per="pair")


def _within(rule: str, used: int, most: int, text: str, **more: str) -> Check:
    numbers = {"used": str(used), "max": str(most), **more}
    said = f"{text} {most} is the most; exits pass"
    return checks.judged(rule, said, holds=used < most, **numbers)
