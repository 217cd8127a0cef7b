"""When a name that speaks of an order says nothing of one: off, or a measure of the chart with a
number."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from webhook_core.intake import words
from webhook_core.intake.field_names import Sent, is_missing, word_set
from webhook_core.intake.field_values import grouped_number
from webhook_core.intake.refused_names import SWITCHES, WORDS, hint_of_name
from webhook_core.intake.words import MEASURED, MEASURES, OF_A_BAR, SAYS_BY_BEING_OFF

_OFF = frozenset(("false", "none", "null", "na", "n/a", "nan", "no", "off"))
_OF_A_FLAG = frozenset(("is", "go", "do", "use", "has", "my", "the"))
_COUNTERS = frozenset(("bar", "bars", "trades", "count", "counts"))
_COUNTED = word_set(
    "entry entries entered closed exited opened long longs short shorts buy buys sell sells signal "
    "signals"
)
_SINCE = _COUNTED | frozenset(("exit", "close", "stop", "cross", "profit", "target"))
_BOUNDS = frozenset(("max", "min", "limit", "after", "until", "in"))
_OF_WORTH = word_set("strength score confidence probability quality rank rating")
_PLACES = frozenset(("precision", "decimals", "digits"))
_MARKETS = word_set("markettype exchangetype producttype securitytype assettype instrumenttype")
_SPOT = frozenset(("spot", "crypto", "cryptocurrency"))
_MARKUP = frozenset(("html", "markdown", "markdownv2"))
_ON = frozenset(("live", "enable", "active"))
_BESIDE_ON = frozenset(("is", "bot", "strategy", "alert", "trade", "trading"))
_VIEWS = frozenset(("sentiment", "direction", "bias", "trend", "outlook"))
_BESIDE_A_VIEW = word_set("market trade signal trend htf ltf daily overall strategy order the my")
_AGREE = {
    "buy": frozenset(("buy", "long", "bullish", "bull")),
    "sell": frozenset(("sell", "short", "bearish", "bear")),
}
_CANDLE = frozenset(("bar", "candle", "kline"))


def says_nothing(sent: Sent) -> bool:
    """Zero, empty, false and "none" ask for nothing, but where off is itself the meaning: ``live``,
    ``enabled``."""
    if sent.canonical in SWITCHES or not SAYS_BY_BEING_OFF.isdisjoint(words.of_name(sent.name)):
        return is_missing(sent.value)
    return is_nothing(sent.value)


def is_nothing(value: object) -> bool:
    """Empty, zero, false, "none" and the like."""
    if is_missing(value):
        return True
    if isinstance(value, str):
        text = value.strip().lower()
        return text in _OFF or (any(digit == "0" for digit in text) and not text.strip("+-0.% "))
    return value is False or value == 0 or value in ([], {})


def agrees_with_side(sent: Sent, side: str | None) -> bool:
    """``"sentiment": "bullish"`` beside a buy says the same once more."""
    name = words.split(sent.name)
    if side is None or not isinstance(sent.value, str) or not name or name[-1] not in _VIEWS:
        return False
    return _BESIDE_A_VIEW.issuperset(name[:-1]) and sent.value.strip().lower() in _AGREE[side]


def _is_plain_data(sent: Sent) -> bool:
    """A count or a measure with a number, the kind of market that spot is, a switch that is on."""
    name, value = words.split(sent.name), sent.value
    if isinstance(value, str) and not _is_number(value):
        text = value.strip().lower()
        is_market = sent.canonical in _MARKETS and text in _SPOT
        if is_market or (sent.canonical == "parsemode" and text in _MARKUP):
            return True
    if value is True or (isinstance(value, str) and value.lower() == "true"):
        said = {*words.of_name(sent.name)}
        return bool(said & _ON) and said <= _ON | _BESIDE_ON
    if not _is_number(value) or not name:
        return False
    if name[-1] in _OF_WORTH or name[-1] in _PLACES:
        return True
    spoken = {word for word in name if not WORDS.isdisjoint(words.of_name(word))}
    counted = _SINCE if "since" in name else _COUNTED
    return not _COUNTERS.isdisjoint(name) and _BOUNDS.isdisjoint(name) and spoken <= counted


def is_measure(sent: Sent) -> bool:
    """``ema_long``, ``prev_close``, ``change_pct`` with a number, ``bar_closed`` with true, a
    switch that is on."""
    said, value = words.of_name(sent.name), sent.value
    if sent.canonical in SWITCHES:
        return value is True or (
            isinstance(value, str) and value.lower() in ("true", "yes", "on", "1")
        )
    if hint_of_name(sent.canonical) is not None:
        return False
    return _is_plain_data(sent) or _is_of_the_chart(sent, said)


def _is_of_the_chart(sent: Sent, said: Sequence[str]) -> bool:
    value = sent.value
    speaking = WORDS.intersection(said)
    beside = [word for word in said if word not in WORDS and len(word) > 1]
    if speaking - {"real"} == {"close"} and len(said) > 1 and OF_A_BAR.issuperset(beside):
        return _is_number(value) or (isinstance(value, bool) and not _CANDLE.isdisjoint(beside))
    if not _is_number(value):
        return False
    if not MEASURES.isdisjoint(("".join(said), "".join(word for word in said if len(word) > 1))):
        return True
    return (
        bool(speaking)
        and speaking <= MEASURED
        and not _OF_A_FLAG.issuperset(beside)
        and not _is_flag(value)
    )


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and grouped_number(value)


def _is_flag(value: object) -> bool:
    try:
        return abs(Decimal(str(value).replace(",", ""))) in (0, 1)
    except InvalidOperation:
        return False  # a number that the script did not have
