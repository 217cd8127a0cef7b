"""A reply of Kraken to a call that changes something -> its outcome, and what the operator has to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.outcomes import Reply
from webhook_core.trading.requests import Method, NotSent, Outcome

_SET_THE_CLOCK = (
    "set this machine's clock by NTP; the doctor command says how far it is off. Kraken takes a "
    "deadline from 2 to 60 s ahead by its own clock, so until then it refuses every order"
)


def outcome_of(method: Method, parameters: Mapping[str, str], reply: Reply, now: datetime) -> Outcome:
    """``parameters`` are those that were sent. ``now``: when the reply was read, by our clock."""
    outcome = _judged(method, parameters, reply)
    if isinstance(outcome, NotSent) and outcomes.blames_the_clock(outcome.errors):
        deadline = parameters.get("deadline")
        event(logging.ERROR, "clock.off", now=now, deadline=deadline, advice=_SET_THE_CLOCK)
    return outcome


def _judged(method: Method, parameters: Mapping[str, str], reply: Reply) -> Outcome:
    if method == "AddOrder":
        return outcomes.of_add_order(reply)
    from webhook_core.kraken import order_changes  # few alerts change an order

    order_id = parameters.get("txid", "")
    if method == "CancelOrder":
        return order_changes.of_cancel(reply, order_id)
    return order_changes.of_amend(reply, order_id)
