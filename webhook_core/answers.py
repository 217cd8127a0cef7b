"""The answers to an alert: one shape for every outcome, amounts as plain decimal strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from webhook_core.errors import MethodNotAllowed, WebhookError
from webhook_core.http_messages import HttpResponse, json_response
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.legs import Progress
from webhook_core.trading.limits import Check
from webhook_core.trading.orders import OrderRequest
from webhook_core.trading.planner import Plan
from webhook_core.trading.rounding import plain

if TYPE_CHECKING:
    from webhook_core.trading.appraisal import Appraisal, Estimate

NO_TRADE = {"symbol": None, "side": None, "order_type": None, "volume": None, "price": None}

_OF_STATE = {
    State.ACCEPTED: (200, "accepted"),
    State.REJECTED: (422, "order_rejected"),
    State.NOT_PLACED: (422, "not_placed"),
    State.EXPIRED: (422, "expired"),
    State.NO_ACTION: (200, "no_action"),
    State.DENIED: (422, "order_denied"),
    State.NOT_SENT: (503, "not_sent"),
    State.SUBMITTING: (503, "outcome_unknown"),
}
_SENTENCES = {
    State.ACCEPTED: "Kraken accepted the order.",
    State.REJECTED: "Kraken refused the order.",
    State.NOT_PLACED: "The order was not placed: Kraken's open and closed orders both lack it.",
    State.EXPIRED: "The order could not be sent while the alert was fresh, and will not be sent any more.",
    State.NO_ACTION: "Nothing to do: the account is already as the alert wants it.",
    State.DENIED: "The order was not sent in time, and a limit denies what it would be now.",
    State.NOT_SENT: "The order was not sent; sending the same alert again soon is safe.",
    State.SUBMITTING: "The order was sent and its outcome is not known yet; sending the same alert again is safe, it only looks.",
}


_CHANGE_SENTENCES = {
    method: {
        State.ACCEPTED: f"Kraken {did} the order.",
        State.REJECTED: f"Kraken refused: the order was not {did}.",
        State.NOT_PLACED: f"The order was not {did}: Kraken shows it as it was.",
        State.EXPIRED: f"The order could not be {did} while the alert was fresh, and will not be any more.",
        State.NO_ACTION: _SENTENCES[State.NO_ACTION],
        State.DENIED: _SENTENCES[State.DENIED],
        State.NOT_SENT: f"The order was not {did}; sending the same alert again soon is safe.",
        State.SUBMITTING: f"Whether the order was {did} is not known yet; sending the same alert again is safe.",
    }
    for method, did in (("CancelOrder", "canceled"), ("AmendOrder", "amended"))
}


class Frame(NamedTuple):
    """What every answer of one request carries."""

    request_id: str
    mode: str


def of_progress(progress: Progress, frame: Frame) -> HttpResponse:
    """The answer that an alert's entries in the ledger give, the same for the first delivery and every later one."""
    entry = progress.deciding
    status, code = _of(progress)
    attempt = entry.current
    success = status == 200
    return json_response(
        status,
        _document(
            frame,
            success=success,
            code=code,
            message=f"{_PAPER if frame.mode == 'paper' else ''}{_message(progress)}",
            error=None if success else _why(progress),
            order_id=attempt.order_id,
            trade_details=attempt.request.trade_details(),
            alert_id=entry.alert_id,
            client_order_id=attempt.client_order_id,
            orders=[*(_order(leg) for leg in progress.entries), *map(_unclaimed, progress.unclaimed)],
            replayed=progress.replayed,
            warnings=[warning for leg in progress.entries for warning in leg.warnings],
        ),
    )


def _of(progress: Progress) -> tuple[int, str]:
    """With legs left that a fresh redelivery will send, it is not done yet."""
    state = progress.deciding.state
    return _OF_STATE[State.NOT_SENT if _is_waiting(progress) else state]


def _is_waiting(progress: Progress) -> bool:
    return bool(progress.unclaimed) and not progress.is_stopped and progress.deciding.state is not State.SUBMITTING


def _message(progress: Progress) -> str:
    """The sentence of the leg that decides, and which one it is where there are several."""
    entry, total = progress.deciding, len(progress.entries) + len(progress.unclaimed)
    if _is_waiting(progress):
        return f"{len(progress.entries)} of {total} orders were sent; sending the same alert again soon sends the rest."
    method = entry.current.request.method
    sentence = _SENTENCES[entry.state] if method == "AddOrder" else _CHANGE_SENTENCES[method][entry.state]
    if entry.state is State.NO_ACTION and entry.current.reason:
        sentence = f"Nothing to do: {entry.current.reason}."
    if total == 1:
        return sentence
    if entry.state in (State.ACCEPTED, State.NO_ACTION):
        return f"All {total} legs are done. {sentence}"
    stopped = " The legs after it are not sent." if progress.unclaimed and progress.is_stopped else ""
    return f"Leg {entry.unit.leg + 1} of {total}: {sentence}{stopped}"


