"""Whether each order, and each final "nothing to do", is right for a state that the account truly
was in while it was decided.

The states are the book's own. Between the delivery that decides and its order others may
trade, so any state since then counts; what somebody trades by hand counts once the reads
show it, so as late as a read may be.

A reversal whose stop fires before its cancel leads to where it was planned to.

Where neither a plan nor reconcile has left a figure of an asset, every read of the balances that a
plan has made may be of before an order of ours. Then nobody can tell: with as much more or less
held from the start and that order in it, each of these reads is the same. So the state that they
show is allowed too. So it is where somebody has traded by hand as much, and the same way, as an
order of ours: a balance that has the one of them looks like one that has the other.

Of several assets, as an equity or a buy that is cut to what is free, that is so only where nothing
tells of any of them: no figure of one is left, all reads are alike, and none of the assets would
have been less than nothing with our orders in what was shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product

from tests.simulation.account_exchange import LONGEST, ZERO, AccountExchange, State
from tests.simulation.account_plan import LEAST, Account, Want
from tests.simulation.senders import Delivery
from tests.simulation.watch import ANSWERS, FINAL, PASSING, Invariant, Violation
from tests.simulation.world import World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.seen_figures import SeenFigures, of_text
from webhook_core.web.messages import HttpResponse

_NOTHING = frozenset({"no_action", "order_denied"})


class AccountWatch:
    """``book``: the client order ids of our orders, as they came in."""

    def __init__(self, world: World, store: MemoryLedger, plan: Account) -> None:
        self.violations: list[Violation] = []
        self.book: list[str] = []
        self.exchange: AccountExchange | None = None
        self.ledger_is_sound = False
        self._world, self._store = world, store
        self._wants = {want.alert.digest: want for want in plan.wants}
        self._started: dict[str, int] = {}
        self._began: dict[str, int] = {}
        self._of_order: dict[str, tuple[Want, int, str]] = {}
        self._units: dict[str, str] = {}
        self._legs: dict[str, int] = {}
        self._traded: set[str] = set()
        self._first: dict[str, int] = {}
        self._task: dict[str, str] = {}
        self._by_hand = {_trade(fields) for _, fields in plan.hands}
        self._own: set[tuple[str, str, Decimal]] = set()

    def broken(self, invariant: Invariant, text: str) -> None:
        self.violations.append(Violation(invariant, text))
        self._world.tell("WATCH", f"VIOLATED: {invariant}: {text}")

    # -- what is heard of --------------------------------------------------------------------------

    def started(self, delivery: Delivery) -> None:
        self._started[delivery.name] = self._world.now
        self._first.setdefault(delivery.alert.name, self._world.now)

    def planned(self, owner: str, _: int, task: str) -> None:
        self._began[owner] = self._started.get(task, self._world.now)
        self._task[owner] = task

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry) -> None:
        attempt = after.current
        if before is not None and before.state in FINAL and before.state != after.state:
            self.broken(
                Invariant.FINAL_IS_FINAL,
                f"{after.unit.name} went from {before.state} to {after.state}",
            )
        began = self._began.get(attempt.owner, self._world.now)
        self._of_order[attempt.client_order_id] = (
            self._wants[after.body_sha256],
            began,
            attempt.owner,
        )
        self._units[attempt.client_order_id] = after.unit.name
        self._legs[attempt.client_order_id] = after.unit.leg

    def placed(self, fields: Mapping[str, str]) -> None:
        name = fields["cl_ord_id"]
        known = self._of_order.get(name)
        if known is None:
            self.broken(Invariant.CLAIM_FIRST, f"the order {name} belongs to no entry")
            return
        if any(self._units[other] == self._units[name] for other in self.book):
            self.broken(Invariant.ONE_ORDER, f"{self._units[name]} has two orders")
        self.book.append(name)
        self._own.add(_trade(fields))
        want, began, owner = known
        self._traded.add(want.alert.name)
        if b'"limit"' in want.alert.body:
            self._check_place(want, began)
        is_sized = want.of is not None and self._legs[name] >= want.leg
        if is_sized and fields["ordertype"] == "market":
            volume = _volume(fields, want)
            what, task = f"{fields['type']} {fields['volume']}", self._task.get(owner, "")
            if volume not in self._turned(want, began, name) and not self._is_a_part(
                want, volume, began, name
            ):
                self._check(want, volume, began, what, task)

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        document = json.loads(response.body)
        code = document["code"]
        if code not in ANSWERS | PASSING:
            self.broken(Invariant.KNOWN_ANSWERS, f"{delivery.name}: {response.status} {code}")
        want = self._wants[delivery.alert.digest]
        exits = want.of is not None and b"percent_" not in want.alert.body
        final = code in _NOTHING or (response.status == 200 and b"orders" in want.alert.body)
        if exits and final and not document["replayed"] and delivery.alert.name not in self._traded:
            began, what = self._first[delivery.alert.name], f"the final answer {code}"
            self._check(want, ZERO, began, what, delivery.name)

    def reconciled(self, _: HttpResponse) -> None:
        """Nothing follows from it here."""

    def _check_place(self, want: Want, began: int) -> None:
        """None of the orders that it is to replace, and that were there when it
        began, is there still."""
        assert self.exchange is not None
        before = max(
            (state for state in self.exchange.history if state.at <= began),
            key=lambda state: state.at,
        )
        there = self.exchange.history[-1].selling
        beside = [
            name
            for name, (pair, _) in before.selling.items()
            if pair == want.pair and name in there
        ]
        if beside:
            self.broken(
                Invariant.ONE_EXIT,
                f"{want.alert.name}: {beside} sells beside the one that takes its place",
            )

    # -- the judgement -----------------------------------------------------------------------------

    def _check(self, want: Want, volume: Decimal, began: int, what: str, task: str) -> None:
        assert want.of is not None
        back = self._held_back(want, began)
        states = (*self._possible(want, began), *self._last_seen(want, task))
        wanted = map(want.of, states)
        ranges = [(low, high + (back if high < 0 else 0)) for low, high in wanted]
        least = LEAST[want.pair] if volume == ZERO else ZERO  # less is not worth an order
        if not any(low - least <= volume <= high + least for low, high in ranges):
            true = ", ".join(f"{low:.8f} to {high:.8f}" for low, high in sorted(set(ranges))[:4])
            self.broken(
                Invariant.FITS_THE_BOOK, f"{want.alert.name}: {what}, where the book wants {true}"
            )

    def _held_back(self, want: Want, began: int) -> Decimal:
        """What an open order holds of spot can't be sold, and is told so; a hold is shown
        as late as a balance."""
        assert self.exchange is not None
        history, since = self.exchange.history, began - 2 * LONGEST
        first = max((n for n, state in enumerate(history) if state.at <= since), default=0)
        held = [state.held_back(want.pair) for state in history[first:]]
        return ZERO if want.pair in want.keys else max(held)

    def _possible(self, want: Want, began: int) -> Iterator[State]:
        """True states since then; of what was traded by hand any that a read may have shown."""
        assert self.exchange is not None
        history = self.exchange.history
        first = max((n for n, state in enumerate(history) if state.at <= began), default=0)
        seen = max((n for n, state in enumerate(history) if state.at <= began - LONGEST), default=0)
        hands = {tuple(sorted(state.by_hand.items())) for state in history[seen:]}
        for state, hand in product(history[first:], hands):
            shown = dict(hand)
            held = {
                key: state.of(key) - state.by_hand.get(key, ZERO) + shown.get(key, ZERO)
                for key in want.keys
            }
            yield State(state.at, {**state.held, **held}, shown, state.prices, state.selling)

    def _turned(self, want: Want, began: int, name: str) -> set[Decimal]:
        """From each true state to where a reversal was planned to lead, for one whose stop was
        quicker than its cancel."""
        legs = self._store.entries(limit=1000).entries
        before = [leg for leg in legs if leg.alert_id == want.alert.name]
        before = [leg for leg in before if leg.unit.leg < self._legs[name]]
        if b'"reverse"' not in want.alert.body or all(leg.state != "REJECTED" for leg in before):
            return set()
        key, first = want.keys[0], self._first[want.alert.name]
        planned = {state.of(key) for state in self._possible(want, first)}
        held = {state.of(key) for state in self._possible(want, began)}
        return {-was - now for was, now in product(planned, held)}

    def _is_a_part(self, want: Want, volume: Decimal, began: int, name: str) -> bool:
        """Of an exit beside an order without an outcome, which says that its rest follows: that is
        held against the book by itself."""
        entries = self._store.entries(limit=1000).entries
        its = (entry for entry in entries if entry.current.client_order_id == name)
        if want.of is None or not any(one.waits for entry in its for one in entry.following):
            return False
        return min(want.of(state)[0] for state in self._possible(want, began)) <= volume < ZERO

    def _last_seen(self, want: Want, task: str) -> Iterator[State]:
        """What the newest of its reads showed, of figures that nobody can tell."""
        assert self.exchange is not None
        reads, figures = self.exchange.reads.get(task), self._store.entries(limit=1000).entries
        others = (entry.figures for entry in figures if self._task.get(entry.current.owner) != task)
        seen = of_text(SeenFigures(self._store, "live", "default").stored())
        known = [*others, {name for name, one in seen.items() if one is not None}]
        left = any(key in one for one in known for key in want.keys)
        alike = len(want.keys) == 1 and self._own & self._by_hand
        if not reads or (left and not alike):
            return
        shown = self._true_at(max(seen_at for seen_at, _ in reads))
        if len(want.keys) == 1 or self._may_be_all(want, shown, reads):
            yield shown

    def _may_be_all(self, want: Want, shown: State, reads: Sequence[tuple[int, int]]) -> bool:
        """Whether each read showed just this, and an account that has all of it once our orders are
        in it has never had less than nothing."""
        assert self.exchange is not None
        if any(self._true_at(seen_at).held != shown.held for seen_at, _ in reads):
            return False
        read_at = max(at for _, at in reads)
        more = {key: shown.of(key) - self._true_at(read_at).of(key) for key in want.keys}
        earlier = [state for state in self.exchange.history if state.at <= read_at]
        return all(state.of(key) + more[key] >= 0 for state in earlier for key in want.keys)

    def _true_at(self, at: int) -> State:
        assert self.exchange is not None
        return next(state for state in reversed(self.exchange.history) if state.at <= at)

    # -- the end -----------------------------------------------------------------------------------

    def unresolved(self) -> bool:
        return any(entry.state == "SUBMITTING" for entry in self._store.entries(limit=1000).entries)

    def finish(self) -> None:
        if self.unresolved():
            self.broken(Invariant.ALL_RESOLVED, "an entry is still SUBMITTING")


def _trade(fields: Mapping[str, str]) -> tuple[str, str, Decimal]:
    return fields["pair"], fields["type"], Decimal(fields["volume"])


def _volume(fields: Mapping[str, str], want: Want) -> Decimal:
    from tests.simulation.account_exchange import PAIRS

    volume = Decimal(fields["volume"])
    if "viqc" in fields.get("oflags", ""):
        volume /= PAIRS[want.pair]
    return volume if fields["type"] == "buy" else -volume
