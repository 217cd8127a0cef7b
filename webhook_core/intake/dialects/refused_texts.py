"""Texts of tools whose syntax is not read: recognised, and refused with the message to paste.

Of the text only a pair, a side and what is to be closed are repeated, where they are short.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from webhook_core.errors import AlertMalformed
from webhook_core.intake.field_names import MAX_ECHO

_PAIR = r"(?a)[A-Za-z0-9]{2,10}[/_-]?[A-Za-z0-9]{2,6}"
_SIDES = {"buy": "buy", "long": "buy", "sell": "sell"}
"""A short is no sell of what is held, so it is not sure."""


class _Order(NamedTuple):
    """As far as the text says it for sure. ``action``: buy, sell, close, cancel. ``rest``: the
    names of what the message to paste does not have."""

    action: str | None = None
    symbol: str | None = None
    rest: tuple[str, ...] = ()


def refusal(text: str) -> AlertMalformed | None:
    """The error that says whose text it is and what to paste; None where it is of none of these."""
    found = [(tool, order) for tool, read in _READERS if (order := read(text)) is not None]
    if len(found) != 1:
        return None
    (tool, order), message = found[0], {"token": "YOUR-TOKEN"}
    symbol = order.symbol if order.symbol and len(order.symbol) <= MAX_ECHO else None
    message |= {"symbol": symbol or "{{ticker}}"}
    message |= {"action": order.action or "{{strategy.order.action}}"}
    if order.action not in ("close", "cancel"):
        message["volume"] = "{{strategy.order.contracts}}"
    message["fired_at"] = "{{timenow}}"
    return AlertMalformed(
        f"This is {tool} syntax, and here the message is JSON. Paste this instead, with your token "
        f"in it, and compare the size{_without(order.rest)}: {json.dumps(message)}"
    )


def _without(rest: tuple[str, ...]) -> str:
    names = ", ".join(dict.fromkeys(name for name in rest if len(name) <= MAX_ECHO))
    return f"; it is without {names}, so write what you need of them in our fields" if names else ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _one(orders: list[_Order]) -> _Order | None:
    """What several lines agree on."""
    if not orders:
        return None
    actions, symbols = {one.action for one in orders}, {one.symbol for one in orders}
    return _Order(
        actions.pop() if len(actions) == 1 else None,
        symbols.pop() if len(symbols) == 1 else None,
        tuple(name for one in orders for name in one.rest),
    )


def _pair(text: str | None) -> str | None:
    name = (text or "").rpartition(":")[2].removesuffix(".P").removesuffix(".p")
    is_pair = re.fullmatch(_PAIR, name) and not re.search(r"(?i)(perp|swap|perpetual)$", name)
    return name.upper() if is_pair else None


_AUTOVIEW_KEYS = frozenset(
    (
        *("a", "ab", "aid", "amr", "ar", "b", "bcc", "c", "cc", "close", "cm", "cmo", "cot", "d"),
        *("delay", "dt", "e", "eh", "fp", "fsl", "ftp", "fts", "h", "ip", "l", "m", "ms", "p"),
        *("pp", "ps", "q", "qb", "ro", "s", "sl", "slt", "t", "tif", "tp", "tpt", "ts", "y"),
    )
)


def _autoview(text: str) -> _Order | None:
    """e=kraken s=btcusd b=buy q=0.01 t=market (autoview.com/syntax)."""
    orders = []
    for line in _lines(text):
        pairs = [token.partition("=") for token in line.split()]
        if not all(
            sign and value and name.lower() in _AUTOVIEW_KEYS for name, sign, value in pairs
        ):
            return None
        said = {name.lower(): value.lower() for name, _, value in pairs}
        closes = {"position": "close", "order": "cancel"}.get(said.get("c", ""))
        action = closes or _SIDES.get(said.get("b", ""))
        if len(pairs) < 2 or not (closes or said.get("b") in ("buy", "long", "sell", "short")):
            return None
        carried = {*"abceqs", *(("t",) if said.get("t", "market") == "market" else ())}
        rest = tuple(name for name in said if name not in carried)
        orders.append(_Order(action, _pair(said.get("s")), rest))
    return _one(orders)


def _alertatron(text: str) -> _Order | None:
    """kraken(BTCUSD) { market(side=buy, amount=1); } (alertatron.com/docs)."""
    before = r"(?:(?:continue|abort|wait|notify)\([^(){}]*\)[;\s]*)*"
    match = re.fullmatch(rf"(?as){before}(\w+)\(([\w/:.-]+)\)\s*\{{(.*)\}}[\s#\w]*", text.strip())
    if match is None or not re.search(r"(?a)\b\w+\([^()]*\)", match[3]):
        return None
    sides = {side.lower() for side in re.findall(r"(?ai)\bside\s*=\s*(buy|sell)\b", match[3])}
    calls = re.findall(r"(?a)\b(\w+)\(", match[3])
    rest = tuple(name for name in calls if name != "market")
    return _Order(sides.pop() if len(sides) == 1 else None, _pair(match[2]), rest)


def _frostybot(text: str) -> _Order | None:
    """trade:kraken:buy symbol=BTC/USD size=100 (github.com/CryptoMF/frostybot)."""
    verbs = "long|short|buy|sell|close|flatten|cancel|cancelall|stoploss|takeprofit|trailstop"
    orders = []
    for line in _lines(text):
        match = re.fullmatch(rf"(?ai)(?:trade:)?[\w-]+:({verbs})((?:\s+\w+=\S+)*)", line)
        if match is None:
            return None
        verb, symbol = match[1].lower(), re.search(r"(?ai)\bsymbol=(\S+)", match[2])
        action = _SIDES.get(verb) or {"flatten": "close", "close": "close"}.get(verb)
        action = "cancel" if verb.startswith("cancel") else action
        names = re.findall(r"(?a)\b(\w+)=", match[2])
        rest = tuple(name for name in names if name.lower() not in ("symbol", "size"))
        orders.append(_Order(action, _pair(symbol[1]) if symbol else None, rest))
    return _one(orders)


def _pineconnector(text: str) -> _Order | None:
    """60123456789,buy,BTCUSD,risk=1 (pineconnector.com)."""
    verbs = (
        "buy|sell|(?:buy|sell)(?:limit|stop)|close(?:long|short)(?:vol|pct)?|close(?:longshort|all)"
        "|cancel(?:long|short)|newsltp(?:long|short)|(?:closealle|e)a(?:on|off)"
    )
    match = re.fullmatch(
        rf"(?ai)\d{{6,20}},\s*({verbs})(?:,\s*([\w.!#+/-]+))?((?:,\s*\w+=[^,]+)*)", text
    )
    if match is None:
        return None
    verb = match[1].lower()
    action = {"closelong": "close", "closelongshort": "close", "closeall": "close"}.get(verb)
    action = "cancel" if verb.startswith("cancel") else action or _SIDES.get(verb)
    rest = tuple(re.findall(r"(?a),\s*(\w+)=", match[3]))
    return _Order(action, _pair(match[2]), rest)


def _whook(text: str) -> _Order | None:
    """kraken buy BTC/USD 100$ x3 (github.com/germangar/whook): only where each line is an account,
    a
    pair, a verb and an amount, and nothing else."""
    orders = []
    for line in _lines(text):
        words = line.split()
        verbs = [
            word.lower() for word in words if re.fullmatch(r"(?ai)buy|sell|long|short|close", word)
        ]
        pairs = [
            word
            for word in words
            if re.fullmatch(r"(?a)[A-Z0-9]{2,10}/?(?:USDT?|USDC|EUR|BTC|ETH)(?:\.P)?", word)
        ]
        sizes = [word for word in words if re.fullmatch(r"(?ai)\d+(?:\.\d+)?[$%x]?|x\d+", word)]
        rest = len(words) - len(verbs) - len(pairs) - len(sizes)
        is_whole = len(verbs) == len(pairs) == 1 and len(sizes) <= 2 and rest <= 1
        if not is_whole or (not sizes and verbs != ["close"]):
            return None
        action = "close" if verbs == ["close"] else _SIDES.get(verbs[0])
        orders.append(_Order(action, _pair(pairs[0])))
    return _one(orders)


_READERS: tuple[tuple[str, Callable[[str], _Order | None]], ...] = (
    ("Autoview", _autoview),
    ("Alertatron", _alertatron),
    ("frostybot", _frostybot),
    ("PineConnector", _pineconnector),
    ("whook", _whook),
)
