"""More of ``situations``: what is held was changed a moment ago, by an order of ours or by the exit
that one left, and reads do not show it yet."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from tests.simulation import account_plan as plans
from tests.simulation.account_exchange import ASSETS, PAIRS, ZERO, State
from tests.simulation.account_plan import LEAST, SYMBOLS
from tests.simulation.situations import (
    BALANCES,
    BTC,
    ETH,
    FIGURES,
    Drawn,
    Situation,
    Written,
    fixed,
    of_position,
)
from tests.simulation.world import SECOND

LATE_S = (0.0, 1.5, 3.0)
PAGE = 5
"""So many entries the ledger gives at once where there are many orders: fifty would take long."""


def _to(pair: str, size: Decimal, *, margin: bool) -> Drawn:
    key = pair if margin else ASSETS[pair]
    word = "long" if size > 0 else "short" if size < 0 else "flat"
    fields = {"action": "target", "market_position": word, "market_position_size": f"{abs(size)}"}
    return fields, lambda state: plans._exact(size - state.of(key)), (key,)


def _turned(pair: str, size: Decimal, *, margin: bool) -> Drawn:
    """To that size on the other side; spot has none."""
    key = pair if margin else ASSETS[pair]

    def wanted(state: State) -> plans.Range:
        held = state.of(key)
        if not margin:
            return plans._exact(-held)
        if held:
            return plans._exact(-size.copy_sign(held) - held)
        return -size, ZERO  # from where a stop that has fired took it

    return {"action": "reverse", "volume": f"{size}"}, wanted, (key,)


def _after(
    written: Written,
    pair: str,
    at: float,
    entered: Decimal,
    then: tuple[str, ...] = ("close", "target", "target", "turned", "half"),
) -> None:
    """What a strategy sends after an entry of that size."""
    random = written.random
    margin, size = written.margin, random.choice((entered, entered * 3 / 2, entered / 2))
    which = random.choice(then)
    if which == "target":
        written.add(at, pair, _to(pair, size, margin=margin), strategy="one")
    elif which == "turned":
        written.add(at, pair, _turned(pair, entered, margin=margin), strategy="one")
    elif which == "half":
        written.add(at, pair, of_position(pair, "sell", 50, margin=margin), strategy="one")
    else:
        written.of(plans._close, at, pair, strategy="one")


def _late(random: Random, *reads: str) -> dict[str, float]:
    return dict.fromkeys(reads, random.choice(LATE_S))


def entered_just_now(random: Random) -> Situation:
    """An entry, and within three seconds what follows from it."""
    written = Written(random, margin=random.random() < 0.6)
    pair = BTC if written.margin else random.choice((BTC, ETH))
    size = LEAST[pair] * random.choice((2, 4))
    written.add(4, pair, fixed("buy", size), strategy="one")
    _after(written, pair, 4.3 + random.random() * 3, size)
    late = _late(random, *FIGURES) | _late(random, "OpenOrders", "ClosedOrders")
    return written.situation(late=late, balances=_nothing_of(pair, random))


def stop_fired_and_turned(random: Random) -> Situation:
    return _stop_fired(random, ("turned",))


def stop_fired_and_held(random: Random) -> Situation:
    return _stop_fired(random, ("close", "target", "half"))


def _stop_fired(random: Random, then: tuple[str, ...]) -> Situation:
    """The stop of an entry on margin fires, and nobody is told."""
    written, pair = Written(random, margin=True), random.choice((BTC, ETH))
    size, stop = LEAST[pair] * random.choice((2, 4)), f"{PAIRS[pair] * Decimal('0.97'):.1f}"
    written.add(4, pair, fixed("buy", size, stop_loss=stop), strategy="one")
    fires = random.choice((6, 90))
    _after(written, pair, fires + 0.2 + random.random() * 3, size, then)
    moves = _dips(random, pair, fires)
    late = _late(random, *FIGURES) | _late(random, "OpenOrders", "ClosedOrders", "QueryOrders")
    return written.situation(late=late, moves=moves)


def rested_and_filled(random: Random) -> Situation:
    """An order that has rested for minutes fills a moment before it matters."""
    written = Written(random, margin=random.random() < 0.5)
    pair = BTC if written.margin else random.choice((BTC, ETH))
    size, price = LEAST[pair] * 2, PAIRS[pair] * Decimal("0.97")
    written.add(2, pair, fixed("buy", size), strategy="one")
    order = fixed("buy", size, order_type="limit", price=f"{price:.1f}")
    written.add(3, pair, order, strategy="one")
    fires = random.choice((20, 120))
    _after(written, pair, fires + 0.2 + random.random() * 3, size)
    moves = _dips(random, pair, fires)
    late = _late(random, *FIGURES) | _late(random, "OpenOrders", "ClosedOrders")
    balances = _nothing_of(pair, random)
    return written.situation(late=late, moves=moves, balances=balances)


def _dips(random: Random, pair: str, at: int) -> tuple[tuple[int, str, Decimal], ...]:
    """For good, or for a moment."""
    back = [(at * SECOND + SECOND // 10, pair, PAIRS[pair])] if random.random() < 0.5 else []
    return ((at * SECOND, pair, PAIRS[pair] * Decimal("0.95")), *back)


def _nothing_of(pair: str, random: Random) -> dict[str, Decimal]:
    if random.random() < 0.3:
        return BALANCES
    return {asset: held for asset, held in BALANCES.items() if asset not in SYMBOLS[pair][:3]}


def covered_short(random: Random) -> Situation:
    """From short to flat, or from flat to short, on spot: whatever its size counts in, nothing."""
    written, pair = Written(random), random.choice((BTC, ETH))
    for number in range(random.choice((1, 2, 3))):
        kinds = ("percent_balance", "percent_equity", "percent_position", "quote", "base")
        kind, covers = random.choice(kinds), random.random() < 0.6
        volume = {"quote": "600", "base": f"{LEAST[pair]}"}.get(kind, "10")
        before, after = ("short", "flat") if covers else random.choice(("flat", "short")), "short"
        if covers:
            before, after = "short", random.choice(("flat", "short"))
        sizes = {"flat": "0", "short": random.choice(("7", volume))}
        fields = {
            "side": "buy" if covers else "sell", "volume": volume, "quantity_type": kind,
            "prev_market_position": before, "prev_market_position_size": sizes[before],
            "market_position": after, "market_position_size": sizes[after],
        }  # fmt: skip
        written.add(4 + number, pair, (fields, lambda _: plans._exact(ZERO), ()))
    return written.situation(ends=True)


def unsettled_money(random: Random) -> Situation:
    """More of what is held is bought with money that has just come in."""
    written = Written(random)
    pair, other = random.choice(((BTC, ETH), (ETH, BTC)))
    written.add(4, other, fixed("sell", {BTC: Decimal("0.2"), ETH: Decimal(9)}[other]))
    at = 4.3 + random.random() * 3
    written.add(at, pair, of_position(pair, "buy", random.choice((20, 50))))
    late = {"BalanceEx": random.choice((1.5, 3.0))}
    return written.situation(balances={**BALANCES, "USD": Decimal(100)}, late=late)


def confirmed(random: Random) -> Situation:
    """The alert wants to be told what was filled, which Kraken shows a second later."""
    written, pair = Written(random), random.choice((BTC, ETH))
    if random.random() < 0.5:
        written.add(4, pair, fixed("buy", LEAST[pair], confirm_fill=True))
    else:
        leg = {"side": "buy", "volume": f"{LEAST[pair]}"}
        written.add(4, pair, ({"orders": [leg, leg], "confirm_fill": True}, None, ()))
    return written.situation(late={"QueryOrders": random.choice((0.5, 1.0))}, ends=True)


def many_orders(random: Random) -> Situation:
    """More orders within seconds than one page of the ledger has (``PAGE``), and then an exit."""
    written, pair = Written(random), random.choice((BTC, ETH))
    for number in range(random.choice((PAGE + 1, 2 * PAGE + 2))):
        written.add(4 + number / 5, pair, fixed("buy", LEAST[pair]), strategy="one")
    if random.random() < 0.5:
        written.of(plans._close, 6.5, pair, strategy="one")
    else:
        written.add(6.5, pair, _to(pair, LEAST[pair] * 3, margin=False), strategy="one")
    return written.situation(late={"BalanceEx": random.choice((0.0, 3.0))})
