"""Records of alerts that could not be written: told as a sum, since nothing of them is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from webhook_core.notify.state import Message, State

BODY = (
    "They were answered as ever, but why each was refused stands in the function's log alone: "
    "python -m webhook_core doctor shows whether the ledger works."
)


def lost_records(
    state: State, counted: Iterable[tuple[datetime, int]]
) -> tuple[list[Message], State]:
    """``counted``: how many by hour, as far back as records are kept. Nothing of before the first
    run is told."""
    by_hour = {hour.isoformat(): many for hour, many in counted}
    after = state._replace(lost=by_hour)
    more = {hour: many - state.lost.get(hour, 0) for hour, many in by_hour.items()}
    new = {hour: many for hour, many in more.items() if many > 0}
    if state.looked_at is None or not new:
        return [], after
    return [Message("not_kept", f"{said(sum(new.values()), min(new))} may be missing", BODY)], after


def said(many: int, hour: str) -> str:
    """As in ``The records of up to 3 alerts since 2026-11-28 07:00 UTC``: a write that gave no
    answer may have been done, and a resend counts again."""
    which = "The record of 1 alert" if many == 1 else f"The records of up to {many} alerts"
    return f"{which} since {datetime.fromisoformat(hour):%Y-%m-%d %H:%M} UTC"
