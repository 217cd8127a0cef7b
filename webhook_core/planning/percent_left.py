"""A percentage of a margin position at the market, behind others of the same alert that reduce it.

What is held is read once, before any of them: a sale of all of it behind a sale of a part would
turn the position. So it is for no more than those leave. What rests is the trader's to bound: a
take profit and a stop loss may each be for all of it; what it has traded by then is asked for. On
spot ``OwnLeft`` knows what is left.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.planning.behind_limits import PlanLeg, bounded, unsure, volume_of
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.trading.assets import asset_code
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, NoOrder, OrderIntent
from webhook_core.trading.orders import OrderType, Side, is_margin
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rounding import percent_of, plain, round_volume

_ZERO = Decimal(0)
_NOTHING = "the legs before it trade all of the position"


def planned_leg(
    plan_leg: PlanLeg, legs: LegPlanner, intent: Intent, pair: Instrument | None
) -> Plan | NoOrder | Denied:
    """As ``plan_leg`` has it, of no more than the legs before leave."""
    if pair is None or not isinstance(intent, OrderIntent) or not _is_at_once(intent):
        return plan_leg(intent, pair)
    held, taken = _held(intent, legs, pair), _taken_at_once(intent, legs, pair)
    left = max(_ZERO, abs(held) - taken)
    is_reduced = held != 0 and (held > 0) == (intent.side is Side.SELL)
    if not is_reduced:
        return plan_leg(intent, pair)
    planned = _of_no_more(plan_leg, intent, pair, left, whole=abs(held))
    return bounded(planned, left) if unsure(legs.before, pair, intent) else planned


def _of_no_more(
    plan_leg: PlanLeg, intent: OrderIntent, pair: Instrument, left: Decimal, *, whole: Decimal
) -> Plan | NoOrder | Denied:
    """Of a position of ``whole``."""
    if percent_of(whole, intent.volume) <= left:
        return plan_leg(intent, pair)
    if round_volume(pair, left) == 0:
        return NoOrder("", _NOTHING)
    amount = f"{plain(left)} {asset_code(pair.base)}"
    note = f"volume is the {amount} that the legs before it leave of the position"
    rest = intent._replace(volume=left, quantity_type="base", notes=(*intent.notes, note))
    planned = plan_leg(rest, pair)
    if not isinstance(planned, Plan):
        return planned
    counted = (one._replace(counted=True) for one in planned.requests)
    return planned._replace(requests=tuple(counted))


def _is_at_once(intent: OrderIntent) -> bool:
    """Whether it is such a percentage, and trades when it is taken."""
    is_now = intent.order_type is OrderType.MARKET and intent.terms.starts is None
    return is_now and intent.quantity_type == "percent_position" and is_margin(intent.leverage)


def _taken_at_once(intent: OrderIntent, legs: LegPlanner, pair: Instrument) -> Decimal:
    """What legs before it trade of the same position, on the same side, when they are taken."""
    here = (pair.key, True, intent.side)
    orders = (one for one in legs.before if one.method == "AddOrder" and not one.freeing)
    same = (one for one in orders if (one.pair, one.on_margin, one.side) == here)
    return volume_of(one for one in same if one.at_market and not one.is_scheduled)


def _held(intent: OrderIntent, legs: LegPlanner, pair: Instrument) -> Decimal:
    """Signed base."""
    whole = (legs.facts.positions or {}).get(pair.key, _ZERO)
    return legs.facts.own_part(pair.key, whole) if intent.own else whole
