"""What becomes of an alert before which another one was lost, where its strategy says so: it is
told of, refused, or traded to where it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.planning.decision import Decided, Wants
from webhook_core.planning.held_figures import HeldFigures
from webhook_core.planning.sources import Sources
from webhook_core.trading import checks
from webhook_core.trading.facts import part_of
from webhook_core.trading.intent import OrderIntent, PositionIntent
from webhook_core.trading.missed_alert import RULE, Told, is_missed, words
from webhook_core.trading.orders import is_margin
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.rules import Limits, owned

Plans = Callable[[Wants], Decided | Denied]
_CAUGHT_UP = "; it is traded to where this alert ends"


class _Missed(NamedTuple):
    """``owner``: who says what becomes of it."""

    told: Told
    wanted: OrderIntent | PositionIntent
    owner: Limits
    text: str
    numbers: dict[str, str]


def decided(sources: Sources, wants: Wants, budget: Budget, plan: Plans) -> Decided | Denied:
    """``plan``: of what is wanted at last. Raises what it raises, and NotItsTurn where what is held
    is in doubt."""
    missed = _missed(sources, wants, budget)
    if missed is None:
        return plan(wants)
    how = missed.owner.guards and missed.owner.guards.on_missed_alert
    if how != "catch_up":
        planned = plan(wants)
        if how == "warn" or isinstance(planned, Denied) or _only_exits(planned):
            return _noted(planned, missed.text)
        return _refused(missed, missed.text)
    if isinstance(missed.wanted, PositionIntent):  # a target goes there by itself
        return _noted(plan(wants), missed.text + _CAUGHT_UP)
    target = _target(missed.told, missed.wanted)
    if target is None:
        lacking = "the alert does not say in base where it ends (market_position_size)"
        return _refused(missed, f"{missed.text}. It can't be caught up with: {lacking}")
    text = missed.text + _CAUGHT_UP
    if missed.wanted.close is not None:
        text += ", without its take profit or stop loss"
    planned = plan(wants._replace(intents=(target,)))
    if not isinstance(planned, Denied):
        planned = planned._replace(target=target)
    return _noted(planned, text)


def _missed(sources: Sources, wants: Wants, budget: Budget) -> _Missed | None:
    owner, told = wants.rules.missed_alert_owner, wants.told
    wanted = wants.intents[0]
    if owner is None or told is None or not isinstance(wanted, OrderIntent | PositionIntent):
        return None
    pair = sources.allowed_pair(wanted.symbol, wants.rules, budget)
    margin = is_margin(wanted.leverage)
    held = HeldFigures(sources, budget, wants.refused).held(pair, margin=margin)
    if wanted.own and held:
        from webhook_core.planning.own_positions import OwnPositions  # few strategies ask for both

        own = OwnPositions(sources, budget, wants.refused, keeps=False)
        held = part_of(held, own.of(wants.strategy, pair, margin=margin))
    if not is_missed(told, held, pair, margin=margin):
        return None
    text, numbers = words(told, held, own=wanted.own)
    return _Missed(told, wanted, owner, text, dict(numbers))


def _target(told: Told, wanted: OrderIntent) -> PositionIntent | None:
    after = told.after
    if after is None or not (told.in_base or after == 0):
        return None
    reference = wanted.reference_price
    return PositionIntent(
        wanted.symbol,
        "target",
        wanted.leverage,
        target=after,
        reference_price=reference,
        before=told.before,
        after=after,
        own=wanted.own,
    )


def _only_exits(planned: Decided) -> bool:
    orders = [one for one in planned.requests if one.method == "AddOrder"]
    return all(exit_of_request(one) is not None for one in orders)


def _refused(missed: _Missed, text: str) -> Denied:
    check = checks.denied(RULE, text, **missed.numbers)
    return denied_by(owned(check, missed.owner, "ON_MISSED_ALERT"), ())


def _noted(planned: Decided | Denied, text: str) -> Decided | Denied:
    note = f"{RULE}: {text}"
    if isinstance(planned, Denied):
        return planned._replace(notes=(*planned.notes, note))
    plan = planned.plan
    return planned._replace(plan=plan._replace(notes=(*plan.notes, note)))
