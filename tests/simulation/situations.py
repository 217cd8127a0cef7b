"""Worlds with one situation each, in which a figure of the account, a list or a refusal misleads
who believes it: some alerts of several strategies, a few seconds apart, and what befalls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from tests.simulation import account_plan as plans
from tests.simulation.account_exchange import ASSETS, PAIRS, State
from tests.simulation.account_plan import LEAST, SLACK, STRATEGIES, SYMBOLS, Account, Want
from tests.simulation.alerts import TOKEN, Alert
from tests.simulation.world import SECOND, START

BTC, ETH = "XXBTZUSD", "XETHZUSD"
FIGURES = ("BalanceEx", "OpenPositions", "TradeBalance")
BALANCES = {"USD": Decimal(60000), "BTC": Decimal("0.2"), "ETH": Decimal(10)}
ADA_PRICE = Decimal("0.5")
Drawn = tuple[dict[str, Any], plans.Wanted | None, tuple[str, ...]]
"""Fields of an alert, what it wants of a state, and the figures that this follows from."""


@dataclass(frozen=True, slots=True)
class Situation(Account):
    """``late``: seconds by read. ``outage``: from when until when nothing reaches Kraken.
    ``refused``: by which AddOrder of all it is, what Kraken says of it. ``swallowed`` never come
    there, and of ``unheard`` the reply never comes. ``unpackaged``: what one of each of these
    assets costs, of whose pairs the packaged rules have none. ``ends``: four sends are enough for
    each alert, or for those that are to be ``answered``. ``flat``: nothing is held of these in the
    end. ``exits``: no more orders than so many sell then."""

    late: Mapping[str, float] = field(default_factory=dict)
    outage: tuple[int, int] = (0, 0)
    refused: Mapping[int, str] = field(default_factory=dict)
    swallowed: frozenset[int] = frozenset()
    unheard: frozenset[int] = frozenset()
    unpackaged: Mapping[str, Decimal] = field(default_factory=dict)
    ends: bool = False
    answered: tuple[str, ...] = ()
    flat: tuple[str, ...] = ()
    exits: int | None = None


class Written:
    """The alerts of one situation, in the order in which they are sent."""

    def __init__(self, random: Random, *, margin: bool = False) -> None:
        self.random, self.margin, self.wants = random, margin, list[Want]()

    def add(self, at: float, pair: str, drawn: Drawn, *, strategy: str = "", leg: int = 0) -> None:
        fields, wanted, keys = drawn
        number, moment = len(self.wants), int(at * SECOND)
        strategy = strategy or self.random.choice(STRATEGIES)
        trades = fields.get("action") != "cancel"
        terms = {"leverage": "2"} if self.margin and trades else {}
        if "orders" in fields:
            legs = [
                one if one.get("action") == "cancel" else terms | one for one in fields["orders"]
            ]
            fields, terms = {**fields, "orders": legs}, {}
        body = {
            "token": f"{TOKEN}-{strategy}", "symbol": SYMBOLS[pair], "id": f"alert-{number}",
            "fired_at": f"{int(START.timestamp() + at)}", **terms, **fields,
        }  # fmt: skip
        alert = Alert(f"alert-{number}", json.dumps(body).encode(), (), (moment + number * 1000,))
        self.wants.append(Want(alert, wanted, keys, pair, leg))

    def of(self, kind: Callable[..., Drawn], at: float, pair: str, **more: Any) -> None:
        self.add(at, pair, kind(self.random, pair, margin=self.margin), **more)

    def situation(self, **more: Any) -> Situation:
        usual = {"balances": BALANCES, "auto_earn": frozenset(), "moves": (), "hands": ()}
        return Situation(tuple(self.wants), **usual | more)


def fixed(side: str, volume: Decimal, **fields: Any) -> Drawn:
    return {"side": side, "volume": f"{volume}", **fields}, None, ()


def percent(pair: str, kind: str, side: str, size: int, worth: Callable[[State], Decimal]) -> Drawn:
    """A share of ``worth``, in quote; of what is not free nothing is bought."""

    def wanted(state: State) -> plans.Range:
        size_of_it = worth(state) * size / 100 / PAIRS[pair]
        if side == "sell":
            return -size_of_it * (1 + SLACK), -size_of_it * (1 - SLACK)
        free = state.of("ZUSD") / PAIRS[pair]
        return min(size_of_it, free) * (1 - SLACK), size_of_it * (1 + SLACK)

    fields = {"side": side, "volume": f"{size}", "quantity_type": kind}
    return fields, wanted, ("ZUSD", *ASSETS.values())


def of_position(pair: str, side: str, size: int, *, margin: bool = False) -> Drawn:
    key = pair if margin else ASSETS[pair]
    worth = lambda state: abs(state.of(key)) * PAIRS[pair]  # noqa: E731
    fields, wanted, _ = percent(pair, "percent_position", side, size, worth)
    return fields, wanted, (key, "ZUSD")


def equity(state: State) -> Decimal:
    return state.worth


# -- Kraken answers nothing, or refuses ------------------------------------------------------------


def kraken_down(random: Random) -> Situation:
    """For a few seconds, about the time when alerts come that have to ask for what is held."""
    written = Written(random, margin=random.random() < 0.3)
    kinds = (plans._close, plans._target, plans._way_out)
    begins = 3
    for number in range(random.choice((1, 1, 2))):
        pair = BTC if written.margin else random.choice((BTC, ETH))
        if written.margin and number == 0:
            written.add(1, pair, fixed("buy", LEAST[pair] * 3))
        written.of(random.choice(kinds), begins + random.random() * 4, pair)
    ends = begins + random.choice((2, 9, 17, 60))
    return written.situation(outage=(begins * SECOND, ends * SECOND))


def refused_nonce(random: Random) -> Situation:
    """A fixed order and a share behind it, of which the first that are sent are refused."""
    written = Written(random, margin=random.random() < 0.3)
    pair = BTC if written.margin else random.choice((BTC, ETH))
    if written.margin:
        written.add(1, pair, fixed("buy", LEAST[pair] * 4))
    shares = [
        of_position(pair, "sell", random.choice((50, 100)), margin=written.margin),
        percent(pair, "percent_equity", "buy", 10, equity),
    ]
    if not written.margin:
        free = lambda state: state.of("ZUSD")  # noqa: E731
        shares.append(percent(pair, "percent_balance", "buy", random.choice((10, 50)), free))
    fields, wanted, keys = random.choice(shares)
    legs = [{"side": "buy", "volume": f"{LEAST[pair]}"}, fields]
    written.add(4, pair, ({"orders": legs}, wanted, keys), leg=1)
    first = int(written.margin) + random.choice((0, 0, 1))
    numbers = range(first, first + random.choice((1, 3, 3, 4)))
    late = dict.fromkeys(FIGURES, random.choice((0.0, 1.0)))
    refused = dict.fromkeys(numbers, "EAPI:Invalid nonce")
    return written.situation(refused=refused, late=late, ends=True)


# -- what the account is worth ---------------------------------------------------------------------


def sold_on_the_bar(random: Random) -> Situation:
    """A sale, and shares of the equity within a second or two, at balances that are late."""
    written = Written(random)
    if random.random() < 0.5:
        written.add(4, ETH, fixed("sell", Decimal(9)))
    else:
        written.of(plans._close, 4, ETH)
    for number in range(random.choice((1, 2))):
        at = 4.2 + random.random() * 2 + number / 10
        if random.random() < 0.3:
            written.of(plans._target_share, at, BTC)
        else:
            written.add(at, BTC, percent(BTC, "percent_equity", "buy", 20, equity))
    return written.situation(late={"BalanceEx": random.choice((1.0, 3.0))})


def entered_on_one_bar(random: Random) -> Situation:
    """The same share of the equity for each of several strategies."""
    written, size = Written(random), random.choice((15, 20))
    for number in range(4):
        pair, at = random.choice((BTC, ETH)), 4 + number * random.choice((0.1, 0.6))
        share = percent(pair, "percent_equity", "buy", size, equity)
        written.add(at, pair, share, strategy=STRATEGIES[number % len(STRATEGIES)])
    late = {"BalanceEx": random.choice((1.0, 3.0))}
    return written.situation(balances={"USD": Decimal(100_000)}, late=late)


def _shares(random: Random, pairs: Sequence[str], worth: Callable[[State], Decimal]) -> Written:
    written = Written(random)
    for number in range(random.choice((1, 2))):
        pair, size = random.choice(pairs), random.choice((20, 30))
        if random.random() < 0.6:
            fields, _, keys = plans._target_share(random, pair, margin=False)
            size = int(fields["volume"])
            written.add(4 + 70 * number, pair, (fields, _targeted(pair, size, worth), keys))
        else:
            share = percent(pair, "percent_equity", "buy", size, worth)
            written.add(4 + 70 * number, pair, share)
    return written


def _targeted(pair: str, size: int, worth: Callable[[State], Decimal]) -> plans.Wanted:
    def wanted(state: State) -> plans.Range:
        there, free = worth(state) * size / 100 / PAIRS[pair], state.of("ZUSD") / PAIRS[pair]
        held = state.of(ASSETS[pair])
        return min(there * (1 - SLACK) - held, free * (1 - SLACK)), there * (1 + SLACK) - held

    return wanted


def unpriced(random: Random) -> Situation:
    """One asset of which Ticker refuses the pair, and with it all that are asked for beside it."""
    balances = {**BALANCES, "SOL": random.choice((Decimal("0.01"), Decimal(20)))}
    return _shares(random, (BTC, ETH), equity).situation(balances=balances)


def unpackaged(random: Random) -> Situation:
    """Most of the money is in an asset whose pair the packaged rules lack."""
    volume = Decimal(random.choice((100_000, 200_000)))
    worth = lambda state: state.worth + volume * ADA_PRICE  # noqa: E731
    written = _shares(random, (BTC, ETH), worth)
    balances = {**BALANCES, "ADA": volume}
    return written.situation(balances=balances, unpackaged={"ADAUSD": ADA_PRICE})
