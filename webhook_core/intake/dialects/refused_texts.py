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

_SPOT_PAIR = r"(?a)[A-Za-z0-9]{2,10}[/_-]?[A-Za-z0-9]{2,6}"
_SIDES = {"buy": "buy", "long": "buy", "sell": "sell"}
"""A short is no sell of what is held, so it is not sure."""


class SaidOrder(NamedTuple):
    """As far as the text says it for sure. ``action``: buy, sell, close, cancel, target. ``rest``:
    the names of what the message to paste does not have. ``sure``: nobody but that tool's user
    would write so."""

    action: str | None = None
    symbol: str | None = None
    rest: tuple[str, ...] = ()
    sure: bool = True


def _lines(text: str) -> list[str]:
    """Those that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _agreed(orders: list[SaidOrder]) -> SaidOrder | None:
    """What several lines agree on."""
    if not orders:
        return None
    actions, symbols = {one.action for one in orders}, {one.symbol for one in orders}
    return SaidOrder(
        actions.pop() if len(actions) == 1 else None,
        symbols.pop() if len(symbols) == 1 else None,
        tuple(name for one in orders for name in one.rest),
        any(one.sure for one in orders),
    )


def _pair(text: str | None) -> str | None:
    """A spot pair, whose exchange may stand before it; None for what is none."""
    name = (text or "").rpartition(":")[2].removesuffix(".P").removesuffix(".p")
    is_pair = re.fullmatch(_SPOT_PAIR, name) and not re.search(r"(?i)(perp|swap|perpetual)$", name)
    return name.upper() if is_pair else None


_POSITION = ("market_position", "market_position_size")


def refusal(text: str) -> AlertMalformed | None:
    """The error that says whose text it is and what to paste; None where it is of none of these."""
    found = [(tool, order) for tool, read in _READERS if (order := read(text)) is not None]
    if len(found) != 1:
        return None
    (tool, order), message = found[0], {"token": "YOUR-TOKEN"}
    symbol = order.symbol if order.symbol and len(order.symbol) <= MAX_ECHO else None
    message |= {"symbol": symbol or "{{ticker}}"}
    message |= {"action": order.action or "{{strategy.order.action}}"}
    if order.action == "target":
        message |= {name: f"{{{{strategy.{name}}}}}" for name in _POSITION}
    elif order.action not in ("close", "cancel"):
        message["volume"] = "{{strategy.order.contracts}}"
    message["fired_at"] = "{{timenow}}"
    called = f"{tool} syntax" if order.sure else "plain text"
    return AlertMalformed(
        f"This is {called}, and here the message is JSON. Paste this instead, with your token "
        f"in it, and compare the size{_without(order.rest)}: {json.dumps(message)}"
    )


def _without(rest: tuple[str, ...]) -> str:
    names = ", ".join(dict.fromkeys(name for name in rest if len(name) <= MAX_ECHO))
    return f"; it is without {names}, so write what you need of them in our fields" if names else ""


_KEYS = frozenset(
    (
        *("a", "ab", "aid", "amr", "ar", "b", "bcc", "c", "cc", "close", "cm", "cmo", "cot", "d"),
        *("delay", "dt", "e", "eh", "fp", "fsl", "ftp", "fts", "h", "ip", "l", "m", "ms", "p"),
        *("pp", "ps", "q", "qb", "ro", "s", "sl", "slt", "t", "tif", "tp", "tpt", "ts", "y"),
    )
)


def _autoview(text: str) -> SaidOrder | None:
    """e=kraken s=btcusd b=buy q=0.01 t=market (autoview.com/syntax)."""
    orders = []
    for line in _lines(text):
        pairs = [token.partition("=") for token in line.split()]
        said = {name.lower(): value.lower() for name, sign, value in pairs if sign and value}
        # Newer keys than these are its own all the same where exchange and symbol stand beside.
        if len(said) != len(pairs) or not ({"e", "s"} <= said.keys() or said.keys() <= _KEYS):
            return None
        closes = {"position": "close", "order": "cancel"}.get(said.get("c", ""))
        action = closes or _SIDES.get(said.get("b", ""))
        if len(pairs) < 2 or not (closes or said.get("b") in ("buy", "long", "sell", "short")):
            return None
        # What to paste for a close has no size, so that of a part is not in it.
        carried = {
            *("abces" if closes else "abceqs"),
            *(("t",) if said.get("t", "market") == "market" else ()),
        }
        rest = tuple(name for name in said if name not in carried)
        orders.append(SaidOrder(action, _pair(said.get("s")), rest))
    return _agreed(orders)


def _alertatron(text: str) -> SaidOrder | None:
    """kraken(BTCUSD) { market(side=buy, amount=1); } (alertatron.com/docs)."""
    before = r"(?:(?:continue|abort|wait|notify)\([^(){}]*\)[;\s]*)*"
    match = re.fullmatch(rf"(?as){before}(\w+)\(([\w/:.-]+)\)\s*\{{(.*)\}}[\s#\w]*", text.strip())
    if match is None or not re.search(r"(?a)\b\w+\([^()]*\)", match[3]):
        return None
    sides = {side.lower() for side in re.findall(r"(?ai)\bside\s*=\s*(buy|sell)\b", match[3])}
    calls = re.findall(r"(?a)\b(\w+)\(", match[3])
    rest = tuple(name for name in calls if name != "market")
    return SaidOrder(sides.pop() if len(sides) == 1 else None, _pair(match[2]), rest)


def _frostybot(text: str) -> SaidOrder | None:
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
        carried = ("symbol",) if action in ("close", "cancel") else ("symbol", "size")
        rest = tuple(name for name in names if name.lower() not in carried)
        orders.append(SaidOrder(action, _pair(symbol[1]) if symbol else None, rest))
    return _agreed(orders)


def _pineconnector(text: str) -> SaidOrder | None:
    """60123456789,buy,BTCUSD,risk=1 (pineconnector.com)."""
    verbs = r"(?:buy|sell|close|cancel|newsltp|ea)[a-z]{0,16}"
    match = re.fullmatch(
        rf"(?ai)\d{{6,20}},\s*({verbs})(?:,\s*([\w.!#+/-]+))?((?:,\s*\w+=[^,]+)*)", text
    )
    if match is None:
        return None
    verb = match[1].lower()
    action = {"closelong": "close", "closelongshort": "close", "closeall": "close"}.get(verb)
    action = "cancel" if verb.startswith("cancel") else action or _SIDES.get(verb)
    rest = tuple(re.findall(r"(?a),\s*(\w+)=", match[3]))
    return SaidOrder(action, _pair(match[2]), rest)


_COMMANDS = {
    **_SIDES,
    "short": None,
    "position": "target",
    "pos": "target",
    "close": "close",
    "changeleverage": None,
}
_MODIFIERS = "nominal|bclock|collateral|reduce|reduceonly|force_usdt|force_percent"
_ID = r"[\w.-]+"
_WORDS = {
    "commands": "|".join(_COMMANDS),
    "pairs": r"[A-Z0-9]{2,10}/?(?:USDT?|USDC|EUR|GBP|BTC|ETH)(?:\.P|:USDT?|:USDC)?",
    "leverages": r"\d+(?:\.\d+)?x|x\d+(?:\.\d+)?",
    "amounts": r"-?\d+(?:\.\d+)?[$%@]?",
    "others": rf"{_MODIFIERS}|limit:{_ID}:\d+(?:\.\d+)?|cancel:{_ID}",
    "accounts": r".*",
}
"""Kind of a word -> how it is written; the first that fits."""


def _whook(text: str) -> SaidOrder | None:
    """kraken buy BTC/USD 100$ x3, words in any order (github.com/germangar/whook). Free text:
    recognised only where every line is an account, a pair, a command and what goes with it."""
    orders = []
    for line in _lines(text):
        order = _line(line.split())
        if order is None:
            return None
        orders.append(order)
    return _agreed(orders)


def _line(words: list[str]) -> SaidOrder | None:
    found: dict[str, list[str]] = {kind: [] for kind in _WORDS}
    for word in words:
        found[_kind_of(word)].append(word)
    if len(found["pairs"]) != 1 or any(len(found[kind]) > 1 for kind in _WORDS if kind != "others"):
        return None
    symbol = _pair(found["pairs"][0].partition(":")[0])
    rest = tuple(word.partition(":")[0].lower() for word in found["others"])
    cancels = [word for word in found["others"] if word.lower().startswith("cancel:")]
    if cancels and not found["commands"] and not found["amounts"]:
        name = cancels[0].partition(":")[2]
        # By a name of whook's own, which no order here has.
        return SaidOrder("cancel", symbol, () if name.lower() == "all" else ("customID",))
    if len(found["commands"]) != 1 or cancels:
        return None
    command = found["commands"][0].lower()
    if not found["amounts"] and command not in ("close", "changeleverage"):
        return None
    parts = ("percent",) if command == "close" and found["amounts"] else ()
    sure = bool(found["leverages"] or found["others"])
    return SaidOrder(_COMMANDS[command], symbol, rest + parts, sure)


def _kind_of(word: str) -> str:
    return next(
        kind for kind, how in _WORDS.items() if re.fullmatch(how, word, re.ASCII | re.IGNORECASE)
    )


_READERS: tuple[tuple[str, Callable[[str], SaidOrder | None]], ...] = (
    ("Autoview", _autoview),
    ("Alertatron", _alertatron),
    ("frostybot", _frostybot),
    ("PineConnector", _pineconnector),
    ("whook", _whook),
)
