"""Messages of other tools by their structure: those of the document and those that users paste, and
each of their names and lines replaced by what none should be."""

from __future__ import annotations

import json
import re
from datetime import datetime
from random import Random
from typing import Any

from tests.fuzz import alerts
from tests.support import pasted_messages
from tests.support.dialects import EXAMPLES, REFUSED
from webhook_core.intake.dialects.registry import DIALECTS

NAMES = sorted(
    {name for dialect in DIALECTS for name in dialect.rows.mapped | dialect.rows.idle}
    | {name for dialect in DIALECTS for name in dialect.rows.refused}
)
WORDS = [
    "enter_long", "exit_long", "ENTER_SHORT", "exit", "close_at_market_price", "PLACE", "both",
    "CLOSEPOSITION", "percentPosition", "percent_of_position", "margin", "position_percent", "5%",
    "bot", "trailing_stop", "stop_limit", "USD_BTC", "KRKN_USD_BTC", "BTC-USD", "BTCUSDT.P", "x1",
    "ENTER-LONG_KRAKEN_BTCUSD_B_1H_8e", "EXIT-ALL_KRAKEN_NONE_B_1H_8e", "limit:a:1", "cancel:all",
]  # fmt: skip


def message(dice: Random, token: str, now: datetime) -> bytes:
    """One as it stands, or with one to four of its names or lines made strange."""
    if dice.random() < 0.4:
        body = dice.choice(EXAMPLES).body(token, now).decode()
    elif dice.random() < 0.8:
        body = _pasted(dice.choice(pasted_messages.ROWS).body, token, now)
    else:
        body = dice.choice(REFUSED)[1]
    for _ in range(dice.choice([0, 0, 0, 1, 1, 2, 4])):
        body = _stranger(dice, body)
    return body.encode("utf-8", "replace")


def _pasted(body: Any, token: str, now: datetime) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    text = text.replace(pasted_messages.NOW, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return re.sub(r"(?<![\w])TOKEN(?=[\"\n;]|$)", token, text)


def _stranger(dice: Random, body: str) -> str:
    try:
        fields = json.loads(body)
    except ValueError:
        return _stranger_text(dice, body)
    if not isinstance(fields, dict):
        return body
    inner = [value for value in fields.values() if isinstance(value, dict)]
    within = dice.choice([fields, fields, *inner])
    name = dice.choice([*within, dice.choice(NAMES)]) if within else dice.choice(NAMES)
    if dice.random() < 0.3:
        within.pop(name, None)
    else:
        within[dice.choice([name, dice.choice(NAMES)])] = _value(dice)
    return json.dumps(fields)


def _stranger_text(dice: Random, body: str) -> str:
    parted_by = dice.choice([sign for sign in "\n; ," if sign in body] or ["\n"])
    parts = body.split(parted_by)
    at = dice.randrange(len(parts))
    kind = dice.randrange(4)
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts.insert(at, parts[at])
    elif kind == 2:
        parts[at] = f"{parts[at].partition('=')[0]}={_word(dice)}"
    else:
        parts.insert(at, dice.choice([f"{dice.choice(NAMES)}={_word(dice)}", "// a", _word(dice)]))
    return parted_by.join(parts)


def _value(dice: Random) -> Any:
    return dice.choice(WORDS) if dice.random() < 0.4 else alerts.value(dice)


def _word(dice: Random) -> str:
    return dice.choice([*WORDS, *alerts.WORDS, *alerts.TEXTS])
