"""One seed from its first alert to its verdict."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from unittest.mock import patch

from tests.simulation.account_exchange import LONGEST, AccountExchange
from tests.simulation.account_plan import draw as draw_account
from tests.simulation.account_run import AccountFleet, befall
from tests.simulation.account_watch import AccountWatch
from tests.simulation.alerts import TOKEN, Alert, draw
from tests.simulation.chaos import LEDGER_FAULTS, Chaos
from tests.simulation.counts import LIMITS as COUNTS
from tests.simulation.counts import CountWatch, draw_counted
from tests.simulation.exchange import SNAPSHOT, Exchange
from tests.simulation.limit_plan import LIMITS
from tests.simulation.limit_run import play
from tests.simulation.power import Power
from tests.simulation.process import Process, SimulatedClock, SimulatedLock
from tests.simulation.senders import BY_HAND, OPERATOR_TOKEN, Senders
from tests.simulation.situation_run import SITUATIONS, play_situation
from tests.simulation.store import SimulatedStore
from tests.simulation.target_watch import TargetWatch
from tests.simulation.venue import SimulatedVenue
from tests.simulation.watch import Violation, Watch
from tests.simulation.world import SECOND, World
from tests.support.memory_ledger import MemoryLedger
from webhook_core import bootstrap
from webhook_core.events import LOGGER
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings

INSTANCES = 3
FINAL_RECONCILES = 6
KINDS = ("single", "target", "single", "legs", "target")
"""The kinds of worlds, seed by seed."""
ACCOUNT = "account"
"""Another kind, for seeds of its own: an account with money that is read late."""
COUNTED = "counted"
"""And one more: a day with fewer places than alerts."""
APART = (ACCOUNT, COUNTED, *LIMITS, *SITUATIONS)

RECONCILED = 3
"""So often in every other account, once before the first alert: it keeps what is held then."""
FAULTS_WITH_MONEY = 0.25
"""There it is the figures that mislead: the other faults are rarer, or hardly an
order would come of it."""


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    violations: tuple[Violation, ...]
    story: tuple[str, ...]
    orders: int
    deliveries: int
    kind: str | None = None

    def text(self) -> str:
        """The story, step by step, what was wrong with it, and how to see it again."""
        wrong = [f"  {violation.invariant}: {violation.text}" for violation in self.violations] or [
            "  nothing"
        ]
        return "\n".join(
            [
                f"seed {self.seed}",
                *self.story,
                "violated:",
                *wrong,
                (
                    "again: python -m "
                    f"tests.simulation{f' --kind {self.kind}' if self.kind else ''} "
                    f"--seed {self.seed}"
                ),
            ]
        )


def simulate(seed: int, kind: str | None = None, *, tell: bool = False) -> Result:
    """Everything that the seed has in store.

    Without ``tell`` nothing is written down, which is faster.
    """
    with _told(world := World(seed, tell=tell)):
        if kind == ACCOUNT:
            return _with_money(seed, world)
        if kind == COUNTED:
            return _with_counts(seed, world)
        if kind in (*LIMITS, *SITUATIONS):
            watched, deliveries = (play if kind in LIMITS else play_situation)(world, kind)
            story, orders = tuple(world.story or ()), len(watched.book)
            return Result(seed, tuple(watched.violations), story, orders, deliveries, kind)
        chaos = Chaos.of(world.random)
        plan = draw(world.random, chaos, kind_of(seed))
        alerts, store = plan.alerts, MemoryLedger()
        watch = (
            TargetWatch(world, store, plan)
            if kind_of(seed) == "target"
            else Watch(world, store, plan)
        )
        watch.ledger_is_sound = chaos.calm or not any(chaos.rates[kind] for kind in LEDGER_FAULTS)
        exchange = Exchange(world, chaos, watch, margin=plan.margin, held=plan.held)
        fleet = Fleet(world, chaos, exchange, store, watch)
        senders = Senders(world, chaos, fleet.pick, watch)
        _tell_plan(world, chaos, alerts)
        senders.plan(alerts)
        senders.reconcile_every_minute(chaos.seconds(5, 150), world.random.choice((0, 2, 4, 7)))
        world.run()
        if chaos.calm:
            watch.finish_calm(
                [last for (_, firing), last in senders.last.items() if firing != BY_HAND]
            )
        _recover(world, chaos, senders, watch, alerts)
    story = tuple(world.story or ())
    return Result(seed, tuple(watch.violations), story, len(watch.book), senders.count)


def _with_money(seed: int, world: World) -> Result:
    chaos = Chaos.of(world.random)
    chaos.longest_lag = LONGEST
    chaos.rates = {kind: rate * FAULTS_WITH_MONEY for kind, rate in chaos.rates.items()}
    plan, store = draw_account(world.random, chaos), MemoryLedger()
    watch = AccountWatch(world, store, plan)
    exchange = AccountExchange(world, chaos, plan.balances, plan.auto_earn)
    watch.exchange = exchange
    senders = Senders(world, chaos, AccountFleet(world, chaos, exchange, store, watch).pick, watch)
    _tell_plan(world, chaos, plan.alerts)
    befall(world, exchange, plan)
    senders.plan(plan.alerts)
    if seed % 2:
        senders.reconcile_every_minute(0, RECONCILED)
    world.run()
    chaos.over = True
    for _ in range(FINAL_RECONCILES):
        _reconcile(world, senders)
        if not watch.unresolved():
            break
    watch.finish()
    return Result(
        seed,
        tuple(watch.violations),
        tuple(world.story or ()),
        len(watch.book),
        senders.count,
        ACCOUNT,
    )


def _with_counts(seed: int, world: World) -> Result:
    chaos = Chaos.of(world.random)
    plan, store = draw_counted(world.random), MemoryLedger()
    *alerts, last = plan.alerts
    watch = CountWatch(world, store, plan)
    exchange = Exchange(world, chaos, watch, margin=plan.margin, held=plan.held)
    fleet = Fleet(world, chaos, exchange, store, watch, limits=COUNTS)
    senders = Senders(world, chaos, fleet.pick, watch)
    _tell_plan(world, chaos, alerts)
    senders.plan(alerts)
    senders.reconcile_every_minute(chaos.seconds(5, 150), world.random.choice((0, 2, 4)))
    world.run()
    chaos.over = True
    for _ in range(FINAL_RECONCILES):
        _reconcile(world, senders)
        if not watch.unresolved():
            break
    senders.resend_by_hand(last)
    world.run()
    watch.finish()
    return Result(
        seed,
        tuple(watch.violations),
        tuple(world.story or ()),
        len(watch.book),
        senders.count,
        COUNTED,
    )


def kind_of(seed: int) -> str:
    return KINDS[seed % len(KINDS)]


def told(seed: int, kind: str | None = None) -> Result:
    """The same seed with its story."""
    return simulate(seed, kind, tell=True)


def failures(seeds: Iterable[int], kind: str | None = None) -> Iterator[Result]:
    """The seeds that violate something, of one kind of world or of all."""
    for seed in seeds:
        if kind not in (None, *APART, kind_of(seed)):
            continue
        result = simulate(seed, kind if kind in APART else None)
        if result.violations:
            yield result


def _recover(
    world: World, chaos: Chaos, senders: Senders, watch: Watch, alerts: Sequence[Alert]
) -> None:
    """The network is healthy again: reconcile, then send once more what stays good, and
    look at everything."""
    chaos.over = True
    world.tell("world", "the network is healthy from here on")
    for _ in range(FINAL_RECONCILES):
        _reconcile(world, senders)
        if not watch.unresolved():
            break
    good = [alert for alert in alerts if alert.stays_good]
    for alert in good:
        senders.resend_by_hand(alert)
    world.run()
    for alert in good:
        # Too old now for its last legs.
        if len(alert.volumes) > 1 and senders.last[alert.name, BY_HAND].status == 503:
            _reconcile(world, senders)
            senders.resend_by_hand(alert)
            world.run()
        watch.finish_replay(senders.last[alert.name, BY_HAND])
    watch.finish()


def _reconcile(world: World, senders: Senders) -> None:
    world.after(60 * SECOND, senders.reconcile)
    world.run()


class Fleet:
    """The instances.

    One that crashed is gone with all that it was doing; its successor knows only
    what the store knows.
    """

    def __init__(
        self,
        world: World,
        chaos: Chaos,
        exchange: Exchange,
        store: MemoryLedger,
        watch: Watch,
        *,
        limits: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._limits = tuple(limits.items())
        self._world, self._chaos = world, chaos
        self._exchange, self._store, self._watch = exchange, store, watch
        self._booted = 0
        self._power = Power(world.seed, store)
        self._processes: list[Process] = [self._boot() for _ in range(INSTANCES)]

    def pick(self) -> Process:
        place = self._world.random.randrange(INSTANCES)
        if self._processes[place].dead:
            self._processes[place] = self._boot()
        return self._processes[place]

    def _boot(self) -> Process:
        self._booted += 1
        error = self._chaos.own_clock()
        process = Process(
            f"i{self._booted}", self._world, self._chaos, error, self._world.now, power=self._power
        )
        self._power.processes.append(process)
        store = SimulatedStore(process, self._store, self._watch)
        venue = SimulatedVenue(process, self._exchange)
        with patch.object(bootstrap, "snapshot", lambda: SNAPSHOT):
            process.application = bootstrap.assemble(
                settings(self._limits), SimulatedClock(process), store, venue
            )
        process.application.decider.pair_rules._lock = SimulatedLock(process)
        return process


@cache
def settings(limits: tuple[tuple[str, str], ...] = ()) -> Settings:
    return read_settings(
        {
            "TRADING_MODE": "live",
            "KRAKEN_API_KEY": "simulated-key",
            "KRAKEN_API_SECRET": "c2ltdWxhdGVkLXNlY3JldA==",
            "WEBHOOK_TOKEN": TOKEN,
            "OPERATOR_TOKEN": OPERATOR_TOKEN,
            "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
            "MAX_ORDER_COST": "500 USD",
            "LEDGER_URL": "memory://",
            "ENVIRONMENT": "production",
            **dict(limits),
        }
    )


def _tell_plan(world: World, chaos: Chaos, alerts: Sequence[Alert]) -> None:
    if world.story is None:
        return
    rates = {kind: rate for kind, rate in chaos.rates.items() if rate}
    world.tell(
        "world",
        "calm"
        if chaos.calm
        else f"faults {rates}, clocks differ by {chaos.skew / SECOND} s at most",
    )
    for alert in alerts:
        world.tell("world", f"{alert.name}: {alert.body.decode()}")


class _StoryLog(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.tell(
            "log", f"{record.levelname} {record.getMessage()} {getattr(record, 'facts', '')}"
        )
        if record.exc_info:
            for line in "".join(traceback.format_exception(*record.exc_info)).splitlines():
                self._world.tell("log", line)


@contextmanager
def _told(world: World) -> Iterator[None]:
    """The log's lines go into the story, and nowhere else; where nobody reads it there are none."""
    level, propagate, handler = LOGGER.level, LOGGER.propagate, _StoryLog(world)
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO if world.story is not None else logging.CRITICAL + 1)
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
        LOGGER.propagate = propagate
