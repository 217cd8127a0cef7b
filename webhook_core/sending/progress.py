"""How far an alert is, over its legs, and which leg decides the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from webhook_core.errors import OrderDenied
from webhook_core.ledger.attempts import denied_attempt, no_action_attempt
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State
from webhook_core.trading.intent import NoOrder
from webhook_core.trading.plans import NOT_PROTECTED, undone
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import NamedTuple, replace

DONE = (State.ACCEPTED, State.NO_ACTION)
_BARE = "what is left, if anything is, is without the stop that was canceled before"


class Progress(NamedTuple):
    """``entries``: the legs that are claimed. ``replayed``: all was decided before
    this delivery came."""

    entries: tuple[LedgerEntry, ...]
    replayed: bool = False

    @property
    def unclaimed(self) -> tuple[OrderRequest, ...]:
        return self.entries[0].following[len(self.entries) - 1 :]

    @property
    def is_stopped(self) -> bool:
        """A leg ended without an order, and the legs behind it are never sent."""
        return not self.entries[0].independent and self._failed is not None

    @property
    def deciding(self) -> LedgerEntry:
        """The leg that the answer tells of: one in doubt, else the first without an order, else the
        last that has done something."""
        if len(self.entries) == 1:  # most alerts have one, and their answer asks nine times
            return self.entries[0]
        open_ones = (entry for entry in self.entries if entry.state not in TERMINAL)
        did = (entry for entry in reversed(self.entries) if self._has_done(entry))
        return next(open_ones, None) or self._failed or next(did, self.entries[-1])

    def _has_done(self, entry: LedgerEntry) -> bool:
        """What came to nothing behind an order leaves the answer to that order, as does the rest of
        an exit to what was sold; and so does a cancel."""
        if entry.unit.leg == 0:
            return entry.state in DONE
        planned = self.entries[0].following[entry.unit.leg - 1]
        if planned.freeing and planned.method == "CancelOrder":
            return entry.state in DONE and not any(map(_is_placed, self.entries))
        is_rest = planned.waits or planned.freeing or any(map(_is_placed, self.entries))
        return entry.state in DONE and not (entry.state is State.NO_ACTION and is_rest)

    @property
    def _failed(self) -> LedgerEntry | None:
        for entry in self.entries:
            if entry.state in TERMINAL and entry.state not in DONE and not found_none_open(entry):
                return entry
        behind = None if self.entries[0].independent else next(iter(self.unclaimed), None)
        if behind is None or _lets_pass(self.entries, behind):
            return None
        return next((entry for entry in self.entries if found_none_open(entry)), None)


def _is_placed(entry: LedgerEntry) -> bool:
    return entry.state is State.ACCEPTED and entry.current.request.method == "AddOrder"


def _lets_pass(entries: Sequence[LedgerEntry], behind: OrderRequest) -> bool:
    """Whether a request may be sent behind these.

    Behind a cancel that found no open order, since it has just filled, further cancels
    and an exit may: the exit sells what is there, and the stop behind it comes to nothing. A new
    order may not: it would stand beside the one that filled.
    """
    if not all(entry.state in DONE or found_none_open(entry) for entry in entries):
        return False
    return not takes_the_place(behind) or all(
        entry.state in DONE or _is_made_good(entry, entries) for entry in entries
    )


def takes_the_place(request: OrderRequest) -> bool:
    """Whether it would stand beside an order that a cancel before it has missed."""
    return not (request.exits or request.freeing or request.method == "CancelOrder")


def _is_made_good(cancel: LedgerEntry, entries: Sequence[LedgerEntry]) -> bool:
    """Whether what an exit has traded, that was to be set free, is counted by a leg behind it."""
    if not cancel.current.request.freeing:
        return False
    behind = entries[cancel.unit.leg + 1 :]
    planned = entries[0].following
    return any(planned[one.unit.leg - 1].waits and one.state in DONE for one in behind)


def found_none_open(entry: LedgerEntry) -> bool:
    """Whether it is a cancel whose order was open no more."""
    if entry.state is not State.REJECTED or entry.current.request.method != "CancelOrder":
        return False
    from webhook_core.ledger.cancels import has_found_none

    return has_found_none(entry)


def why_nothing(request: OrderRequest, before: Sequence[LedgerEntry], *, trade_whole: bool) -> str:
    """Why a leg behind these comes to nothing, whatever is held; empty where it may not.
    ``trade_whole``: what they canceled trades whole or not at all, and had not."""
    if request.waits and not request.volume:
        return "nothing is left to be closed: what was canceled could only sell"
    if request.waits:
        canceled = all(entry.state is State.ACCEPTED for entry in before if _is_cancel(entry))
        idle = trade_whole and canceled and is_behind_idle_exits(before, request)
        return "the exits that were canceled have opened nothing" if idle else ""
    if not request.freeing or request.method != "AddOrder":
        return ""
    if is_kept(before):
        return "the exit that it was to replace rests on"
    freeing = [entry for entry in before if entry.current.request.freeing]
    # The stop for the rest of an exit that had filled, or was canceled by others, before it was
    # set free.
    is_gone = bool(freeing) and found_none_open(freeing[-1])
    return "the exit that it was to replace rests no more" if is_gone else ""


def is_kept(before: Sequence[LedgerEntry]) -> bool:
    """Whether the last exit of these that was to be canceled was not, since a limit before it
    leaves nothing to be closed."""
    planned = ((one, before[0].following[one.unit.leg - 1]) for one in before[1:])
    cancels = [one for one, sent in planned if sent.freeing and sent.method == "CancelOrder"]
    return bool(cancels) and cancels[-1].state is State.NO_ACTION


def is_behind_idle_exits(before: Sequence[LedgerEntry], request: OrderRequest) -> bool:
    """Whether a leg that waits stands behind cancels of exits that protect nothing
    (planning.idle_exits), and not behind an exit that has sold a part."""
    sold = ahead_of_cancels(before)
    if sold is None or not sold.current.request.exits:
        return True
    return sold.current.request.pair != request.pair


def is_behind_plain_cancels(before: Sequence[LedgerEntry]) -> bool:
    """Whether a leg that waits stands behind cancels of the alert's own."""
    return is_plain_cancel(before[-1])