_PAPER = "Paper: "
_VALID = "The alert is valid; nothing was sent."


def code_of(state: State) -> str:
    """The stable code of an answer that tells of an entry."""
    return _OF_STATE[state][1]


def of_validation(plan: Plan, frame: Frame, warnings: Sequence[str], alert_id: str, nothing: str = "") -> HttpResponse:
    """The plan of an alert that was only validated: what would be sent, and nothing was. ``nothing``: why nothing would be."""
    return json_response(
        200,
        _document(
            frame,
            success=True,
            code="validated",
            message=f"The alert is valid; there is nothing to do: {nothing}." if nothing else _VALID,
            trade_details=plan.requests[0].trade_details() if plan.requests else NO_TRADE,
            alert_id=alert_id,
            orders=orders_of(plan, "VALIDATED", "validated"),
            warnings=list(warnings),
        ),
    )


def orders_of(plan: Plan, state: str, code: str) -> tuple[dict[str, Any], ...]:
    """The orders of an appraised plan, as a validation shows them: exactly what would be sent, and why or why not."""
    pairs = zip_longest(plan.requests, plan.appraisals)
    return tuple(_appraised(request, appraisal, state, code) for request, appraisal in pairs)


def of_error(
    error: WebhookError,
    frame: Frame,
    alert_id: str | None,
    warnings: Sequence[str] = (),
    orders: Sequence[dict[str, Any]] = (),
) -> HttpResponse:
    """What ended the request early."""
    document = _document(
        frame,
        success=False,
        code=error.code,
        message=error.message,
        error=error.message,
        field=error.field,
        alert_id=alert_id,
        orders=orders,
        warnings=list(warnings),
    )
    headers = {"allow": error.allowed} if isinstance(error, MethodNotAllowed) else {}
    return json_response(error.status, document, headers)


def _document(frame: Frame, *, success: bool, code: str, message: str, **known: Any) -> dict[str, Any]:
    return {
        "success": success,
        "message": message,
        "order_id": None,
        "error": None,
        "trade_details": NO_TRADE,
        "code": code,
        "field": None,
        "alert_id": None,
        "client_order_id": None,
        "orders": [],
        "replayed": False,
        "mode": frame.mode,
        "warnings": [],
        "request_id": frame.request_id,
        **known,
    }


def _order(entry: LedgerEntry) -> dict[str, Any]:
    attempt = entry.current
    order = {
        "order_id": attempt.order_id,
        "client_order_id": attempt.client_order_id,
        "state": attempt.state,
        "code": code_of(entry.state),
        "request": dict(attempt.request.parameters),
    }
    if attempt.fill is None:
        return order
    from webhook_core.fills import shown

    return {**order, "fill": shown(attempt)}


def _unclaimed(request: OrderRequest) -> dict[str, Any]:
    """A leg whose turn has not come, or never will."""
    return {
        "order_id": None,
        "client_order_id": None,
        "state": "NOT_CLAIMED",
        "code": "not_sent",
        "request": dict(request.parameters),
    }


def _appraised(request: OrderRequest, appraisal: Appraisal | None, state: str, code: str) -> dict[str, Any]:
    """``appraisal`` is None for a request that has no cost and no limit to hold against, such as a cancel."""
    return {
        "order_id": None,
        "client_order_id": None,
        "state": state,
        "code": code,
        "request": dict(request.parameters),
        "rounding": appraisal.rounding if appraisal else (),
        "estimate": _estimate(appraisal.estimate) if appraisal and appraisal.estimate else None,
        "checks": [_check(check) for check in appraisal.checks] if appraisal else (),
    }


def _estimate(estimate: Estimate) -> dict[str, str | None]:
    amounts = {"price": estimate.price, "cost": estimate.cost, "fee": estimate.fee}
    texts = {name: None if amount is None else plain(amount) for name, amount in amounts.items()}
    return {**texts, "currency": estimate.currency}


def _check(check: Check) -> dict[str, Any]:
    return {
        "rule": check.rule,
        "verdict": check.verdict,
        "numbers": dict(check.numbers),
        "message": check.message or None,
    }


def _why(progress: Progress) -> str:
    attempt = progress.deciding.current
    venue = f"Kraken said: {'; '.join(attempt.errors)}" if attempt.errors else ""
    return ". ".join(part.rstrip(".") for part in (_message(progress), venue, attempt.reason) if part) + "."
