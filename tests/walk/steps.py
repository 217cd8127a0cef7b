"""What may happen in one step: each sets the stage in the book, and says which alert is sent and
what must be held after it.

A step draws from a random of its own and looks at the book when its turn comes, so that a walk
without some of its steps is still a walk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Any

from tests.walk.book import ZERO, Book

LEAST = {"BTCUSD": Decimal("0.001"), "ETHUSD": Decimal("0.02")}
"""Sizes are multiples of it; whatever is smaller than one is left as it is."""
LOT = Decimal("1E-8")
_CENT = Decimal("0.01")
FAULTS = ("reset_before", "reset_after", "rate_limit")
"""Not placed and not known, placed and not known, refused before it was processed."""


@dataclass(frozen=True)
class Stage:
    """What a step finds. ``margin``: positions are held with leverage."""

    book: Book
    symbol: str
    margin: bool
    random: Random

    @property
    def held(self) -> Decimal:
        return self.book.held(self.symbol, margin=self.margin)

    @property
    def price(self) -> Decimal:
        return self.book.prices[self.symbol]

    @property
    def least(self) -> Decimal:
        return LEAST[self.symbol]

    @property
    def is_held_back(self) -> bool:
        """Some of the base is kept by an order that sells it."""
        return not self.margin and any(
            order.side == "sell" for order in self.book.open(self.symbol)
        )

    def size(self, most: int = 9) -> Decimal:
        return self.random.randint(1, most) * self.least

    def affords(self, volume: Decimal) -> bool:
        return self.margin or self.book.free_money > volume * self.price * Decimal("1.1")


@dataclass(frozen=True)
class Step:
    """``alert``: what is sent, None for nothing. What is held after it is between
    ``least`` and ``most``. ``marks``: prices that the market touches beforehand.
    ``fault``: what befalls its AddOrder, or that of the alert that is sent once
    ``beside`` it, just before. ``leaves``: open orders of the pair, None for any number.
    ``may_be_gone``: Kraken may refuse it, for there is no order."""

    name: str
    alert: Mapping[str, Any] | None = None
    least: Decimal = ZERO
    most: Decimal = ZERO
    marks: tuple[Decimal, ...] = ()
    by_hand: Mapping[str, str] | None = None
    leaves: int | None = None
    fault: str | None = None
    may_be_gone: bool = False
    beside: Mapping[str, Any] | None = None


def exactly(name: str, alert: Mapping[str, Any], held: Decimal, **options: Any) -> Step:
    return Step(name, alert, held - LOT, held + LOT, **options)


def look(stage: Stage) -> Step:
    """A plan that finds what it wants: what it has read, later figures are held against.

    Of one that no plan has read nobody can tell, seconds after an order, whether it shows that.
    """
    word, size = "long" if stage.held else "flat", str(stage.held)
    alert = {"action": "target", "market_position": word, "market_position_size": size}
    return exactly("look", alert, stage.held)


def buy(stage: Stage) -> Step | None:
    size = stage.size()
    if not stage.affords(size):
        return None
    return exactly("buy", {"side": "buy", "volume": str(size)}, stage.held + size)


def sell(stage: Stage) -> Step | None:
    size = stage.size()
    if not stage.margin and (stage.held < size or stage.is_held_back):
        return None
    return exactly("sell", {"side": "sell", "volume": str(size)}, stage.held - size)


def close(stage: Stage) -> Step | None:
    if stage.is_held_back:
        return None
    percent = stage.random.choice((100, 100, 100, 25, 50))
    if abs(stage.held) * percent / 100 < stage.least:
        percent = 100
    if ZERO < abs(stage.held) < stage.least:
        return None
    alert = {"action": "close"} if percent == 100 else {"action": "close", "percent": str(percent)}
    sold = (stage.held * percent / 100).quantize(LOT, ROUND_DOWN)
    return exactly(f"close {percent} %", alert, stage.held - sold)


def target(stage: Stage) -> Step | None:
    if stage.is_held_back:
        return None
    size = stage.random.randint(-9 if stage.margin else -1, 12) * stage.least
    if size > stage.held and not stage.affords(size - stage.held):
        return None
    word = "long" if size > 0 else "short" if size < 0 else "flat"
    wanted = size if stage.margin else max(size, ZERO)
    alert = {"action": "target", "market_position": word, "market_position_size": str(abs(size))}
    if ZERO < abs(wanted - stage.held) < stage.least:  # too little to trade
        return None
    return exactly(f"target {size}", alert, wanted)


def reverse(stage: Stage) -> Step | None:
    if stage.is_held_back or ZERO < abs(stage.held) < stage.least:
        return None
    if stage.margin and not stage.held:  # what has fired since decides where it leads then
        return None
    if stage.random.random() < 0.5 or not stage.held:
        return exactly("reverse", {"action": "reverse"}, -stage.held if stage.margin else ZERO)
    size = stage.size()
    way = -1 if stage.held > 0 else 1
    return exactly(
        f"reverse {size}",
        {"action": "reverse", "volume": str(size)},
        way * size if stage.margin else ZERO,
    )


def share_of_position(stage: Stage) -> Step | None:
    if stage.is_held_back or stage.held < 4 * stage.least:
        return None
    percent = stage.random.choice((30, 50))
    sold = (stage.held * percent / 100).quantize(LOT, ROUND_DOWN)
    alert = {"side": "sell", "volume": str(percent), "quantity_type": "percent_position"}
    return exactly(f"sell {percent} % of the position", alert, stage.held - sold)


def share_of_money(stage: Stage) -> Step | None:
    """Sized by what is free, or by what all of it is worth: no more than that, and not much
    less."""
    percent, kind = (
        stage.random.choice((5, 10)),
        stage.random.choice(("percent_balance", "percent_equity")),
    )
    whole = stage.book.free_money if kind == "percent_balance" else stage.book.worth
    return _bought_for(stage, whole * percent / 100, str(percent), kind)


def for_money(stage: Stage) -> Step | None:
    cost = Decimal(stage.random.choice((400, 800)))
    return _bought_for(stage, cost, f"{cost}", "quote")


def _bought_for(stage: Stage, cost: Decimal, volume: str, kind: str) -> Step | None:
    bought = cost / stage.price
    if stage.margin or cost * Decimal("1.2") > stage.book.free_money or bought < stage.least:
        return None
    few, many = bought * Decimal("0.94"), bought * Decimal("1.03")
    alert = {"side": "buy", "volume": volume, "quantity_type": kind}
    return Step(f"buy {volume} {kind}", alert, stage.held + few, stage.held + many)


def with_stop(stage: Stage) -> Step | None:
    size = stage.size(4)
    if not stage.affords(size) or (stage.margin and stage.held < 0):
        return None
    trigger = (stage.price * Decimal(stage.random.choice(("0.97", "0.95")))).quantize(_CENT)
    alert = {"side": "buy", "volume": str(size), "stop_loss": f"{trigger:.1f}"}
    return exactly("buy with a stop", alert, stage.held + size)


def resting(stage: Stage) -> Step | None:
    size = stage.size(3)
    if not stage.affords(size):
        return None
    limit = (stage.price * Decimal("0.98")).quantize(_CENT)
    alert = {"side": "buy", "volume": str(size), "order_type": "limit", "price": f"{limit:.1f}"}
    return exactly("a limit that rests", alert, stage.held)


def down_and_up(stage: Stage) -> Step:
    """Whatever stops or limits that crosses fills; what that makes of the
    position, the book says."""
    low = stage.price * Decimal(stage.random.choice(("0.99", "0.975", "0.96", "0.94")))
    return Step("the market falls and comes back", marks=(low.quantize(_CENT), stage.price))


def drift(stage: Stage) -> Step:
    factor = Decimal(stage.random.choice(("0.995", "1.005", "1.01")))
    return Step("the market moves", marks=((stage.price * factor).quantize(_CENT),))


def hand(stage: Stage) -> Step | None:
    size, side = stage.size(3), stage.random.choice(("buy", "sell"))
    if side == "buy" and not stage.affords(size):
        return None
    if side == "sell" and not stage.margin and (stage.held < size or stage.is_held_back):
        return None
    return Step(f"{side} {size} by hand", by_hand={"type": side, "volume": str(size)})


def cancel(stage: Stage) -> Step | None:
    return exactly("cancel all", {"action": "cancel"}, stage.held, leaves=0, may_be_gone=True)


def cancel_and_close(stage: Stage) -> Step | None:
    if ZERO < abs(stage.held) < stage.least or not stage.held:
        return None
    legs = [{"action": "cancel"}, {"action": "close"}]
    return exactly("cancel and close", {"orders": legs}, ZERO, leaves=0)


def move_stop(stage: Stage) -> Step | None:
    """The stops of the pair become one."""
    if stage.margin or stage.held < stage.least or not stage.is_held_back:
        return None
    trigger = f"{stage.price * Decimal('0.96'):.1f}"
    stop = {
        "side": "sell",
        "order_type": "stop-loss",
        "stop_price": trigger,
        "volume": f"{stage.least}",
    }
    sells = sum(order.side == "sell" for order in stage.book.open(stage.symbol))
    leaves = len(stage.book.open(stage.symbol)) - sells + 1
    legs = {"orders": [{"action": "cancel", "side": "sell"}, stop]}
    return exactly("move the stops", legs, stage.held, leaves=leaves)


def faulted(stage: Stage) -> Step | None:
    step = stage.random.choice((buy, sell, close, target, reverse))(stage)
    fault = stage.random.choice(FAULTS)
    return None if step is None else replace(step, name=f"{step.name}, {fault}", fault=fault)


def beside_a_lost_buy(stage: Stage) -> Step | None:
    """A way out while nobody knows what became of a buy."""
    step, entry = stage.random.choice((close, target))(stage), buy(stage)
    fault = stage.random.choice(FAULTS[:2])
    if step is None or entry is None or ("%" in step.name and "100" not in step.name):
        return None
    if stage.margin and stage.held <= 0:
        return None
    return replace(
        step, name=f"{step.name} beside a lost buy, {fault}", fault=fault, beside=entry.alert
    )


Maker = Callable[[Stage], Step | None]
KINDS: tuple[tuple[Maker, int], ...] = (
    (buy, 6), (sell, 3), (close, 6), (target, 9), (reverse, 4), (share_of_position, 3),
    (share_of_money, 4), (for_money, 2),
    (with_stop, 6), (resting, 3), (down_and_up, 5), (drift, 2), (hand, 2), (cancel, 3),
    (cancel_and_close, 6),
    (move_stop, 3), (faulted, 6), (beside_a_lost_buy, 2),
)  # fmt: skip
