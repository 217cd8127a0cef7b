"""A reply of Kraken to a call that changes something -> its outcome, and what the
operator has to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from webhook_core.errors import CallsUsedUp, NoTimeToRead, VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.outcomes import Failure, Reply, errors_of
from webhook_core.trading.requests import Method, NotSent, Outcome

PATIENT_READ_S = 5.0
"""For reads that no alert waits for."""
_USED_UP = ("EAPI:Rate limit exceeded", "EGeneral:Too many requests")
"""Whatever is called (docs.kraken.com, spot-rest-ratelimits)."""
_SET_THE_CLOCK = (
    "set this machine's clock by NTP; the doctor command says how far it is off. Kraken takes a "
    "deadline from 2 to 60 s ahead by its own clock, so until then it refuses every order"
)


def outcome_of(
    method: Method, parameters: Mapping[str, str], reply: Reply, now: datetime
) -> Outcome:
    """``parameters`` are those that were sent. ``now``: when the reply was read, by our clock."""
    outcome = _judged(method, parameters, reply)
    if isinstance(outcome, NotSent):
        from webhook_core.kraken.refusals import blames_the_clock  # an order that is taken has none

        if blames_the_clock(outcome.errors):
            deadline = parameters.get("deadline")
            event(logging.ERROR, "clock.off", now=now, deadline=deadline, advice=_SET_THE_CLOCK)
    return outcome


def _judged(method: Method, parameters: Mapping[str, str], reply: Reply) -> Outcome:
    if method == "AddOrder":
        return outcomes.of_add_order(reply)
    from webhook_core.kraken import change_replies  # few alerts change an order

    order_id = parameters.get("txid", "")
    if method == "CancelOrder":
        return change_replies.of_cancel(reply, order_id)
    return change_replies.of_amend(reply, order_id)


@contextmanager
def in_usual_form(what: str) -> Iterator[None]:
    """Around what reads an answer of Kraken's, or as a decorator of all that it does. Raises
    VenueUnavailable for one that is not as it is documented: a wrong number would size an order."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        raise VenueUnavailable(f"Kraken's {what} is not in its usual form.") from None


def result_of(reply: Reply, method: str) -> Mapping[str, Any]:
    """The result of a read. Raises VenueUnavailable with the cause."""
    errors = errors_of(reply.document)
    if reply.failure is not None or reply.status != 200 or errors is None:
        cause = reply.failure.value if reply.failure else f"HTTP status {reply.status}"
        unavailable = NoTimeToRead if reply.failure is Failure.NO_TIME else VenueUnavailable
        raise unavailable(f"Kraken's {method} could not be read: {cause}.")
    failed = [error for error in errors if not error.startswith("W")]
    result = reply.document.get("result")
    if result == [] and method == "OpenPositions":  # an account without any
        result = {}
    if failed or not isinstance(result, dict):
        unavailable = CallsUsedUp if set(failed) & {*_USED_UP} else VenueUnavailable
        raise unavailable(
            f"Kraken's {method} could not be read: {', '.join(failed) or 'no result'}."
        )
    return result
