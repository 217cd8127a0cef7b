"""Alerts by their structure: those of the examples and others that would trade, and each of their
fields replaced by what no field should be."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.fuzz.secrets import EVERY
from tests.support.project import ROOT
from webhook_core.intake.field_names import ALIASES, CONTEXT

EXAMPLES = [
    json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "examples").glob("*.json"))
    if path.name != "firestore.indexes.json"
]  # fmt: skip
PLAIN = {"symbol": "BTCUSD", "side": "buy", "volume": "0.01", "price": "60000"}
NAMES = [*(alias for names in ALIASES.values() for alias in names), *sorted(CONTEXT)]
WORDS = [
    "buy", "sell", "long", "short", "flat", "close", "reverse", "cancel", "amend", "limit",
    "market", "stop-loss",
    "take-profit-limit", "trailing-stop", "iceberg", "BTCUSD", "BTC/USD", "ETH/EUR",
    "KRAKEN:XBTUSD", "DOGEUSD", "BTCUSD.P",
    "percent_equity", "quote", "risk", "all", "strategy", "GTC", "IOC", "last", "index", "true",
    "none",
]  # fmt: skip
TEXTS = [
    "", " ", "{{close}}", "{{strategy.order.action}}", "NaN", "nan", "Infinity", "-0", "1e999",
    "1e-400", "0x10", "1_000",
    "60,000", "60.000,5", "+5", "-2%", "#1.5%", "٣", "\uff10.1", "2x", "null", "\x00", "\ud800",
    "\u202e0.1", "\ufeff1", "é" * 40,
    "A" * 300, "9" * 70, "'; DROP TABLE entries;--", "../../etc/passwd", "<script>", "%00%ff",
    "\r\nX-A: b", "${jndi:x}",
    "2026-11-22T12:00:00Z", "1795348800", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "O1234A-BCDEF-GHIJKL",
]  # fmt: skip
NUMBERS = [0, -1, 1, 0.1, 1e308, -1e-308, 10**20, 10**70, 2**63, 60000, 0.00000001, 100, 101]


def alert(dice: Random, number: int, now: datetime) -> dict[str, Any]:
    """One that would trade, with none to five of its fields made strange."""
    body = dict(dice.choice([PLAIN, PLAIN, *EXAMPLES]))
    for name in ("token", "secret", "passphrase"):
        body.pop(name, None)
    if dice.random() < 0.95:
        body = {name: _filled(value) for name, value in body.items()}
    if dice.random() < 0.8:
        body["id"] = f"fuzz-{number if dice.random() < 0.95 else dice.randrange(number + 1)}"
    if dice.random() < 0.6:
        body["fired_at"] = _moment(dice, now)
    if dice.random() < 0.04:
        body[dice.choice(["id", "id", "comment"])] = dice.choice(EVERY)
    for _ in range(dice.choice([0, 0, 0, 0, 1, 1, 2, 3, 5])):
        _make_strange(dice, body)
    return body


def _filled(value: Any) -> Any:
    """What TradingView writes in the place of its placeholders."""
    filled = {
        "{{ticker}}": "BTCUSD", "{{exchange}}": "KRAKEN", "{{strategy.order.action}}": "buy",
        "{{strategy.order.contracts}}": "0.01", "{{strategy.order.price}}": "60000",
        "{{strategy.market_position}}": "long", "{{strategy.market_position_size}}": "0.02",
        "my-strategy": "trend",
        "{{strategy.prev_market_position}}": "flat", "{{strategy.prev_market_position_size}}": "0",
        "{{timenow}}": None,
    }  # fmt: skip
    return filled.get(value, value) if isinstance(value, str) else value


def _moment(dice: Random, now: datetime) -> str:
    off = dice.choice([0, 0, 0, 0, 0, 0, 0, 0, -1, -59, -61, 4, 6, 3600, -(10**6)])
    return (now + timedelta(seconds=off)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _make_strange(dice: Random, body: dict[str, Any]) -> None:
    kind = dice.randrange(7)
    name = dice.choice([*body, dice.choice(NAMES)]) if body else dice.choice(NAMES)
    if kind == 0:
        body.pop(name, None)
    elif kind == 1:
        body[_misspelt(dice, name)] = body.pop(name, value(dice))
    elif kind == 2:
        body[dice.choice(NAMES)] = value(dice)
    elif kind == 3:
        body["orders"] = [
            {**PLAIN, dice.choice(NAMES): value(dice)} for _ in range(dice.randrange(4))
        ]
    elif kind == 4:
        body[_misspelt(dice, name)] = value(dice)
    else:
        body[name] = value(dice)


def _misspelt(dice: Random, name: str) -> str:
    at = dice.randrange(len(name) + 1)
    return dice.choice([
        name.upper(), name.replace("_", "-"), name.title().replace("_", ""),
        name[:at] + name[at + 1 :],
        name[:at] + dice.choice("aeqz_é0 ") + name[at:], f"strategy.{name}", name * 8,
        dice.choice(TEXTS),
    ])  # fmt: skip


def value(dice: Random, depth: int = 0) -> Any:
    kind = dice.randrange(12 if depth < 3 else 9)
    if kind < 3:
        return dice.choice(WORDS)
    if kind < 6:
        return dice.choice(TEXTS)
    if kind < 8:
        return dice.choice(NUMBERS) if dice.random() < 0.7 else str(dice.uniform(0, 70000))
    if kind == 8:
        return dice.choice([None, True, False, dice.choice(EVERY)])
    if kind == 9:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice([*NAMES, *TEXTS]): value(dice, depth + 1) for _ in range(dice.randrange(4))}


def text(dice: Random, body: Any) -> bytes:
    """As JSON, mostly as a sender would write it."""
    style: dict[str, Any] = dice.choice(
        [{}, {}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}]
    )
    return json.dumps(body, **style).encode("utf-8", "surrogatepass")


def damaged(dice: Random, body: bytes) -> bytes:
    """As it may arrive: cut, doubled, flipped, in another encoding, or no JSON at all."""
    at = dice.randrange(len(body) + 1)
    return dice.choice([
        body[:at], body[at:], body + body,
        body[:at] + bytes([dice.randrange(256)]) + body[at + 1 :],
        body[:at] + bytes([dice.randrange(256)]) + body[at:], b"\xef\xbb\xbf" + body,
        body.decode("utf-8", "replace").encode("utf-16"),
        body + b" " * 70_000, b"", b"[" * dice.randrange(3000), body.replace(b'"', b"'"),
        body.replace(b":", b"="), dice.randbytes(40),
        b'{"a":' * 400 + b"1" + b"}" * 400, body[:-1] + b',"side":"sell"}', body.replace(b"0",
        b"00"), b"alert=" + body,
    ])  # fmt: skip
