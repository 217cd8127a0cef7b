"""What the caveats of a scoped token mean, and how they are written.

    p=BTC/USD,ETH/USD   pairs            c=200USD,150EUR   most that one order may cost
    x=order,close       actions          n=20              orders a day, from 00:00 UTC on
    s=buy               sides            i=tv,203.0.113.7  where it may come from
    o=market,limit      order types      e=20270331        its last day, of UTC

One that is written twice holds both times. ``e`` is required. Without ``x`` a token may
do all that an alert can but ``resume`` and ``read``: these two have to be given, and an
``x`` behind the first ``e`` gives nothing, since whoever holds a token can write more
caveats, and only behind what is there. With ``s``, ``c`` or ``n`` it exits what its strategy bought
alone, unless an ``s`` before the first ``e`` names sell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from webhook_core.intake.scoped_tokens import Token
from webhook_core.intake.tradingview import ADDRESSES
from webhook_core.trading.assets import asset_code
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.permits import ACTIONS, GRANTED, Permit
from webhook_core.trading.symbol_spelling import bare_name

T = TypeVar("T")
LONGEST = timedelta(days=366)
"""No token is good for longer."""
TRADINGVIEW = "tv"
_MAPPED_BITS = 96

_PAIR = r"(?a)[A-Za-z0-9][A-Za-z0-9.]{0,15}[/_:-]?[A-Za-z0-9][A-Za-z0-9.:]{0,20}"
_COST = r"(?a)([0-9]{1,15}(?:\.[0-9]{1,18})?)([A-Z][A-Z0-9.]{1,11})"
_NUMBER = r"(?a)[1-9][0-9]{0,3}"
_DAY = r"(?a)([0-9]{4})([0-9]{2})([0-9]{2})"


def permit_of(token: Token, now: datetime) -> Permit:
    """What they allow together.

    Raises ValueError for one that is unknown, malformed or contradicted by another, and for a token
    without an end or with one more than a year ahead; it repeats none.
    """
    found = _values_by_letter(token)
    expires = _end(found.get("e", ()), now)
    pairs = tuple(tuple(_listed(text, _pair)) for text in found.get("p", ()))
    _check_overlap(pairs, lambda one, other: _plain_pair(one) == _plain_pair(other))
    networks = tuple(_networks(text) for text in found.get("i", ()))
    _check_overlap(
        networks, lambda one, other: one.version == other.version and one.overlaps(other)
    )
    sides = _shared(found, "s", lambda text: _listed(text, Side))
    return Permit(
        token_id=token.token_id,
        strategy=token.strategy,
        expires=expires,
        actions=_actions(token.caveats),
        pairs=pairs,
        sides=sides,
        order_types=_shared(found, "o", lambda text: _listed(text, OrderType)),
        max_cost=_max_cost(found.get("c", ())),
        orders_per_day=min((_number(text) for text in found.get("n", ())), default=None),
        networks=networks,
        written={
            letter: "~".join(f"{letter}={value}" for value in values)
            for letter, values in found.items()
        },
        exits_own=bool(found.keys() & set("scn")) and not _lets_sell(token.caveats, sides),
    )


_LETTERS = frozenset("pxsocnie")


def _values_by_letter(token: Token) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for caveat in token.caveats:
        letter, _, value = caveat.partition("=")
        if letter not in _LETTERS:
            raise ValueError(f"has an unknown caveat {letter}")
        found.setdefault(letter, []).append(value)
    return found


def _end(texts: Sequence[str], now: datetime) -> date:
    ends = [_day(text) for text in texts]
    if not ends:
        raise ValueError("has no caveat e: a token needs an end")
    if max(ends) > now.astimezone(UTC).date() + LONGEST:
        raise ValueError("has an end that is more than a year ahead")
    return min(ends)


def written(options: Mapping[str, Sequence[str]], expires: date | None = None) -> list[str]:
    """The caveats for the options of a person, letter -> values, in the order of
    the letters above."""
    caveats = [
        f"{letter}={','.join(options[letter])}" for letter in "pxsocni" if options.get(letter)
    ]
    return [*caveats, f"e={expires:%Y%m%d}"] if expires is not None else caveats


def _listed(text: str, known: Callable[[str], T]) -> list[T]:
    """Raises ValueError for an entry that is empty, unknown or there twice."""
    parts = text.split(",")
    if len(set(parts)) != len(parts):
        raise ValueError("has a caveat that says one thing twice")
    try:
        return [known(part) for part in parts]
    except ValueError:
        raise ValueError("has a caveat with a value that is not known") from None


def _shared(
    found: Mapping[str, list[str]], letter: str, read: Callable[[str], list[T]]
) -> frozenset[T] | None:
    """What all of one letter allow; None where there is none."""
    lists = [frozenset(read(text)) for text in found.get(letter, ())]
    return _intersected(lists) if lists else None


def _intersected(sets: Sequence[frozenset[T]]) -> frozenset[T]:
    both = frozenset.intersection(*sets)
    if not both:
        raise _contradiction()
    return both


def _lets_sell(caveats: Sequence[str], sides: frozenset[Side] | None) -> bool:
    """Whether whoever made the token has named sell, and nobody has taken it away since."""
    named = any(caveat.startswith("s=") for caveat in caveats[: _first_end(caveats)])
    return named and sides is not None and Side.SELL in sides


def _first_end(caveats: Sequence[str]) -> int:
    return next(number for number, caveat in enumerate(caveats) if caveat.startswith("e="))


def _actions(caveats: Sequence[str]) -> frozenset[str]:
    ends = _first_end(caveats)
    given, added = (
        [frozenset(_listed(caveat[2:], _action)) for caveat in part if caveat.startswith("x=")]
        for part in (caveats[:ends], caveats[ends:])
    )
    return _intersected([*(given or [frozenset(ACTIONS) - GRANTED]), *added])


def _action(text: str) -> str:
    if text not in ACTIONS:
        raise ValueError(text)
    return text


def _pair(text: str) -> str:
    if not re.fullmatch(_PAIR, text):
        raise ValueError(text)
    return text


def _plain_pair(name: str) -> str:
    """One text for most of the ways to write a pair."""
    base, _, quote = bare_name(name).upper().partition("/")
    plain = asset_code(base) + asset_code(quote)
    return plain.replace("XBT", "BTC").replace("XDG", "DOGE")


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    if TRADINGVIEW not in text.split(","):
        return tuple(_listed(text, _network))
    rest = [part for part in _listed(text, str) if part != TRADINGVIEW]
    return (*map(ip_network, ADDRESSES), *(_listed(",".join(rest), _network) if rest else ()))


def _network(text: str) -> IPv4Network | IPv6Network:
    """``::ffff:1.2.3.4`` is 1.2.3.4, as it is of a caller's address."""
    network = ip_network(text)
    mapped = network.network_address.ipv4_mapped if network.version == 6 else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _check_overlap(lists: Sequence[Sequence[T]], same: Callable[[T, T], bool]) -> None:
    """Raises ValueError where nothing is in two of the lists at once."""
    for number, one in enumerate(lists):
        for other in lists[number + 1 :]:
            if not any(same(left, right) for left in one for right in other):
                raise _contradiction()


