"""The answers to an alert: one shape for every outcome, amounts as plain decimal strings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from webhook_core.errors import WebhookError
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.sending.progress import Progress
from webhook_core.trading.checks import Check
from webhook_core.trading.plans import Plan
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain
from webhook_core.value import NamedTuple
from webhook_core.web.messages import HttpResponse, MethodNotAllowed, json_response
from webhook_core.web.status_and_reason import (
    code_of,
    message_of,
    reason_of,
    status_and_code,
    warnings_of,
)

if TYPE_CHECKING:
    from webhook_core.intake.alert_key import Reuse
    from webhook_core.trading.appraisal import Appraisal, Estimate

NO_TRADE = {"symbol": None, "side": None, "order_type": None, "volume": None, "price": None}


class Frame(NamedTuple):
    """What every answer of one request carries. ``mode`` is None for strangers."""

    request_id: str
    mode: str | None


def of_progress(
    progress: Progress,
    frame: Frame,
    reuse: Reuse | None = None,
    beside: Sequence[Progress] = (),
    notes: Sequence[str] = (),
) -> HttpResponse:
    """The answer that an alert's entries in the ledger give, the same for the first
    delivery and every later one.

    ``reuse``: the delivery may be a new signal under an old id; then that stands
    first in what is said. ``beside``: what else came of the alert, which decides less.
    """
    entry = progress.deciding
    status, code = status_and_code(progress)
    attempt = entry.current
    success = status == 200
    said = _success_of(progress, beside) if success else reason_of(progress)
    prefix = reuse.prefix if reuse is not None and progress.replayed else ""
    return json_response(
        status,
        _document(
            frame,
            success=success,
            code=code,
            message=f"{_PAPER if frame.mode == 'paper' else ''}{prefix}{said}",
            error=None if success else said,
            order_id=attempt.order_id,
            trade_details=attempt.request.trade_details(),
            alert_id=entry.alert_id,
            client_order_id=attempt.client_order_id,
            orders=[row for one in (progress, *beside) for row in rows_of(one)],
            replayed=progress.replayed and all(one.replayed for one in beside),
            warnings=[*notes, *warnings_of(progress, reuse), *chain(*map(warnings_of, beside))],
        ),
    )


def _success_of(progress: Progress, beside: Sequence[Progress]) -> str:
    return f"All {1 + len(beside)} positions are closed." if beside else message_of(progress)


def rows_of(progress: Progress) -> list[dict[str, Any]]:
    """Its orders, those whose turn has not come too."""
    return [*map(_order, progress.entries), *map(_unclaimed, progress.unclaimed)]


_PAPER = "Paper: "
_VALID = "The alert is valid; nothing was sent."


def of_validation(
    plan: Plan, frame: Frame, warnings: Sequence[str], alert_id: str, nothing: str = ""
) -> HttpResponse:
    """The plan of an alert that was only validated: what would be sent, and nothing was.

    ``nothing``: why nothing would be.
    """
    return json_response(
        200,
        _document(
            frame,
            success=True,
            code="validated",
            message=f"The alert is valid; there is nothing to do: {nothing}."
            if nothing
            else _VALID,
            trade_details=plan.requests[0].trade_details() if plan.requests else NO_TRADE,
            alert_id=alert_id,
            orders=orders_of(plan, "VALIDATED", "validated"),
            warnings=list(warnings),
        ),
    )


def orders_of(plan: Plan, state: str, code: str) -> tuple[dict[str, Any], ...]:
    """The orders of an appraised plan, as a validation shows them: exactly what would be
    sent, and why or why not."""
    pairs = zip_longest(plan.requests, plan.appraisals)
    return tuple(_appraised(request, appraisal, state, code) for request, appraisal in pairs)


def of_control(
    code: str, message: str, frame: Frame, alert_id: str, warnings: Sequence[str]
) -> HttpResponse:
    """Of an alert that wants no order: what became of what it asked for."""
    known = {"alert_id": alert_id, "warnings": list(warnings)}
    document = _document(frame, success=True, code=code, message=message, **known)
    return json_response(200, document)


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


def _document(
    frame: Frame, *, success: bool, code: str, message: str, **known: Any
) -> dict[str, Any]:
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
    order = _row(attempt.request, attempt.state, code_of(entry.state))
    order |= {"order_id": attempt.order_id, "client_order_id": attempt.client_order_id}
    if attempt.fill is None:
        return order
    from webhook_core.ledger.entry_report import shown

    return {**order, "fill": shown(attempt)}


def _row(request: OrderRequest, state: str, code: str) -> dict[str, Any]:
    """Of an order that has no id."""
    return {
        "order_id": None,
        "client_order_id": None,
        "state": state,
        "code": code,
        "request": dict(request.sent),
    }


def _unclaimed(request: OrderRequest) -> dict[str, Any]:
    """A leg whose turn has not come, or never will."""
    return _row(request, "NOT_CLAIMED", "not_sent")


def _appraised(
    request: OrderRequest, appraisal: Appraisal | None, state: str, code: str
) -> dict[str, Any]:
    """``appraisal`` is None for a request that has no cost and no limit to hold
    against, such as a cancel."""
    return {
        **_row(request, state, code),
        "rounding": appraisal.rounding if appraisal else (),
        "estimate": _estimate(appraisal.estimate) if appraisal and appraisal.estimate else None,
        "checks": [check_row(check) for check in appraisal.checks] if appraisal else (),
    }


def _estimate(estimate: Estimate) -> dict[str, str | None]:
    amounts = {"price": estimate.price, "cost": estimate.cost, "fee": estimate.fee}
    texts = {name: None if amount is None else plain(amount) for name, amount in amounts.items()}
    return {**texts, "currency": estimate.currency}


def check_row(check: Check) -> dict[str, Any]:
    """As a validation's answer has it."""
    return {
        "rule": check.rule,
        "verdict": check.verdict,
        "numbers": dict(check.numbers),
        "message": check.message or None,
        "scope": check.set_by,
    }
