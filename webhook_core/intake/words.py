"""The words in a field's name or in a short value: split at case, signs and digits, and where they
are written together; and a position that is the word of an order, such as exit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

from webhook_core.intake.field_names import Sent
from webhook_core.intake.field_values import shown, unexpanded
from webhook_core.intake.order_words import FILLERS, VALUE_FILLERS, VALUES
from webhook_core.intake.refused_names import WORDS
from webhook_core.trading.orders import MarketPosition

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
