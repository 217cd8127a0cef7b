"""A percentage of the position behind other orders of the same alert that reduce it too.

What is held is read once, before any of them: a sale of all of it behind a sale of a part would
turn a margin position, or be refused on spot. So it is for no more than those leave, whether they
trade at once, later, or never: nobody knows that yet.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from webhook_core.planning.behind_limits import volume_of
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.trading.assets import asset_code
from webhook_core.trading.facts import Balance
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, NoOrder, OrderIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rounding import percent_of, plain, round_volume

PlanLeg = Callable[[Intent, Instrument | None], Plan | NoOrder | Denied]
_ZERO = Decimal(0)
_NOTHING = "the legs before it trade all of the position"


def planned(
    plan_leg: PlanLeg, legs: LegPlanner, intent: Intent, pair: Instrument | None
) -> Plan | NoOrder | Denied:
    """As ``plan_leg`` has it, of no more than the legs before leave."""
    if pair is None or not isinstance(intent, OrderIntent):
        return plan_leg(intent, pair)
    taken = _taken_before(intent, legs, pair)
    if intent.quantity_type != "percent_position" or not taken:
        return plan_leg(intent, pair)
    held = _held(intent, legs, pair)
    is_reduced = held != 0 and (held > 0) == (intent.side is Side.SELL)
    left = max(_ZERO, abs(held) - taken)
    if not is_reduced or percent_of(abs(held), intent.volume) <= left:
        return plan_leg(intent, pair)
    if round_volume(pair, left) == 0:
        return NoOrder("", _NOTHING)
    amount = f"{plain(left)} {asset_code(pair.base)}"
    note = f"volume is the {amount} that the legs before it leave of the position"
    rest = intent._replace(volume=left, quantity_type="base", notes=(*intent.notes, note))
    return plan_leg(rest, pair)


def _taken_before(intent: OrderIntent, legs: LegPlanner, pair: Instrument) -> Decimal:
    """What the legs before trade of it, or let rest to trade it."""
    here = (pair.key, is_margin(intent.leverage), intent.side)
    orders = (one for one in legs.before if one.method == "AddOrder" and not one.freeing)
    return volume_of(one for one in orders if (one.pair, one.on_margin, one.side) == here)


def _held(intent: OrderIntent, legs: LegPlanner, pair: Instrument) -> Decimal:
    """Signed base."""
    facts = legs.facts
    if is_margin(intent.leverage):
        whole = (facts.positions or {}).get(pair.key, _ZERO)
    else:
        whole = (facts.balances or {}).get(pair.base, Balance(_ZERO)).total
    return facts.own_part(pair.key, whole) if intent.own else whole
