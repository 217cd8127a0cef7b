"""Which alert of a proved sender it was that could not be understood, for the log.

Only for a body that has verified. A misplaced token may stand in any field, so nothing long is ever
repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import MAX_ECHO, Sent, is_missing, order_fields

_FACTS = {"strategy": "strategy_name", "symbol": "symbol", "alert_id": "id"}


def facts(verified: VerifiedBody, default: str, strategies: Collection[str]) -> dict[str, str]:
    """``strategy``, ``symbol`` and ``alert_id`` for the log, as far as they can be told before the
    alert is understood.

    ``strategies`` are the names that may be repeated however long they are; ``default`` is that of
    an alert without one.
    """
    order = order_fields(verified.fields)
    found = {
        fact: shown(_but_flags(order.get(name, ())), strategies) for fact, name in _FACTS.items()
    }
    found["strategy"] = verified.strategy or found["strategy"] or default
    found["alert_id"] = found["alert_id"] or verified.webhook_id
    return {fact: text for fact, text in found.items() if text}


def whole_id(verified: VerifiedBody) -> str | None:
    """The alert's own id where it may be repeated: nobody finds a long one by how it begins."""
    text = _first_text(_but_flags(order_fields(verified.fields).get("id", ())))
    if text is None:
        return verified.webhook_id
    return text if len(text) <= MAX_ECHO else None


def shown(candidates: Sequence[Sent], whole: Collection[str]) -> str | None:
    """The first text, number or flag among them, of a long one only how it begins."""
    text = _first_text(candidates)
    if text is None or len(text) <= MAX_ECHO or text in whole:
        return text
    return f"{text[:4]}… ({len(text)} characters)"


def _first_text(candidates: Sequence[Sent]) -> str | None:
    for sent in candidates:
        if is_missing(sent.value) or not isinstance(sent.value, str | Decimal | bool):
            continue
        return str(sent.value).lower() if isinstance(sent.value, bool) else str(sent.value)
    return None


def _but_flags(candidates: Sequence[Sent]) -> list[Sent]:
    return [one for one in candidates if not isinstance(one.value, bool)]
