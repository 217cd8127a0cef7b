"""One seed of an account with money, several strategies and reads that are late, from its first
alert to its verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from unittest.mock import patch

from tests.simulation.account_exchange import AccountExchange
from tests.simulation.account_plan import STRATEGIES, Account
from tests.simulation.account_venue import venue_of
from tests.simulation.alerts import TOKEN
from tests.simulation.chaos import Chaos
from tests.simulation.process import Process, SimulatedClock, SimulatedLock
from tests.simulation.senders import OPERATOR_TOKEN
from tests.simulation.store import SimulatedStore
from tests.simulation.world import World
from tests.support.memory_ledger import MemoryLedger
from webhook_core import bootstrap
from webhook_core.kraken import packaged_pairs
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.trading.instruments import Instrument

INSTANCES = 2


class AccountFleet:
    """The instances, as ``run.Fleet`` has them, each with the real KrakenVenue."""

    def __init__(
        self,
        world: World,
        chaos: Chaos,
        exchange: AccountExchange,
        store: MemoryLedger,
        watch: Any,
        *,
        settings: Callable[[], Settings] | None = None,
    ) -> None:
        self._settings = settings or account_settings
        self._world, self._chaos = world, chaos
        self._exchange, self._store, self._watch = exchange, store, watch
        self._booted = 0
        self._processes = [self._boot() for _ in range(INSTANCES)]

    def pick(self) -> Process:
        place = self._world.random.randrange(INSTANCES)
        if self._processes[place].dead:
            self._processes[place] = self._boot()
        return self._processes[place]

    def _boot(self) -> Process:
        self._booted += 1
        process = Process(
            f"i{self._booted}", self._world, self._chaos, self._chaos.own_clock(), self._world.now
        )
        store = SimulatedStore(process, self._store, self._watch)
        venue = venue_of(process, self._exchange, self._watch)
        with patch.object(bootstrap, "snapshot", _snapshot):
            process.application = bootstrap.assemble(
                self._settings(), SimulatedClock(process), store, venue
            )
        process.application.decider.pair_rules._lock = SimulatedLock(process)  # type: ignore[assignment]
        return process


def befall(world: World, exchange: AccountExchange, plan: Account) -> None:
    """The market and the hand go on the calendar."""
    for at, pair, price in plan.moves:
        world.at(at, lambda pair=pair, price=price: exchange.move(pair, price))
    for at, fields in plan.hands:
        world.at(at, lambda fields=fields: exchange.trade_by_hand(fields))


_packaged = packaged_pairs.snapshot


@cache
def _snapshot() -> tuple[Instrument, ...]:
    return tuple(rules for rules in _packaged() if rules.key in ("XXBTZUSD", "XETHZUSD", "SOLUSD"))


@cache
def account_settings() -> Settings:
    rows = "\n".join(f'[{name}]\ntoken = "env:{name.upper()}_TOKEN"' for name in STRATEGIES)
    tokens = {f"{name.upper()}_TOKEN": f"{TOKEN}-{name}" for name in STRATEGIES}
    env = {
        "TRADING_MODE": "live",
        "KRAKEN_API_KEY": "simulated-key",
        "KRAKEN_API_SECRET": "c2ltdWxhdGVkLXNlY3JldA==",
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": OPERATOR_TOKEN,
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "MAX_ORDER_COST": "1000000 USD",
        "LEDGER_URL": "memory://",
        "ENVIRONMENT": "production",
        "STRATEGIES_FILE": "strategies.toml",
        **tokens,
    }
    return read_settings(env, read_file=lambda _: rows)