def is_plain_cancel(entry: LedgerEntry) -> bool:
    """Whether it is a cancel that the alert means, and not one that sets something free."""
    return _is_cancel(entry) and not _sets_free(entry)


def ahead_of_cancels(before: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The last of these that sets nothing free."""
    return next((entry for entry in reversed(before) if not _sets_free(entry)), None)


def set_free(before: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """The cancels at the end of these, which set something free for a leg behind them."""
    return list(takewhile(_sets_free, reversed(before)))


def _sets_free(entry: LedgerEntry) -> bool:
    return entry.current.request.freeing and _is_cancel(entry)


def _is_cancel(entry: LedgerEntry) -> bool:
    return entry.current.request.method == "CancelOrder"


def ended_as_nothing(
    leg: LedgerEntry, why: str, now: datetime, before: Sequence[LedgerEntry]
) -> LedgerEntry:
    """The leg as it is claimed where it comes to nothing behind these."""
    request = leg.current.request
    attempt = no_action_attempt(leg.unit, OrderRequest(request.symbol, {}), now, why)
    warnings = leg.warnings
    if request.freeing and _another_is_canceled(before, request.symbol):
        warnings = (*warnings, undone(NOT_PROTECTED, f"{_BARE}: {why}"))
    return replace(leg, attempts=(attempt,), turn=None, warnings=warnings)


def as_counted(
    leg: LedgerEntry, counted: OrderRequest | NoOrder | OrderDenied, mark: str | None, now: datetime
) -> LedgerEntry:
    """The leg as it is claimed where it was counted again; ``mark``: of its line, from before."""
    request = leg.current.request
    match counted:
        case OrderRequest():
            attempt = replace(leg.current, request=counted)
        case OrderDenied():
            attempt = denied_attempt(leg.unit, request, now, counted.message)
        case _:
            nothing = OrderRequest(request.symbol, {})
            attempt = no_action_attempt(leg.unit, nothing, now, counted.why)
    turn = None if leg.turn is None else leg.turn._replace(mark=mark)
    return replace(leg, attempts=(attempt,), turn=turn)


def _another_is_canceled(before: Sequence[LedgerEntry], symbol: str) -> bool:
    """Whether an exit of the pair, beside the one that is gone, was canceled for the sale."""
    freed = [one for one in before if _sets_free(one) and one.current.request.symbol == symbol]
    return any(one.state is State.ACCEPTED for one in freed)
