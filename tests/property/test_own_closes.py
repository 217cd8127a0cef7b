"""Whatever is traded beside it, a close of what a strategy bought sells that and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.faked_function import Answer, Function
from tests.support.paper import KEY, SECRET, StoppedClock, order, paper, result
from webhook_core.bootstrap import assemble
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.paper.venue import PaperTransport
from webhook_core.kraken.venue import KrakenVenue

FAR_BACK_NS = 10**19
STRATEGIES = ("trend", "mean")
LEAST, STEP = Decimal("0.00005"), Decimal("0.00000001")
D = Decimal

sizes = st.sampled_from(["0.001", "0.01", "0.1", "0.25"])
owners = st.sampled_from(STRATEGIES)
STEPS = st.one_of(
    st.tuples(st.just("buy"), owners, sizes),
    st.tuples(st.just("buy with a stop"), owners, sizes),
    st.tuples(st.just("fall"), st.none(), st.none()),
    st.tuples(st.just("sell"), owners, sizes),
    st.tuples(st.just("close"), owners, st.sampled_from(["100", "100", "50", "10"])),
    st.tuples(st.just("hand"), st.sampled_from(["buy", "sell"]), sizes),
    st.tuples(st.just("wait"), st.sampled_from([1, 90, 200, 90_000, 400_000]), st.none()),
    st.tuples(st.just("reconcile"), st.none(), st.none()),
)


@pytest.fixture(scope="module")
def strategies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("own") / "strategies.toml"
    path.write_text("".join(f'[{name}]\nclose = "own"\n' for name in STRATEGIES), "utf-8")
    return path


class World:
    """Two strategies and a hand on one account. ``own``: what each has by its own doing; what a
    strategy sells beyond it was the hand's. ``stops``: how much their stops would sell."""

    def __init__(self, strategies: Path) -> None:
        self.clock = StoppedClock()
        self.kraken = paper(
            clock=self.clock,
            balances={"USD": D(10) ** 8, "BTC": D(5)},
            nonce_window=FAR_BACK_NS,
        )
        self.kraken.mark_price("XXBTZUSD", D(60000))
        self.function = Function(clock=self.clock, env={"STRATEGIES_FILE": str(strategies)})
        client = KrakenClient(KEY, SECRET, transport=PaperTransport(self.kraken))
        venue = KrakenVenue(client, self.clock)
        self.function.application = assemble(
            self.function.settings(), self.clock, self.function.store, venue
        )
        self.own = dict.fromkeys(STRATEGIES, D(0))
        self.stops = dict.fromkeys(STRATEGIES, D(0))
        self.hand = D(5)
        self.numbers = itertools.count(1)

    @property
    def held(self) -> Decimal:
        return sum(self.own.values(), self.hand)

    @property
    def balance(self) -> Decimal:
        return D(result(self.kraken, "Balance")["XXBT"])

    def post(self, **fields: Any) -> Answer:
        alert = self.function.alert(id=f"a-{next(self.numbers)}", **fields)
        self.clock.forward(1)
        return self.function.post(alert)

    def buy(self, who: str, size: str, **fields: Any) -> None:
        assert self.post(strategy_name=who, volume=size, **fields).status == 200
        self.own[who] += D(size)

    def fall(self) -> None:
        """Every stop sells, also what its strategy has sold otherwise."""
        self.kraken.mark_price("XXBTZUSD", D(54000))
        self.kraken.mark_price("XXBTZUSD", D(60000))
        for who in STRATEGIES:
            self._sold(who, self.stops[who])
            self.stops[who] = D(0)

    def _sold(self, who: str, size: Decimal) -> None:
        part = min(self.own[who], size)
        self.own[who] -= part
        self.hand -= size - part

    def sell(self, who: str, size: str) -> None:
        if self.hand - sum(self.stops.values(), D(0)) < D(size):
            return  # it could sell what the other strategy has, which then can't
        assert self.post(strategy_name=who, side="sell", volume=size).status == 200
        self._sold(who, D(size))

    def close(self, who: str, percent: str) -> None:
        fields = {"action": "close", "percent": percent, "side": None, "volume": None}
        answer = self.post(strategy_name=who, **fields)
        part = (self.own[who] * D(percent) / 100).quantize(STEP, ROUND_DOWN)
        part = part if part >= LEAST else D(0)
        if answer.status == 503:  # the hand traded a moment ago: the figures are in doubt
            event("in doubt")
            return
        # Where nothing is sold its stops are canceled: nothing is held that they protect.
        does = "accepted" if part or self.stops[who] else "no_action"
        assert (answer.status, answer["code"]) == (200, does)
        event(f"{does}, nothing is sold" if not part else does)
        rows = [row["request"] for row in answer["orders"] if row["order_id"]]
        sold = [D(row["volume"]) for row in rows if row.get("ordertype") == "market"]
        assert sum(sold, D(0)) == part
        self.own[who] -= part
        self.stops[who] = max(D(0), self.stops[who] - part)
        if percent == "100" or not part:
            self.stops[who] = D(0)

    def trade_by_hand(self, side: str, size: str) -> None:
        if side == "sell" and self.hand - sum(self.stops.values(), D(0)) < D(size):
            return
        order(self.kraken, type=side, volume=size)
        self.clock.forward(1)
        self.hand += D(size) if side == "buy" else -D(size)

    def step(self, what: str, who: Any, how: Any) -> None:
        match what:
            case "buy":
                self.buy(who, how)
            case "buy with a stop":
                self.buy(who, how, stop_loss="55000")
                self.stops[who] += D(how)
            case "fall":
                self.fall()
            case "sell":
                self.sell(who, how)
            case "close":
                self.close(who, how)
            case "hand":
                self.trade_by_hand(who, how)
            case "wait":
                self.clock.forward(who)
            case _:
                assert self.function.operate("POST", "/reconcile").status == 200


@settings(max_examples=examples(20))
@given(steps=st.lists(STEPS, max_size=25), reconciles=st.booleans())
def test_a_close_sells_what_is_its_own_to_the_last_digit(
    strategies: Path, steps: list[tuple[str, Any, Any]], reconciles: bool
) -> None:
    world = World(strategies)
    for step in steps:
        world.step(*step)
        if reconciles and step[0] == "wait":
            world.step("reconcile", None, None)
    world.clock.forward(400)
    for who in STRATEGIES:
        world.close(who, "100")
        world.clock.forward(400)
    assert world.balance == world.held
    assert all(left < LEAST for left in world.own.values())
