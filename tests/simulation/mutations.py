"""The protocol, broken on purpose: each mutation replaces one function from outside, and the
simulation has to notice.

The mistakes are those that real tools make, and those that the rules of the ledger
forbid one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from unittest.mock import patch

from tests.simulation.exchange import Message
from tests.simulation.power import Power
from tests.simulation.store import SimulatedStore
from tests.simulation.venue import SimulatedVenue
from tests.simulation.watch import Invariant
from tests.simulation.world import START
from tests.support import memory_ledger as memory
from tests.support.memory_ledger import MemoryLedger
from webhook_core.clock import Budget
from webhook_core.errors import AlertStale, LedgerUnavailable, VenueUnavailable
from webhook_core.ledger import transitions, turns
from webhook_core.ledger.contract import Claim, Claimed, Existing, Recorded, Waiting
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.turns import Refusal, refusal
from webhook_core.planning import among_others, settled_figures
from webhook_core.planning.own_orders import OwnOrders
from webhook_core.planning.settled_figures import Settled
from webhook_core.sending import legs, missed
from webhook_core.sending.again import Again
from webhook_core.sending.claims import Claiming
from webhook_core.sending.legs import Legs
from webhook_core.sending.progress import Progress
from webhook_core.sending.reconcile import Reconciler
from webhook_core.sending.submission import Submission
from webhook_core.story import Alerts
from webhook_core.trading.requests import OrderRequest, Outcome, Unknown
from webhook_core.web.delivery import Delivery
from webhook_core.web.messages import HttpResponse

FAR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mutation:
    """``patches``: (owner, attribute, replacement). ``breaks``: the invariant that notices, if any
    does its work. ``kind``: the worlds in which it does."""

    name: str
    patches: tuple[tuple[Any, str, Callable[..., Any]], ...]
    breaks: Invariant
    kind: str = "single"

    @contextmanager
    def applied(self) -> Iterator[Counter[str]]:
        """How often each replacement was called, by the name of what it replaces."""
        calls: Counter[str] = Counter()
        with ExitStack() as stack:
            for owner, attribute, replacement in self.patches:
                stack.enter_context(
                    patch.object(owner, attribute, _counted(replacement, calls, attribute))
                )
            yield calls


def _counted(replacement: Callable[..., Any], calls: Counter[str], name: str) -> Callable[..., Any]:
    @wraps(replacement)
    def counted(*args: Any, **options: Any) -> Any:
        calls[name] += 1
        return replacement(*args, **options)

    return counted


# -- send before claim -----------------------------------------------------------------------------


def _take_sending_first(
    self: Alerts, delivery: Delivery, *, only_validate: bool = False
) -> HttpResponse:
    firing, _ = self._read(self.gate.admit_alert(delivery.request), delivery)
    firing = self._in_its_generation(firing)
    known = self.ledger.find(firing.unit)
    if known is not None:
        return self._answer_known(known, firing, delivery)
    decided = self.decider.decide(firing.wants, delivery.budget)
    entry = firing.entry(decided, self.clock.now(), self.settings.order_deadline_s)
    outcome = None if decided.nothing else self.legs.submission._submit(entry, delivery.budget)
    claim = self.ledger.claim(entry)
    if isinstance(claim, Existing):
        return self._answer_known(claim.entry, firing, delivery)
    assert isinstance(claim, Claimed)
    if outcome is None:
        return self._answer(Progress((claim.entry,)), firing, delivery)
    recorded = self.legs.submission._record(claim.entry, outcome, delivery.budget)
    return self._answer(Progress((recorded,)), firing, delivery)


def _claim_by_reading_first(self: SimulatedStore, entry: LedgerEntry) -> Claimed | Existing:
    """A store without create-if-absent: look, then write over whatever came in between."""
    stored = self.find(entry.unit)
    if stored is not None:
        return Existing(stored)
    self._process.point("claim", "writes")
    self._store._entries.pop(entry.unit, None)
    claimed = self._store.claim(entry)
    assert isinstance(claimed, Claimed)
    self._listener.wrote(None, claimed.entry)
    return claimed


# -- the deadline ----------------------------------------------------------------------------------


def _message_without_deadline(
    self: SimulatedVenue, request: OrderRequest, client_order_id: str, _: Any
) -> Message:
    return Message(dict(request.parameters), client_order_id, START + FAR)


def _message_with_new_deadline(
    self: SimulatedVenue, request: OrderRequest, client_order_id: str, _: Any
) -> Message:
    deadline = self._process.world.moment() + timedelta(seconds=10)
    return Message(dict(request.parameters), client_order_id, deadline)


# -- absence ---------------------------------------------------------------------------------------


def _asked_the_open_orders_only(
    self: Reconciler, entry: LedgerEntry, budget: Budget
) -> LedgerEntry:
    attempt, read_at = entry.current, self.clock.now()
    order = self.venue.find_open(attempt.client_order_id, budget)
    if order is not None:
        return transitions.found(entry, order, self.clock.now())
    if attempt.open_absent_at is not None:
        late = read_at >= attempt.open_absent_at + self.read_lag
        return transitions.not_placed(entry, self.clock.now()) if late else entry
    late = read_at >= attempt.deadline + self.read_lag
    return transitions.open_orders_lack_it(entry, read_at) if late else entry


def _asked_once(self: Reconciler, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
    attempt, read_at = entry.current, self.clock.now()
    order = self.venue.find_open(attempt.client_order_id, budget)
    if order is None:
        order = self.venue.find_closed(attempt.client_order_id, attempt.claimed_at, budget)
    if order is not None:
        return transitions.found(entry, order, self.clock.now())
    late = read_at >= attempt.deadline + self.read_lag
    return transitions.not_placed(entry, self.clock.now()) if late else entry


_asked = Reconciler._asked


def _asked_without_margin(self: Reconciler, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
    return _asked(replace(self, read_lag=timedelta(0)), entry, budget)


def _asked_and_failed_reads_count(
    self: Reconciler, entry: LedgerEntry, budget: Budget
) -> LedgerEntry:
    """A read that fails is taken for one that lacks the order."""
    return _asked(replace(self, venue=_Gullible(self.venue)), entry, budget)


class _Gullible:
    def __init__(self, venue: Any) -> None:
        self._venue = venue

    def find_open(self, *args: Any) -> Any:
        try:
            return self._venue.find_open(*args)
        except VenueUnavailable:
            return None

    def find_closed(self, *args: Any) -> Any:
        try:
            return self._venue.find_closed(*args)
        except VenueUnavailable:
            return None


# -- sending twice ---------------------------------------------------------------------------------


def _forget(ledger: Any, entry: LedgerEntry) -> None:
    ledger._store._entries.pop(entry.unit, None)


def _send_and_delete_on_exception(
    self: Submission, entry: LedgerEntry, replan: Any, budget: Budget, behind: Any = ()
) -> LedgerEntry:
    """What an idempotency decorator does: an exception means that the work was not done,
    so the record goes."""
    outcome: Outcome = self._submit(entry, budget)
    if isinstance(outcome, Unknown):
        _forget(self.ledger, entry)
        raise VenueUnavailable(outcome.reason)
    return self._record(entry, outcome, budget)


def _look_up_and_resend_when_absent(
    self: Reconciler, entry: LedgerEntry, budget: Budget
) -> LedgerEntry:
    """In neither list, so it was never placed: send it again, with a deadline of today."""
    now = self.clock.now()
    if entry.state is not State.SUBMITTING or now < entry.current.claimed_at + timedelta(seconds=5):
        return entry
    attempt = entry.current
    order = self.venue.find_open(attempt.client_order_id, budget)
    if order is None:
        order = self.venue.find_closed(attempt.client_order_id, attempt.claimed_at, budget)
    if order is not None:
        return self._record(transitions.found(entry, order, self.clock.now()))
    deadline = self.clock.now() + timedelta(seconds=10)
    outcome = self.venue.submit(attempt.request, attempt.client_order_id, deadline, budget)
    return self._record(transitions.settle(entry, outcome, self.clock.now()))


_answer_known = Alerts._answer_known


def _answer_known_and_run_again(
    self: Alerts, entry: LedgerEntry, firing: Any, delivery: Delivery
) -> HttpResponse:
    """A claim older than a request can last is taken for a dead one, and over."""
    if (
        entry.state is not State.SUBMITTING
        or self.clock.now() < entry.current.claimed_at + timedelta(seconds=4)
    ):
        return _answer_known(self, entry, firing, delivery)
    given_up = transitions._move(entry, State.NOT_SENT)
    request, now = entry.current.request, self.clock.now()
    claimed = self.ledger.record(
        transitions.next_attempt(given_up, request, now, self.settings.order_deadline_s)
    )
    if not isinstance(claimed, Recorded):
        return self._answer(Progress((claimed.entry,)), firing, delivery)
    sent = self.legs.submission.send(claimed.entry, self._again(firing, entry), delivery.budget)
    return self._answer(Progress((sent,)), firing, delivery)


def _record_without_compare(self: SimulatedStore, entry: LedgerEntry) -> Recorded | Existing:
    """The last writer wins."""
    self._process.point("record", "writes")
    stored = self._store.find(entry.unit)
    if stored is None:
        raise LedgerUnavailable("The ledger holds no such entry any more.")
    result = self._store.record(replace(entry, version=stored.version))
    assert isinstance(result, Recorded)
    self._listener.wrote(stored, result.entry)
    self._process.point("record", "ends")
    return result


# -- deciding twice --------------------------------------------------------------------------------


def _decide_without_looking(self: Claiming, budget: Budget) -> Any:
    return self.decider.decide(self.firing.wants, budget)


# -- before the claim ------------------------------------------------------------------------------


def _nothing_written_down(*_: object) -> None:
    """What was never claimed leaves nothing behind."""


def _may_claim_at_any_age(self: Claiming, known: LedgerEntry) -> bool:
    return known.state is State.MISSED and known.body_sha256 == self.firing.body_sha256


def _stale_whoever_it_is(self: Alerts, stale: AlertStale, *_: object) -> HttpResponse:
    raise stale


# -- what is held ----------------------------------------------------------------------------------


def _figures_as_they_are(self: OwnOrders, figures: Any, instrument_of: Any, *_: Any) -> Settled:
    return Settled(figures, [])


def _saw_it_all(*_):
    return False


def _claimed_at_by_the_clock(entry: LedgerEntry) -> datetime:
    """As if no instance's clock were ever behind another's."""
    return entry.current.claimed_at


def _next_attempt_in_its_old_size(
    self: Again, _first: LedgerEntry, entry: LedgerEntry, _budget: Budget
) -> LedgerEntry:
    return transitions.next_attempt(
        entry, entry.current.request, self._decider.clock.now(), self._deadline_s
    )


# -- the turns of a line ---------------------------------------------------------------------------


def _refusal_whatever_the_mark(entry: LedgerEntry, others: Any, mark: str) -> Refusal | None:
    return refusal(_with_turn(entry, mark=None), others, mark)


def _refusal_in_any_order(entry: LedgerEntry, others: Any, mark: str) -> Refusal | None:
    return refusal(_with_turn(entry, in_order=False), others, mark)


def _refusal_without_waiting(entry: LedgerEntry, others: Any, mark: str) -> Refusal | None:
    return refusal(entry, [other for other in others if other.state is not State.SUBMITTING], mark)


def _refusal_for_ever(entry: LedgerEntry, others: Any, mark: str) -> Refusal | None:
    """Whoever has had the line keeps it."""
    found = refusal(entry, others, mark)
    mine = [
        o
        for o in others
        if entry.turn and o.turn and o.turn.line == entry.turn.line and o.unit != entry.unit
    ]
    return found or (Waiting(mine[0]) if mine else None)


def _refusal_blind_to_nothing_done(entry: LedgerEntry, others: Any, mark: str) -> Refusal | None:
    """Having found nothing to do tells nothing."""
    moved = [o if o.state is not State.NO_ACTION else _as_accepted(o) for o in others]
    return refusal(entry, moved, mark)


def _as_accepted(entry: LedgerEntry) -> LedgerEntry:
    return replace(
        entry, attempts=(*entry.attempts[:-1], replace(entry.current, state=State.ACCEPTED))
    )


def _with_turn(entry: LedgerEntry, **changes: Any) -> LedgerEntry:
    return entry if entry.turn is None else replace(entry, turn=entry.turn._replace(**changes))


def _nobody_comes_before(turn: Any, other: Any) -> bool:
    return False


def _nothing_leads_there(turn: Any, tied: Any) -> set[Any]:
    return set()


def _claim_next_out_of_turn(self: MemoryLedger, entry: LedgerEntry) -> Claim:
    with self._lock:
        stored = self._stored(entry.unit)
        return (
            Existing(stored)
            if stored.version != entry.version
            else self._claimed(self._replace(entry))
        )


_claim = Claiming._claim


def _claim_unless_nothing_is_to_do(self: Claiming, decided: Any) -> Claim:
    if not decided.nothing:
        return _claim(self, decided)
    return Claimed(self.firing.entry(decided, self.clock.now(), self.deadline_s))


# -- legs ------------------------------------------------------------------------------------------


def _may_go_on_at_once(self: Legs, entries: Any, budget: Budget) -> bool:
    """Whatever became of the leg before."""
    return len(entries) <= len(entries[0].following) and budget.remaining() >= 1


def _no_later_legs(ledger: object, first: LedgerEntry) -> Iterator[LedgerEntry]:
    return iter(())


def _claimed_whoever_was_here(self: Legs, entry: LedgerEntry) -> Claim:
    claim = self.ledger.claim(entry)
    return Claimed(entry) if isinstance(claim, Existing) else claim


# -- what does not wait for the disk ---------------------------------------------------------------


def _wrote_claims_without_waiting(
    self: Power, before: LedgerEntry | None, after: LedgerEntry, **_: bool
) -> None:
    self._unsynced.setdefault(after.unit, before)


def _wrote_refusals_without_waiting(
    self: Power, before: LedgerEntry | None, after: LedgerEntry, *, is_record: bool
) -> None:
    if before is not None and is_record and after.state in (State.ACCEPTED, State.REJECTED):
        self._unsynced.setdefault(after.unit, before)
    else:
        self._unsynced.clear()


TARGET, LEGS = "target", "legs"
MUTATIONS = (
    Mutation("send_before_claim", ((Alerts, "take", _take_sending_first),), Invariant.ONE_ORDER),
    Mutation(
        "claims_not_durable",
        ((Power, "wrote", _wrote_claims_without_waiting),),
        Invariant.ONE_ORDER,
    ),
    Mutation(
        "refusals_not_durable",
        ((Power, "wrote", _wrote_refusals_without_waiting),),
        Invariant.ONE_ANSWER,
    ),
    Mutation(
        "no_deadline",
        ((SimulatedVenue, "_message", _message_without_deadline),),
        Invariant.ABSENT_IS_ABSENT,
    ),
    Mutation(
        "deadline_recomputed",
        ((SimulatedVenue, "_message", _message_with_new_deadline),),
        Invariant.ABSENT_IS_ABSENT,
    ),
    Mutation(
        "open_orders_only",
        ((Reconciler, "_asked", _asked_the_open_orders_only),),
        Invariant.ABSENT_IS_ABSENT,
    ),
    Mutation(
        "one_read_for_absence", ((Reconciler, "_asked", _asked_once),), Invariant.ABSENT_IS_ABSENT
    ),
    Mutation(
        "delete_on_exception",
        ((Submission, "send", _send_and_delete_on_exception),),
        Invariant.ONE_ORDER,
    ),
    Mutation(
        "resend_when_absent",
        ((Reconciler, "look_up", _look_up_and_resend_when_absent),),
        Invariant.ONE_ORDER,
    ),
    Mutation(
        "run_again_after_a_stale_claim",
        ((Alerts, "_answer_known", _answer_known_and_run_again),),
        Invariant.ONE_ORDER,
    ),
    Mutation(
        "plan_before_look_up",
        ((Claiming, "_decide", _decide_without_looking),),
        Invariant.KNOWN_IS_NOT_DECIDED_AGAIN,
    ),
    Mutation(
        "missed_unsaid", ((missed, "write_down", _nothing_written_down),), Invariant.NOTHING_IS_LOST
    ),
    Mutation(
        "missed_for_ever",
        ((Claiming, "_may_claim", _may_claim_at_any_age),),
        Invariant.STALE_IS_OVER,
    ),
    Mutation(
        "stale_before_known",
        ((Alerts, "_answer_though_stale", _stale_whoever_it_is),),
        Invariant.KNOWN_IS_ANSWERED,
    ),
    Mutation(
        "no_margin", ((Reconciler, "_asked", _asked_without_margin),), Invariant.ABSENT_IS_ABSENT
    ),
    Mutation(
        "failed_reads_count",
        ((Reconciler, "_asked", _asked_and_failed_reads_count),),
        Invariant.ABSENT_IS_ABSENT,
    ),
    Mutation(
        "claim_not_atomic",
        ((SimulatedStore, "claim", _claim_by_reading_first),),
        Invariant.ONE_ORDER,
    ),
    Mutation(
        "record_without_compare",
        ((SimulatedStore, "record", _record_without_compare),),
        Invariant.FINAL_IS_FINAL,
    ),
    Mutation(
        "figures_as_they_are",
        ((OwnOrders, "settled", _figures_as_they_are),),
        Invariant.LANDS_ON_TARGET,
        TARGET,
    ),
    Mutation(
        "clocks_believed",
        (
            (among_others, "counts_from", _claimed_at_by_the_clock),
            (settled_figures, "saw_less", _saw_it_all),
        ),
        Invariant.LANDS_ON_TARGET,
        TARGET,
    ),
    Mutation(
        "sent_again_in_its_old_size",
        ((Again, "next_attempt", _next_attempt_in_its_old_size),),
        Invariant.LANDS_ON_TARGET,
        TARGET,
    ),
    Mutation(
        "mark_ignored",
        ((memory, "refusal", _refusal_whatever_the_mark),),
        Invariant.LANDS_ON_TARGET,
        TARGET,
    ),
    Mutation(
        "in_any_order", ((memory, "refusal", _refusal_in_any_order),), Invariant.IN_ORDER, TARGET
    ),
    Mutation(
        "two_at_a_time",
        ((memory, "refusal", _refusal_without_waiting),),
        Invariant.ONE_AT_A_TIME,
        TARGET,
    ),
    Mutation(
        "line_never_free",
        ((memory, "refusal", _refusal_for_ever),),
        Invariant.CALM_MEANS_DONE,
        TARGET,
    ),
    Mutation(
        "no_order_within_a_second",
        ((turns, "_comes_before", _nobody_comes_before),),
        Invariant.IN_ORDER,
        TARGET,
    ),
    Mutation(
        "steps_that_came_ignored",
        ((turns, "_leading_to", _nothing_leads_there),),
        Invariant.CALM_MEANS_DONE,
        TARGET,
    ),
    Mutation(
        "nothing_done_tells_nothing",
        ((memory, "refusal", _refusal_blind_to_nothing_done),),
        Invariant.IN_ORDER,
        TARGET,
    ),
    Mutation(
        "next_attempt_out_of_turn",
        ((MemoryLedger, "claim_next", _claim_next_out_of_turn),),
        Invariant.IN_ORDER,
        TARGET,
    ),
    Mutation(
        "no_action_not_recorded",
        ((Claiming, "_claim", _claim_unless_nothing_is_to_do),),
        Invariant.IN_ORDER,
        TARGET,
    ),
    Mutation(
        "legs_at_once", ((Legs, "_may_go_on", _may_go_on_at_once),), Invariant.LEG_AFTER_LEG, LEGS
    ),
    Mutation(
        "leg_sent_again",
        ((legs, "later_legs", _no_later_legs), (Legs, "_claimed", _claimed_whoever_was_here)),
        Invariant.ONE_ORDER,
        LEGS,
    ),
)
