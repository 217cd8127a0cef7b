"""One seed of a world with a limit, from its first alert to its verdict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial

from tests.simulation.account_exchange import LONGEST
from tests.simulation.account_run import AccountFleet
from tests.simulation.alerts import TOKEN
from tests.simulation.chaos import Chaos
from tests.simulation.limit_exchange import LimitExchange
from tests.simulation.limit_plan import SETTINGS, STRATEGIES, draw
from tests.simulation.limit_watch import LimitWatch
from tests.simulation.process import Process
from tests.simulation.senders import OPERATOR_TOKEN, Senders
from tests.simulation.world import SECOND, START, InstanceCrashed, World
from tests.support.memory_ledger import MemoryLedger
from tests.support.scoped_tokens import KEYS
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest

FAULTS = 0.25
"""The other faults are rarer, or hardly an order would come near a limit."""
FINAL_RECONCILES = 6


def play(world: World, limit: str) -> tuple[LimitWatch, int]:
    """What was watched, and how many deliveries there were."""
    chaos = Chaos.of(world.random)
    chaos.longest_lag = LONGEST
    chaos.rates = {kind: rate * FAULTS for kind, rate in chaos.rates.items()}
    if limit in (
        "cool_down",
        "alerts_per_3_minutes",
    ):  # else two looks at one clock may lie minutes apart
        chaos.rates |= {"pause": 0.0, "slow": 0.0}
    plan, store = draw(world.random, limit), MemoryLedger()
    watch = LimitWatch(world, chaos, store, plan)
    watch.exchange = exchange = LimitExchange(world, chaos, plan.spread)
    own = partial(limit_settings, limit)
    fleet = AccountFleet(world, chaos, exchange, store, watch, settings=own)
    senders = Senders(world, chaos, fleet.pick, watch)
    for wish in plan.wishes:
        world.tell("world", f"{wish.alert.name}: {wish.alert.body.decode()}")
    for at, pair, price in plan.moves:
        world.at(at, lambda pair=pair, price=price: exchange.move(pair, price))
    for at, path in plan.posts:
        world.start(at, lambda path=path: post(world, fleet.pick, watch, path))
    senders.plan(plan.alerts)
    world.run()
    chaos.over = True
    for _ in range(FINAL_RECONCILES):
        world.after(60 * SECOND, senders.reconcile)
        world.run()
        if not watch.unresolved():
            break
    watch.finish()
    return watch, senders.count


def post(world: World, pick: Callable[[], Process], watch: LimitWatch, path: str) -> None:
    """What the operator sends, once: no answer may mean that it was done, or will be."""
    process = pick()
    process.task = path
    process.tell("POST %s", path)
    watch.posted(path)
    route, _, query = path.partition("?")
    fields = dict([query.split("=")]) if query else {}
    headers = {"authorization": f"Bearer {OPERATOR_TOKEN}"}
    moment = START + timedelta(microseconds=world.now)
    request = HttpRequest("POST", route, fields, headers, b"", "192.0.2.1", moment)
    try:
        response = process.application.handle(request)
    except InstanceCrashed:
        return
    process.tell("ANSWERS %s", response)
    watch.done(path, response)


@cache
def limit_settings(limit: str) -> Settings:
    rows = "\n".join(f'[{name}]\ntoken = "env:{name.upper()}_TOKEN"' for name in STRATEGIES)
    tokens = {f"{name.upper()}_TOKEN": f"{TOKEN}-{name}" for name in STRATEGIES}
    env = {
        "TRADING_MODE": "live",
        "KRAKEN_API_KEY": "simulated-key",
        "KRAKEN_API_SECRET": "c2ltdWxhdGVkLXNlY3JldA==",
        "OPERATOR_TOKEN": OPERATOR_TOKEN,
        "WEBHOOK_TOKEN_KEYS": KEYS,
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "MAX_ORDER_COST": "1000000 USD",
        "LEDGER_URL": "memory://",
        "ENVIRONMENT": "production",
        "STRATEGIES_FILE": "strategies.toml",
        **tokens,
        **SETTINGS[limit],
    }
    return read_settings(env, read_file=lambda _: rows)
