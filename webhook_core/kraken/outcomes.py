"""A reply of Kraken, or the lack of one -> accepted, rejected, unknown or not sent.

Rejected and not sent need positive evidence: every error string is on a list below, where no entry begins another.
Whatever is on no list is unknown, and an unknown is looked up, never sent again. The lists follow Kraken's own error
guide (docs.kraken.com/api/docs/guides/spot-errors, docs.kraken.com/exchange/guides/general/errors).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from webhook_core.trading.requests import Accepted, NotSent, Outcome, Rejected, Unknown


class Failure(Enum):
    """Why there is no answer to read."""

    NO_TIME = "the request's time was used up before it could be sent"
    NOT_CONNECTED = "no connection to Kraken could be made"
    BROKEN = "the exchange with Kraken broke off"


class Reply(NamedTuple):
    """``status`` and ``document`` (parsed JSON, None if it is none) of an answer, or the ``failure`` and its ``detail``."""

    status: int | None = None
    document: Any = None
    failure: Failure | None = None
    detail: str = ""


class Verdict(Enum):
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


_REJECTED = (
    "EAPI:Bad request",
    "EAPI:Feature disabled",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAccount:Invalid permissions",
    "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed",
    "EAuth:Failed",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EBM:limit exceeded",
    "EGeneral:Invalid arguments",
    "EGeneral:Permission denied",
    "EGeneral:Unknown Method",  # both spellings were seen
    "EGeneral:Unknown method",
    "EOrder:Cannot open opposing position",
    "EOrder:Cannot open position",
    "EOrder:Cost minimum not met",
    "EOrder:Insufficient funds",
    "EOrder:Insufficient initial margin",
    "EOrder:Insufficient margin",
    "EOrder:Invalid price",
    "EOrder:Margin allowance exceeded",
    "EOrder:Margin level too low",
    "EOrder:Margin position size exceeded",
    "EOrder:Order minimum not met",
    "EOrder:Orders limit exceeded",
    "EOrder:Positions limit exceeded",
    "EOrder:Post only order",
    "EOrder:Reduce only:Cannot increase position",
    "EOrder:Reduce only:No position exists",  # not "Position is closed": that one filled what it could
    "EOrder:Reduce only:Non-ECP",
    "EOrder:Reduce only:Non-PC",
    "EOrder:Reduce only:One-sided margin",
    "EOrder:Scheduled orders limit exceeded",
    "EOrder:Tick size check failed",
    "EOrder:Trading agreement required",
    "EOrder:Unknown position",
    "EQuery:Invalid asset pair",
    "EQuery:Unknown asset",
    "EQuery:Unknown asset pair",
    "ETrade:Invalid request",
    "ETrade:Locked",
    "ETrade:User Locked",
)
_KEY = ("EAPI:Invalid key", "EAPI:Invalid signature")
_NONCE = "EAPI:Invalid nonce"
_NOT_SENT = (
    _NONCE,
    "EAPI:Rate limit exceeded",
    "EGeneral:Temporary lockout",  # over after about 15 minutes
    "EGeneral:Too many requests",
    "EOrder:Domain rate limit exceeded",
    "EOrder:Rate limit exceeded",
    "EService: Throttled",
    "EService:Throttled",
)
_CLIENT_ORDER_ID = "EGeneral:Invalid arguments:cl_ord_id"
_MARKET_MODE = r"EService:Market in \w+ mode"
_DEADLINE = r"(?s)E[A-Za-z]+:Invalid arguments:[Dd]eadline(?!\w).*"
"""Checked before anything is placed. We set each deadline from 6 to 60 s ahead and Kraken takes 2 to 60 s
(docs.kraken.com, add-order), so the two clocks differ: another attempt, with a deadline of its own, may be taken."""
_VERDICTS: Mapping[str, Verdict] = {
    **dict.fromkeys(_REJECTED, Verdict.REJECTED),
    **dict.fromkeys(_NOT_SENT, Verdict.NOT_SENT),
}

_UNPROCESSED = "Kraken refused the request before processing it"
_CLOCKS_DIFFER = "Kraken refused the deadline, so the clock of this machine and Kraken's differ"

_PAIR_RULES = (
    "EGeneral:Invalid arguments:volume minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Order minimum not met",
    "EOrder:Tick size check failed",
)
_DECIMALS = r"EOrder:Invalid price:.* price can only be specified up to \d+ decimals?\.?"


def verdict(error: str) -> Verdict:
    """What one error string on AddOrder proves. A longer text may follow a listed one after a colon."""
    if re.fullmatch(_MARKET_MODE, error) or re.fullmatch(_DEADLINE, error):
        return Verdict.NOT_SENT
    if (
        "cl_ord_id" in error and error != _CLIENT_ORDER_ID
    ):  # "... not unique": an order of ours with that id is live
        return Verdict.UNKNOWN
    return next(
        (each for known, each in _VERDICTS.items() if is_listed(error, known)), Verdict.UNKNOWN
    )


def of_add_order(reply: Reply) -> Outcome:
    """The outcome of an AddOrder. A txid means accepted, whatever stands beside it."""
    result = result_in(reply.document)
    order_id = _order_id(result)
    if order_id and not _is_unsent(reply):
        return Accepted(order_id, _description(result), errors_of(reply.document) or ())
    return without_success(reply)


def without_success(
    reply: Reply, judge: Callable[[str], Verdict] = verdict, wanted: str = "an order id"
) -> Outcome:
    """The outcome of a reply that does not show what was ``wanted``; ``judge`` says what each error string proves."""
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
    """The outcome of an AddOrder with the validate flag: Accepted has no order id, unless Kraken placed one all the same."""
    outcome = of_add_order(reply)
    errors = errors_of(reply.document)
    if isinstance(outcome, Accepted) or reply.status != 200 or errors is None:
        return outcome
    result = result_in(reply.document)
    if result and all(error.startswith("W") for error in errors):
        return Accepted("", _description(result), errors)
    return outcome


def errors_of(document: Any) -> tuple[str, ...] | None:
    """The strings of ``error``, a list or a plain string; None if the document is not Kraken's envelope."""
    if not isinstance(document, dict):
        return None
    errors = document.get("error")
    if isinstance(errors, str):
        return (errors,)
    if isinstance(errors, list) and all(isinstance(error, str) for error in errors):
        return tuple(errors)
    return None


