"""Lines for a person at a terminal: one for each alert, and what else happens as it is.

    14:30:01 200 accepted      my-strategy  buy 0.001 BTC/USD market  OBI7LK-NE3TQ-U7SUZL
    14:30:09 400 malformed     my-strategy  BTCUSD  volume holds a comma: ...

What an alert's own line sums up is not said before it as well; LOG_LEVEL=DEBUG shows all of it.
Times are UTC.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from webhook_core.cloud.log_facts import facts_of, on_one_line, plain
from webhook_core.events import LOGGER, is_summed_up

DONE = "alert.done"
_SUMMED_UP = ("alert.", "order.", "request.")
_NOT_FOR_PEOPLE = frozenset({"trace", "span_id", "trace_sampled", "execution_id"})
_IN_THE_LINE = frozenset(
    (
        *("outcome", "code", "status", "replayed", "strategy", "symbol", "action", "side"),
        *("order_type", "volume", "volume_in", "order_id", "reason", "warnings", "field"),
        "id_reused_after_s",
    )
)
_WORDS = {
    "alert_malformed": "malformed",
    "alert_stale": "stale",
    "alert_conflict": "conflict",
    "unauthenticated": "no proof",
    "rate_limited": "rate limited",
    "internal_error": "crashed",
    "paused": "paused",
    "out_of_scope": "out of scope",
    "superseded": "superseded",
}
"""What a person calls a code, where the outcome says too little."""


class ConsoleLine(logging.Formatter):
    """An event on one line; a traceback below it, indented so that no row of it can pass for an
    event."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            name: value for name, value in facts_of(record).items() if name not in _NOT_FOR_PEOPLE
        }
        clock = time.strftime("%H:%M:%S", time.gmtime(record.created))
        if record.getMessage() == DONE:
            line = f"{clock} {_alert(facts)}"
            beside = facts.keys() - _IN_THE_LINE if _shows_all() else ()
            facts = {name: value for name, value in facts.items() if name in beside}
        else:
            line = f"{clock} {record.levelname} {on_one_line(record.getMessage())}"
        for name, value in facts.items():
            if value is not None:
                line += f" {name}={_for_people(value)}"
        if record.exc_info:
            rows = self.formatException(record.exc_info).splitlines()
            line += "".join(f"\n    {on_one_line(row)}" for row in rows)
        return line


def worth_a_line(record: logging.LogRecord) -> bool:
    """False for what the line of the alert in hand sums up. A traceback and what is CRITICAL always
    stand for themselves."""
    if _shows_all() or record.exc_info or record.levelno >= logging.CRITICAL or not is_summed_up():
        return True
    name = record.getMessage()
    return name == DONE or not name.startswith(_SUMMED_UP)


def _shows_all() -> bool:
    return LOGGER.isEnabledFor(logging.DEBUG)


def _alert(facts: Mapping[str, Any]) -> str:
    """Outcome, strategy, order, reason; two blanks between them."""
    word = _WORDS.get(facts.get("code", ""), str(facts.get("outcome", "")).replace("_", " "))
    if facts.get("replayed"):
        word = "REPEATED ID" if facts.get("id_reused_after_s") else f"{word} before"
    parts = [
        f"{facts.get('status')} {word:<15}",
        facts.get("strategy"),
        _order(facts),
        facts.get("order_id"),
    ]
    parts += [facts.get("reason"), *(f"({warning})" for warning in facts.get("warnings") or ())]
    return "  ".join(on_one_line(str(part)) for part in parts if part).rstrip()


def _order(facts: Mapping[str, Any]) -> str:
    """ "buy 0.001 BTC/USD market", "close BTC/USD", or as much of it as is known."""
    action = facts.get("action")
    what = action if action not in (None, "order") else facts.get("side")
    names = ("volume", "volume_in", "symbol", "order_type")
    words = (what, *(facts.get(name) for name in names))
    return " ".join(str(plain(word)) for word in words if word is not None)


def _for_people(value: object) -> str:
    if not isinstance(value, str):
        if isinstance(value, Decimal | date):
            return on_one_line(str(plain(value)))
        return on_one_line(json.dumps(value, default=plain, ensure_ascii=False))
    if value and value.isprintable() and not set(value) & set(' ="\\'):
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())
