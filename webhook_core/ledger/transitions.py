"""The ways in which an entry changes, each a pure function; which of them there are says the table
``TRANSITIONS`` of entry.py, beside its states."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from webhook_core.ledger.attempts import never_sent, submitting_attempt
from webhook_core.ledger.entry import (
    REPLAYABLE,
    TRANSITIONS,
    Attempt,
    LedgerEntry,
    OrderShown,
    State,
)
from webhook_core.trading.requests import (
    Accepted,
    Fill,
    NotSent,
    OrderRequest,
    Outcome,
    Rejected,
    Unchanged,
    Unknown,
    VenueOrder,
)
from webhook_core.value import replace


class IllegalTransition(Exception):
    """A bug: the caller asked for a change that the table does not have."""


def _only_from(states: Collection[State], entry: LedgerEntry, to: str) -> None:
    """Raises IllegalTransition for an entry in another state."""
    if entry.state not in states:
        raise IllegalTransition(f"{entry.state} -> {to}: {entry.unit.name}")


def _move(entry: LedgerEntry, state: State, **changes: object) -> LedgerEntry:
    if state not in TRANSITIONS[entry.state]:
        raise IllegalTransition(f"{entry.state} -> {state}: {entry.unit.name}")
    current = replace(entry.current, state=state, **changes)  # type: ignore[arg-type]
    return replace(entry, attempts=(*entry.attempts[:-1], current))


def settle(entry: LedgerEntry, outcome: Outcome, now: datetime) -> LedgerEntry:
    """What the venue's answer makes of a submitting entry. Unknown leaves it submitting
    and keeps the reason."""
    match outcome:
        case Accepted(order_id, description, warnings):
            moved = _move(
                entry,
                State.ACCEPTED,
                order_id=order_id,
                description=description,
                errors=(),
                reason="",
                settled_at=now,
            )
            return replace(moved, warnings=(*entry.warnings, *warnings))
        case Rejected(errors, _, because):
            return _move(entry, State.REJECTED, errors=errors, because=because, settled_at=now)
        case NotSent(reason, errors):
            return _move(entry, State.NOT_SENT, reason=reason, errors=errors, settled_at=now)
        case Unchanged(reason, errors):
            return _move(entry, State.NO_ACTION, reason=reason, errors=errors, settled_at=now)
        case Unknown(reason, errors):
            return _move(entry, State.SUBMITTING, reason=reason, errors=errors)


def shown(entry: LedgerEntry, what: OrderShown, now: datetime) -> LedgerEntry:
    """What the order itself says of a cancel whose reply was lost: it may be sent again,
    or there is nothing left."""
    if what is OrderShown.STILL_OPEN:
        return _move(
            entry, State.NOT_SENT, shown=what, reason="the order is still open", settled_at=now
        )
    reason = "the order had filled before it was canceled"
    return _move(entry, State.REJECTED, shown=what, reason=reason, settled_at=now)


def found(entry: LedgerEntry, order: VenueOrder, now: datetime) -> LedgerEntry:
    """A look-up saw the order: it was accepted, whatever became of it since."""
    return settle(entry, Accepted(order.order_id, str(order.facts.get("description", ""))), now)


def filled(entry: LedgerEntry, fill: Fill, *, close_unseen: bool = False) -> LedgerEntry:
    """What has traded of an accepted order by now, in the place of what was known before."""
    _only_from((State.ACCEPTED,), entry, "filled")
    current = replace(entry.current, fill=fill, close_unseen=close_unseen)
    return replace(entry, attempts=(*entry.attempts[:-1], current))


def open_orders_lack_it(entry: LedgerEntry, read_at: datetime) -> LedgerEntry:
    """First half of the proof of absence; the earliest such read counts."""
    return _move(entry, State.SUBMITTING, open_absent_at=entry.current.open_absent_at or read_at)


def has_never_traded(entry: LedgerEntry) -> bool:
    """Whether that first half, which the closed orders lack it for too, proves that there is
    nothing of it: at the market an order is done in the moment in which it is taken, so those had
    to show it."""
    attempt, request = entry.current, entry.current.request
    if entry.state is not State.SUBMITTING or attempt.open_absent_at is None:
        return False
    return request.method == "AddOrder" and request.at_market and not request.is_scheduled


def not_placed(entry: LedgerEntry, now: datetime) -> LedgerEntry:
    """Second half: the closed orders, read completely and late enough, lack it too."""
    return _move(entry, State.NOT_PLACED, settled_at=now)


def expired(entry: LedgerEntry, now: datetime) -> LedgerEntry:
    """Never sent, and now too old to send."""
    return _move(entry, State.EXPIRED, settled_at=now)


def denied_unclaimed(entry: LedgerEntry, now: datetime, reason: str) -> LedgerEntry:
    """A MISSED alert that came again, and was denied for good."""
    _only_from((State.MISSED,), entry, "denied")
    return _move(entry, State.DENIED, reason=reason, settled_at=now)


def claimed_at_last(missed: LedgerEntry, claim: LedgerEntry) -> LedgerEntry:
    """What the claim of a new alert writes where it was MISSED before. It came in when it came in
    first, and is no fresher for having come again."""
    if missed.unit != claim.unit or claim.state not in TRANSITIONS[missed.state]:
        raise IllegalTransition(f"{missed.state} -> {claim.state}: {missed.unit.name}")
    turn = claim.turn
    if turn is not None and turn.fired_at == claim.received_at:  # the alert names no time
        turn = turn._replace(fired_at=missed.received_at)
    return replace(
        claim,
        received_at=missed.received_at,
        fresh_until=missed.fresh_until,
        turn=turn,
        version=missed.version,
    )


def next_attempt(
    entry: LedgerEntry,
    request: OrderRequest,
    now: datetime,
    deadline_s: int,
    *,
    keeps_figures: bool = False,
) -> LedgerEntry:
    """Claim another AddOrder for an entry whose last one is proved without effect: NOT_SENT, or
    refused for its rounding. ``keeps_figures``: it is planned on what the last one was.

    The caller passes the second case as an entry that ``settle`` has just made REJECTED but nobody
    has stored: on the ledger it goes from SUBMITTING to SUBMITTING in one write, so no redelivery
    sees a refusal that is not the last word.
    """
    _only_from((State.NOT_SENT, State.REJECTED), entry, "next attempt")
    attempt = submitting_attempt(entry.unit, entry.current.number + 1, request, now, deadline_s)
    if keeps_figures:
        return replace(entry, attempts=(*entry.attempts, attempt))
    return _with_attempt(entry, attempt)


def next_nothing(entry: LedgerEntry, now: datetime, reason: str) -> LedgerEntry:
    """A NOT_SENT entry that was counted again for its next attempt, and there is
    nothing left to do; or one that ``settle`` has just made REJECTED, since Kraken says so."""
    request = OrderRequest(entry.current.request.symbol, {})
    return _ended(entry, request, now, State.NO_ACTION, reason)


def next_denied(entry: LedgerEntry, now: datetime, reason: str) -> LedgerEntry:
    """A NOT_SENT entry that was counted again for its next attempt, and a limit denies
    what it comes to now."""
    return _ended(entry, entry.current.request, now, State.DENIED, reason)


def _ended(
    entry: LedgerEntry, request: OrderRequest, now: datetime, state: State, reason: str
) -> LedgerEntry:
    refused = (State.REJECTED,) if state is State.NO_ACTION else ()
    _only_from((State.NOT_SENT, *refused), entry, state)
    number = entry.current.number + 1
    attempt = replace(
        never_sent(entry.unit, request, now, state, reason),
        number=number,
        client_order_id=entry.unit.client_order_id(number),
    )
    return _with_attempt(entry, attempt)


def _with_attempt(entry: LedgerEntry, attempt: Attempt) -> LedgerEntry:
    """Whatever has traded since the last attempt is not in the figures that it was planned on."""
    attempts = (*entry.attempts, attempt)
    return replace(entry, attempts=attempts, figures={}, counted_until=None, counted=())


def replayed_by_operator(
    entry: LedgerEntry, request: OrderRequest, now: datetime, deadline_s: int
) -> LedgerEntry:
    """Claim another AddOrder for an alert that ended without an order, because a person says so.

    Nothing but the operator's command calls it, after it has looked every earlier attempt
    up at the venue. The earlier attempts stay in the entry; the new one has a client
    order id and a deadline of its own.
    """
    _only_from(REPLAYABLE, entry, "replay")
    return _with_attempt(
        entry, submitting_attempt(entry.unit, entry.current.number + 1, request, now, deadline_s)
    )
