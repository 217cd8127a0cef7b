"""The judgement of a situation: as of every account, and that nothing of it is lost, or left
open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.simulation.account_exchange import State
from tests.simulation.account_plan import Want
from tests.simulation.account_watch import AccountWatch
from tests.simulation.senders import Delivery
from tests.simulation.situations import Situation
from tests.simulation.watch import FINAL, Invariant
from tests.simulation.world import World
from tests.support.memory_ledger import MemoryLedger
from webhook_core.web.messages import HttpResponse

_WAITS = frozenset(
    ("not_sent", "outcome_unknown", "venue_unavailable", "expired", "order_rejected")
)
DUST = Decimal("0.0001")


class SituationWatch(AccountWatch):
    """``told``: the last answer of each alert."""

    def __init__(self, world: World, store: MemoryLedger, plan: Situation) -> None:
        super().__init__(world, store, plan)
        self._plan, self._told = plan, dict[str, str]()
        self._placed_at: list[int] = []

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        super().answered(delivery, response)
        document, name = json.loads(response.body), delivery.alert.name
        if self._told.get(name, "") in {"", *_WAITS}:  # another delivery may have come to its end
            self._told[name] = document["code"]
        digests = {entry.body_sha256 for entry in self._store.entries(limit=1000).entries}
        if response.status == 503 and delivery.alert.digest not in digests:
            self.broken(Invariant.NOTHING_IS_LOST, f"{delivery.name}: no entry says so")
        if b"confirm_fill" in delivery.alert.body and response.status == 200:
            unread = [order["order_id"] for order in document["orders"] if "fill" not in order]
            if unread:
                self.broken(Invariant.FILL_IS_TOLD, f"{delivery.name} is not told of {unread}")

    def _check(self, want: Want, volume: Decimal, began: int, what: str, task: str) -> None:
        """A leg behind another goes by what was there when the alert was planned as a whole."""
        began = self._first[want.alert.name] if want.leg else began
        super()._check(want, volume, began, what, task)

    def _last_seen(self, want: Want, task: str) -> Iterator[State]:
        """An exit that has fired since the newest read, with no order of ours in between, is one
        that nothing tells of. What rests, and is no exit, can be asked for by its id."""
        yield from super()._last_seen(want, task)
        assert self.exchange is not None
        told, rests = self.exchange.told.get(task), _rests(self._plan)
        if told is not None and not rests and all(at <= told for at in self._placed_at):
            yield next(state for state in reversed(self.exchange.history) if state.at <= told)

    def placed(self, fields: Mapping[str, str]) -> None:
        super().placed(fields)
        self._placed_at.append(self._world.now)

    def unresolved(self) -> bool:
        return any(entry.state not in FINAL for entry in self._store.entries(limit=1000).entries)

    def finish(self) -> None:
        if self.unresolved():
            self.broken(Invariant.ALL_RESOLVED, "an entry is unresolved")
        must = self._told if self._plan.ends else self._plan.answered
        waits = {name: code for name, code in self._told.items() if name in must and code in _WAITS}
        if waits:
            self.broken(Invariant.CALM_MEANS_DONE, f"in the end {waits}")
        self._check_book()

    def _check_book(self) -> None:
        assert self.exchange is not None
        plan, last, there = self._plan, self.exchange.history[-1], self.exchange.open
        held = {name: last.of(name) for name in plan.flat if abs(last.of(name)) > DUST}
        if held:
            self.broken(Invariant.EXIT_IS_DONE, f"{held} is held in the end")
        selling = [order.txid for order in there if order.side == "sell"]
        if plan.exits is not None and len(selling) > plan.exits:
            self.broken(Invariant.ONE_EXIT, f"{selling} sell in the end")
        for want in plan.wants:
            lone = b'"action": "cancel"' in want.alert.body and b"orders" not in want.alert.body
            done = self._told.get(want.alert.name) in ("accepted", "no_action")
            if lone and done and there:
                names = [order.txid for order in there]
                self.broken(Invariant.CANCELED_IS_GONE, f"{want.alert.name}: {names} live on")


def _rests(plan: Situation) -> bool:
    return any(b'"limit"' in want.alert.body for want in plan.wants)
