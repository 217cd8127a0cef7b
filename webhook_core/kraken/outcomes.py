"""A reply of Kraken, or the lack of one -> accepted, rejected, unknown or not sent.

Rejected and not sent need positive evidence: every error string is on a list of refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from webhook_core.trading.requests import Accepted, NotSent, Outcome, Rejected, Unknown
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.kraken.refusals import Proven


class Failure(Enum):
    """Why there is no answer to read."""

    NO_TIME = "the request's time was used up before it could be sent"
    NOT_CONNECTED = "no connection to Kraken could be made"
    BROKEN = "the exchange with Kraken broke off"


class Reply(NamedTuple):
    """``status`` and ``document`` (parsed JSON, None if it is none) of an answer, or the
    ``failure`` and its ``detail``."""

    status: int | None = None
    document: Any = None
    failure: Failure | None = None
    detail: str = ""


_KEY = ("EAPI:Invalid key", "EAPI:Invalid signature")
_UNPROCESSED = "Kraken refused the request before processing it"
_CLOCKS_DIFFER = "Kraken refused the deadline, so the clock of this machine and Kraken's differ"


def of_add_order(reply: Reply) -> Outcome:
    """The outcome of an AddOrder. A txid means accepted, whatever stands beside it."""
    result = result_in(reply.document)
    order_id = _order_id(result)
    if order_id and not _is_unsent(reply):
        return Accepted(order_id, _description(result), errors_of(reply.document) or ())
    return without_success(reply)


def without_success(
    reply: Reply, judge: Callable[[str], Proven] | None = None, wanted: str = "an order id"
) -> Outcome:
    """The outcome of a reply that does not show what was ``wanted``; ``judge`` says what
    each error string proves; None: the lists of kraken.refusals."""
    if _is_unsent(reply):
        return NotSent(_sentence(reply))
    errors = errors_of(reply.document)
    if reply.failure is not None or reply.status != 200:
        return Unknown(_sentence(reply), errors or ())
    if errors is None:
        return Unknown("Kraken's answer is not in its usual form")
    if not errors:
        return Unknown(f"Kraken answered without an error and without {wanted}")
    if reply.document.get("result"):  # a refusal has no result, null or {}
        return Unknown("Kraken answered with errors and a result", errors)
    return _of_errors(errors, judge)


def of_validation(reply: Reply) -> Outcome:
    """The outcome of an AddOrder with the validate flag: Accepted has no order id, unless Kraken
    placed one all the same."""
    outcome = of_add_order(reply)
    errors = errors_of(reply.document)
    if isinstance(outcome, Accepted) or reply.status != 200 or errors is None:
        return outcome
    result = result_in(reply.document)
    if result and all(error.startswith("W") for error in errors):
        return Accepted("", _description(result), errors)
    return outcome


def errors_of(document: Any) -> tuple[str, ...] | None:
    """The strings of ``error``, a list or a plain string; None if the document is not
    Kraken's envelope."""
    if not isinstance(document, dict):
        return None
    errors = document.get("error")
    if isinstance(errors, str):
        return (errors,)
    if isinstance(errors, list) and all(isinstance(error, str) for error in errors):
        return tuple(errors)
    return None


def resend_is_safe(reply: Reply) -> bool:
    """No connection, or a refused nonce and nothing else: Kraken never processed it, and
    a fresh nonce may do."""
    if reply.failure is not None:
        return reply.failure is Failure.NOT_CONNECTED
    outcome = of_add_order(reply)
    return isinstance(outcome, NotSent) and _are_of_the_nonce(outcome.errors)


def key_is_refused(reply: Reply) -> bool:
    """Kraken knows no such key, or the secret does not belong to it: nothing of the
    call was processed."""
    outcome = of_add_order(reply)
    if not isinstance(outcome, Rejected):
        return False
    from webhook_core.kraken.refusals import is_listed

    return all(any(is_listed(error, key) for key in _KEY) for error in outcome.errors)


def nonce_is_refused(reply: Reply) -> bool:
    """Kraken had seen a larger nonce of the key: nothing of the call was processed."""
    errors = errors_of(reply.document) if reply.status == 200 else None
    return bool(errors) and _are_of_the_nonce(errors or ())


def _are_of_the_nonce(errors: tuple[str, ...]) -> bool:
    from webhook_core.kraken.refusals import INVALID_NONCE, is_listed  # few replies have errors

    return all(is_listed(error, INVALID_NONCE) for error in errors)


def _of_errors(errors: tuple[str, ...], judge: Callable[[str], Proven] | None) -> Outcome:
    from webhook_core.kraken import refusals

    proven = {(judge or refusals.judge)(error) for error in errors}
    if proven == {refusals.Proven.REJECTED}:
        return Rejected(errors, stale_rules=all(map(refusals.is_about_pair_rules, errors)))
    if proven == {refusals.Proven.NOT_SENT}:
        reason = _CLOCKS_DIFFER if refusals.blames_the_clock(errors) else _UNPROCESSED
        return NotSent(reason, errors)
    return Unknown("Kraken's answer proves nothing either way", errors)


def result_in(document: Any) -> Mapping[str, Any]:
    """Empty if there is none."""
    result = document.get("result") if isinstance(document, dict) else None
    return result if isinstance(result, dict) else {}


def _order_id(result: Mapping[str, Any]) -> str:
    """The first of ``txid``, a list; a plain string counts too. Empty if there is none."""
    order_ids = result.get("txid")
    listed = order_ids if isinstance(order_ids, list) else [order_ids]
    return next((order_id for order_id in listed if isinstance(order_id, str) and order_id), "")


def _description(result: Mapping[str, Any]) -> str:
    description = result.get("descr")
    order = description.get("order") if isinstance(description, dict) else None
    return order if isinstance(order, str) else ""


def _is_unsent(reply: Reply) -> bool:
    return reply.failure in (Failure.NO_TIME, Failure.NOT_CONNECTED)


def _sentence(reply: Reply) -> str:
    if reply.failure is None:
        return f"Kraken's front answered with HTTP status {reply.status}"
    return reply.failure.value if not reply.detail else f"{reply.failure.value} ({reply.detail})"