def _max_cost(texts: Sequence[str]) -> Mapping[str, Decimal] | None:
    """The least of each currency that is in every one."""
    if not texts:
        return None
    every = [_costs(text) for text in texts]
    shared = _intersected([frozenset(costs) for costs in every])
    return {code: min(costs[code] for costs in every) for code in sorted(shared)}


def _costs(text: str) -> dict[str, Decimal]:
    costs: dict[str, Decimal] = {}
    for amount, code in _listed(text, _cost):
        if code in costs:
            raise ValueError("has a caveat that says one thing twice")
        costs[code] = amount
    return costs


def _cost(text: str) -> tuple[Decimal, str]:
    match = re.fullmatch(_COST, text)
    if match is None or not Decimal(match[1]):
        raise ValueError(text)
    return Decimal(match[1]), asset_code(match[2])


def _number(text: str) -> int:
    if not re.fullmatch(_NUMBER, text):
        raise ValueError("has a caveat n that is no whole number from 1 to 9999")
    return int(text)


def _day(text: str) -> date:
    match = re.fullmatch(_DAY, text)
    try:
        if match is not None:
            return date(*map(int, match.groups()))
    except ValueError:
        pass
    raise ValueError("has a caveat e that is no day such as 20270331") from None


def _contradiction() -> ValueError:
    return ValueError("has two caveats that contradict each other: nothing is left to do")
