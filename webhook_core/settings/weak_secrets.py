"""Secrets that somebody could guess: a placeholder of the documents, few characters over and over,
a row of the keyboard or the alphabet, common words. A random text of 16 characters or more is none
of these, but for some six in ten thousand of 16 letters, digits, - and _, which read like words.

Loaded for live alone. Nothing of a secret is repeated.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from webhook_core.intake.credentials import is_example
from webhook_core.settings.strategy import SecretText

LEAST_BITS = 36
"""By how often each of its characters is in it. 16 random hex digits have 52 at the mean."""
_FEWEST = 6
_PLACEHOLDERS = (
    r"your.?(?:token|secret)|change.?me|replace.?me|place.?holder|put.+here|<.*>|\.\.\.|…|x{6}"
)
_LEFT_OF_WORDS = 10
"""Fewer characters beside the words, and it is the words that keep it: a year, a digit, a sign."""
_WORDS = (
    "tradingview tradingbot correcthorsebatterystaple password passphrase passwort kennwort "
    "secret geheim webhook kraken bitcoin ethereum operator strategy position iloveyou letmein "
    "welcome dragon master monkey football sunshine princess shadow hunter summer winter spring "
    "autumn crypto trading trader trade alerts alert signal bridge market server google cloud "
    "admin login access token super hello money profit million lambo hodl moon love ever "
    "private live test demo view user pass root auth bot btc usd eth key api for and the my to"
)
"""The longer one first where one begins another. No pattern: to compile it takes half a
millisecond of every cold start."""
_PAIRS = (
    "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se "
    "le sa si ar ve ra ld ur ri ro ic ne me li ll el ta la ch ma il io ho co ss us ot ke ee un om "
    "em be ce ck"
)
"""A tenth of all pairs of letters, and half of those in the words of European languages."""
_FEWEST_PAIRS, _PART_IN_WORDS, _MOST_CHANGES, _MOST_DIGITS = 8, 0.35, 0.4, 2
_DISGUISES = str.maketrans("013457@$", "oleastas")
"""As ``P@ssw0rd`` hides the word."""
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv",
    "yxcvbnm",
)


def faults(secrets: Sequence[SecretText]) -> Iterator[str]:
    """A sentence for each that somebody could guess."""
    for secret in secrets:
        why = weakness(secret.text.removeprefix("whsec_"))
        if why is not None:
            yield (
                f"{secret.source}: {why}, and TRADING_MODE=live needs one that nobody guesses: "
                "take the output of: openssl rand -hex 32"
            )


def weakness(text: str) -> str | None:
    """Half a sentence on it; None for one that may be random."""
    low = text.lower()
    slips = (
        (is_example(text) or re.search(_PLACEHOLDERS, low), "is a placeholder"),
        (len(set(text)) < _FEWEST or _repeats(text), "repeats itself"),
        (_is_a_row(low), "is a row of the keyboard or the alphabet"),
        (_is_of_words(low), "is made of common words"),
        (_reads_like_words(text), "reads like words"),
        (_bits(text) < LEAST_BITS, "has too few different characters"),
    )
    return next((says for holds, says in slips if holds), None)


def _repeats(text: str) -> bool:
    """A shorter text over and over, the last time perhaps in part."""
    return any(
        text[:size] * (len(text) // size) + text[: len(text) % size] == text
        for size in range(1, len(text) // 2 + 1)
    )


def _is_a_row(low: str) -> bool:
    """Nearly all characters follow the one before, up or down, in the
    alphabet, the digits or a row."""
    steps = [ord(right) - ord(left) for left, right in pairwise(low)]
    beside = sum(step in (-1, 0, 1) for step in steps)
    in_rows = sum(
        left + right in row or right + left in row
        for left, right in pairwise(low)
        for row in [next((row for row in _ROWS if left + right in row or right + left in row), "")]
        if row
    )
    return max(beside, in_rows) > len(steps) * 0.8


def _is_of_words(low: str) -> bool:
    """Little is left of it beside words that a list of passwords has, disguised or not."""
    left = min(_beside_words(text) for text in (low, low.translate(_DISGUISES)))
    return left < _LEFT_OF_WORDS


def _reads_like_words(text: str) -> bool:
    """And has hardly a digit but those of a year. So does one random text in some thousands."""
    if len(re.findall("[0-9]", re.sub("(?:19|20)[0-9]{2}", "", text))) > _MOST_DIGITS:
        return False
    letters = [pair for pair in map("".join, pairwise(text.lower())) if pair.isalpha()]
    known = frozenset(_PAIRS.split())
    in_words = sum(pair in known for pair in letters)
    cased = text.lower() if text.isupper() else text
    changes = sum(_changes(left, right) for left, right in pairwise(cased))
    return (
        len(letters) >= _FEWEST_PAIRS
        and in_words >= _PART_IN_WORDS * len(letters)
        and changes <= _MOST_CHANGES * len(text)
    )


def _changes(left: str, right: str) -> bool:
    """Between letters, digits and others, and to a capital within a word."""
    if left.isalpha() and right.isalpha():
        return right.isupper()
    return left.isalpha() != right.isalpha() or left.isdigit() != right.isdigit()


def _beside_words(text: str) -> int:
    """How many characters are left, from the left on."""
    words, at, left = tuple(_WORDS.split()), 0, 0
    while at < len(text):
        if text.startswith(words, at):
            at += next(len(word) for word in words if text.startswith(word, at))
        else:
            at, left = at + 1, left + 1
    return left


def _bits(text: str) -> float:
    counts = Counter(text).values()
    return sum(count * math.log2(len(text) / count) for count in counts)
