"""What an exit from a whole position sells while an order of ours has no outcome.

Whatever becomes of that order, the alert wants nothing to be held. Spot sells no more than is
there, and with leverage ``reduce_only`` closes no more: so what is shown free is sold, as one leg.
What an entry in doubt may add is a leg of its own, which is counted once that entry is settled, and
of which the planned size is never sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decision import Decided, Line, Wants
from webhook_core.planning.leg_planner import LegPlanner, joined
from webhook_core.planning.open_orders import read_open_orders
from webhook_core.planning.own_changes import position_key
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import Balance
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import CancelIntent, Intent, PositionIntent
from webhook_core.trading.order_changes import released
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Plan
from webhook_core.trading.symbols import UnknownSymbol, display_name, names_pair

ON_ITS_WAY = timedelta(seconds=5)
"""An order that is sent has its answer, or none, by then."""
_ZERO = Decimal(0)
_NONE = Balance(_ZERO)


def sells_all(intents: tuple[Intent, ...]) -> bool:
    """Whether the alert is an exit from the whole of a position, perhaps behind cancels, and
    nothing else."""
    *before, wanted = intents
    if not isinstance(wanted, PositionIntent) or not _are_cancels(before):
        return False
    if wanted.own:  # how much of what is free is its own hangs on the order in doubt
        return False
    if wanted.action == "close":
        return wanted.percent == 100
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
    *before, intent = wants.intents
    pairs = [
        sources.allowed_pair(one.symbol, wants.rules, budget) if one.symbol else None
        for one in wants.intents
    ]
    instrument = pairs[-1]
    if instrument is None or not isinstance(intent, PositionIntent):
        raise ValueError("an exit without a pair")
    own = sources.own_orders
    name = f"{own.mode}/{own.account}/{wants.strategy}/{instrument.key}"
    line = Line(name, own.ledger.mark(name), passes=True)
    leg = LegPlanner(sources, wants, budget, appraised=appraised)
    key, figure = _read(leg, instrument, on_margin=is_margin(intent.leverage))
    doubts = _doubts(sources, key, figure, budget)
    plans, told = [], []
    for number, one in enumerate(before):
        if leg.facts.open_orders is None:
            leg.facts = leg.facts._replace(open_orders=read_open_orders(sources, budget))
        canceled = leg.planned(one, pairs[number])
        if isinstance(canceled, Plan):
            plans.append(canceled)
            told += [number] * len(canceled.requests)
    if before:
        _release(leg, instrument)
    plan = leg.planned(intent, instrument)
    if not isinstance(plan, Plan):  # no final answer from a figure in doubt
        raise _waits(doubts[0])
    sale = next(one._replace(counted=True) for one in plan.requests if one.exits)
    rest = (sale._replace(waits=True),) if any(map(_adds, doubts)) else ()
    plan = plan._replace(requests=(*plan.requests, *rest), notes=(*plan.notes, _note(doubts[0])))
    return Decided(
        joined([*plans, plan]),
        symbol=display_name(instrument),
        line=line,
        sources=(*told, *[len(before)] * len(plan.requests)),
    )


def _read(leg: LegPlanner, instrument: Instrument, *, on_margin: bool) -> tuple[str, Decimal]:
    """The figure that the exit is of, as it is shown; the plan takes what is free of it."""
    venue, facts = leg.sources.venue, leg.facts
    if on_margin:
        shown = venue.positions(leg.budget)
        net = sum((row.volume for row in shown if names_pair(row.pair, instrument)), _ZERO)
        leg.facts = facts._replace(positions={instrument.key: net})
        return position_key(instrument.key), net
    funds = venue.balances(leg.budget)
    held = funds.get(instrument.base, _NONE)
    free = {**funds, instrument.base: Balance(held.free)}
    leg.facts = facts._replace(balances=free)
    return instrument.base, held.total


def _release(leg: LegPlanner, instrument: Instrument) -> None:
    """What the cancels set free is free too."""
    if leg.facts.balances is None:
        return
    names = (instrument.altname, instrument.key)
    orders = [order for order in leg.cancelled if order.pair in names]
    free = leg.facts.balances[instrument.base].total + released(orders, Side.SELL)
    balances = {**leg.facts.balances, instrument.base: Balance(free)}
    leg.facts = leg.facts._replace(balances=balances)


def _doubts(sources: Sources, key: str, figure: Decimal, budget: Budget) -> list[LedgerEntry]:
    """Our orders that what is held may lack, the one without an outcome first."""

    def instrument_of(pair: str) -> Instrument | None:
        try:
            return sources.instrument(pair, budget) if pair else None
        except UnknownSymbol:
            return None

    settled = sources.own_orders.settled({key: figure}, instrument_of)
    now = sources.clock.now()
    unknown = [entry for entry in settled.unsure if entry.state is State.SUBMITTING]
    if not unknown or not all(_may_be_passed(entry, figure, now) for entry in unknown):
        raise NotItsTurn(
            "What is held is not certain. Nothing was sent; sending the same alert again soon is "
            "safe."
        )
    return [*unknown, *settled.unsure, *settled.young]


def _adds(entry: LedgerEntry) -> bool:
    """Whether more may be held by it."""
    request = entry.current.request
    return not request.reduces_only if request.on_margin else request.side is Side.BUY


def _may_be_passed(entry: LedgerEntry, held: Decimal, now: datetime) -> bool:
    """What adds to what is held, or an exit: another one of all that is held means no less,
    whichever comes first, and Kraken lets none sell more than is there. Not one that is on its way:
    its outcome comes in a moment; nor one that may have turned the position round."""
    attempt, request = entry.current, entry.current.request
    has_no_answer = attempt.reason and not request.on_margin  # a look-up in a moment finds it
    if not (has_no_answer or now > attempt.claimed_at + ON_ITS_WAY):
        return False
    if _adds(entry):
        # A stop that it has left is no figure, and would open a position once this one is closed.
        leaves_one = request.on_margin and request.leaves_exit
        return not leaves_one and request.side is (Side.BUY if held >= 0 else Side.SELL)
    return request.exits or request.exit is not None


def _note(unknown: LedgerEntry) -> str:
    return (
        f"the order of the alert {unknown.alert_id} has no known outcome yet: what is shown free "
        "is sold, and what is more once that is known"
    )


def _waits(unknown: LedgerEntry) -> NotItsTurn:
    return NotItsTurn(
        f"The order of the alert {unknown.alert_id} has no known outcome, so what is held is not "
        "certain. Nothing was sent; sending the same alert again soon is safe."
    )