def resend_is_safe(reply: Reply) -> bool:
    """No connection, or a refused nonce and nothing else: Kraken never processed it, and a fresh nonce may do."""
    if reply.failure is not None:
        return reply.failure is Failure.NOT_CONNECTED
    outcome = of_add_order(reply)
    return isinstance(outcome, NotSent) and all(
        is_listed(error, _NONCE) for error in outcome.errors
    )


def key_is_refused(reply: Reply) -> bool:
    """Kraken knows no such key, or the secret does not belong to it: nothing of the call was processed."""
    outcome = of_add_order(reply)
    return isinstance(outcome, Rejected) and all(
        any(is_listed(error, key) for key in _KEY) for error in outcome.errors
    )


def nonce_is_refused(reply: Reply) -> bool:
    """Kraken had seen a larger nonce of the key: nothing of the call was processed."""
    errors = errors_of(reply.document) if reply.status == 200 else None
    return bool(errors) and all(is_listed(error, _NONCE) for error in errors or ())


def _of_errors(errors: tuple[str, ...], judge: Callable[[str], Verdict]) -> Outcome:
    verdicts = {judge(error) for error in errors}
    if verdicts == {Verdict.REJECTED}:
        return Rejected(errors, stale_rules=all(map(_is_about_pair_rules, errors)))
    if verdicts == {Verdict.NOT_SENT}:
        return NotSent(_CLOCKS_DIFFER if blames_the_clock(errors) else _UNPROCESSED, errors)
    return Unknown("Kraken's answer proves nothing either way", errors)


def blames_the_clock(errors: Sequence[str]) -> bool:
    """Whether each of these refuses the deadline that our clock has set."""
    return bool(errors) and all(re.fullmatch(_DEADLINE, error) for error in errors)


def is_listed(error: str, known: str) -> bool:
    """Whether it is that error, alone or with a longer text after a colon."""
    return error == known or error.startswith(f"{known}:")


def _is_about_pair_rules(error: str) -> bool:
    return (
        any(is_listed(error, rule) for rule in _PAIR_RULES)
        or re.fullmatch(_DECIMALS, error) is not None
    )


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
