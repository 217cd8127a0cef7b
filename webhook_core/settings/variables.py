"""Texts of the environment -> values.

Each parser raises ValueError that says what is wrong and what to write instead.

Only texts that are no secrets come here, and may be repeated in a message; secrets
have secret_values.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from webhook_core.settings.venue_name import VenueName

T = TypeVar("T")

# Texts, which re compiles when they are first used: a cold start needs few of them.
_AMOUNT = r"(?a)[0-9]{1,15}(\.[0-9]{1,18})?"
_ASSET = r"(?a)[A-Za-z0-9.]{2,12}"
_TOKENIZED = r"(?a)[A-Z0-9.]+x"
_SYMBOL = r"(?a)[A-Za-z0-9:./_-]{3,32}"
_PROJECT = r"(?a)([a-z0-9.-]+:)?[a-z][a-z0-9-]*"


class EnvReader:
    """Reads variables and keeps every fault, so that they are reported together.

    An empty text counts as unset.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def given(self, name: str) -> bool:
        return self.env.get(name, "") != ""

    def fault(self, name: str, problem: object) -> None:
        self.faults.append(f"{name}: {problem}")

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """The parsed variable; ``default`` when it is unset, and also when it is at fault."""
        if not self.given(name):
            return default
        try:
            return parse(self.env[name].strip())
        except ValueError as error:
            self.fault(name, error)
            return default


LONGEST_SHOWN = 15
"""The shortest secret has 16 characters, and any variable may have got one by mistake."""


def shown(text: str) -> str:
    """A piece of a variable, on one line, if it is too short to be a secret in the wrong place."""
    if len(text) <= LONGEST_SHOWN:
        return repr(text)
    return f"its text of {len(text)} characters"


def shown_path(path: str) -> str:
    """Of a TOML file whole: no secret ends like one."""
    return repr(path) if path.endswith(".toml") else shown(path)


def text(value: str) -> str:
    if not value:
        raise ValueError("is blank; give a value or leave the variable out")
    return value


def label(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", value, re.ASCII):
        raise ValueError("must be 1 to 32 small letters, digits, _ or -")
    return value


def venue(value: str) -> VenueName | None:
    """None: Kraken."""
    if value.lower() == "kraken":
        return None
    from webhook_core.settings.venue_name import parsed  # few have another

    return parsed(value)


def project_id(value: str) -> str:
    if not re.fullmatch(_PROJECT, value):
        raise ValueError(
            f"{shown(value)} is not the id of a Google Cloud project such as my-project-1"
        )
    return value


def one_of(*choices: str, fold: Callable[[str], str] = str.lower) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if fold(value) not in choices:
            raise ValueError(f"{shown(value)} is not one of {', '.join(choices)}")
        return fold(value)

    return parse


def flag(value: str) -> bool:
    return one_of("true", "false")(value) == "true"


def whole(lowest: int, highest: int, why: str = "") -> Callable[[str], int]:
    """A whole number from ``lowest`` to ``highest``; ``why`` explains the
    range to whoever left it."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) or not lowest <= int(value) <= highest:
            raise ValueError(
                f"{shown(value)} is not a whole number from {lowest} to "
                f"{highest}{why and f' ({why})'}"
            )
        return int(value)

    return parse


def seconds(lowest: float, highest: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        if not re.fullmatch(_AMOUNT, value) or not lowest <= float(value) <= highest:
            raise ValueError(
                f"{shown(value)} is not a number of seconds from {lowest:g} to {highest:g}, such "
                "as 2.5"
            )
        return float(value)

    return parse


_TOKEN_ID = r"(?a)[A-Za-z0-9]{1,16}"  # noqa: S105  the form of an id


def token_ids(value: str) -> frozenset[str]:
    """``a7f3,b001``. A whole token in its place is refused and not repeated."""
    ids = entries(value)
    for number, text in enumerate(ids, start=1):
        if not re.fullmatch(_TOKEN_ID, text):
            raise ValueError(
                f"entry {number} is no id of a token, such as a7f3: it is the third part, as "
                "this tells: .venv/bin/python -m webhook_core token show"
            )
    return frozenset(ids)


def entries(value: str) -> list[str]:
    """The parts of a comma-separated list, without the blanks around them."""
    parts = [part.strip() for part in value.split(",")]
    for number, part in enumerate(parts, start=1):
        if not part:
            raise ValueError(f"entry {number} is blank; write values separated by single commas")
    return parts


def symbols(value: str) -> tuple[str, ...] | None:
    """``BTC/USD,ETH/USD`` as written, since case tells AAPLx from AAPLX; ``*``
    allows every pair: None."""
    parts = entries(value)
    if parts == ["*"]:
        return None
    for part in parts:
        if part == "*":
            raise ValueError("* stands alone; list the pairs or write only *")
        if not re.fullmatch(_SYMBOL, part):
            raise ValueError(f"{shown(part)} is not a pair such as BTC/USD")
    return tuple(parts)


def cost_limits(value: str) -> Mapping[str, Decimal] | None:
    """``500 USD`` or ``500 USD,450 EUR``: the most one order may cost, by quote
    asset; ``none``: None."""
    if value.lower() == "none":
        return None
    limits: dict[str, Decimal] = {}
    for part in entries(value):
        amount, _, asset = part.partition(" ")
        asset = _asset(asset)
        if (
            not re.fullmatch(_AMOUNT, amount)
            or not re.fullmatch(_ASSET, asset)
            or Decimal(amount) == 0
        ):
            raise ValueError(
                f"{shown(part)} is not an amount with its currency such as 500 USD; for no limit "
                "write none"
            )
        if asset in limits:
            raise ValueError(f"{asset} is limited twice; give one amount")
        limits[asset] = Decimal(amount)
    return limits


def _asset(text: str) -> str:
    """``usd`` means USD; of the codes that end in x, AAPLx, the case is part."""
    text = text.strip()
    return text if re.fullmatch(_TOKENIZED, text) else text.upper()


def volume(value: str) -> Decimal:
    """An amount of the base asset, above 0."""
    if not re.fullmatch(_AMOUNT, value) or Decimal(value) == 0:
        raise ValueError(f"{shown(value)} is not a number above 0 such as 0.01")
    return Decimal(value)


def balances(value: str) -> Mapping[str, Decimal]:
    """``USD=10000,BTC=1``."""
    amounts: dict[str, Decimal] = {}
    for part in entries(value):
        name, _, amount = part.partition("=")
        asset, amount = _asset(name), amount.strip()
        if not re.fullmatch(_ASSET, asset) or not re.fullmatch(_AMOUNT, amount):
            raise ValueError(f"{shown(part)} is not an asset with its amount such as USD=10000")
        if asset in amounts:
            raise ValueError(f"{asset} is given twice; give one amount")
        amounts[asset] = Decimal(amount)
    return amounts


def fees(value: str) -> tuple[Decimal, Decimal]:
    """``0.40,0.80``: maker and taker, in percent of the cost."""
    parts = entries(value)
    if len(parts) != 2 or not all(
        re.fullmatch(_AMOUNT, part) and Decimal(part) <= 10 for part in parts
    ):
        raise ValueError(
            f"{shown(value)} is not maker and taker fee in percent, 10 at most, such as 0.40,0.80"
        )
    return Decimal(parts[0]), Decimal(parts[1])


def suggestion(name: str, known: Collection[str]) -> str:
    """'; did you mean X?' or nothing."""
    import difflib  # only a fault needs it

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
