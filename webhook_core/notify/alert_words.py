"""One alert in words that a person can read on a phone: what happened, of which strategy, and what
to do."""

from __future__ import annotations

from datetime import datetime

from webhook_core.journal.rows import Row
from webhook_core.notify.state import Message

LONGEST = 400
"""Characters of a reason."""
WHAT = {
    "rejected": "Kraken refused the order",
    "refused_exit": "an exit was refused, the position is still open",
    "denied": "an alert was refused by a limit",
    "unfit": "an alert was refused as it is written",
    "unknown": "the outcome of an order is unknown",
    "not_placed": "an order was not placed",
    "expired": "an order was never sent, and has expired",
    "paused": "an alert came while trading is paused",
    "conflict": "an alert came under the id of another",
    "id_reused": "an alert came again too late to be a resend, and was not traded",
    "failed": "an alert failed here",
    "not_kept": "too many alerts came in one minute",
    "in_part": "an alert was done in part only",
    "accepted": "Kraken accepted the order",
    "no_action": "there was nothing to do",
    "malformed": "an alert could not be read",
    "stale": "an alert came too late",
    "superseded": "an alert was overtaken by a later one",
    "out_of_scope": "a token was used for what it may not do",
    "found": "the order whose outcome was unknown is on Kraken",
}
_DO = {
    "rejected": "Look at the reason, then at what the account holds.",
    "refused_exit": "Close it by hand, or mend the alert.",
    "denied": "If the limit is too tight, change it; else leave it.",
    "unfit": "Mend the alert's message in TradingView.",
    "unknown": "Look at the open orders on Kraken before you trade by hand.",
    "not_placed": "Look at the position: the order is not on Kraken.",
    "expired": "Look at the position: replay sends the alert again.",
    "conflict": "Give each firing an id of its own.",
    "id_reused": "Give each firing an id of its own.",
    "failed": "Look at the log of the function.",
    "not_kept": "Look at the alerts in TradingView: one may fire without an end.",
    "in_part": "Look at the position: what is left undone stays so.",
    "malformed": "Mend the alert's message in TradingView.",
    "stale": "Look whether TradingView or the alert's time is late.",
    "out_of_scope": "If that was not you, revoke the token.",
}


_OF_EXITS = frozenset({"EXIT_REACH", "EXIT_SIDE"})
"""Rules that nobody sets, of no one's scope."""


def message_of(kind: str, row: Row) -> Message:
    """Of ``kind`` of WHAT; ``found`` is told as ``unknown`` was."""
    name = row.alert_id or (row.key if row.record is not None else "")
    facts = [row.asked.strip(), moment(row.at), f"alert {name}" if name else ""]
    said = "unfit" if kind == "denied" and _is_written_so(row) else kind
    lines = (
        ", ".join(fact for fact in facts if fact) + ".",
        shortened(row.reason),
        _DO.get(said, ""),
    )
    told_as = "unknown" if kind == "found" else kind
    title = f"{row.strategy}: {WHAT[said]}"
    return Message(told_as, title, "\n".join(line for line in lines if line), row.strategy)


def _is_written_so(row: Row) -> bool:
    """Whether no limit of one's own refused it: one of its fields, a rule of Kraken's, or, of an
    amendment, the order that it means."""
    checks = () if row.record is None else row.record.checks
    fields = {} if row.record is None else row.record.fields
    amends = row.code == "order_denied" and fields.get("action", "").lower() == "amend"
    refused = [check for check in checks if check["verdict"] == "denied"]
    own = [one for one in refused if one["scope"] != "kraken" and one["rule"] not in _OF_EXITS]
    return not own and bool(row.field or refused or amends)


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
