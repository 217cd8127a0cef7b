"""No entry is in the book that a limit, a token or a pause forbids. The engine's own book decides,
with what each alert was known to say when it was drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.simulation.account_exchange import ASSETS, PAIRS, ZERO
from tests.simulation.chaos import Chaos
from tests.simulation.limit_exchange import LimitExchange
from tests.simulation.limit_plan import MOST, SETTINGS, Limited, Wish
from tests.simulation.senders import Delivery
from tests.simulation.watch import ANSWERS, FINAL, PASSING, Invariant, Violation
from tests.simulation.world import START, World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.risk import loss_figures
from webhook_core.web.messages import HttpResponse

CODES = ANSWERS | PASSING | {"paused", "pausing", "out_of_scope", "loss_unknown", "rate_limited"}
COOL_DOWN, LOSS_KNOWN_FOR = timedelta(seconds=8), timedelta(seconds=120)
HOURS_END = START + timedelta(minutes=1)
WORK = timedelta(seconds=1)
"""Between two looks at one clock."""
MOST_HELD = {"XXBTZUSD": Decimal("0.03"), "XETHZUSD": Decimal(1)}
ALERT_COST = Decimal(1500)
COLLAR = Decimal("0.02")
TOKEN_COST = Decimal(600)
RULES = (*(name.upper() for name in SETTINGS), "MISSED_ALERT")


class LimitWatch:
    """``book``: the client order ids of our orders, as they came in."""

    def __init__(self, world: World, chaos: Chaos, store: MemoryLedger, plan: Limited) -> None:
        self.violations: list[Violation] = []
        self.book: list[str] = []
        self.codes: set[str] = set()
        self.exchange: LimitExchange | None = None
        self.ledger_is_sound = False
        self._world, self._store, self._plan = world, store, plan
        self._off = timedelta(microseconds=2 * chaos.skew)
        self._wishes = {wish.alert.digest: wish for wish in plan.wishes}
        self._started: dict[str, int] = {}
        self._began: dict[str, int] = {}
        self._entries: dict[str, LedgerEntry] = {}
        self._units: list[Unit] = []
        self._placed: list[tuple[Wish, LedgerEntry]] = []
        self._since_flat: dict[str, int] = {}
        self._spent: dict[str, Decimal] = {}
        self._paused: dict[str, bool] = {}
        self._reached_at: int | None = None

    def broken(self, invariant: Invariant, text: str) -> None:
        self.violations.append(Violation(invariant, text))
        self._world.tell("WATCH", f"VIOLATED: {invariant}: {text}")

    # -- what is heard of --------------------------------------------------------------------------

    def started(self, delivery: Delivery) -> None:
        self._started[delivery.name] = self._world.now

    def planned(self, owner: str, _: int, task: str) -> None:
        self._began[owner] = self._started.get(task, self._world.now)

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry) -> None:
        if before is not None and before.state in FINAL and before.state != after.state:
            self.broken(Invariant.FINAL_IS_FINAL, f"{after.alert_id} went on from {before.state}")
        self._entries[after.current.client_order_id] = after
        is_claim = before is None or before.state in (State.NOT_SENT, State.MISSED)
        if is_claim and after.state is State.SUBMITTING and self._is_paused(after):
            self.broken(Invariant.PAUSED_MEANS_PAUSED, f"{after.alert_id} was claimed")

    def posted(self, path: str) -> None:
        """The operator's resume is on its way: from here on nothing is certain to be paused."""
        if path.startswith("/resume"):
            self._paused.pop(path.partition("strategy=")[2], None)

    def done(self, path: str, response: HttpResponse) -> None:
        if path.startswith("/reconcile"):
            self.reconciled(response)
        elif path.startswith("/pause") and response.status == 200:
            self._pause(path.partition("strategy=")[2], only_entries="entries" in path)

    def reconciled(self, response: HttpResponse) -> None:
        rows = json.loads(response.body).get("losses") or ()
        worst = [Decimal(amount) for row in rows for amount in row["worst"].values()]
        if self._reached_at is None and any(amount >= 20 for amount in worst):
            self._reached_at = self._world.now

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        document = json.loads(response.body)
        code, error = document["code"], document["error"] or ""
        if error.startswith("orders["):
            error = error.partition(": ")[2]
        told = (error, *document["warnings"])
        self.codes |= {code, *(rule for rule in RULES if any(one.startswith(rule) for one in told))}
        if code not in CODES:
            self.broken(Invariant.KNOWN_ANSWERS, f"{delivery.name}: {response.status} {code}")
        wish = self._wishes[delivery.alert.digest]
        if code == "pausing":
            self._pause(wish.strategy, only_entries=False)
        if wish.kind == "exit" and any(error.startswith(rule) for rule in RULES):
            self.broken(Invariant.EXITS_PASS, f"{delivery.name}: {error}")

    def _pause(self, strategy: str, *, only_entries: bool) -> None:
        self._paused[strategy] = self._paused.get(strategy, True) and only_entries

    def _is_paused(self, entry: LedgerEntry) -> bool:
        buys = entry.current.request.parameters.get("type") == "buy"
        stood = [self._paused[name] for name in ("", entry.strategy) if name in self._paused]
        return any(buys or not only_entries for only_entries in stood)

    def placed(self, fields: Mapping[str, str]) -> None:
        name, pair = fields["cl_ord_id"], fields["pair"]
        entry = self._entries.get(name)
        if entry is None:
            self.broken(Invariant.CLAIM_FIRST, f"the order {name} belongs to no entry")
            return
        if entry.unit in self._units:
            self.broken(Invariant.ONE_ORDER, f"{entry.alert_id} has two orders")
        self.book.append(name)
        self._units.append(entry.unit)
        if fields["type"] == "sell":
            if self._plan.limit == "catch_up":  # whose alerts only go up
                self.broken(Invariant.WITHIN_ITS_LIMIT, f"{entry.alert_id} goes back")
            if not self._held(pair) and not self._resting(pair):
                self._since_flat[pair] = 0
            return
        wish = self._wishes[entry.body_sha256]
        self._placed.append((wish, entry))
        self._since_flat[pair] = self._since_flat.get(pair, 0) + 1
        judges: dict[str, Callable[[Wish, LedgerEntry, Mapping[str, str]], bool]] = _JUDGES
        for limit in (self._plan.limit, "token_orders", "token_cost", "token_scope"):
            judge = judges.get(limit)
            if judge is not None and not judge(self, wish, entry, fields):
                broken = Invariant.WITHIN_ITS_LIMIT
                self.broken(broken, f"{limit}: {wish.alert.name} has an order, {dict(fields)}")

    # -- the judgement -----------------------------------------------------------------------------

    def _held(self, pair: str) -> Decimal:
        assert self.exchange is not None
        return self.exchange.history[-1].of(ASSETS[pair])

    def _resting(self, pair: str | None = None) -> list[Decimal]:
        assert self.exchange is not None
        return [left for of, left in self.exchange.resting_buys() if pair in (None, of)]

    def _began_at(self, entry: LedgerEntry) -> int:
        return self._began.get(entry.current.owner, self._world.now)

    def position(self, _wish: Wish, _entry: LedgerEntry, fields: Mapping[str, str]) -> bool:
        pair = fields["pair"]
        return self._held(pair) + sum(self._resting(pair), ZERO) <= MOST_HELD[pair]

    def open_orders(self, _: Wish, _entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        return len(self._resting()) <= MOST

    def open_positions(self, _: Wish, _entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        return sum(bool(self._held(pair) or self._resting(pair)) for pair in PAIRS) <= 1

    def entries(self, _: Wish, _entry: LedgerEntry, fields: Mapping[str, str]) -> bool:
        return self._since_flat[fields["pair"]] <= MOST

    def count(self, _: Wish, _entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        return len(self._placed) <= MOST

    def cool_down(self, _: Wish, entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        claimed = [one.claimed_at for _, one in self._placed[:-1]]
        least = COOL_DOWN - self._off - WORK
        return all(abs(entry.claimed_at - other) >= least for other in claimed)

    def daily_loss(self, _: Wish, entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        began = self._began_at(entry)
        stored = self._store.read(loss_figures.document("live", "default"))
        as_of = None if stored is None else loss_figures.of_text(stored.text)[""].as_of
        began_at = START + timedelta(microseconds=began)
        is_known = as_of is not None and began_at - as_of <= LOSS_KNOWN_FOR + self._off + WORK
        return is_known and (self._reached_at is None or began <= self._reached_at)

    def price_collar(self, wish: Wish, _: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        return abs(wish.price - PAIRS[wish.pair]) <= PAIRS[wish.pair] * COLLAR

    def spread(self, _: Wish, _entry: LedgerEntry, fields: Mapping[str, str]) -> bool:
        return not self._plan.spread or fields["ordertype"] != "market"

    def hours(self, _: Wish, entry: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        began: datetime = START + timedelta(microseconds=self._began_at(entry))
        return began < HOURS_END + self._off

    def no_missed_alert(self, wish: Wish, entry: LedgerEntry, _: Mapping[str, str]) -> bool:
        return any(held == wish.before for held in self._held_since(wish.pair, entry))

    def caught_up(self, wish: Wish, entry: LedgerEntry, fields: Mapping[str, str]) -> bool:
        """With it the position is what its alert ends at, whatever was lost before."""
        volume = Decimal(fields["volume"])
        *before, _ = self._held_since(wish.pair, entry)  # the last one has its own fill
        return any(held + volume == wish.after for held in before)

    def alert_cost(self, wish: Wish, entry: LedgerEntry, fields: Mapping[str, str]) -> bool:
        """Its orders together."""
        spent = self._spent.get(entry.alert_id, ZERO) + self._cost(wish, fields)
        self._spent[entry.alert_id] = spent
        return spent <= ALERT_COST

    def _cost(self, wish: Wish, fields: Mapping[str, str]) -> Decimal:
        price = Decimal(fields["price"]) if "price" in fields else PAIRS[wish.pair]
        return Decimal(fields["volume"]) * price

    def _held_since(self, pair: str, entry: LedgerEntry) -> Iterator[Decimal]:
        assert self.exchange is not None
        history, began = self.exchange.history, self._began_at(entry)
        first = max((n for n, state in enumerate(history) if state.at <= began), default=0)
        yield from (state.of(ASSETS[pair]) for state in history[first:])

    def token_orders(self, wish: Wish, _: LedgerEntry, _fields: Mapping[str, str]) -> bool:
        same = [one for one, _ in self._placed if self._is_same_token(one, wish)]
        return wish.caveats != ("n=2",) or len(same) <= MOST

    def _is_same_token(self, one: Wish, other: Wish) -> bool:
        return (one.caveats, one.strategy) == (other.caveats, other.strategy)

    def token_cost(self, wish: Wish, _: LedgerEntry, fields: Mapping[str, str]) -> bool:
        return wish.caveats != ("c=600USD",) or self._cost(wish, fields) <= TOKEN_COST

    # -- the end -----------------------------------------------------------------------------------

    def unresolved(self) -> bool:
        return any(entry.state == "SUBMITTING" for entry in self._store.entries(limit=1000).entries)

    def finish(self) -> None:
        if self.unresolved():
            self.broken(Invariant.ALL_RESOLVED, "an entry is still SUBMITTING")


_JUDGES: dict[str, Any] = {
    "max_position": LimitWatch.position,
    "max_open_orders": LimitWatch.open_orders,
    "max_open_positions": LimitWatch.open_positions,
    "max_entries": LimitWatch.entries,
    "orders_per_day": LimitWatch.count,
    "orders_per_hour": LimitWatch.count,
    "alerts_per_3_minutes": LimitWatch.count,
    "cool_down": LimitWatch.cool_down,
    "max_daily_loss": LimitWatch.daily_loss,
    "price_collar": LimitWatch.price_collar,
    "max_spread": LimitWatch.spread,
    "trading_hours": LimitWatch.hours,
    "on_missed_alert": LimitWatch.no_missed_alert,
    "catch_up": LimitWatch.caught_up,
    "max_alert_cost": LimitWatch.alert_cost,
    "token_orders": LimitWatch.token_orders,
    "token_cost": LimitWatch.token_cost,
}
