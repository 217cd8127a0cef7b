"""What the ledger knows of one leg of one alert, and the only ways in which that may change.

    (none) --claim--> NO_ACTION: the account is already as the alert wants it            terminal
    (none) --claim--> EXPIRED: a leg that was never sent, and is too old now            terminal
    (none) --write--> MISSED: an alert that was answered 503 before its claim
    MISSED --claim--> SUBMITTING, NO_ACTION: as if nothing had been there
    MISSED --denied--> DENIED, --too old--> EXPIRED                                      terminal
    (none) --claim--> SUBMITTING --Accepted / found--------------> ACCEPTED    terminal
               |------- Rejected (allow-listed errors) ----------> REJECTED    terminal
               |------- proved absent ---------------------------> NOT_PLACED  terminal
               |------- Unchanged: as wanted already ------------> NO_ACTION   terminal
               |------- NotSent ---------------------------------> NOT_SENT
               |------- Rejected for its rounding ---------------> SUBMITTING  as the next attempt
               '------- anything else stays SUBMITTING: "unknown"; only reconcile may decide
    NOT_SENT --next attempt--> SUBMITTING, --too old--> EXPIRED                          terminal
    NOT_SENT --counted again--> NO_ACTION, DENIED                                        terminal

    REJECTED, NOT_PLACED, EXPIRED, DENIED --a person's replay--> SUBMITTING  as the next attempt
    ACCEPTED --what has traded so far--> ACCEPTED

1. An attempt is one AddOrder that can have been processed. Its request, client order id and
   deadline are fixed when it is claimed and never computed again.
2. SUBMITTING is never executed again, however old. It is looked up by its client order id.
3. A terminal state never changes by itself: no delivery and no reconcile moves it. The
   one way out is ``replayed_by_operator``, and only a person takes it, from the four
   states that prove that nothing was placed. So it stands beside the table and not in it.
4. MISSED has no attempt: nothing was planned or sent. What stands in its place has no parameters
   and gives way to the first attempt, which is that of a new entry in every way.
5. What an order has traded is a fact about an ACCEPTED entry and no change of its state:
   ``filled`` adds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from webhook_core.trading.checks import Check
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, OrderRequest
from webhook_core.value import NamedTuple, Record, Value

if TYPE_CHECKING:
    from webhook_core.ledger.takes import Take
    from webhook_core.trading.venue_refusals import Refusal

_CLIENT_ORDER_IDS = uuid.UUID("6f0d1f0e-6d5c-5c55-9d0c-5b9d5b1a7c11")
"""Namespace of our client order ids. It never changes: a redelivery must find the id of
the first delivery."""


class State(StrEnum):
    SUBMITTING = "SUBMITTING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    NOT_PLACED = "NOT_PLACED"
    NOT_SENT = "NOT_SENT"
    EXPIRED = "EXPIRED"
    NO_ACTION = "NO_ACTION"
    DENIED = "DENIED"
    MISSED = "MISSED"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.SUBMITTING: frozenset(
        {
            State.SUBMITTING,
            State.ACCEPTED,
            State.REJECTED,
            State.NOT_PLACED,
            State.NOT_SENT,
            State.NO_ACTION,
        }
    ),
    State.NOT_SENT: frozenset({State.SUBMITTING, State.EXPIRED, State.NO_ACTION, State.DENIED}),
    State.MISSED: frozenset({State.SUBMITTING, State.NO_ACTION, State.DENIED, State.EXPIRED}),
    State.ACCEPTED: frozenset(),
    State.REJECTED: frozenset(),
    State.NOT_PLACED: frozenset(),
    State.EXPIRED: frozenset(),
    State.NO_ACTION: frozenset(),
    State.DENIED: frozenset(),
}
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)
UNRESOLVED = frozenset(State) - TERMINAL
REPLAYABLE = frozenset({State.REJECTED, State.NOT_PLACED, State.EXPIRED, State.DENIED})
"""Terminal without an order: from here a person may have the alert sent again."""


class Unit(NamedTuple):
    """What can be claimed once.

    ``generation`` counts the firings of an alert that carries neither id nor firing time.
    """

    mode: str
    account: str
    alert_key: str
    leg: int = 0
    generation: int = 0

    @property
    def name(self) -> str:
        """One text per unit; the alert key, which may hold anything, stands last."""
        return f"{self.mode}/{self.account}/{self.generation}/{self.leg}/{self.alert_key}"

    def with_leg(self, number: int) -> Unit:
        """Another leg of the same alert."""
        return self._replace(leg=number)

    def client_order_id(self, attempt: int) -> str:
        """UUIDv5 of the unit and the attempt: Kraken's long form of ``cl_ord_id``
        (docs.kraken.com, spot-clordid)."""
        return str(uuid.uuid5(_CLIENT_ORDER_IDS, f"{attempt}/{self.name}"))


class OrderShown(StrEnum):
    """What the order itself showed of its cancel, whose reply was lost.

    The names are stored: they stay.
    """

    STILL_OPEN = "still_open"
    HAD_FILLED = "had_filled"


class Attempt(Record, Value, frozen=True):
    """One AddOrder. ``owner`` tells our own write from another's when a reply of the store is lost.

    ``open_absent_at`` is when a read of the open orders, late enough to count, began and lacked the
    order. ``close_unseen``: Kraken may not list its conditional close yet. ``shown``: what a look
    at the order of a cancel found. ``because``: why another venue than Kraken refused it."""

    number: int
    client_order_id: str
    request: OrderRequest
    owner: str
    claimed_at: datetime
    deadline: datetime
    state: State = State.SUBMITTING
    order_id: str | None = None
    description: str = ""
    reason: str = ""
    errors: tuple[str, ...] = ()
    settled_at: datetime | None = None
    open_absent_at: datetime | None = None
    fill: Fill | None = None
    close_unseen: bool = False
    shown: OrderShown | None = None
    because: Refusal | None = None

    @property
    def refusal(self) -> Refusal | None:
        """Why it was refused, where something follows from that."""
        from webhook_core.trading.venue_refusals import refusal_of

        return self.because or refusal_of(self.errors)


class ExitTrade(NamedTuple):
    """One trade of an order that a conditional close left. ``volume`` counts base, ``price`` quote
    per base, ``cost`` and ``fee`` quote; ``at`` by the venue's clock."""

    trade_id: str
    order_id: str
    side: Side
    volume: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    at: datetime


