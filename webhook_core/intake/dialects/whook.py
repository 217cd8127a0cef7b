"""whook: ``kraken buy BTC/USD 100$ x3``, words in any order (github.com/germangar/whook).

Free text: recognised only where every line is an account, a pair, a command and what goes with
it, and nothing else.
"""

from __future__ import annotations

import re

from webhook_core.intake.dialects.sure_orders import SIDES, Order, agreed, lines, pair

_COMMANDS = {
    **SIDES,
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


def read(text: str) -> Order | None:
    """What the lines agree on; None where one of them is anything else."""
    orders = []
    for line in lines(text):
        order = _line(line.split())
        if order is None:
            return None
        orders.append(order)
    return agreed(orders)


def _line(words: list[str]) -> Order | None:
    found: dict[str, list[str]] = {kind: [] for kind in _WORDS}
    for word in words:
        found[_kind_of(word)].append(word)
    if len(found["pairs"]) != 1 or any(len(found[kind]) > 1 for kind in _WORDS if kind != "others"):
        return None
    symbol = pair(found["pairs"][0].partition(":")[0])
    rest = tuple(word.partition(":")[0].lower() for word in found["others"])
    cancels = [word for word in found["others"] if word.lower().startswith("cancel:")]
    if cancels and not found["commands"] and not found["amounts"]:
        name = cancels[0].partition(":")[2]
        # By a name of whook's own, which no order here has.
        return Order("cancel", symbol, () if name.lower() == "all" else ("customID",))
    if len(found["commands"]) != 1 or cancels:
        return None
    command = found["commands"][0].lower()
    if not found["amounts"] and command not in ("close", "changeleverage"):
        return None
    parts = ("percent",) if command == "close" and found["amounts"] else ()
    return Order(_COMMANDS[command], symbol, rest + parts)


def _kind_of(word: str) -> str:
    return next(
        kind for kind, how in _WORDS.items() if re.fullmatch(how, word, re.ASCII | re.IGNORECASE)
    )
