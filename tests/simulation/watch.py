"""The invariants. The venue's book decides, never what the code under test makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tests.simulation.alerts import Alert, Plan
from tests.simulation.exchange import BookOrder, Message
from tests.simulation.senders import Delivery
from tests.simulation.world import START, World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.ledger.transitions import filled
from webhook_core.web.messages import HttpResponse

WINDOW = timedelta(seconds=45)
DONE = frozenset({"ACCEPTED", "NO_ACTION"})
FINAL = DONE | {"REJECTED", "NOT_PLACED", "EXPIRED", "DENIED"}
ANSWER_OF_ENTRY = frozenset({"accepted", "no_action", "order_rejected", "not_placed", "expired"})
ANSWERS = ANSWER_OF_ENTRY | {"alert_stale", "alert_conflict", "order_denied", "superseded"}
PASSING = frozenset({"outcome_unknown", "not_sent", "ledger_unavailable", "venue_unavailable"})


class Invariant(StrEnum):
    ONE_ORDER = "an alert gives at most one order"
    CLAIM_FIRST = "nothing is sent without a durable claim"
    FINAL_IS_FINAL = "a terminal state never changes, and no entry is ever deleted"
    ATTEMPT_IS_FIXED = "an attempt's request, client order id and deadline never change"
    ABSENT_IS_ABSENT = "an entry that is terminal without an order has none in the book, ever"
    ACCEPTED_IS_THERE = "an accepted entry names the order in the book"
    ALL_RESOLVED = "after enough reconciles nothing is unresolved"
    ORDER_IS_KNOWN = "every order in the book belongs to an entry"
    YES_MEANS_ORDER = "the answer accepted means that the order exists"
    NO_MEANS_NO_ORDER = "a final refusal means that the alert has no order"
    KNOWN_IS_NOT_DECIDED_AGAIN = "an alert that the ledger knows is denied only by its entry"
    KNOWN_IS_ANSWERED = (
        "an alert that the ledger knows gets its answer, however late it comes again"
    )
    ONE_ANSWER = "an alert never gets two different terminal answers"
    KNOWN_ANSWERS = "every answer is one of the contract's, and none is a bug's"
    GENERATIONS_APART = "the next generation is claimed only after the duplicate window"
    NOTHING_IS_LOST = "an alert that is to be sent again is in the ledger"
    STALE_IS_OVER = (
        "nothing is claimed for an alert that is too old, but for the delivery that is new"
    )
    CALM_MEANS_DONE = "without faults every firing gives exactly one order and is told so"
    LEG_AFTER_LEG = "a leg is claimed and placed only after the leg before it"
    ONE_AT_A_TIME = "of one line at most one entry is submitting"
    IN_ORDER = "a target never trades once one that was fired later has been applied"
    FITS_THE_BOOK = (
        "an order, or the lack of one, fits a state that the account was in while it was decided"
    )
    WITHIN_THE_COUNT = "a day never has more orders than its limit"
    A_PLACE_IS_A_PLACE = "nobody is refused while the day has a place"
    WITHIN_ITS_LIMIT = "no entry is in the book that a limit or its token forbids"
    PAUSED_MEANS_PAUSED = "nothing is claimed for what is paused once a pause was answered"
    EXITS_PASS = "no limit refuses an exit"
    FILL_IS_TOLD = "who wants to know what was filled is told, where Kraken shows it in time"
    EXIT_IS_DONE = "an exit from all leaves nothing, and nothing that would sell it again"
    CANCELED_IS_GONE = "where a cancel was answered 200, no order that it meant is open"
    ONE_EXIT = "an order that takes the place of another does not stand beside it"
    LANDS_ON_TARGET = (
        "what is done for a target leaves the position there, and an order of a fixed size "
        "adds itself once"
    )


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: Invariant
    text: str


class Watch:
    """Hears of everything that happens outside of the code under test.

    ``ledger_is_sound``: it never fails in this world.
    """

    def __init__(self, world: World, store: MemoryLedger, plan: Plan) -> None:
        self.violations: list[Violation] = []
        self.ledger_is_sound = False
        self._claimed_by: dict[str, str] = {}
        self._received_at: dict[str, datetime] = {}
        self.book: list[BookOrder] = []
        self._world, self._store, self._alerts = world, store, plan.alerts
        self._units: dict[str, Unit] = {}
        self._claimed: set[Unit] = set()
        self._known_at_start: dict[str, bool] = {}
        self._answers: dict[Unit, tuple[str, str | None]] = {}
        self._refused: list[tuple[str, Unit | Alert]] = []

    def broken(self, invariant: Invariant, text: str) -> None:
        self.violations.append(Violation(invariant, text))
        self._world.tell("WATCH", f"VIOLATED: {invariant}: {text}")

    # -- while it runs -----------------------------------------------------------------------------

    def planned(self, owner: str, began_at: int, task: str) -> None:
        """The attempt with that owner is about to be claimed; its plan began then,
        for that delivery."""
        self._claimed_by[owner] = task

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry) -> None:
        """The store holds ``after`` now, durably."""
        if before is None:
            if after.unit in self._claimed:
                self.broken(
                    Invariant.FINAL_IS_FINAL, f"{after.unit.name} was deleted and claimed again"
                )
            self._claimed.add(after.unit)
            self._check_generations(after)
            self._check_leg_before(after)
        else:
            if before.state in FINAL and not _only_filled(before, after):
                self.broken(
                    Invariant.FINAL_IS_FINAL,
                    f"{after.unit.name} went from {before.state} to {after.state}",
                )
            if after.state == "SUBMITTING" and _fixed(before.current) != _fixed(after.current):
                self._check_freshness(after)
            for old, new in zip(before.attempts, after.attempts, strict=False):
                if before.state != "MISSED" and _fixed(old) != _fixed(new):
                    self.broken(
                        Invariant.ATTEMPT_IS_FIXED,
                        f"{after.unit.name}: {_fixed(old)} became {_fixed(new)}",
                    )
        self._units[after.current.client_order_id] = after.unit

    def _check_freshness(self, claimed: LedgerEntry) -> None:
        """Of what was known before, by the clock of who claims it."""
        came = self._received_at.get(self._claimed_by.get(claimed.current.owner, ""))
        if came is not None and came > claimed.fresh_until:
            self.broken(
                Invariant.STALE_IS_OVER, f"{claimed.unit.name} claimed for what came at {came}"
            )

    def _check_leg_before(self, claimed: LedgerEntry) -> None:
        """What is to be sent needs the leg before it done; what is claimed as never sent,
        that it has ended."""
        unit, needed = claimed.unit, DONE if claimed.state == "SUBMITTING" else FINAL
        before = self._store.find(unit._replace(leg=unit.leg - 1)) if unit.leg else None
        if unit.leg and (before is None or before.state not in needed):
            self.broken(
                Invariant.LEG_AFTER_LEG, f"{unit.name} claimed after {before and before.state}"
            )

    def _check_generations(self, claimed: LedgerEntry) -> None:
        unit = claimed.unit
        if unit.generation:
            before = self._store.find(
                Unit(unit.mode, unit.account, unit.alert_key, unit.leg, unit.generation - 1)
            )
            if before is None or claimed.received_at < before.received_at + WINDOW:
                self.broken(Invariant.GENERATIONS_APART, f"{unit.name} claimed within the window")

    def arrived(self, message: Message) -> None:
        """An AddOrder has reached the engine."""
        unit = self._units.get(message.client_order_id)
        if unit is None or self._store.find(unit) is None:
            self.broken(
                Invariant.CLAIM_FIRST,
                f"{message.client_order_id} arrived at the venue and no entry has it",
            )

    def placed(self, order: BookOrder) -> None:
        self.book.append(order)
        alert = next(alert for alert in self._alerts if order.volume in alert.volumes)
        same = self._same_id(alert)
        for leg, volume in enumerate(alert.volumes):
            orders = [
                o.order_id
                for o in self.book
                if o.volume == volume or (leg == 0 and o.volume in same)
            ]
            if len(orders) > len(alert.firings):
                self.broken(
                    Invariant.ONE_ORDER, f"{alert.name} has {', '.join(orders)} for leg {leg}"
                )
        sent = [any(o.volume == volume for o in self.book) for volume in alert.volumes]
        if sent != sorted(sent, reverse=True):
            self.broken(
                Invariant.LEG_AFTER_LEG,
                f"{order.order_id} of {alert.name} is in the book, a leg before it is not",
            )

    def _same_id(self, alert: Alert) -> set[str | None]:
        """The first volumes of the alert and of those that claim to be the same one."""
        first = alert.volumes[0] if alert.volumes else None
        return {
            first,
            alert.rival,
            *(other.volumes[0] for other in self._alerts if other.rival == first and first),
        }

    def started(self, delivery: Delivery) -> None:
        """Remember whether the ledger knows the alert already."""
        alert, received_at = delivery.alert, START + timedelta(microseconds=delivery.received_at)
        self._received_at[delivery.name] = received_at
        self._known_at_start[delivery.name] = any(
            not alert.repeats or received_at < entry.received_at + WINDOW
            for entry in self._entries_of(alert)
            if entry.state != "MISSED"  # nothing was decided about it
        )

    def _entries_of(self, alert: Alert) -> list[LedgerEntry]:
        """Those of others that claim to be the same alert too."""
        rivals = {
            alert.digest,
            *(a.digest for a in self._alerts if a.volumes and a.volumes[0] in self._same_id(alert)),
        }
        return [entry for entry in self._entries() if entry.body_sha256 in rivals]

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        document = json.loads(response.body)
        code, order_id = document["code"], document["order_id"]
        if code not in (PASSING if response.status >= 500 else ANSWERS):
            self.broken(
                Invariant.KNOWN_ANSWERS, f"{delivery.name} was answered {response.status} {code}"
            )
        if response.status == 200 and not self._is_done(delivery.alert, document):
            self.broken(
                Invariant.YES_MEANS_ORDER, f"{delivery.name} was told {code} of order {order_id}"
            )
        known = self._known_at_start[delivery.name] and not document["replayed"]
        # An order that was proved never processed may cost more than the cap by the
        # time it is sent again.
        kept = any(entry.state == "DENIED" for entry in self._entries_of(delivery.alert))
        if code == "order_denied" and known and delivery.alert.volumes and not kept:
            self.broken(
                Invariant.KNOWN_IS_NOT_DECIDED_AGAIN, f"{delivery.name}: {document['error']}"
            )
        if code == "alert_stale" and self._known_at_start[delivery.name]:
            self.broken(Invariant.KNOWN_IS_ANSWERED, f"{delivery.name}: {document['error']}")
        if (
            code in ("not_sent", "venue_unavailable")
            and self.ledger_is_sound
            and not self._entries_of(delivery.alert)
        ):
            self.broken(
                Invariant.NOTHING_IS_LOST,
                f"{delivery.name} was answered {code}, and no entry says so",
            )
        if code in ("alert_conflict", "superseded"):
            self._refused.append((delivery.name, delivery.alert))
        if code in ANSWER_OF_ENTRY:
            self._answered_by_entry(delivery, code, document)

    def _is_done(self, alert: Alert, document: dict[str, Any]) -> bool:
        """Every leg is in the book, and the answer names the last one."""
        orders = [
            [order.order_id for order in self.book if order.volume == volume]
            for volume in alert.volumes
        ]
        return document["code"] == "accepted" and all(orders) and document["order_id"] in orders[-1]

    def reconciled(self, response: HttpResponse) -> None:
        """An operator's run may find the ledger down, and nothing worse."""
        if response.status not in (200, 503):
            self.broken(Invariant.KNOWN_ANSWERS, f"reconcile was answered {response.status}")

    def _answered_by_entry(self, delivery: Delivery, code: str, document: dict[str, Any]) -> None:
        unit = self._units.get(document["client_order_id"])
        if unit is None:
            self.broken(
                Invariant.ONE_ANSWER, f"{delivery.name} was told of an entry that nobody ever wrote"
            )
            return
        if code == "no_action" and document["order_id"]:
            self.broken(
                Invariant.YES_MEANS_ORDER,
                f"{delivery.name} was told of nothing to do and of an order",
            )
        answer = (code, document["order_id"])
        if self._answers.setdefault(unit, answer) != answer:
            self.broken(
                Invariant.ONE_ANSWER,
                f"{delivery.name} was told {answer}, before that {self._answers[unit]}",
            )
        if code not in ("accepted", "no_action"):
            self._refused.append((delivery.name, unit))

    def unresolved(self) -> bool:
        return any(entry.state not in FINAL for entry in self._entries())

    # -- when all is over --------------------------------------------------------------------------

    def finish(self) -> None:
        """What must hold once the network is healthy and reconcile has run often enough."""
        entries = {entry.unit: entry for entry in self._entries()}
        for unit in self._claimed - entries.keys():
            self.broken(Invariant.FINAL_IS_FINAL, f"{unit.name} was deleted")
        for entry in entries.values():
            self._check_entry(entry, self._orders_of(entry))
        for order in self.book:
            if self._units.get(order.client_order_id) not in entries:
                self.broken(
                    Invariant.ORDER_IS_KNOWN, f"{order.order_id} is in the book and in no entry"
                )
        for delivery, refused in self._refused:
            orders = [order.order_id for order in self.book if self._is_of(order, refused)]
            if orders:
                self.broken(
                    Invariant.NO_MEANS_NO_ORDER, f"{delivery} was refused for good and has {orders}"
                )

    def _is_of(self, order: BookOrder, refused: Unit | Alert) -> bool:
        if isinstance(refused, Alert):
            return order.volume in refused.volumes
        return self._units.get(order.client_order_id) == refused

    def _check_entry(self, entry: LedgerEntry, orders: list[BookOrder]) -> None:
        name, ids = entry.unit.name, [order.order_id for order in orders]
        if entry.state == "ACCEPTED":
            if ids != [entry.current.order_id]:
                self.broken(
                    Invariant.ACCEPTED_IS_THERE,
                    f"{name} says {entry.current.order_id}, the book {ids}",
                )
        elif entry.state in FINAL:  # without an order
            if ids:
                self.broken(
                    Invariant.ABSENT_IS_ABSENT, f"{name} is {entry.state} and the book has {ids}"
                )
        else:
            self.broken(
                Invariant.ALL_RESOLVED, f"{name} is still {entry.state}, the book has {ids}"
            )

    def finish_calm(self, last_deliveries: Sequence[Delivery]) -> None:
        """Liveness: nothing went wrong, so everything went right."""
        for alert in self._alerts:
            for volume in alert.volumes:
                orders = [order.order_id for order in self.book if order.volume == volume]
                if len(orders) != len(alert.firings):
                    self.broken(
                        Invariant.CALM_MEANS_DONE,
                        f"{alert.name} fired {len(alert.firings)} times: {orders}",
                    )
        for delivery in last_deliveries:
            if delivery.status != 200:
                self.broken(
                    Invariant.CALM_MEANS_DONE,
                    f"{delivery.name} was answered {delivery.status} in the end",
                )

    def finish_replay(self, delivery: Delivery) -> None:
        """After everything a delivery by hand gets a final answer at once."""
        if delivery.status is None or delivery.status >= 500:
            self.broken(
                Invariant.ALL_RESOLVED,
                f"{delivery.name}, sent after everything, was answered {delivery.status}",
            )

    def _orders_of(self, entry: LedgerEntry) -> list[BookOrder]:
        ids = {attempt.client_order_id for attempt in entry.attempts}
        return [order for order in self.book if order.client_order_id in ids]

    def _entries(self) -> list[LedgerEntry]:
        return list(self._store.entries(limit=1000, newest_first=False).entries)


def _only_filled(before: LedgerEntry, after: LedgerEntry) -> bool:
    """Nothing has changed but what is known of the accepted order's fill."""
    fill = after.current.fill
    return (
        before.state == "ACCEPTED"
        and fill is not None
        and filled(before, fill) == replace(after, version=before.version)
    )


def _fixed(attempt: Any) -> tuple[object, ...]:
    return (
        attempt.number,
        attempt.client_order_id,
        attempt.request,
        attempt.owner,
        attempt.deadline,
        attempt.claimed_at,
    )
