"""When the alert was fired, and whether that is now: an order on old news is
refused, never sent late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from webhook_core.errors import AlertStale
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import Sent, is_missing, order_fields
from webhook_core.intake.field_values import moment

MAX_AHEAD_S = 5
"""How far a sender's clock may run ahead of ours, whatever age is allowed. A target that is dated
ahead makes every honest one ``superseded`` for as long."""


def firing_time(order: Mapping[str, Sequence[Sent]]) -> datetime | None:
    """The first present of fired_at, timenow, timestamp and time; the others are context.

    Raises AlertMalformed.
    """
    first = _first(order)
    return None if first is None else moment(first)


def _first(order: Mapping[str, Sequence[Sent]]) -> Sent | None:
    return next((sent for sent in order.get("fired_at", ()) if not is_missing(sent.value)), None)


def check_freshness(verified: VerifiedBody, now: datetime, max_age_s: float) -> datetime | None:
    """The firing time, None if the body has none.

    Raises AlertStale, or AlertMalformed if the time can't be read.
    """
    sent = _first(order_fields(verified.fields))
    if sent is None:
        return None
    fired_at = moment(sent)
    age_s = (now - fired_at).total_seconds()
    if age_s > max_age_s:
        raise AlertStale(
            f"By {sent.label} the alert was fired {age_s:.1f} s ago; at most {max_age_s:g} s are "
            "allowed. For fired_at send {{timenow}}; {{time}} is the bar's opening.",
            field="fired_at",
        )
    allowed_s = min(max_age_s, MAX_AHEAD_S)
    if -age_s > allowed_s:
        raise AlertStale(
            f"By {sent.label} the alert is fired {-age_s:.1f} s from now; at most {allowed_s:g} s "
            "ahead are allowed.",
            field="fired_at",
        )
    return fired_at
