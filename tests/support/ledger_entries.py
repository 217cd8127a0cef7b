"""Ledger entries for tests: real ones, made by the rules of ledger.entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from webhook_core.clock import SystemClock
from webhook_core.ledger import transitions
from webhook_core.ledger.attempts import (
    first_attempt,
    missed_attempt,
    no_action_attempt,
    unclaimed_attempt,
)
from webhook_core.ledger.entry import LedgerEntry, State, Turn, Unit
from webhook_core.trading.requests import Accepted, Fill, Method, NotSent, OrderRequest, Rejected

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Dated(SystemClock):
    """The system's clock, but for the date: it stands at ``date``, wherever a test puts it."""

    def __init__(self, date: datetime = NOON) -> None:
        self.date = date

    def now(self) -> datetime:
        return self.date


def submitting(
    alert_key: str = "alert-1",
    *,
    at: datetime = NOON,
    strategy: str = "breakout",
    leg: int = 0,
    generation: int = 0,
    turn: Turn | None = None,
) -> LedgerEntry:
    """A new delivery's claim: every call makes another owner, as every delivery does."""
    unit = Unit("paper", "main", alert_key, leg, generation)
    parameters = {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "limit",
        "volume": "0.01000000",
        "price": "50000.1",
    }
    request = OrderRequest("BTC/USD", parameters, Decimal("50000.10"))
    return LedgerEntry(
        unit=unit,
        alert_id=f"id of {alert_key}",
        body_sha256="ab" * 32,
        strategy=strategy,
        received_at=at,
        fresh_until=at + timedelta(seconds=60),
        attempts=(first_attempt(unit, request, at, 10),),
        warnings=("send {{timenow}}",),
        turn=turn,
    )


LINE = "trend/XXBTZUSD"


def in_turn(
    alert_key: str,
    fired_s: int = 0,
    *,
    line: str = LINE,
    in_order: bool = True,
    moves: tuple[int, int] | None = None,
    mark: str | None = None,
) -> LedgerEntry:
    """The claim of an alert that depends on the others of its line: a target
    (``in_order``), or a percentage.

    ``moves``: the strategy's positions before and after it.
    """
    before, after = (None, None) if moves is None else map(Decimal, moves)
    return submitting(
        alert_key, turn=Turn(line, NOON + timedelta(seconds=fired_s), in_order, before, after, mark)
    )


def nothing_to_do(entry: LedgerEntry) -> LedgerEntry:
    """The claim of an alert that finds the account as it wants it."""
    attempt = no_action_attempt(entry.unit, entry.current.request, entry.claimed_at)
    return replace(entry, attempts=(attempt,))


def missed(entry: LedgerEntry) -> LedgerEntry:
    """The claim of a leg that comes too late to be sent."""
    return replace(
        entry,
        attempts=(missed_attempt(entry.unit, entry.current.request, entry.claimed_at),),
    )


def never_claimed(entry: LedgerEntry) -> LedgerEntry:
    """What is written of an alert that was answered 503 before its claim."""
    attempt = unclaimed_attempt(
        entry.unit, "BTC/USD", entry.claimed_at, "Kraken could not be asked."
    )
    return replace(entry, attempts=(attempt,), turn=None)


def _unsent(entry: LedgerEntry) -> LedgerEntry:
    return entry if entry.state is State.NOT_SENT else moved(entry, State.NOT_SENT)


def moved(entry: LedgerEntry, state: State) -> LedgerEntry:
    """The entry in that state, as the transition table gets it there.

    Nothing gets to NO_ACTION here, nor to MISSED ever: those are written first.
    """
    later = entry.claimed_at + timedelta(seconds=1)
    match state:
        case State.NO_ACTION:
            changed = nothing_to_do(entry)
        case State.MISSED:
            changed = never_claimed(entry)
        case State.SUBMITTING:
            changed = transitions.open_orders_lack_it(entry, later)
        case State.ACCEPTED:
            changed = transitions.settle(
                entry,
                Accepted("OABCDE-12345-FGHIJK", "buy 0.01 XBTUSD", ("close to the limit",)),
                later,
            )
        case State.REJECTED:
            changed = transitions.settle(entry, Rejected(("EOrder:Insufficient funds",)), later)
        case State.NOT_PLACED:
            changed = transitions.not_placed(entry, later)
        case State.NOT_SENT:
            changed = transitions.settle(entry, NotSent("connection refused"), later)
        case State.EXPIRED:
            changed = transitions.expired(_unsent(entry), later)
        case State.DENIED:
            changed = transitions.next_denied(
                _unsent(entry), later, "MAX_ORDER_COST: cost 600 USD is above the cap of 500 USD"
            )
    return changed


def accepted_orders() -> dict[str, LedgerEntry]:
    """Accepted orders of each kind, by what is known of them: some may still trade."""

    def accepted(
        name: str, ordertype: str, status: str | None, method: Method = "AddOrder"
    ) -> LedgerEntry:
        before = submitting(name)
        sent = {**before.current.request.parameters, "ordertype": ordertype}
        request = before.current.request._replace(parameters=sent, method=method)
        before = replace(before, attempts=(replace(before.current, request=request),))
        after = transitions.settle(before, Accepted(f"O{name}"), before.claimed_at)
        part = Fill(status or "", Decimal("0.004"), Decimal(50000), Decimal(200), Decimal(1))
        return after if status is None else transitions.filled(after, part)

    return {
        name: accepted(name, *known)
        for name, known in {
            "never asked": ("market", None),
            "asked at market": ("market", "open"),
            "filled": ("market", "closed"),
            "resting": ("limit", None),
            "in parts": ("stop-loss-limit", "open"),
            "canceling": ("trailing-stop", "pending"),
            "done": ("limit", "closed"),
            "canceled": ("limit", "canceled"),
            "expired": ("take-profit", "expired"),
            "a cancel": ("limit", None, "CancelOrder"),
            "an amendment": ("limit", None, "AmendOrder"),
        }.items()
    }
