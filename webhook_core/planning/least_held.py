"""What an exit from a whole position sells while an order of ours has no outcome.

Whatever becomes of that order, the alert wants nothing to be held. Spot sells no more than is
there, and with leverage ``reduce_only`` closes no more: so what is shown free is sold, as one leg.
What an entry in doubt may add is a leg of its own, which is counted once that entry is settled, and
of which the planned size is never sent. Of what the strategy bought, on spot, that is what its
trades prove; an order in doubt that may have sold some of it, or a stop that holds it, is waited
for.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.account_reads import Shown
from webhook_core.planning.decision import Decided, Line, Wants
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.open_orders import read_open_orders
from webhook_core.planning.own_changes import position_key
from webhook_core.planning.own_orders import OwnOrders, may_live
from webhook_core.planning.passed_orders import doubts_of, may_be_more
from webhook_core.planning.sources import Sources
from webhook_core.trading.cancel_and_amend import released
from webhook_core.trading.facts import Balance
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import CancelIntent, Intent, PositionIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Plan, joined
from webhook_core.trading.symbols import display_name, names_pair

if TYPE_CHECKING:
    from webhook_core.planning.read_facts import Leg

_ZERO = Decimal(0)
_NONE = Balance(_ZERO)


def sells_all(intents: tuple[Intent, ...]) -> bool:
    """Whether the alert is an exit from the whole of a position, perhaps behind cancels, and
    nothing else."""
    *before, wanted = intents
    if not isinstance(wanted, PositionIntent) or not _are_cancels(before):
        return False
    if wanted.own and (before or is_margin(wanted.leverage)):
        return False
    if wanted.action == "close":
        return wanted.percent == 100
    if wanted.action == "reverse":
        return not is_margin(wanted.leverage)
    is_flat = wanted.percent_of_equity is None and (wanted.target or _ZERO) <= 0
    is_flat = is_flat and not (is_margin(wanted.leverage) and wanted.target)
    return wanted.action == "target" and is_flat


def _are_cancels(intents: Sequence[Intent]) -> bool:
    return all(isinstance(intent, CancelIntent) for intent in intents)


def sale_of_the_free(sources: Sources, wants: Wants, budget: Budget, *, appraised: bool) -> Decided:
    """The sale of what is shown free; behind it a leg for the rest, if there may be one.

    Raises NotItsTurn where no entry or exit of ours is without an outcome, or nothing is free;
    VenueUnavailable, LedgerUnavailable, UnknownSymbol.
    """
    *before, (intent, instrument) = _legs(sources, wants, budget)
    if instrument is None or not isinstance(intent, PositionIntent):
        raise ValueError("an exit without a pair")
    line = Line.of(sources.own_orders, wants.strategy, instrument, passes=True)
    leg = LegPlanner(sources, wants, budget, appraised=appraised)
    if intent.own:
        submitting = sources.ledger.entries(states=(State.SUBMITTING,)).entries
        _check_only_buys(submitting, sources.own_orders, instrument)
    key, shown = _read(leg, instrument, intent)
    doubts = doubts_of(leg, key, shown.figures[key])
    if intent.own:
        _count_own(leg, instrument, doubts[0])
    cancels, told = _cancels(leg, before)
    plan = _sale(leg, intent, instrument, doubts[0])
    if intent.most is None and may_be_more(leg, instrument, shown, doubts):
        plan = _with_a_rest(plan)
    return Decided(
        joined([*cancels, plan]),
        symbol=display_name(instrument),
        line=line,
        sources=(*told, *[len(before)] * len(plan.requests)),
    )


def _legs(sources: Sources, wants: Wants, budget: Budget) -> list[Leg]:
    return [
        (one, sources.allowed_pair(one.symbol, wants.rules, budget) if one.symbol else None)
        for one in wants.intents
    ]


def _sale(
    leg: LegPlanner, exit_: PositionIntent, instrument: Instrument, doubt: LedgerEntry
) -> Plan:
    """Behind the cancels; no final answer comes from a figure in doubt: NotItsTurn."""
    if leg.cancelled:
        _release(leg, instrument)
    plan = leg.planned(exit_, instrument)
    if not isinstance(plan, Plan):
        raise _waits(doubt)
    return plan._replace(notes=(*plan.notes, _note(doubt)))


def _with_a_rest(plan: Plan) -> Plan:
    """With a leg for what may be more, which waits."""
    sale = next(one for one in plan.requests if one.exits)
    return plan._replace(requests=(*plan.requests, sale._replace(waits=True)))


def _cancels(leg: LegPlanner, legs: Sequence[Leg]) -> tuple[list[Plan], list[int]]:
    """The plans of what is canceled first, and which of the legs each request is for."""
    plans, told = list[Plan](), list[int]()
    for number, (intent, pair) in enumerate(legs):
        if leg.facts.open_orders is None:
            listed = read_open_orders(leg.sources, leg.budget)
            leg.facts = leg.facts._replace(open_orders=listed)
        canceled = leg.planned(intent, pair)
        if isinstance(canceled, Plan):
            plans.append(canceled)
            told += [number] * len(canceled.requests)
    return plans, told


def _read(leg: LegPlanner, instrument: Instrument, exit_: PositionIntent) -> tuple[str, Shown]:
    """The figure that the exit is of, as it is shown; the plan takes what is free of it."""
    venue, facts = leg.sources.venue, leg.facts
    if is_margin(exit_.leverage):
        rows = [
            row._replace(pair=instrument.key)
            for row in venue.positions(leg.budget)
            if names_pair(row.pair, instrument)
        ]
        net = sum((row.volume for row in rows), _ZERO)
        leg.facts = facts._replace(positions={instrument.key: net})
        return (key := position_key(instrument.key)), Shown({key: net}, {}, rows)
    funds = venue.balances(leg.budget)
    held = funds.get(instrument.base, _NONE)
    free = {**funds, instrument.base: Balance(held.free)}
    leg.facts = facts._replace(balances=funds if exit_.own else free)
    return instrument.base, Shown({instrument.base: held.total}, funds)


def _count_own(leg: LegPlanner, instrument: Instrument, doubt: LedgerEntry) -> None:
    """What the strategy has bought at least. Raises NotItsTurn where an order in doubt may have
    sold some, or a stop of its own holds it."""
    from webhook_core.planning.own_exits import ExitLine, OwnExits  # few exits wait
    from webhook_core.planning.own_positions import OwnPositions

    listed = read_open_orders(leg.sources, leg.budget)
    line = ExitLine(instrument, margin=False, side=Side.SELL)
    if OwnExits(leg.sources, leg.wants.strategy, line, leg.budget).resting(listed, leg.read_at):
        raise _waits(doubt)
    positions = OwnPositions(leg.sources, leg.budget)
    positions.listed = listed
    positions.doubts = unknown = list[LedgerEntry]()
    own = positions.of(leg.wants.strategy, instrument, margin=False)
    _check_only_buys(unknown, leg.sources.own_orders, instrument)
    leg.facts = leg.facts._replace(own={instrument.key: own})


def _check_only_buys(
    unknown: Sequence[LedgerEntry], own: OwnOrders, instrument: Instrument
) -> None:
    """Raises NotItsTurn where one of the pair may have sold what the strategy bought."""
    for entry in unknown:
        request = entry.current.request
        is_buy = request.side is Side.BUY and not request.on_margin
        of_pair = own.is_ours(entry) and request.pair == instrument.key
        if of_pair and not is_buy and may_live(entry):
            raise _waits(entry)


def _release(leg: LegPlanner, instrument: Instrument) -> None:
    """What the cancels set free is free too."""
    if leg.facts.balances is None:
        return
    names = (instrument.altname, instrument.key)
    orders = [order for order in leg.cancelled if order.pair in names]
    free = leg.facts.balances[instrument.base].total + released(orders, Side.SELL)
    balances = {**leg.facts.balances, instrument.base: Balance(free)}
    leg.facts = leg.facts._replace(balances=balances)


def _note(unknown: LedgerEntry) -> str:
    return (
        f"the order of the alert {unknown.alert_id} has no known outcome yet: what is shown free "
        "is sold, and what is more once that is known"
    )


def _waits(unknown: LedgerEntry) -> InDoubt:
    return InDoubt(
        f"The order of the alert {unknown.alert_id} has no known outcome, so what is held is not "
        "certain."
    )
