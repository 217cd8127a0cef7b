"""The invariants of a strategy's positions.

Each target is one alert; orders of a fixed size in the same pair may come between.

Every plan counts from what is held, so the position is exactly where the last target wants it,
whatever was delayed or lost. Only orders of a fixed size take no turns: one that was claimed while
a target was planned or sent may add itself to it, and one that was claimed after it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from tests.simulation.alerts import UNIT, Alert, Plan, Step
from tests.simulation.exchange import BookOrder
from tests.simulation.senders import Delivery
from tests.simulation.watch import Invariant, Watch
from tests.simulation.world import World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.web.messages import HttpResponse


class TargetWatch(Watch):
    """``_applied``: the targets that were done, in that order. ``_told_done``: those that an answer
    said so of. ``_attempts``: client order id -> alert, and when the attempt's plan began and when
    it was claimed. ``_in_step``: whether the account was where the strategy believed when the first
    order of a bar was claimed."""

    def __init__(self, world: World, store: MemoryLedger, plan: Plan) -> None:
        super().__init__(world, store, plan)
        self._applied: list[Step] = []
        self._told_done: list[Step] = []
        self._last: tuple[Alert, str] | None = None
        self._plan = plan
        self._beside = any(alert.step is None for alert in plan.alerts)
        self._by_digest = {alert.digest: alert for alert in plan.alerts}
        self._planned_at: dict[str, int] = {}
        self._attempts: dict[str, tuple[Alert, int, int]] = {}
        self._in_step: dict[int, bool] = {}
        self._doubts: set[str] = set()

    def planned(self, owner: str, began_at: int, task: str) -> None:
        super().planned(owner, began_at, task)
        self._planned_at[owner] = began_at

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry) -> None:
        super().wrote(before, after)
        alert, attempt = self._by_digest[after.body_sha256], after.current
        if not attempt.request.parameters and after.state != "NO_ACTION":
            return  # nobody has planned it
        if attempt.client_order_id not in self._attempts:
            now = self._world.now
            self._attempts[attempt.client_order_id] = (
                alert,
                self._planned_at.get(attempt.owner, now),
                now,
            )
            self._check_line(after)
            if alert.step is not None:
                first = self._effective(alert.step.path[0] * UNIT)
                self._in_step.setdefault(alert.step.bar, self._position() == first)
            if after.state == "NO_ACTION":
                self._apply(alert, attempt.client_order_id)

    def _check_line(self, claimed: LedgerEntry) -> None:
        if claimed.current.request.exits:
            return  # on spot an exit from all goes beside one without an outcome
        line = claimed.turn and claimed.turn.line
        submitting = [
            e.unit.name
            for e in self._entries()
            if line and e.turn and e.turn.line == line and is_open(e)
        ]
        if len(submitting) > 1:
            self.broken(Invariant.ONE_AT_A_TIME, ", ".join(submitting))

    def placed(self, order: BookOrder) -> None:
        self.book.append(order)
        unit = self._units.get(order.client_order_id)
        if unit is None:
            return  # ``arrived`` has said so
        orders = [
            other.order_id for other in self.book if self._units.get(other.client_order_id) == unit
        ]
        if len(orders) > 1:
            self.broken(Invariant.ONE_ORDER, f"{unit.name} has {', '.join(orders)}")
        alert, _, _ = self._attempts[order.client_order_id]
        if not alert.volumes:
            self._apply(alert, order.client_order_id)

    def _apply(self, alert: Alert, client_order_id: str) -> None:
        if alert.step is not None:
            for other in (*self._applied, *self._told_done):
                if self._is_surely_after(other, alert.step):
                    self.broken(
                        Invariant.IN_ORDER, f"{alert.name} is applied after target-{other.number}"
                    )
            self._applied.append(alert.step)
        self._last, self._doubts = (alert, client_order_id), self._in_doubt_beside(client_order_id)
        self._check_position()

    def _is_surely_after(self, one: Step, other: Step) -> bool:
        """Fired later; in one second, where the positions tell.

        There and back is told apart by what the first one finds to do: that takes an account which
        is where the strategy believes.
        """
        if one.number <= other.number:
            return False
        if one.bar != other.bar or one.is_told_apart:
            return True
        return one.is_there_and_back and not self._beside and self._in_step[one.bar]

    def _check_position(self) -> None:
        """Of the orders of a fixed size, those that were claimed since the last target was add
        themselves to it; those that were claimed while it was planned may."""
        if self._last is None:
            return
        last, client_order_id = self._last
        if self._leaves_a_rest(client_order_id):
            return
        _, planned_at, claimed_at = self._attempts[client_order_id]
        surely, perhaps = Decimal(0), []
        for order in self.book:
            if order.client_order_id == client_order_id:
                surely -= order.cut
            if order.client_order_id in self._doubts:
                perhaps.append(order.change)
                continue
            alert, _, at = self._attempts.get(order.client_order_id, (None, 0, 0))
            if alert is None or not alert.volumes or at < planned_at:
                continue
            if at > claimed_at:
                surely += order.change
            else:
                perhaps.append(order.change)
        position, target = (
            self._position(),
            self._effective(last.step.after if last.step else Decimal(0)),
        )
        if position not in {target + surely + some for some in _sums(perhaps)}:
            beside = f", with {surely} and perhaps {perhaps} beside it" if surely or perhaps else ""
            text = f"the position is {position} where {last.name} wants {target}{beside}"
            self.broken(Invariant.LANDS_ON_TARGET, text)

    def _in_doubt_beside(self, client_order_id: str) -> set[str]:
        """The orders without an outcome yet that an exit was sent beside: they may have done what
        it was cut by."""
        entries = {entry.current.client_order_id: entry for entry in self._entries()}
        cut = any(one.cut for one in self.book if one.client_order_id == client_order_id)
        own = entries.get(client_order_id)
        if not cut or own is None or not own.current.request.exits:
            return set()
        return {name for name, one in entries.items() if is_open(one)} - {client_order_id}

    def _leaves_a_rest(self, client_order_id: str) -> bool:
        """An exit that has sold what was free, beside an order without an outcome, and says so: its
        last leg leads to where the alert wants to be."""
        return any(
            entry.current.client_order_id == client_order_id
            and any(request.waits for request in entry.following)
            for entry in self._entries()
        )

    def _position(self) -> Decimal:
        return sum(
            (o.change for o in self.book if o.is_margin == self._plan.margin), self._plan.held
        )

    def _effective(self, position: Decimal) -> Decimal:
        """Spot has no short positions."""
        return position if self._plan.margin else max(position, Decimal(0))

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        super().answered(delivery, response)
        if response.status == 200 and delivery.alert.step is not None:
            self._told_done.append(delivery.alert.step)

    def _is_done(self, alert: Alert, document: dict[str, Any]) -> bool:
        if document["code"] == "no_action":
            return document["order_id"] is None
        attempts = {
            order.order_id: self._attempts.get(order.client_order_id) for order in self.book
        }
        named = attempts.get(document["order_id"])
        return document["code"] == "accepted" and named is not None and named[0] is alert

    def _is_of(self, order: BookOrder, refused: Unit | Alert) -> bool:
        if isinstance(refused, Unit):
            return super()._is_of(order, refused)
        attempt = self._attempts.get(order.client_order_id)
        step = refused.step
        # Where the positions do not tell, a step that comes in between may tell otherwise.
        sure = step is None or step.is_told_apart or step.is_there_and_back
        return sure and attempt is not None and attempt[0] is refused

    def finish(self) -> None:
        super().finish()
        self._check_position()
        last = self._last[0].step if self._last else None
        for step in self._told_done:
            if last is not None and self._is_surely_after(step, last):
                self.broken(
                    Invariant.IN_ORDER,
                    f"target-{last.number} is the last, target-{step.number} was done",
                )

    def finish_calm(self, last_deliveries: Sequence[Delivery]) -> None:
        """The newest target is reached.

        Others may have been superseded, and beside orders of a fixed size one may wait.
        """
        newest = max(
            (step for step in map(_step, self._plan.alerts) if step is not None),
            key=lambda step: step.number,
        )
        if self._beside:
            return
        moves = self._effective(newest.before) != self._effective(newest.after)
        tells = newest.is_told_apart or (
            newest.is_there_and_back and self._in_step.get(newest.bar) and moves
        )
        for delivery in last_deliveries:
            if delivery.alert.step == newest and tells and delivery.status != 200:
                self.broken(
                    Invariant.CALM_MEANS_DONE,
                    f"{delivery.name} was answered {delivery.status} in the end",
                )


def _step(alert: Alert) -> Step | None:
    return alert.step


def is_open(entry: LedgerEntry) -> bool:
    return entry.state == "SUBMITTING"


def _sums(changes: Sequence[Decimal]) -> Iterable[Decimal]:
    return (
        sum(some, Decimal(0))
        for size in range(len(changes) + 1)
        for some in combinations(changes, size)
    )
