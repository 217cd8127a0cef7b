"""One delivery of an alert: what is known of it while it is handled, and the one
line that sums it up."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget
from webhook_core.errors import AlertConflict, OrderRejected, Unauthenticated, WebhookError
from webhook_core.events import Tally, event
from webhook_core.intake.alert_key import Reuse, conflict
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.trading.requests import OrderRequest
from webhook_core.web.answers import Frame
from webhook_core.web.messages import HttpRequest
from webhook_core.web.status_and_reason import code_of, reason_of

if TYPE_CHECKING:
    from webhook_core.intake.authentication import VerifiedBody
    from webhook_core.sending.firing import Firing
    from webhook_core.sending.progress import Progress
    from webhook_core.trading.intent import Intent


class Delivery:
    """As far as it is understood: an error's answer says what is known by then.

    ``began`` is in monotonic seconds, ``orders`` are those of a validation that is refused, as its
    answer shows them. ``reuse``: what to say of an id that came before; ``is_resend``: its entry
    was there before it. ``mode`` is for the log; the frame has it once the sender is proved, and
    ``verified`` is the alert from then on, ``firing`` once it is read. ``progress``: what came of
    it in the ledger.
    """

    def __init__(
        self, request: HttpRequest, frame: Frame, budget: Budget, began: float, mode: str
    ) -> None:
        self.request = request
        self.mode = mode
        self.frame = frame
        self.budget = budget
        self.began = began
        self.is_alert = False
        self.only_validates = False
        self.verified: VerifiedBody | None = None
        self.warnings: tuple[str, ...] = ()
        self.trade: Mapping[str, Any] | None = None
        self.progress: Progress | None = None
        self.replayed = False
        self.is_resend = False
        self.error: WebhookError | None = None
        self.reuse: Reuse | None = None
        self.orders: tuple[dict[str, Any], ...] = ()
        self.firing: Firing | None = None
        self.outcome = "validated"
        """Of one that comes to no entry and to no error."""

    def is_proved(self) -> None:
        """Of a sender who may know what runs here."""
        self.frame = self.frame._replace(mode=self.mode)

    @property
    def alert_id(self) -> str | None:
        """Once it is read."""
        return self.firing and self.firing.alert_id

    @property
    def entry(self) -> LedgerEntry | None:
        """Of the leg that decides what the answer is."""
        return self.progress and self.progress.deciding

    @property
    def reason(self) -> str | None:
        """Why its entry has no order."""
        return self.progress and reason_of(self.progress)

    @property
    def is_answered_from_its_entry(self) -> bool:
        """The ledger has all there is to say of it."""
        return self.error is None and self.entry is not None and self.reuse is None

    def is_for_the_history(self, status: int) -> bool:
        """An alert that its entry does not tell of, or whoever could not prove to be the operator,
        by a token or in the form of a page."""
        if not self.is_alert:
            return status in (401, 429)
        return self.is_resend or not self.is_answered_from_its_entry

    def wants(self, intent: Intent) -> None:
        names = ("symbol", "action", "side", "order_type", "volume")
        self.trade = {name: getattr(intent, name) for name in names if hasattr(intent, name)}

    def plans(self, request: OrderRequest) -> None:
        self.trade = {
            name: value for name, value in request.trade_details().items() if name != "price"
        }
        if request.in_quote:
            self.trade["volume_in"] = request.volume_in


def notice_reuse(delivery: Delivery, firing: Firing, first: LedgerEntry) -> None:
    """Say it loudly where an id comes again that may be none.

    ``first``: leg 0. Raises AlertConflict for another body.
    """
    same_body, seconds = first.body_sha256 == firing.body_sha256, firing.seconds_after(first)
    delivery.reuse = firing.reuse_of(first)
    if delivery.reuse is not None:
        delivery.warnings = (*delivery.warnings, delivery.reuse.warning)
        event(
            logging.WARNING,
            "alert.id_reused",
            known_by=firing.known_by,
            first_received_at=first.received_at,
            after_s=round(seconds, 1),
            same_body=same_body,
            state=first.state,
        )
    if not same_body:
        raise AlertConflict(conflict(firing.known_by, first.received_at, seconds))


def level_of(error: WebhookError) -> int:
    """ERROR for what the operator may have to mend."""
    return logging.ERROR if error.status >= 500 and not error.is_senders else logging.WARNING


def sum_up(delivery: Delivery, status: int, tally: Tally, now: float) -> None:
    """``alert.done``: what came of it, of which alert and order, at what cost. Milliseconds;
    ``now`` is monotonic."""
    entry = delivery.entry
    known = {
        "outcome": _outcome(delivery, tally),
        "code": _code(delivery),
        "status": status,
        "reason": _reason(delivery),
        "field": delivery.error and delivery.error.field,
        "warnings": list(delivery.warnings) or None,
        "id_reused_after_s": delivery.reuse and round(delivery.reuse.seconds, 1),
        "replayed": delivery.replayed,
        "mode": delivery.mode,
        **(delivery.trade or {}),
        "client_order_id": entry and entry.current.client_order_id,
        "order_id": entry and entry.current.order_id,
        "kraken_calls": tally.counts.get("kraken_calls", 0),
        "ms": _ms(now - delivery.began),
        "ms_by_stage": {stage: _ms(seconds) for stage, seconds in tally.seconds.items()},
    }
    level = logging.INFO
    if delivery.error is not None:
        level = level_of(delivery.error)
    elif status >= 400:
        level = logging.ERROR if status >= 500 else logging.WARNING
    event(
        level, "alert.done", **{name: value for name, value in known.items() if value is not None}
    )


def _outcome(delivery: Delivery, tally: Tally) -> str:
    """The ledger's state, where the answer tells of an entry.

    An error is ``denied`` if it is final, else ``failed``; after a send it is ``unknown``, since
    the order may live.
    """
    error = delivery.error
    if error is not None:
        if error.status >= 500:
            return "unknown" if "send" in tally.seconds else "failed"
        return "rejected" if isinstance(error, OrderRejected) else "denied"
    if delivery.entry is None:
        return delivery.outcome
    state = delivery.entry.state
    return "unknown" if state is State.SUBMITTING else state.lower()


def _reason(delivery: Delivery) -> str | None:
    """Why nothing was traded. What failed of a proof is for the log alone."""
    error = delivery.error
    if error is None:
        return delivery.reason
    return error.reason if isinstance(error, Unauthenticated) else error.message


def _code(delivery: Delivery) -> str:
    if delivery.error is not None:
        return delivery.error.code
    return delivery.outcome if delivery.entry is None else code_of(delivery.entry.state)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
