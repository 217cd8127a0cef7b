"""What the legs of an alert came to, as its answer says it: the HTTP status, the stable code, the
sentence and the reason. An answer about an error has the status of its class in ``errors``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook_core.ledger.entry import State

if TYPE_CHECKING:
    from webhook_core.intake.alert_key import Reuse
    from webhook_core.sending.progress import Progress

_OF_STATE = {
    State.ACCEPTED: (200, "accepted"),
    State.REJECTED: (422, "order_rejected"),
    State.NOT_PLACED: (422, "not_placed"),
    State.EXPIRED: (422, "expired"),
    State.NO_ACTION: (200, "no_action"),
    State.DENIED: (422, "order_denied"),
    State.NOT_SENT: (503, "not_sent"),
    State.SUBMITTING: (503, "outcome_unknown"),
    State.MISSED: (503, "not_sent"),
}
_SENTENCES = {
    State.ACCEPTED: "{venue} accepted the order.",
    State.REJECTED: "{venue} refused the order.",
    State.NOT_PLACED: "The order was not placed: {venue}'s open and closed orders both lack it.",
    State.EXPIRED: (
        "The order could not be sent while the alert was fresh, and will not be sent any more."
    ),
    State.NO_ACTION: "Nothing to do: the account is already as the alert wants it.",
    State.DENIED: "The order was not sent in time, and what it would be now is denied.",
    State.NOT_SENT: "The order was not sent; sending the same alert again soon is safe.",
    State.SUBMITTING: (
        "The order was sent and its outcome is not known yet; sending the same alert again is "
        "safe, it only looks."
    ),
    State.MISSED: "The order was not sent; sending the same alert again soon is safe.",
}


_CHANGE_SENTENCES = {
    method: {
        **_SENTENCES,
        State.ACCEPTED: f"{{venue}} {did} the order.",
        State.REJECTED: f"{{venue}} refused: the order was not {did}.",
        State.NOT_PLACED: f"The order was not {did}: {{venue}} shows it as it was.",
        State.EXPIRED: (
            f"The order could not be {did} while the alert was fresh, and will not be any more."
        ),
        State.NOT_SENT: f"The order was not {did}; sending the same alert again soon is safe.",
        State.SUBMITTING: (
            f"Whether the order was {did} is not known yet; sending the same alert again is safe."
        ),
    }
    for method, did in (("CancelOrder", "canceled"), ("AmendOrder", "amended"))
}


def warnings_of(progress: Progress, reuse: Reuse | None = None) -> tuple[str, ...]:
    """What the sender should know, of every leg."""
    of_legs = tuple(warning for leg in progress.entries for warning in leg.warnings)
    return of_legs if reuse is None else (*of_legs, reuse.warning)


def reason_of(progress: Progress) -> str | None:
    """Why there is no order, in Kraken's words where they are Kraken's; None where there is one."""
    if status_and_code(progress)[0] != 200:
        return _why(progress)
    entry = progress.deciding
    return message_of(progress) if entry.state is State.NO_ACTION else None


def status_and_code(progress: Progress) -> tuple[int, str]:
    """With legs left that a fresh redelivery will send, it is not done yet."""
    state = progress.deciding.state
    return _OF_STATE[State.NOT_SENT if is_waiting(progress) else state]


def is_waiting(progress: Progress) -> bool:
    return (
        bool(progress.unclaimed)
        and not progress.is_stopped
        and progress.deciding.state is not State.SUBMITTING
    )


def message_of(progress: Progress) -> str:
    """The sentence of the leg that decides, and which one it is where there are several."""
    entry, total = progress.deciding, len(progress.entries) + len(progress.unclaimed)
    if is_waiting(progress):
        return (
            f"{len(progress.entries)} of {total} orders were sent; sending the same alert "
            "again soon sends the rest."
        )
    request, method = entry.current.request, entry.current.request.method
    sentences = _SENTENCES if method == "AddOrder" else _CHANGE_SENTENCES[method]
    sentence = sentences[entry.state].format(venue=request.venue)
    if entry.state is State.NO_ACTION and entry.current.reason:
        sentence = f"Nothing to do: {entry.current.reason}."
    if total == 1:
        return sentence
    if entry.state in (State.ACCEPTED, State.NO_ACTION):
        return f"All {total} legs are done. {sentence}"
    stopped = (
        " The legs after it are not sent." if progress.unclaimed and progress.is_stopped else ""
    )
    return f"Leg {entry.unit.leg + 1} of {total}: {sentence}{stopped}"


def code_of(state: State) -> str:
    """The stable code of an answer that tells of an entry."""
    return _OF_STATE[state][1]


def _why(progress: Progress) -> str:
    attempt = progress.deciding.current
    said = f"{attempt.request.venue} said: {'; '.join(attempt.errors)}" if attempt.errors else ""
    parts = (message_of(progress), said, attempt.reason)
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