class Turn(NamedTuple):
    """Of the entries of one ``line``, say live/default/trend/XXBTZUSD, at most one is
    SUBMITTING at any time, but for an exit that ``passes``.

    ``in_order``: it may not be claimed any more once an entry of its line that was fired later has
    been; of two fired at the same time the strategy's positions ``before`` and ``after`` say which
    came first. ``mark`` is the line's as it was before the facts were read on which the request
    rests: a claim of the line in between has made them out of date. None: whatever it is.
    ``passes``: it goes beside one that is SUBMITTING, since it was planned knowing it; of the claim
    alone, so it is not stored.
    """

    line: str
    fired_at: datetime
    in_order: bool
    before: Decimal | None = None
    after: Decimal | None = None
    mark: str | None = None
    passes: bool = False


class LedgerEntry(Record, Value, frozen=True):
    """One leg of one alert.

    ``version`` is the store's, for compare-and-set; empty until it is stored. ``body_sha256`` is of
    the raw body. ``fresh_until`` is the last moment at which a new attempt may be made. ``turn`` is
    None where an order depends on no other. ``following``, on leg 0 alone, are the requests of the
    legs after it, planned with it; ``independent``: a leg that fails does not stop them.

    ``figures`` are the venue's that the current attempt was planned on, empty if it was not planned
    anew: asset id -> total balance, "position " + pair key -> net margin. ``counted_until`` is when
    the newest of our orders in them was claimed, by its claimer's clock; ``counted`` are the client
    order ids of those near that, none where an earlier version wrote it.
    ``exits``: what the conditional closes that its order left have traded, oldest first.
    ``open_at``: when its order, or one that it left, was seen open, long after the claim.
    ``checks``, on leg 0 alone: what the whole alert was held against. Of the claim alone, so not
    stored: ``takes``, what goes with it, and ``begun``: no pause holds it back.
    """

    unit: Unit
    alert_id: str
    body_sha256: str
    strategy: str
    received_at: datetime
    fresh_until: datetime
    attempts: tuple[Attempt, ...]
    warnings: tuple[str, ...] = ()
    turn: Turn | None = None
    following: tuple[OrderRequest, ...] = ()
    independent: bool = False
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    counted_until: datetime | None = None
    counted: tuple[str, ...] = ()
    exits: tuple[ExitTrade, ...] = ()
    checks: tuple[Check, ...] = ()
    open_at: datetime | None = None
    version: str = ""
    takes: tuple[Take, ...] = ()
    begun: bool = False

    @property
    def current(self) -> Attempt:
        return self.attempts[-1]

    @property
    def state(self) -> State:
        return self.current.state

    @property
    def claimed_at(self) -> datetime:
        """When the unit was claimed first."""
        return self.attempts[0].claimed_at
