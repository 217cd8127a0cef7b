"""What explain tells: one sentence after the other, each about one topic."""

from __future__ import annotations

from typing import Literal, NamedTuple

Topic = Literal["proof", "tool", "field", "order", "limit", "answer", "later"]


class Sentence(NamedTuple):
    """``is_bad``: it stops the order. ``warns``: it does not, and should be mended all the same."""

    topic: Topic
    text: str
    is_bad: bool = False
    warns: bool = False


def answer(status: int, code: str, why: str | None) -> Sentence:
    """What the answer would be, and what TradingView makes of it
    (support/solutions/43000735201)."""
    if status == 200:
        does = "TradingView shows it as delivered"
    elif status >= 500:
        does = "TradingView sends it again after 5 s, at most 3 times"
    else:
        does = "TradingView shows it as failed, and does not send it again"
    reason = f": {why.rstrip('.')}" if why else ""
    return Sentence(
        "answer", f"The answer is {status} {code}{reason}. {does}.", is_bad=status != 200
    )
