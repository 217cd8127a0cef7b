"""The words in a field's name or in a short value, without inflection: split at case, signs and
digits, and where they are written together. Which of them stand beside those that speak of an
order, and which values are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

from webhook_core.intake.field_names import Sent, word_set
from webhook_core.intake.field_values import shown, unexpanded
from webhook_core.intake.refused_names import WORDS
from webhook_core.trading.orders import MarketPosition

FILLERS = word_set(
    "order orders ord market prev is has do go to my the use set not all only new auto max "
    "min of with price value level loss trade trading account balance equity capital wallet "
    "portfolio pos run exec execution bot env base quote currency ccy fixed initial custom "
    "distance dist offset points ticks ratio trigger last first next open vol volume id tag "
    "name comment note text idx params method style class strategy atr step on half full"
)
"""What stands beside such words in a name that is written together, as in ``closeposition``."""
SAYS_BY_BEING_OFF = word_set("live real enable active armed execute")
"""Where off is an order too: not to trade."""
MEASURED = word_set("long short buy sell bullish bearish live real active")
"""Beside another word a number is a measure of the chart, as in ``ema_long``."""
MEASURES = word_set(
    "changepct changepercent pctchange percentchange pricechangepct pricechangepercent "
    "percentrank percentb pctb percentk percentd percentr macdsignal signalline netprofit "
    "grossprofit openprofit profitfactor ticksize "
)
"""Names of indicators and of the strategy's report, which say nothing of an order as long as they
are numbers."""
OF_A_BAR = word_set(
    "bar candle kline prev previous last price time day daily week weekly month monthly ha"
)
"""What stands beside the close of a bar, as in ``prev_close``."""

VALUES = word_set(
    "buy sell long short flat exit close closed closing flatten liquidate enter entry hold "
    "skip ignore reverse flip cancel canceled cancelled amend modify market mkt limit lmt stop "
    "stopped exited sl tp stoploss takeprofit trail trailing iceberg settle oco bracket "
    "percent percentage pct quote contract contracts lot lots unit units share shares pip "
    "pips risk cash notional leverage margin isolated hedge hedged oneway linear inverse "
    "futures perpetual perp swap paper test testnet demo sandbox simulation simulated dryrun "
    "cover covered unwind squareoff scaleout scalein halt halted partial partially half breakeven "
    "simulate takeprofits notrade notrading donottrade donttrade "
    "backtest live disabled paused gtc gtd ioc fok postonly reduceonly reduce add"
)
"""Values that are an order, alone or with each other and with ``VALUE_FILLERS``."""
VALUE_FILLERS = word_set(
    "all position positions order orders now at on to the my of or and only open price off loss "
    "profit take run dry post with equity balance go trade trading mode signal hit out strong"
)


_WORD = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+"
_AMOUNT = r"(?a:\d[\d,]*(?:\.\d+)?)"
_LEVERAGE = rf"(?:leverage\s*:?\s*)?(?:{_AMOUNT}\s?x|x\s?{_AMOUNT})(?:\s+(?:leverage|lev|margin))?"
_COIN = "(?:usdt?|usdc|us dollars?|dollars?|eur|euros?|gbp|pounds?|chf|cad|aud|jpy)"
_MONEY = (
    rf"[$\u20ac\u00a3]\s?{_AMOUNT}(?:\s?{_COIN})?|"
    rf"{_AMOUNT}\s?(?:[$\u20ac\u00a3]|{_COIN})|{_COIN}\s?{_AMOUNT}"
)
_NO_STEMS = frozenset(("limited",))
"""Whose stem is another word."""
_LONGEST_TOGETHER = 40
_MOST_OF_A_VALUE = 6
_NAMES = WORDS | FILLERS
_BEGINNINGS = frozenset(word[:2] for word in WORDS)
_ENDINGS = ("s", "es", "ed", "d", "ing", "ings", "ped", "ping", "ted", "ting")


def split(text: str) -> list[str]:
    """``stopLoss_1``, ``stop-loss``, ``STOP LOSS`` and ``Stop.Loss`` are stop and loss."""
    spelt = text.replace("%", " percent ").replace("$", " usd ")
    return [word.lower() for word in re.findall(_WORD, spelt)]


@lru_cache(maxsize=256)  # a template sends the same names each time
def of_name(name: str) -> tuple[str, ...]:
    """Every word of a name, each without its ending where it is one that speaks of an order."""
    found = [word for token in split(name) for word in _of_token(token)]
    if WORDS.isdisjoint(found):  # SLpips is split as S and Lpips
        found = _together("".join(split(name)), _NAMES) or found
    return tuple(found)


def of_value(text: str) -> list[str]:
    """The words of a value that says nothing but words of an order, none for any other."""
    tokens = split(text)
    if said := _of_amount(text):
        return said
    is_number = (
        tokens == ["percent"] and "%" in text and any(character.isdecimal() for character in text)
    )
    if is_number or not 1 <= len(tokens) <= _MOST_OF_A_VALUE or len(text) > _LONGEST_TOGETHER:
        return []
    if "".join(tokens) in VALUES:  # take profit
        return [_stem("".join(tokens)), *map(_stem, tokens)]
    known = VALUES | VALUE_FILLERS
    words: list[str] = []
    for token in tokens:
        stem = token if token in known or token in _NO_STEMS else _stem(token)
        found = [stem] if stem in known else _together(token, known)
        if not found:
            return []
        words += found
    return [_stem(word) for word in words] if not VALUES.isdisjoint(words) else []


def refuse_order_word(position: Sent) -> None:
    """Raises AlertMalformed for one; any other text that is no position is context."""
    value = position.value
    said = of_value(value) if isinstance(value, str) and not unexpanded(value) else []
    if said and value.lower() not in get_args(MarketPosition):
        raise position.fault(
            f'is {shown(value)}, and no position: for an order send action, such as "close"'
        )


def _of_amount(text: str) -> list[str]:
    """5x and "10x leverage", $100 and "100 USD"."""
    if len(text) > _LONGEST_TOGETHER:
        return []
    plain = text.strip().lower()
    if re.fullmatch(_LEVERAGE, plain):
        return ["leverage"]
    return ["usd"] if re.fullmatch(_MONEY, plain) else []


def _of_token(token: str) -> list[str]:
    word = _stem(token)
    if word in WORDS or word in FILLERS:
        return [word]
    return _together(token, _NAMES) or [token]


def _stem(word: str) -> str:
    """closed, closes and closing are close."""
    if word in WORDS or word[:2] not in _BEGINNINGS:
        return word
    return next((stem for stem in _stems(word) if stem in WORDS), word)


def _stems(word: str) -> Iterator[str]:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word.removesuffix(ending)
            yield stem
            yield stem + "e"
    if word.endswith("ies"):
        yield word[:-3] + "y"


def _together(token: str, known: frozenset[str]) -> list[str]:
    """The known words that a token is made of without a rest, one of which speaks; none if it is no
    such token."""
    if not 4 <= len(token) <= _LONGEST_TOGETHER:
        return []
    made: dict[int, list[str]] = {0: []}
    for end in range(2, len(token) + 1):
        for start in range(max(0, end - 12), end - 1):
            if start not in made:
                continue
            word = token[start:end]
            word = word if word in known or known is not _NAMES else _stem(word)
            if word in known:
                made[end] = [*made[start], word]
                break
    found = made.get(len(token), [])
    return found if not (WORDS | VALUES).isdisjoint(found) else []
