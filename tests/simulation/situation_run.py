"""One seed of a situation, from its first alert to its verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from unittest.mock import patch
from urllib.parse import parse_qsl

from tests.simulation import held_situations as held
from tests.simulation import lost_situations as lost
from tests.simulation import situations
from tests.simulation.account_exchange import LONGEST, PAIRS, AccountExchange
from tests.simulation.account_run import AccountFleet, befall
from tests.simulation.chaos import Chaos
from tests.simulation.senders import Senders
from tests.simulation.situation_watch import SituationWatch
from tests.simulation.situations import Situation
from tests.simulation.world import SECOND, World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.kraken.paper.book import Book, Order
from webhook_core.network.exchange import NoAnswer
from webhook_core.planning import own_orders
from webhook_core.planning.own_orders import NEWEST

DRAWN: Mapping[str, Callable[[Random], Situation]] = {
    draw.__name__: draw
    for draw in (
        situations.kraken_down,
        situations.refused_nonce,
        situations.sold_on_the_bar,
        situations.entered_on_one_bar,
        situations.unpriced,
        situations.unpackaged,
        held.entered_just_now,
        held.stop_fired_and_turned,
        held.stop_fired_and_held,
        held.rested_and_filled,
        held.covered_short,
        held.unsettled_money,
        held.confirmed,
        held.many_orders,
        lost.bought_in_doubt,
        lost.closed_in_doubt,
        lost.refused_for_funds,
        lost.replaced_at_once,
        lost.stop_moved_at_once,
        lost.canceled_at_once,
    )
}
SITUATIONS = tuple(DRAWN)
FINAL_RECONCILES = 6
TELLING = ("BalanceEx", "ClosedOrders", "OpenPositions")
"""Not OpenOrders: what it lacks was never placed, or has gone, and nobody knows which."""


def play_situation(world: World, name: str) -> tuple[SituationWatch, int]:
    """What was watched, and how many deliveries there were. Nothing else goes wrong there."""
    chaos = Chaos.of(world.random)
    chaos.calm, chaos.longest_lag = False, LONGEST
    chaos.rates = dict.fromkeys(chaos.rates, 0.0)
    plan, store = DRAWN[name](world.random), MemoryLedger()
    watch = SituationWatch(world, store, plan)
    watch.exchange = exchange = SituationExchange(world, chaos, plan, watch)
    senders = Senders(world, chaos, AccountFleet(world, chaos, exchange, store, watch).pick, watch)
    for alert in plan.alerts:
        world.tell("world", f"{alert.name}: {alert.body.decode()}")
    befall(world, exchange, plan)
    senders.plan(plan.alerts)
    with patch.object(own_orders, "NEWEST", held.PAGE if name == "many_orders" else NEWEST):
        world.run()
        chaos.over = True
        for _ in range(FINAL_RECONCILES):
            world.after(60 * SECOND, senders.reconcile)
            world.run()
            if not watch.unresolved():
                break
    watch.finish()
    return watch, senders.count


class SituationExchange(AccountExchange):
    """``told``: as of when the newest read was, by its task, that shows what an exit has done."""

    def __init__(self, world: World, chaos: Chaos, plan: Situation, watch: SituationWatch) -> None:
        pairs = (*PAIRS, "SOLUSD", *plan.unpackaged)
        super().__init__(world, chaos, plan.balances, plan.auto_earn, pairs)
        self._plan, self._watch, self._orders = plan, watch, -1
        self.told: dict[str, int] = {}
        self._late = dict.fromkeys(self._late, 0.0) | dict(plan.late)
        for pair, price in plan.unpackaged.items():
            self.move(pair, price)

    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        begins, ends = self._plan.outage
        if begins <= self._world.now < ends:
            raise NoAnswer("refused", is_sent=False)
        if not path.endswith("/AddOrder"):
            return super().call(method, path, query, headers, body)
        self._orders += 1
        if self._orders in self._plan.refused:
            words = self._plan.refused[self._orders]
            return 200, json.dumps({"error": [words]}).encode()
        if self._orders in self._plan.swallowed:
            raise NoAnswer("swallowed", is_late=True)
        answer = super().call(method, path, query, headers, body)
        if self._orders in self._plan.unheard:
            if b'"txid"' in answer[1]:
                self._watch.placed(dict(parse_qsl(body.decode())))
            raise NoAnswer("unheard", is_late=True)
        return answer

    def was_read(self, task: str, endpoint: str) -> None:
        super().was_read(task, endpoint)
        if endpoint in TELLING:
            self.told[task] = max(self._seen_at, self.told.get(task, 0))

    @property
    def open(self) -> list[Order]:
        return list(Book.from_text(self._texts[-1][1]).open.values())
