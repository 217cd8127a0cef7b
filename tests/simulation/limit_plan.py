"""Worlds with one limit each: its setting, and alerts of two strategies that come close to it, with
plain and scoped tokens, exits among them, and an operator who pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from tests.simulation.account_exchange import PAIRS
from tests.simulation.account_plan import LEAST, SYMBOLS
from tests.simulation.alerts import TOKEN, Alert
from tests.simulation.world import SECOND, START
from tests.support.scoped_tokens import scoped

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "max_position": {"MAX_POSITION": "0.03 BTC, 1 ETH"},
    "max_open_orders": {"MAX_OPEN_ORDERS": "2"},
    "max_open_positions": {"MAX_OPEN_POSITIONS": "1"},
    "max_entries": {"MAX_ENTRIES": "2"},
    "orders_per_day": {"ORDERS_PER_DAY": "2"},
    "orders_per_hour": {"ORDERS_PER_HOUR": "2"},
    "cool_down": {"COOL_DOWN": "8s"},
    "max_daily_loss": {"MAX_DAILY_LOSS": "20 USD"},
    "price_collar": {"PRICE_COLLAR": "2%"},
    "max_spread": {"MAX_SPREAD": "0.5%"},
    "trading_hours": {"TRADING_HOURS": "09:00-09:01 UTC"},
    "on_missed_alert": {"ON_MISSED_ALERT": "refuse"},
    "catch_up": {"ON_MISSED_ALERT": "catch_up"},
    "max_alert_cost": {"MAX_ALERT_COST": "1500 USD"},
    "alerts_per_3_minutes": {"ALERTS_PER_3_MINUTES": "2"},
    "token_orders": {},
    "token_cost": {},
    "pause": {},
}
LIMITS = tuple(SETTINGS)
MOST = 2
"""What those that count allow."""
STRATEGIES = ("one", "two")
EXPIRES = "e=20260901"
TOKENS = (("n=2",), ("c=600USD",), ("x=order",), ("x=order,close,pause", "s=buy"), ())
OFF = Decimal("1.05")
"""How far off a price is that is none of this market's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``kind``: entry, exit or pause. ``price``: the alert's own; ``caveats``: of its token, None
    for a plain one; ``before``, ``after``: the positions that it says its strategy was in, and is
    in."""

    alert: Alert
    kind: str
    strategy: str
    pair: str
    price: Decimal
    caveats: tuple[str, ...] | None = None
    before: Decimal | None = None
    after: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Limited:
    """``posts``: when the operator sends which path. ``spread``: of the book, as a share.
    ``moves``: when, which pair, to which price."""

    limit: str
    wishes: tuple[Wish, ...]
    posts: tuple[tuple[int, str], ...] = ()
    spread: Decimal = Decimal(0)
    moves: tuple[tuple[int, str, Decimal], ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(wish.alert for wish in self.wishes)


class _Sent(NamedTuple):
    """What, and at which second."""

    number: int
    at: float
    fields: Mapping[str, Any]


def draw(random: Random, limit: str) -> Limited:
    if limit in ("on_missed_alert", "catch_up"):
        return Limited(limit, tuple(_steps(random)))
    spans = (0.1, 3, 30)
    span, begins = random.choice(spans), random.choice((2, 4))
    moments = [begins + random.random() * span for _ in range(random.choice((4, 5, 6, 8)))]
    posts: list[tuple[int, str]] = []
    moves: tuple[tuple[int, str, Decimal], ...] = ()
    if limit == "trading_hours":
        moments = [random.uniform(50, 75) for _ in moments]
    if limit == "max_daily_loss":
        moments = [3, 4, *(random.choice((40, 60, 100, 240)) + each for each in moments)]
        moves = tuple((15 * SECOND, pair, price * 9 / 10) for pair, price in PAIRS.items())
        posts = [(at * SECOND, "/reconcile") for at in (1, random.choice((20, 30)), 55)]
    if limit == "pause" or random.random() < 0.2:
        posts += _pauses(random, begins, span)
    wishes = [_drawn(random, limit, number, at) for number, at in enumerate(moments)]
    spread = Decimal(random.choice(("0", "0.02"))) if limit == "max_spread" else Decimal(0)
    return Limited(limit, tuple(wishes), tuple(posts), spread, moves)


def _pauses(random: Random, begins: float, span: float) -> list[tuple[int, str]]:
    where = random.choice(("", "?strategy=one", "?strategy=two", "?entries=true"))
    at = begins + random.random() * span
    posts = [(int(at * SECOND), f"/pause{where}")]
    if random.random() < 0.5:
        ends = at + random.choice((0.5, 5, 20))
        posts.append((int(ends * SECOND), f"/resume{where if 'strategy' in where else ''}"))
    return posts


def _drawn(random: Random, limit: str, number: int, at: float) -> Wish:
    kind = random.choice(("entry",) * 6 + ("exit", "exit", "pause"))
    if kind == "pause" and limit != "pause":
        kind = "entry"
    pair = "XETHZUSD" if random.random() < 0.35 else "XXBTZUSD"
    strategy, caveats = random.choice(STRATEGIES), None
    if random.random() < (0.8 if limit.startswith("token") else 0.3):
        caveats = random.choice(TOKENS if limit != "token_orders" else TOKENS[:1])
    fields, price = _fields(random, limit, kind, pair)
    return _wish(kind, strategy, pair, price, _Sent(number, at, fields), caveats=caveats)


def _fields(random: Random, limit: str, kind: str, pair: str) -> tuple[dict[str, Any], Decimal]:
    if kind == "pause":
        return {"action": "pause"}, Decimal(0)
    price = PAIRS[pair]
    if kind == "exit":
        return {"action": "close", "price": f"{price}"}, price
    if limit == "max_alert_cost":
        return {"orders": _legs(random, pair)}, price
    volume = LEAST[pair] * random.choice((1, 1, 2))
    fields = {"side": "buy", "volume": f"{volume}"}
    if random.random() < (0.8 if limit == "max_open_orders" else 0.3):
        fields["order_type"] = "limit"
        price = price * Decimal("0.99")
    elif limit == "token_cost" and random.random() < 0.5:
        price = Decimal(10)
    if limit == "price_collar" and random.random() < 0.5:
        price = price / OFF if "order_type" in fields else price * OFF
    price = price.quantize(Decimal("0.1"))
    return {**fields, "price": f"{price}"}, price


def _legs(random: Random, pair: str) -> list[dict[str, str]]:
    """Some say that they cost next to nothing."""
    return [
        {
            "side": "buy",
            "volume": f"{LEAST[pair] * random.choice((1, 1, 2))}",
            "price": random.choice((f"{PAIRS[pair]}", "10")),
        }
        for _ in range(random.choice((1, 2, 2, 3)))
    ]


def _steps(random: Random) -> list[Wish]:
    """A strategy goes up in steps, and one of them may never come."""
    least, pair = LEAST["XXBTZUSD"], "XXBTZUSD"
    lost, wishes = random.choice((None, 1, 2, 2)), []
    for number in range(5):
        before, after = least * number, least * (number + 1)
        fields = {
            "side": "buy", "volume": f"{least}", "price": f"{PAIRS[pair]}",
            "prev_market_position": "long" if before else "flat",
            "prev_market_position_size": f"{before}",
            "market_position": "long", "market_position_size": f"{after}",
        }  # fmt: skip
        sent = _Sent(number, 2 + 12 * number + random.random(), fields)
        wish = _wish("entry", "one", pair, PAIRS[pair], sent, around=(before, after))
        wishes += [wish] if number != lost else []
    return wishes


def _wish(
    kind: str, strategy: str, pair: str, price: Decimal, sent: _Sent, *,
    caveats: tuple[str, ...] | None = None,
    around: tuple[Decimal | None, Decimal | None] = (None, None),
) -> Wish:  # fmt: skip
    token = f"{TOKEN}-{strategy}"
    if caveats is not None:
        token_id = f"a{TOKENS.index(caveats)}{strategy[0]}"
        token = scoped(*caveats, EXPIRES, strategy=strategy, token_id=token_id)
    named = {} if kind == "pause" else {"symbol": SYMBOLS[pair]}
    name, fired = f"alert-{sent.number}", int(START.timestamp() + sent.at)
    body = {**named, "token": token, "id": name, "fired_at": f"{fired}", **sent.fields}
    alert = Alert(name, json.dumps(body).encode(), (), (int(sent.at * SECOND) + sent.number,))
    return Wish(alert, kind, strategy, pair, price, caveats, *around)
