"""The alerts of several strategies on one account, what each of them wants of any state of it, and
what befalls the account."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.simulation.account_exchange import ASSETS, PAIRS, ZERO, State
from tests.simulation.alerts import TOKEN, Alert
from tests.simulation.chaos import Chaos
from tests.simulation.world import SECOND, START

SYMBOLS = {"XXBTZUSD": "BTC/USD", "XETHZUSD": "ETH/USD"}
STOPPED = Decimal("0.2")
"""No more is bought with a stop within a minute."""
LEAST = {"XXBTZUSD": Decimal("0.01"), "XETHZUSD": Decimal("0.2")}
STRATEGIES = ("one", "two", "three")
SLACK = Decimal("0.1")
"""A size by what money or the whole account is worth follows from prices and fees too; a fill
counted twice is far more."""

Range = tuple[Decimal, Decimal]
Wanted = Callable[[State], Range]
"""From a true state: between which signed volumes of base the one order may be, bought or sold."""


@dataclass(frozen=True, slots=True)
class Want:
    """``keys``: the figures that it follows from. None in ``of``: its size is its own. ``leg``: the
    first of which that is true."""

    alert: Alert
    of: Wanted | None
    keys: tuple[str, ...] = ()
    pair: str = ""
    leg: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """``moves``: when, which pair, to which price. ``hands``: when, which AddOrder."""

    wants: tuple[Want, ...]
    balances: Mapping[str, Decimal]
    auto_earn: frozenset[str]
    moves: tuple[tuple[int, str, Decimal], ...]
    hands: tuple[tuple[int, Mapping[str, str]], ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(want.alert for want in self.wants)


def draw(random: Random, chaos: Chaos) -> Account:
    margin = random.random() < 0.3
    balances = {
        "USD": Decimal(60000),
        "BTC": random.choice((ZERO, Decimal("0.2"))),
        "ETH": Decimal(10),
    }
    if random.random() < 0.25:
        balances["SOL"] = Decimal("0.01")  # its pair has no price: Ticker refuses it
    earning = frozenset(asset for asset in ASSETS.values() if not margin and random.random() < 0.2)
    wants: list[Want] = []
    moves: list[tuple[int, str, Decimal]] = []
    at = 4 * SECOND
    for _ in range(random.choice((2, 3, 4, 5))):
        pair = random.choice(tuple(PAIRS)) if not margin else "XXBTZUSD"
        for _ in range(random.choice((1, 1, 2, 3))):
            wants.append(_drawn(random, len(wants), pair, at, margin=margin))
            pair = random.choice(tuple(PAIRS)) if not margin else pair
        at += random.choice((1, 2, 3, 8, 40)) * SECOND
        if random.random() < 0.4:
            low = PAIRS[pair] * Decimal("0.95")
            moves += [(at - SECOND // 2, pair, low), (at - SECOND // 4, pair, PAIRS[pair])]
    hands = _hands(random, at, margin=margin) if random.random() < 0.2 else ()
    return Account(tuple(wants), balances, earning, tuple(moves), hands)


def _hands(
    random: Random, until: int, *, margin: bool
) -> tuple[tuple[int, Mapping[str, str]], ...]:
    fields = {
        "pair": "XXBTZUSD",
        "type": "buy",
        "volume": "0.02",
        **({"leverage": "2"} if margin else {}),
    }
    return ((int(random.random() * until), {**fields, "ordertype": "market"}),)


def _drawn(random: Random, number: int, pair: str, at: int, *, margin: bool) -> Want:
    kinds = (
        _fixed,
        _fixed,
        _close,
        _close,
        _target,
        _target,
        _reverse,
        _way_out,
        *(() if margin else (_share, _share, _target_share, _cover, _moved, _moved)),
    )
    fields, wanted, keys = random.choice(kinds)(random, pair, margin=margin)
    terms: dict[str, Any] = {"leverage": "2"} if margin else {}
    several = "orders" in fields
    if several:
        fields["orders"][1] |= terms
        terms = {}
    # A cancel of all takes the credential that is bound to none.
    strategy = random.choice(STRATEGIES)
    body = {
        "token": TOKEN if several else f"{TOKEN}-{strategy}",
        "symbol": SYMBOLS[pair], "id": f"alert-{number}",
        "fired_at": str((int(START.timestamp()) * SECOND + at) // SECOND), **terms, **fields,
    }  # fmt: skip
    alert = Alert(f"alert-{number}", json.dumps(body).encode(), (), (at + number * 1000,))
    return Want(alert, wanted, keys, pair)


def _held(pair: str, *, margin: bool) -> str:
    return pair if margin else ASSETS[pair]


def _exact(volume: Decimal) -> Range:
    lot = Decimal("2E-8")
    return volume - lot, volume + lot


def _fixed(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    stop = (
        {"stop_loss": f"{PAIRS[pair] * Decimal('0.97'):.1f}"}
        if random.random() < 0.4 and margin
        else {}
    )
    side = random.choice(("buy", "buy", "sell")) if not stop else "buy"
    return {"side": side, "volume": f"{LEAST[pair] * random.randint(1, 4)}", **stop}, None, ()


def _close(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    key, percent = _held(pair, margin=margin), random.choice((100, 100, 50))
    fields = {"action": "close", **({"percent": "50"} if percent == 50 else {})}
    return fields, lambda state: _exact(-state.of(key) * percent / 100), (key,)


def _way_out(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    key = _held(pair, margin=margin)
    fields = {"orders": [{"action": "cancel"}, {"action": "close"}]}
    return fields, lambda state: _exact(-state.of(key)), (key,)


def _target(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    key, size = _held(pair, margin=margin), LEAST[pair] * random.randint(-2 if margin else 0, 6)
    word = "long" if size > 0 else "short" if size < 0 else "flat"
    fields = {"action": "target", "market_position": word, "market_position_size": f"{abs(size)}"}
    return fields, lambda state: _exact(size - state.of(key)), (key,)


def _reverse(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    key = _held(pair, margin=margin)

    def wanted(state: State) -> Range:
        if margin and not state.of(key):  # from where a stop that has fired just took it
            return -STOPPED, ZERO
        return _exact(-state.of(key) * (2 if margin else 1))

    return {"action": "reverse"}, wanted, (key,)


def _share(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    percent, kind = (
        random.choice((10, 20)),
        random.choice(("percent_equity", "percent_equity", "percent_balance")),
    )

    def wanted(state: State) -> Range:
        whole = state.worth if kind == "percent_equity" else state.of("ZUSD")
        bought = whole * percent / 100 / PAIRS[pair]
        free = state.of("ZUSD") / PAIRS[pair]  # of what is not free nothing is bought
        return min(bought, free) * (1 - SLACK), bought * (1 + SLACK)

    keys = ("ZUSD", *ASSETS.values()) if kind == "percent_equity" else ("ZUSD",)
    return {"side": "buy", "volume": f"{percent}", "quantity_type": kind}, wanted, keys


def _target_share(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    """A share of what all is worth, of which never anything is sold for
    what could not be valued."""
    percent = random.choice((10, 20, 30))

    def wanted(state: State) -> Range:
        size = state.worth * percent / 100 / PAIRS[pair]
        held, free = state.of(ASSETS[pair]), state.of("ZUSD") / PAIRS[pair]
        least = min(size * (1 - SLACK) - held, free * (1 - SLACK))
        return least, size * (1 + SLACK) - held

    fields = {
        "action": "target",
        "market_position": "long",
        "volume": f"{percent}",
        "quantity_type": "percent_equity",
    }
    return fields, wanted, ("ZUSD", *ASSETS.values())


def _cover(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    """From short to flat, on spot: never a buy, whatever its size counts in."""
    kind = random.choice(("percent_balance", "quote", "base"))
    volume = {"percent_balance": "10", "quote": "600", "base": f"{LEAST[pair]}"}[kind]
    around = {
        "prev_market_position": "short",
        "prev_market_position_size": "7",
        "market_position": "flat",
    }
    fields = {
        "side": "buy",
        "volume": volume,
        "quantity_type": kind,
        **around,
        "market_position_size": "0",
    }
    return fields, lambda _: _exact(ZERO), ()


def _moved(
    random: Random, pair: str, *, margin: bool
) -> tuple[dict[str, Any], Wanted | None, tuple[str, ...]]:
    """The one order that sells at a limit takes the place of those before it."""
    price = f"{PAIRS[pair] * Decimal(random.choice(('1.05', '1.1'))):.1f}"
    limit = {"side": "sell", "order_type": "limit", "price": price, "volume": f"{LEAST[pair]}"}
    return {"orders": [{"action": "cancel", "side": "sell"}, limit]}, None, ()
