"""The attempts that an entry is made of, each as it is at its claim; how an entry changes after
that says transitions.py."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from webhook_core.ledger.entry import Attempt, State, Unit
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import replace


def first_attempt(unit: Unit, request: OrderRequest, now: datetime, deadline_s: int) -> Attempt:
    """The first AddOrder of a leg, claimed at ``now``; Kraken may take it for ``deadline_s``."""
    return submitting_attempt(unit, 1, request, now, deadline_s)


def no_action_attempt(
    unit: Unit, request: OrderRequest, now: datetime, reason: str = ""
) -> Attempt:
    """Nothing to do: the account is already as the alert wants it. Terminal from its claim on;
    nothing is ever sent."""
    return never_sent(unit, request, now, State.NO_ACTION, reason)


def denied_attempt(unit: Unit, request: OrderRequest, now: datetime, reason: str) -> Attempt:
    """A leg that was counted again before its claim, and a limit denies what it comes to now.
    Terminal from its claim on."""
    return never_sent(unit, request, now, State.DENIED, reason)


def missed_attempt(unit: Unit, request: OrderRequest, now: datetime, reason: str = "") -> Attempt:
    """A leg that was never sent, and is too old now. Terminal from its claim on; a person
    may still replay it."""
    return never_sent(unit, request, now, State.EXPIRED, reason)


def unclaimed_attempt(unit: Unit, symbol: str, now: datetime, reason: str) -> Attempt:
    """No attempt yet: what stands in its place while an alert is MISSED, as number 0.
    ``symbol`` is for people."""
    none = never_sent(unit, OrderRequest(symbol, {}), now, State.MISSED, reason)
    return replace(none, number=0, settled_at=None)


def never_sent(
    unit: Unit, request: OrderRequest, now: datetime, state: State, reason: str
) -> Attempt:
    """An attempt that is in ``state`` from its claim on; nothing is ever sent for it."""
    name, owner = unit.client_order_id(1), uuid.uuid4().hex
    return Attempt(1, name, request, owner, now, now, state, settled_at=now, reason=reason)


def submitting_attempt(
    unit: Unit, number: int, request: OrderRequest, now: datetime, deadline_s: int
) -> Attempt:
    """AddOrder ``number`` of a leg, claimed at ``now``; Kraken may take it for ``deadline_s``."""
    # Kraken's deadline is RFC 3339 with whole seconds in its own examples: cut, so that it is never
    # later than stated.
    deadline = (now + timedelta(seconds=deadline_s)).replace(microsecond=0)
    return Attempt(number, unit.client_order_id(number), request, uuid.uuid4().hex, now, deadline)
