"""Which orders of ours without an outcome an exit from all goes beside, and whether they, or those
that the figure lacks, may leave more to be sold behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.errors import InDoubt, NotItsTurn, VenueUnavailable
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.account_reads import Asked, Shown
from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.planning.own_changes import NEAR
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side

ON_ITS_WAY = timedelta(seconds=5)
"""An order that is sent has its answer, or none, by then."""
LEFT_TO_COUNT_S = 1.2
"""Another look at what is held and the sale need as long, at Kraken's usual 0.1 s a call."""
_ZERO = Decimal(0)


def doubts_of(leg: LegPlanner, key: str, figure: Decimal) -> list[LedgerEntry]:
    """Our orders that what is held may lack, the one without an outcome first."""
    sources = leg.sources
    settled = sources.own_orders.settled({key: figure}, sources.known_pairs(leg.budget))
    now = sources.clock.now()
    unknown = [entry for entry in settled.unsure if entry.state is State.SUBMITTING]
    found = {entry.unit: entry for entry in (*unknown, *settled.unsure, *settled.young)}
    doubts = list(found.values())
    sold = sum((_may_turn(entry, figure) for entry in doubts), _ZERO)
    turned = sold > abs(figure) and any(_may_turn(entry, figure) for entry in unknown)
    if not unknown or turned or not all(_may_be_passed(one, figure, now) for one in unknown):
        raise InDoubt("What is held is not certain.")
    return doubts


def may_be_more(
    leg: LegPlanner, instrument: Instrument, shown: Shown, doubts: Sequence[LedgerEntry]
) -> bool:
    """Whether more may be held than is shown: a buy without an outcome may add to it, or one that
    has one is not in the figure, as far as can be told. An order that could only sell, and came to
    nothing, leaves the most; more than one of those are not told apart."""
    ((key, figure),) = shown.figures.items()
    unknown, *known = [entry for entry in doubts if _adds(entry, figure) or entry is doubts[0]]
    if not known:
        return _adds(unknown, figure)
    several = sum(entry.state is State.SUBMITTING for entry in doubts) > 1
    if several or _adds(unknown, figure) or leg.budget.remaining() < LEFT_TO_COUNT_S:
        return True
    from webhook_core.planning.believed import Believed

    def again() -> Shown:
        return shown

    instrument_of = leg.sources.known_pairs(leg.budget)
    asked = Asked([instrument], instrument_of, again, closes=True)
    belief = Believed(leg.sources, leg.budget, asked, {}, unknown.unit)
    try:
        most = belief.figures(shown)[key]
    except (NotItsTurn, VenueUnavailable):
        return True
    if not shown.positions:  # positions name the orders in them; a balance needs one from before
        own, fills = leg.sources.own_orders, belief.orders.by_order
        if key not in own.settled(shown.figures, instrument_of, unknown.unit, fills).figures:
            return True
    return abs(most) > abs(figure)


def _adds(entry: LedgerEntry, held: Decimal) -> bool:
    """Whether more may be held by it."""
    request = entry.current.request
    if request.on_margin:
        return not (request.reduces_only or _may_turn(entry, held))
    return request.side is Side.BUY


def _may_turn(entry: LedgerEntry, held: Decimal) -> Decimal:
    """How much of a position it may close, or turn round, zero for one that can't turn it."""
    request, opens = entry.current.request, Side.BUY if held >= 0 else Side.SELL
    if not request.on_margin or request.reduces_only or request.side is opens:
        return _ZERO
    return request.volume


def _may_be_passed(entry: LedgerEntry, held: Decimal, now: datetime) -> bool:
    """What adds to what is held, or closes it: a close of all that is held means no less, whichever
    comes first, and Kraken lets none sell more than is there. Not one that is on its way: its
    outcome comes in a moment; nor one that may open a position yet, or leaves an exit there."""
    attempt, request = entry.current, entry.current.request
    has_no_answer = attempt.reason and not request.on_margin  # a look-up in a moment finds it
    if not (has_no_answer or now > attempt.claimed_at + ON_ITS_WAY):
        return False
    # A stop that it has left is no figure, and would open a position once this one is closed.
    if request.leaves_exit and (request.on_margin or not _adds(entry, held)):
        return False
    if not _may_turn(entry, held):
        return True
    return request.at_market and now > attempt.deadline + NEAR
