"""What an exit from a whole spot position sells while an order of ours has no outcome.

Whatever becomes of that order, the alert wants nothing to be held, and spot sells no more than is
there: so what is shown free is sold, as one leg. What a buy in doubt may add is a leg of its own,
which is counted once that buy is settled, and of which the planned size is never sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decision import Decided, Line, Wants
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import Balance
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, PositionIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Plan
from webhook_core.trading.symbols import UnknownSymbol, display_name

ON_ITS_WAY = timedelta(seconds=5)
"""An order that is sent has its answer, or none, by then."""
_ZERO = Decimal(0)
_NONE = Balance(_ZERO)


def sells_all(intents: tuple[Intent, ...]) -> bool:
    """Whether the alert is an exit from the whole of a spot position and nothing else."""
    wanted = intents[0]
    if len(intents) != 1 or not isinstance(wanted, PositionIntent) or is_margin(wanted.leverage):
        return False
    if wanted.own:  # how much of what is free is its own hangs on the order in doubt
        return False
    if wanted.action == "close":
        return wanted.percent == 100
    is_flat = wanted.percent_of_equity is None and (wanted.target or _ZERO) <= 0
    return wanted.action == "target" and is_flat


def sale_of_the_free(sources: Sources, wants: Wants, budget: Budget, *, appraised: bool) -> Decided:
    """The sale of what is shown free; behind it a leg for the rest, if there may be one.

    Raises NotItsTurn where no buy or exit of ours is without an outcome, or nothing is free;
    VenueUnavailable, LedgerUnavailable, UnknownSymbol.
    """
    (intent,) = wants.intents
    instrument = sources.allowed_pair(intent.symbol or "", wants.rules, budget)
    own = sources.own_orders
    name = f"{own.mode}/{own.account}/{wants.strategy}/{instrument.key}"
    line = Line(name, own.ledger.mark(name), passes=True)
    funds = sources.venue.balances(budget)
    held = funds.get(instrument.base, _NONE)
    doubts = _doubts(sources, instrument, held.total, budget)
    leg = LegPlanner(sources, wants, budget, appraised=appraised)
    leg.facts = leg.facts._replace(balances={**funds, instrument.base: Balance(held.free)})
    plan = leg.planned(intent, instrument)
    if not isinstance(plan, Plan):  # no final answer from a figure in doubt
        raise _waits(doubts[0])
    sale = plan.requests[0]._replace(exits=True, counted=True)
    rest = [sale._replace(waits=True)] if any(map(_is_buy, doubts)) else []
    return Decided(
        plan._replace(requests=(sale, *rest), notes=(*plan.notes, _note(doubts[0]))),
        symbol=display_name(instrument),
        line=line,
        sources=(0,) * (1 + len(rest)),
    )


def _doubts(
    sources: Sources, instrument: Instrument, total: Decimal, budget: Budget
) -> list[LedgerEntry]:
    """Our orders that what is held may lack, the one without an outcome first."""

    def instrument_of(pair: str) -> Instrument | None:
        try:
            return sources.instrument(pair, budget) if pair else None
        except UnknownSymbol:
            return None

    settled = sources.own_orders.settled({instrument.base: total}, instrument_of)
    now = sources.clock.now()
    unknown = [entry for entry in settled.unsure if entry.state is State.SUBMITTING]
    if not unknown or not all(_may_be_passed(entry, now) for entry in unknown):
        raise NotItsTurn(
            "What is held is not certain. Nothing was sent; sending the same alert again soon is "
            "safe."
        )
    return [*unknown, *settled.unsure, *settled.young]


def _is_buy(entry: LedgerEntry) -> bool:
    return entry.current.request.side is Side.BUY


def _may_be_passed(entry: LedgerEntry, now: datetime) -> bool:
    """A buy, or an exit: another one of all that is held means no less, whichever comes first. Not
    one that is on its way: its outcome comes in a moment."""
    attempt, request = entry.current, entry.current.request
    is_lost = bool(attempt.reason) or now > attempt.claimed_at + ON_ITS_WAY
    return is_lost and (_is_buy(entry) or request.exits or request.exit is not None)


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
