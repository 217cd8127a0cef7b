"""Everything that ends a request early, each with a stable code and an HTTP status.

TradingView resends on 500-599 except 504 and treats every 4xx as final, so a 5xx here means "a
redelivery is safe and useful" and nothing else (tradingview.com/support/solutions/43000735201).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self


class WebhookError(Exception):
    """Base of all: ``code`` and ``status`` are the class's, ``field`` names the part of
    the alert at fault.

    The message goes to the sender and into the log, so it never holds a secret.
    """

    code = "internal_error"
    status = 500
    is_senders = False
    """What fails is the sender or its network: nobody here need look, whatever the status."""
    in_ledger = False
    """Set once the ledger holds what became of the alert: no other record of it is needed."""
    for_log = ""
    """What the log says in the place of the message, which tells a stranger less."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class AlertMalformed(WebhookError):
    """The alert can't be read; sending it again changes nothing."""

    code = "alert_malformed"
    status = 400


class Unauthenticated(WebhookError):
    """No proof, or a wrong one. One message for every cause: a forger learns nothing.
    ``reason`` is for the log."""

    code = "unauthenticated"
    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__("The alert carries no valid proof of its sender.")
        self.reason = reason


class AlertStale(WebhookError):
    """Fired too long ago, or in the future: trading on it now would be trading late."""

    code = "alert_stale"
    status = 401


class AlertConflict(WebhookError):
    """An alert id that came before, with another body. Nothing is sent."""

    code = "alert_conflict"
    status = 409


class AlertSuperseded(WebhookError):
    """An alert of the same line that was fired later came before; applying this one now would undo
    it. Nothing is sent."""

    code = "superseded"
    status = 409


class OrderDenied(WebhookError):
    """We refuse to send it; the message has the rule and its numbers. ``notes``: how its size came
    about; ``short``: the rule alone, without a number of the account. ``rule``, ``set_by``: of a
    limit that refuses it, its name and whose it is; ``checks``: those that were made."""

    code = "order_denied"
    status = 422

    def __init__(
        self, message: str, *, field: str | None = None, notes: Sequence[str] = (), short: str = ""
    ) -> None:
        super().__init__(message, field=field)
        self.notes = tuple(notes)
        self.short = short
        self.rule, self.set_by, self.checks = "", "global", tuple[object, ...]()


class TooManyAlerts(OrderDenied):
    """More good alerts than their strategy, or the account, may send in 3 minutes."""

    code = "rate_limited"
    status = 429


class OutOfScope(OrderDenied):
    """The sender is proved, and its token does not allow this; the message has the caveat."""

    code = "out_of_scope"
    status = 403


class AlertPaused(WebhookError):
    """Somebody has paused the strategy or the account. Nothing is sent, nor will be: an alert that
    waits for the end of a pause would trade late."""

    code = "paused"
    status = 422


class OrderRejected(WebhookError):
    """Kraken refuses it, by its own words; for requests without an entry alone (validation)."""

    code = "order_rejected"
    status = 422


class RateLimited(WebhookError):
    """Too many failed proofs from one address. Authenticated alerts never meet it."""

    code = "rate_limited"
    status = 429


class LedgerUnavailable(WebhookError):
    """The ledger can't be read or written. Before the send: nothing was sent."""

    code = "ledger_unavailable"
    status = 503

    @classmethod
    def because(cls, why: str) -> Self:
        """``why``: a clause, without a full stop."""
        return cls(f"The ledger is not available: {why}.")


class LedgerAbsent(LedgerUnavailable):
    """A command that makes no ledger found none. ``can_be_made``: whether the function could make
    it there; None where something else is in its place."""

    def __init__(self, message: str, *, can_be_made: bool | None = None) -> None:
        super().__init__(message)
        self.can_be_made = can_be_made


class LedgerLost(LedgerUnavailable):
    """The ledger that was here is gone, was emptied, or is another one now: what is there can't say
    which alerts are done. Until a person puts it back, or begins a new one on purpose, nothing is
    sent."""


class LedgerForbidden(LedgerUnavailable):
    """The store does not let this deployment in: a person has to grant it a role."""

    code = "not_configured"


class NoTimeToSend(WebhookError):
    """Too little of the time was left, so nothing was claimed; a redelivery starts clean."""

    code = "not_sent"
    status = 503


class NotItsTurn(WebhookError):
    """An earlier alert of the line has no outcome yet; a redelivery may find the line free."""

    code = "not_sent"
    status = 503


class InDoubt(NotItsTurn):
    """What a plan would rest on is not certain: ``why``, as a sentence. In a moment it may be."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Nothing was sent; sending the same alert again soon is safe.")


class VenueUnavailable(WebhookError):
    """A read of Kraken failed before anything was claimed; nothing was sent."""

    code = "venue_unavailable"
    status = 503


class NoTimeToRead(VenueUnavailable):
    """The time was over, most likely while other calls were in line, before Kraken could
    be asked. Nothing was sent."""

    code = "not_sent"


class CallsUsedUp(VenueUnavailable):
    """Kraken takes no more calls of this key for some seconds. Nothing was sent."""


class LossUnknown(VenueUnavailable):
    """What was lost today is not known as of now, and a limit depends on it. Nothing was sent."""

    code = "loss_unknown"


class NoPrice(VenueUnavailable):
    """The venue states that it has no price of the pair: asking again soon does not
    help. Nothing was sent."""

    code = "order_denied"
    status = 422


class NotConfigured(WebhookError):
    """A secret that this deployment needs can't be read or used. Whoever sends an alert is not
    proved yet and learns no more.

    ``faults`` are for the log, one line each: the setting, the secret's name, and
    what to do about it.
    """

    code = "not_configured"
    status = 503

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            "A secret that this function needs can't be used; its log says which. Nothing was sent."
        )
        self.faults = tuple(faults)
