"""Whether the trades that say what a strategy bought are of the moment of the figures beside them.

What was bought is never more than is held, so neither may be older than the other: a fill that only
one of them shows is bought once more, or left. Each read may lag on its own, and one that shows
more of an order than another proves that one to be late.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.money.trades import Trade
from webhook_core.planning.order_fills import may_lack
from webhook_core.planning.own_changes import DONE
from webhook_core.trading.facts import Balance, part_of
from webhook_core.trading.instruments import Instrument

if TYPE_CHECKING:
    from webhook_core.planning.read_facts import Read
    from webhook_core.planning.unseen_trades import UnseenTrades

_ZERO = Decimal(0)
Volumes = dict[str, Decimal]


def check(
    read: Read,
    own: Decimal,
    pair: Instrument,
    trades: Sequence[Trade],
    unseen: UnseenTrades,
) -> None:
    """``read``: what was read before. ``own``: signed base, counted from ``trades`` and from what
    those may lack. Raises NotItsTurn."""
    asked, listed = unseen.asked, unseen.shown or unseen.listed or ()
    filled = _traded(trades, pair)
    for name, fill in asked.items():
        filled[name] = max(fill.volume, filled.get(name, _ZERO))
    opened: Volumes = {}
    for row in read.rows:
        opened[row.order_id] = opened.get(row.order_id, _ZERO) + abs(row.volume) + row.closed
    shown = [*opened.items(), *((one.order_id, one.executed) for one in listed)]
    rest = {name for name, fill in asked.items() if fill.status not in DONE}
    if any(volume > filled[name] for name, volume in shown if name in rest):
        raise may_lack()
    positions, balances = read.facts.positions, read.facts.balances or {}
    held = balances.get(pair.base, Balance(_ZERO)).total
    held = held if positions is None else positions.get(pair.key, _ZERO)
    if part_of(held, own) == own:
        return
    for name, fill in read.fills.items():
        if filled.get(name, _ZERO) > fill.volume:
            raise may_lack()


def _traded(trades: Sequence[Trade], pair: Instrument) -> Volumes:
    found: Volumes = {}
    for trade in trades:
        if trade.pair == pair.key:
            found[trade.order_id] = found.get(trade.order_id, _ZERO) + trade.volume
    return found
