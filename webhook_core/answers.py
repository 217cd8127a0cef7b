"""The answers to an alert: one shape for every outcome, amounts as plain decimal strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from webhook_core.errors import MethodNotAllowed, WebhookError
from webhook_core.http_messages import HttpResponse, json_response
from webhook_core.ledger.entry import Attempt, LedgerEntry, State
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
    State.NOT_SENT: (503, "not_sent"),
    State.SUBMITTING: (503, "outcome_unknown"),
}
_SENTENCES = {
    State.ACCEPTED: "Kraken accepted the order.",
    State.REJECTED: "Kraken refused the order.",
    State.NOT_PLACED: "The order was not placed: Kraken's open and closed orders both lack it.",
    State.EXPIRED: "The order could not be sent while the alert was fresh, and will not be sent any more.",
    State.NOT_SENT: "The order was not sent; sending the same alert again soon is safe.",
    State.SUBMITTING: "The order was sent and its outcome is not known yet; sending the same alert again is safe, it only looks.",
}


class Frame(NamedTuple):
    """What every answer of one request carries."""

    request_id: str
    mode: str


def of_entry(entry: LedgerEntry, frame: Frame, *, replayed: bool) -> HttpResponse:
    """The answer that an entry of the ledger gives, the same for the first delivery and every later one."""
    status, code = _OF_STATE[entry.state]
    attempt = entry.current
    success = entry.state is State.ACCEPTED
    return json_response(
        status,
        _document(
            frame,
            success=success,
            code=code,
            message=f"{_PAPER if frame.mode == 'paper' else ''}{_SENTENCES[entry.state]}",
            error=None if success else _why(entry),
            order_id=attempt.order_id,
            trade_details=attempt.request.trade_details(),
            alert_id=entry.alert_id,
            client_order_id=attempt.client_order_id,
            orders=[_order(entry, attempt)],
            replayed=replayed,
            warnings=list(entry.warnings),
        ),
    )


_PAPER = "Paper: "


def code_of(state: State) -> str:
    """The stable code of an answer that tells of an entry."""
    return _OF_STATE[state][1]


def of_validation(plan: Plan, frame: Frame, warnings: Sequence[str], alert_id: str) -> HttpResponse:
    """The plan of an alert that was only validated: what would be sent, and nothing was."""
    return json_response(
        200,
        _document(
            frame,
            success=True,
            code="validated",
            message="The alert is valid; nothing was sent.",
            trade_details=plan.requests[0].trade_details(),
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


def _order(entry: LedgerEntry, attempt: Attempt) -> dict[str, Any]:
    return {
        "order_id": attempt.order_id,
        "client_order_id": attempt.client_order_id,
        "state": attempt.state,
        "code": code_of(entry.state),
        "request": dict(attempt.request.parameters),
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


def _why(entry: LedgerEntry) -> str:
    attempt = entry.current
    venue = f"Kraken said: {'; '.join(attempt.errors)}" if attempt.errors else ""
    return ". ".join(part.rstrip(".") for part in (_SENTENCES[entry.state], venue, attempt.reason) if part) + "."
