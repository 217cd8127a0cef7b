"""More of ``situations``: an order without an outcome, or one that no list shows yet, and at once
an exit, a cancel, or what is to take its place."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from tests.simulation.account_exchange import ASSETS, PAIRS
from tests.simulation.account_plan import LEAST
from tests.simulation.situations import BTC, ETH, Drawn, Situation, Written, fixed

LISTS = ("OpenOrders", "ClosedOrders")
MONEY = {"USD": Decimal(60000)}
FLAT = {"action": "target", "market_position": "flat", "market_position_size": "0"}
CLOSE, CANCEL = {"action": "close"}, {"action": "cancel"}
EXITS = (CLOSE, FLAT, {"orders": [CANCEL, CLOSE]})


def _plain(fields: dict[str, Any]) -> Drawn:
    """What comes of it is judged in the end."""
    return fields, None, ()


def _begun(random: Random, *, margin: bool) -> tuple[Written, str]:
    written = Written(random, margin=margin)
    return written, BTC if margin else random.choice((BTC, ETH))


def _price(pair: str, share: str) -> str:
    return f"{PAIRS[pair] * Decimal(share):.1f}"


def _gone(random: Random, number: int) -> dict[str, frozenset[int]]:
    """That order comes to Kraken, or it does not: nobody hears of it."""
    return {random.choice(("swallowed", "unheard")): frozenset((number,))}


def _lists_late(random: Random) -> dict[str, float]:
    return dict.fromkeys(LISTS, random.choice((0.0, 3.0)))


def bought_in_doubt(random: Random) -> Situation:
    """Something is held, more is bought with no outcome, and all is to be sold."""
    written, pair = _begun(random, margin=random.random() < 0.5)
    written.add(1, pair, fixed("buy", LEAST[pair] * 2), strategy="one")
    written.add(80, pair, fixed("buy", LEAST[pair] * random.choice((1, 3))), strategy="one")
    who = "one" if written.margin else random.choice(("one", "two"))
    written.add(83 + random.random() * 4, pair, _plain(random.choice(EXITS)), strategy=who)
    held = pair if written.margin else ASSETS[pair]
    refused = {2 + number: "EAPI:Invalid nonce" for number in range(random.choice((0, 0, 3)))}
    more = _gone(random, 1) | {"late": _lists_late(random), "refused": refused}
    return written.situation(balances=MONEY, flat=(held,), **more)


def closed_in_doubt(random: Random) -> Situation:
    """A close has no outcome, and another one means all of it too."""
    written, pair = _begun(random, margin=random.random() < 0.5)
    entry = fixed("buy", LEAST[pair] * 2, stop_loss=_price(pair, "0.9"))
    written.add(1, pair, entry, strategy="one")
    written.add(80, pair, _plain({"orders": [CANCEL, CLOSE]}), strategy="one")
    written.add(87 + random.random() * 8, pair, _plain(random.choice(EXITS)), strategy="one")
    held = pair if written.margin else ASSETS[pair]
    more = _gone(random, 1) | {"late": _lists_late(random), "flat": (held,), "exits": 0}
    return written.situation(balances=MONEY, answered=("alert-2",), **more)


def refused_for_funds(random: Random) -> Situation:
    """A close that Kraken refuses since it does not show yet what there is to sell."""
    written, pair = _begun(random, margin=False)
    written.add(1, pair, fixed("buy", LEAST[pair] * 2), strategy="one")
    written.add(80, pair, _plain(random.choice((CLOSE, FLAT))), strategy="one")
    numbers = range(1, 1 + random.choice((1, 2, 3)))
    refused = dict.fromkeys(numbers, "EOrder:Insufficient funds")
    return written.situation(balances=MONEY, refused=refused, flat=(ASSETS[pair],), ends=True)


def replaced_at_once(random: Random) -> Situation:
    """An order that sells has just been placed, and another one is to take its place."""
    written, pair = _begun(random, margin=random.random() < 0.5)
    written.add(1, pair, fixed("buy", LEAST[pair] * 6), strategy="one")
    limit = {"order_type": "limit", "price": _price(pair, "1.05")}
    stop = {"order_type": "stop-loss", "stop_price": _price(pair, "0.9")}
    kind = random.choice((limit, stop))
    written.add(80, pair, fixed("sell", LEAST[pair], **kind), strategy="one")
    again = {"side": "sell", "volume": f"{LEAST[pair]}", **kind}
    cancel = {**CANCEL, **random.choice(({"side": "sell"}, {}, {"of_alert": "alert-1"}))}
    at = 80.2 + random.random() * 3
    written.add(at, pair, _plain({"orders": [cancel, again]}), strategy="one")
    more = _gone(random, 1) if random.random() < 0.3 else {}
    return written.situation(balances=MONEY, exits=1, late=dict.fromkeys(LISTS, 3.0), **more)


def stop_moved_at_once(random: Random) -> Situation:
    """The exit that an entry leaves is to be replaced before any list shows it."""
    written, pair = _begun(random, margin=random.random() < 0.7)
    kind = random.choice(({"stop_loss": "0.95"}, {"take_profit": "1.1"}))
    exit_ = {name: _price(pair, share) for name, share in kind.items()}
    written.add(4, pair, fixed("buy", LEAST[pair] * 2, **exit_), strategy="one")
    cancel = {**CANCEL, **random.choice(({"side": "sell"}, {}, {"of_alert": "alert-0"}))}
    volume, price = f"{LEAST[pair] * 2}", _price(pair, "0.93")
    stop = {"side": "sell", "order_type": "stop-loss", "stop_price": price, "volume": volume}
    at = 4.3 + random.random() * 3
    written.add(at, pair, _plain({"orders": [cancel, stop]}), strategy="one")
    more = _gone(random, 0) if random.random() < 0.3 else {}
    return written.situation(balances=MONEY, exits=1, late=dict.fromkeys(LISTS, 3.0), **more)


def canceled_at_once(random: Random) -> Situation:
    """A lone cancel, of an order that no list shows yet or that has no outcome."""
    written, pair = _begun(random, margin=random.random() < 0.5)
    written.add(1, pair, fixed("buy", LEAST[pair] * 2), strategy="one")
    side, price = random.choice((("buy", "0.9"), ("sell", "1.1")))
    order = random.choice(
        (
            fixed(side, LEAST[pair], order_type="limit", price=_price(pair, price)),
            fixed("sell", LEAST[pair], order_type="stop-loss", stop_price=_price(pair, "0.9")),
            fixed("buy", LEAST[pair], stop_loss=_price(pair, "0.9")),
        )
    )
    written.add(80, pair, order, strategy="one")
    by = random.choice(({}, {"scope": "strategy"}, {"of_alert": "alert-1"}))
    written.add(80.2 + random.random() * 3, pair, _plain({**CANCEL, **by}), strategy="one")
    more = _gone(random, 1) if random.random() < 0.4 else {}
    return written.situation(balances=MONEY, late=dict.fromkeys(LISTS, 3.0), **more)
