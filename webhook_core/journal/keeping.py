"""One delivery of an alert -> its record, where it leaves one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from webhook_core.errors import LedgerUnavailable, OrderDenied, RateLimited, Unauthenticated
from webhook_core.intake.field_names import order_fields
from webhook_core.intake.refused_alerts import facts, shown, whole_id
from webhook_core.journal.record import RESENT, AlertRecord, outcome_of
from webhook_core.sending.firing import DEFAULT_STRATEGY
from webhook_core.trading.rounding import plain
from webhook_core.web.answers import check_row
from webhook_core.web.status_and_reason import code_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from webhook_core.intake.authentication import VerifiedBody
    from webhook_core.journal.history import History
    from webhook_core.trading.checks import Check
    from webhook_core.web.delivery import Delivery

GRACE_S = 0.3
"""Behind the request's budget: of TradingView's three seconds 0.2 are left for the way back."""
_SAID_ELSEWHERE = ("id", "strategy_name", "symbol")


def keep(delivery: Delivery, history: History, strategies: Collection[str]) -> None:
    """Called for every delivery that ``is_for_the_history``. Never raises."""
    clock = delivery.budget.clock
    if delivery.verified is None:
        is_unproved = isinstance(delivery.error, Unauthenticated | RateLimited)
        if is_unproved or not delivery.is_alert or _is_senders(delivery):
            history.unproved.count(delivery.request.received_at)
        return
    if isinstance(delivery.error, LedgerUnavailable) and not delivery.error.in_ledger:
        history.lost.count(delivery.request.received_at)  # neither an entry nor a record
    is_known = has_entry(delivery)
    if isinstance(delivery.error, LedgerUnavailable) or (is_known and not delivery.is_resend):
        return
    milliseconds = round((clock.monotonic() - delivery.began) * 1000)
    record = record_of(delivery, delivery.verified, strategies, milliseconds)
    if is_known:
        record = record._replace(outcome=RESENT, fields={})
    history.keep(record, delivery.budget.less(-GRACE_S))


def _is_senders(delivery: Delivery) -> bool:
    return delivery.error is not None and delivery.error.status < 500


def has_entry(delivery: Delivery) -> bool:
    """Whether the ledger tells by itself what became of this delivery."""
    error = delivery.error
    if error is None:
        return delivery.is_answered_from_its_entry
    if error.in_ledger:
        return True
    return error.status >= 500 and error.code != "internal_error" and not delivery.only_validates


def record_of(
    delivery: Delivery, verified: VerifiedBody, strategies: Collection[str], milliseconds: int
) -> AlertRecord:
    """Nothing long of a body is repeated: a misplaced secret may stand in any field."""
    known = facts(verified, DEFAULT_STRATEGY, strategies)
    fields = _fields(verified.fields, strategies)
    alert_id = delivery.alert_id or whole_id(verified)
    if alert_id is None and "alert_id" in known:
        fields["id"] = known["alert_id"]
    trade = dict(delivery.trade or {})
    symbol = trade.get("symbol") or known.get("symbol")
    code, reason = _code_and_reason(delivery)
    error = delivery.error
    return AlertRecord(
        at=delivery.request.received_at,
        mode=delivery.mode,
        strategy=known["strategy"] if delivery.firing is None else delivery.firing.wants.strategy,
        outcome="id_reused" if code == "id_reused" else outcome_of(code),
        code=code,
        alert_id=alert_id,
        symbol=symbol,
        asked=_asked_by_switch(delivery)
        or _asked(trade or fields, symbol, trade.get("volume_in") or fields.get("quantity_type")),
        reason=reason,
        field=None if error is None else error.field,
        warnings=tuple(delivery.warnings),
        milliseconds=milliseconds,
        fields=fields,
        checks=_checks(delivery),
        validates=delivery.only_validates,
    )


def _checks(delivery: Delivery) -> tuple[Mapping[str, Any], ...]:
    """All that a validation made; else those up to the one that refused."""
    shown = tuple(check for order in delivery.orders for check in order.get("checks", ()))
    if shown or not isinstance(delivery.error, OrderDenied):
        return (*_of_token(delivery), *shown) if shown else ()
    return tuple(check_row(cast("Check", check)) for check in delivery.error.checks)


def _of_token(delivery: Delivery) -> Iterator[Mapping[str, Any]]:
    """What an order's checks don't show: when and from where its alert came, and what it asks."""
    wants = None if delivery.firing is None else delivery.firing.wants
    if wants is not None and wants.rules.permit is not None:
        from webhook_core.planning.permitted import checks_of  # few senders have such a token

        yield from map(check_row, checks_of(wants, wants.rules.permit))


def _code_and_reason(delivery: Delivery) -> tuple[str, str]:
    if delivery.error is not None:
        return delivery.error.code, delivery.error.message
    if delivery.reuse is not None:
        return "id_reused", delivery.reuse.warning
    if delivery.firing is not None and delivery.firing.switch and not delivery.only_validates:
        return "no_action", "the alert pauses or resumes trading, and orders nothing"
    if delivery.entry is not None:
        return code_of(delivery.entry.state), delivery.reason or ""
    return "validated", delivery.reason or ""


def _fields(fields: Mapping[str, Any], strategies: Collection[str]) -> dict[str, str]:
    found = {
        name: shown(candidates, strategies) for name, candidates in order_fields(fields).items()
    }
    return {
        name: text
        for name, text in found.items()
        if text is not None and name not in _SAID_ELSEWHERE
    }


def _asked_by_switch(delivery: Delivery) -> str:
    """As in ``resume all``; empty for an alert that wants orders."""
    switch = None if delivery.firing is None else delivery.firing.switch
    if switch is None:
        return ""
    word = "resume" if switch.resumes else "pause"
    return f"{word} all" if switch.of_all else word


def _asked(said: Mapping[str, Any], symbol: str | None, counts: str | None) -> str:
    """As in ``sell 0.01 BTC/USD limit``."""
    volume = said.get("volume")
    if isinstance(volume, Decimal):
        volume = plain(volume)
    if volume is not None and counts not in (None, "base"):
        volume = f"{volume} {counts}"
    parts = (said.get("action") or said.get("side"), volume, symbol, said.get("order_type"))
    return " ".join(str(part) for part in parts if part)
