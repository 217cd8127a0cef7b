"""One walk: steps from a seed, each judged by the book; and a shorter walk that
fails just the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.support import kraken_faults as faults
from tests.support.faked_function import TOKEN
from tests.walk.book import ASSETS, Book
from tests.walk.clock import SharedClock
from tests.walk.exchange import READS, LateKraken
from tests.walk.fleet import Beside, Here, environment
from tests.walk.steps import KINDS, Maker, Stage, Step, look
from webhook_core.events import LOGGER

STEPS = 40
LAGS = (0, 0.3, 1.0, 2.0, 4.0)
LONGEST_LAG_S = max(LAGS)
SENDS, PAUSE_S = 4, 5.0
"""TradingView's, and the pause between two of them."""
MOST_SENDS = 40
"""By then an order without an outcome is past its deadline and the visibility margin."""
PRICES = {"BTCUSD": Decimal(60000), "ETHUSD": Decimal(2500)}
NOT_TRADED = ("not_placed", "order_rejected")
UNTOLD = ("token", "id", "fired_at", "symbol")
_FAULTS: Mapping[str, Callable[[], faults.Fault]] = {
    "reset_before": faults.reset_before,
    "reset_after": faults.reset_after,
    "rate_limit": lambda: faults.errors(["EOrder:Rate limit exceeded"]),
}


@dataclass
class Walk:
    """``kept``: the numbers of the steps that are taken. ``late``: steps that TradingView's sends
    did not reach. ``wrong``: what was not as it must be, at the end of ``story``."""

    seed: int
    kept: Sequence[int]
    story: list[str] = field(default_factory=list)
    taken: int = 0
    late: int = 0
    wrong: str | None = None

    def text(self) -> str:
        shorter = "" if len(self.kept) == STEPS else f" --steps {','.join(map(str, self.kept))}"
        return "\n".join([*self.story, f"again: python -m tests.walk --seed {self.seed}{shorter}"])


class Wrong(Exception):
    """The text is what."""


def walk(seed: int, kept: Sequence[int] = range(STEPS)) -> Walk:
    done = Walk(seed, kept)
    with _world(seed, done) as walker:
        try:
            walker.look()
            for number in kept:
                walker.step(number)
        except Wrong as wrong:
            done.wrong = str(wrong)
            done.story.append(f"WRONG: {wrong}")
    return done


