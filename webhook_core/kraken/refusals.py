"""What an error string of Kraken proves: the order was refused, was never processed, or nothing.

No entry of a list begins another. Whatever is on no list is unknown, and an unknown is looked up,
never sent again. The lists follow Kraken's own error guide
(docs.kraken.com/api/docs/guides/spot-errors, docs.kraken.com/exchange/guides/general/errors).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum


class Proven(Enum):
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


REFUSED = (
    "EAPI:Bad request",
    "EAPI:Feature disabled",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAccount:Invalid permissions",
    "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed",
    "EAuth:Failed",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EBM:limit exceeded",
    "EGeneral:Invalid arguments",
    "EGeneral:Permission denied",
    "EGeneral:Unknown Method",  # both spellings were seen
    "EGeneral:Unknown method",
    "EOrder:Cannot open opposing position",
    "EOrder:Cannot open position",
    "EOrder:Cost minimum not met",
    "EOrder:Insufficient funds",
    "EOrder:Insufficient initial margin",
    "EOrder:Insufficient margin",
    "EOrder:Invalid price",
    "EOrder:Margin allowance exceeded",
    "EOrder:Margin level too low",
    "EOrder:Margin position size exceeded",
    "EOrder:Order minimum not met",
    "EOrder:Orders limit exceeded",
    "EOrder:Positions limit exceeded",
    "EOrder:Post only order",
    "EOrder:Reduce only:Cannot increase position",
    # Not "Position is closed": that one filled what it could.
    "EOrder:Reduce only:No position exists",
    "EOrder:Reduce only:Non-ECP",
    "EOrder:Reduce only:Non-PC",
    "EOrder:Reduce only:One-sided margin",
    "EOrder:Scheduled orders limit exceeded",
    "EOrder:Tick size check failed",
    "EOrder:Trading agreement required",
    "EOrder:Unknown position",
    "EQuery:Invalid asset pair",
    "EQuery:Unknown asset",
    "EQuery:Unknown asset pair",
    "ETrade:Invalid request",
    "ETrade:Locked",
    "ETrade:User Locked",
)
INVALID_NONCE = "EAPI:Invalid nonce"
NOT_PROCESSED = (
    INVALID_NONCE,
    "EAPI:Rate limit exceeded",
    "EGeneral:Temporary lockout",  # over after about 15 minutes
    "EGeneral:Too many requests",
    "EOrder:Domain rate limit exceeded",
    "EOrder:Rate limit exceeded",
    "EService: Throttled",
    "EService:Throttled",
)
_CLIENT_ORDER_ID = "EGeneral:Invalid arguments:cl_ord_id"
_MARKET_MODE = r"EService:Market in \w+ mode"
_DEADLINE = r"(?s)E[A-Za-z]+:Invalid arguments:[Dd]eadline(?!\w).*"
"""Checked before anything is placed. We set each deadline from 6 to 60 s ahead and Kraken takes 2
to 60 s (docs.kraken.com, add-order), so the two clocks differ: another attempt, with a deadline of
its own, may be taken."""
PROVEN: Mapping[str, Proven] = {
    **dict.fromkeys(REFUSED, Proven.REJECTED),
    **dict.fromkeys(NOT_PROCESSED, Proven.NOT_SENT),
}
_PAIR_RULES = (
    "EGeneral:Invalid arguments:volume minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Order minimum not met",
    "EOrder:Tick size check failed",
)
_DECIMALS = r"EOrder:Invalid price:.* price can only be specified up to \d+ decimals?\.?"


def judge(error: str) -> Proven:
    """What one error string on AddOrder proves.

    A longer text may follow a listed one after a colon.
    """
    if re.fullmatch(_MARKET_MODE, error) or re.fullmatch(_DEADLINE, error):
        return Proven.NOT_SENT
    # "... not unique": an order of ours with that id is live.
    if "cl_ord_id" in error and error != _CLIENT_ORDER_ID:
        return Proven.UNKNOWN
    return next((each for known, each in PROVEN.items() if is_listed(error, known)), Proven.UNKNOWN)


def blames_the_clock(errors: Sequence[str]) -> bool:
    """Whether each of these refuses the deadline that our clock has set."""
    return bool(errors) and all(re.fullmatch(_DEADLINE, error) for error in errors)


def is_listed(error: str, known: str) -> bool:
    """Whether it is that error, alone or with a longer text after a colon."""
    return error == known or error.startswith(f"{known}:")


def is_about_pair_rules(error: str) -> bool:
    """Whether the order breaks a rule of its pair, which ours may be behind."""
    return (
        any(is_listed(error, rule) for rule in _PAIR_RULES)
        or re.fullmatch(_DECIMALS, error) is not None
    )
