"""Scoped tokens in the words of a person: what was typed as caveats, caveats as sentences, and the
pairs that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from webhook_core.intake.caveats import LONGEST, TRADINGVIEW
from webhook_core.operations.at_terminal import known_pairs
from webhook_core.trading.permits import ACTIONS, READ, Permit
from webhook_core.trading.rounding import amounts_text

_NOT_BOUND = "up to the limits of the settings"


def option_values(letter: str, text: str) -> list[str]:
    """The values of a caveat from what was typed: "200 USD" is 200USD. Raises ValueError."""
    values = [part.strip() for part in text.split(",")] if text else []
    if letter == "c":
        return ["".join(value.split()).upper() for value in values]
    if letter == "i":
        return [TRADINGVIEW if value.lower() == "tradingview" else value for value in values]
    if letter == "x":
        unknown = [value for value in values if value not in ACTIONS]
        if unknown:
            raise ValueError(f"there is no action {unknown[0]!r}; there are {', '.join(ACTIONS)}")
    return values


def expiry(text: str, now: datetime) -> date:
    """Its last day. Raises ValueError for one that is past or more than a year ahead."""
    today = now.astimezone(UTC).date()
    try:
        ends = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day such as {today + LONGEST / 2}") from None
    if not today <= ends <= today + LONGEST:
        raise ValueError(f"must be from {today} to {today + LONGEST}, a year at most")
    return ends


def described(permit: Permit, now: datetime) -> Iterator[tuple[str, str]]:
    """A line for each that it is bound to, and for what it is not."""
    left = (permit.expires - now.astimezone(UTC).date()).days
    yield "strategy", permit.strategy
    yield "expires", f"{permit.expires}, {f'{left} days left' if left >= 0 else 'it HAS EXPIRED'}"
    yield "actions", ", ".join(name for name in ACTIONS if name in permit.actions and name != READ)
    yield "account", "may be told of it" if permit.may_read else "is told nothing of it"
    yield "pairs", " and ".join(map(", ".join, permit.pairs)) or "every one of the settings"
    yield "sides", ", ".join(sorted(permit.sides)) if permit.sides else "buy, sell"
    yield "order types", ", ".join(sorted(permit.order_types)) if permit.order_types else "all"
    yield (
        "cost of an order",
        amounts_text(permit.max_cost or {}) or "up to the limits of the settings",
    )
    yield "orders a day", str(permit.orders_per_day or _NOT_BOUND)
    nets = [", ".join(map(str, networks)) for networks in permit.networks]
    yield "comes from", " and ".join(nets) or "anywhere"
    whose = "what its strategy bought" if permit.exits_own else "whatever is held"
    yield "exits", f"{whose}; sides, types, cost and count bind only what opens or adds"


def unknown_pairs(permit: Permit) -> list[str]:
    """Those that no packaged rule and no record has. A pair that is new at Kraken may be among
    them, and one that is spelt wrong makes the token good for nothing."""
    known = known_pairs()
    named = dict.fromkeys(pair for pairs in permit.pairs for pair in pairs)
    return [pair for pair in named if known.find(pair) is None]