def shrunk(failed: Walk, runs: int = 40) -> Walk:
    """The same walk with steps left out as long as it fails, with at most so many tries."""
    best = failed
    half = max(1, len(best.kept) // 2)
    while runs > 0:
        for start in range(0, len(best.kept), half):
            fewer = [*best.kept[:start], *best.kept[start + half :]]
            runs -= 1
            if fewer and (tried := walk(failed.seed, fewer)).wrong is not None:
                best = tried
                break
        else:
            if half == 1:
                break
            half //= 2
    return best


@contextmanager
def _world(seed: int, done: Walk) -> Iterator[_Walker]:
    level = LOGGER.level
    clock, balances = (
        SharedClock(),
        {"USD": Decimal(100_000), "BTC": Decimal("0.02"), "ETH": Decimal("0.5")},
    )
    with tempfile.TemporaryDirectory() as folder, LateKraken(clock, balances=balances) as kraken:
        env = environment(kraken.url, str(Path(folder, "ledger.db")))
        fleet = [Here(env, clock), Beside(env, clock) if seed % 4 == 3 else Here(env, clock)]
        try:
            yield _Walker(seed, done, clock, kraken, fleet[: 1 + seed % 2])
        finally:
            for instance in fleet:
                instance.stop()
            LOGGER.setLevel(level)


class _Walker:
    def __init__(
        self, seed: int, done: Walk, clock: SharedClock, kraken: LateKraken, fleet: list[Any]
    ) -> None:
        self._seed, self._done, self._clock, self._kraken, self._fleet = (
            seed,
            done,
            clock,
            kraken,
            fleet,
        )
        self._margin = seed % 8 in (2, 3, 6)
        self._prices, self._told = dict(PRICES), ""
        for symbol, price in PRICES.items():
            kraken.move(ASSETS[symbol][1], price)
        clock.sleep(2 * LONGEST_LAG_S)  # no read is as old as that the account had no price

    def look(self) -> None:
        """Before the first step."""
        book = Book.of(self._kraken, self._prices)
        for number, symbol in enumerate(PRICES):
            stage = Stage(book, symbol, self._margin, Random(self._seed))
            step = look(stage)
            self._judge(step, symbol, stage.held, self._delivered(step, symbol, -1 - number))

    def step(self, number: int) -> None:
        random = Random(f"{self._seed} {number}")
        lags = LAGS if self._seed % 5 else (0,)
        symbol = random.choice(("BTCUSD",) if self._margin else ("BTCUSD", "ETHUSD"))
        self._clock.sleep(random.choice((0.3, 1.0, 1.0, 3.0, 30.0)))
        self._kraken.late = {read: random.choice(lags) for read in READS}
        book = Book.of(self._kraken, self._prices)
        step = self._drawn(random, Stage(book, symbol, self._margin, random))
        if step is None:
            return
        self._done.taken += 1
        held = book.held(symbol, margin=self._margin)
        late = ", ".join(
            f"{read} {seconds}" for read, seconds in self._kraken.late.items() if seconds
        )
        self._tell(
            f"{number}: {step.name} {symbol}, held {held}, open {len(book.open(symbol))}; late: "
            f"{late}"
        )
        self._set(step, symbol)
        if step.alert is not None:
            self._judge(step, symbol, held, self._delivered(step, symbol, number))

    def _drawn(self, random: Random, stage: Stage) -> Step | None:
        makers: list[Maker] = [maker for maker, _ in KINDS]
        maker = random.choices(makers, [weight for _, weight in KINDS])[0]
        return maker(stage)

    def _set(self, step: Step, symbol: str) -> None:
        pair = ASSETS[symbol][1]
        for price in step.marks:
            self._prices[symbol] = price
            self._kraken.move(pair, price)
            self._clock.sleep(0.2)
        if step.by_hand is not None:
            leverage = {"leverage": "2"} if self._margin else {}
            fields = {"pair": pair, "ordertype": "market", **step.by_hand, **leverage}
            self._tell(f"   by hand: {self._kraken.by_hand('AddOrder', **fields)['descr']}")
            self._clock.sleep(LONGEST_LAG_S + 1)  # nothing of ours can tell of it

    def _delivered(self, step: Step, symbol: str, number: int) -> str:
        """Sends it until its answer is final; the code of that."""
        if step.fault is not None:
            self._kraken.script("AddOrder", _FAULTS[step.fault]())
        if step.beside is not None:
            self._post(self._body(step.beside, symbol, f"beside-{number}"), number)
        body, status, document = (
            self._body(step.alert or {}, symbol, f"step-{number}"),
            503,
            {"code": ""},
        )
        for sent in range(MOST_SENDS):
            status, document = self._post(body, number + sent)
            if status < 500:
                break
            self._clock.sleep(PAUSE_S)
        self._kraken.forget_faults()
        self._done.late += sent >= SENDS and step.fault is None
        code = str(document["code"])
        if status != 200 and code not in _allowed(step):
            raise Wrong(f"{step.name} was answered {status} {code} after {sent + 1} sends")
        return code

    def _body(self, asked: Mapping[str, Any], symbol: str, name: str) -> bytes:
        trades = not (_only_cancels(asked) or "orders" in asked)
        leverage = {"leverage": "2"} if self._margin and not _only_cancels(asked) else {}
        alert = {
            "token": TOKEN, "id": name, "fired_at": self._clock.now().isoformat(), "symbol": symbol,
            **({"price": f"{self._prices[symbol]:f}"} if trades else {}), **_with(asked, leverage),
        }  # fmt: skip
        return json.dumps(alert).encode()

    def _post(self, body: bytes, instance: int) -> tuple[int, dict[str, Any]]:
        status, document = self._fleet[instance % len(self._fleet)].post(body)
        asked = {name: value for name, value in json.loads(body).items() if name not in UNTOLD}
        self._tell(
            f"   {json.dumps(asked)} -> {status} {document['code']}: {document['message'][:230]}"
        )
        return status, document

    def _judge(self, step: Step, symbol: str, before: Decimal, code: str) -> None:
        """``before``: what was held."""
        book = Book.of(self._kraken, self._prices)
        held, rests = book.held(symbol, margin=self._margin), len(book.open(symbol))
        if code in NOT_TRADED:
            step = replace(step, least=before, most=before)
        if not step.least <= held <= step.most:
            raise Wrong(f"{step.name}: {held} is held, it must be {step.least} to {step.most}")
        if step.leaves is not None and rests != step.leaves:
            raise Wrong(f"{step.name}: {rests} orders are open, it must be {step.leaves}")

    def _tell(self, line: str) -> None:
        """Once, where it is the same again."""
        if line != self._told:
            self._told = line
            self._done.story.append(f"{self._clock.monotonic():8.2f} s {line}")


def _allowed(step: Step) -> tuple[str, ...]:
    """Refusals that are the truth after what befell it."""
    never_arrived = step.fault == "reset_before" and step.beside is None
    return ("not_placed",) if never_arrived else ("order_rejected",) if step.may_be_gone else ()


def _only_cancels(alert: Any) -> bool:
    return alert.get("action") == "cancel"


def _with(alert: Any, leverage: dict[str, str]) -> dict[str, Any]:
    if "orders" not in alert:
        return {**alert, **leverage}
    return {
        "orders": [leg if _only_cancels(leg) else {**leg, **leverage} for leg in alert["orders"]]
    }
