"""What one delivery of an alert sends once more, and in which form: a leg that was proved not sent,
one whose size is out of date, one whose pair's rules have changed. Handed down to whoever sends,
who asks it and calls nobody back.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeGuard

from webhook_core.clock import ENOUGH_TO_SEND_S, Budget
from webhook_core.errors import CallsUsedUp, OrderDenied, WebhookError
from webhook_core.ledger import transitions
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided
from webhook_core.sending.firing import Firing
from webhook_core.sending.progress import found_none_open, is_plain_cancel
from webhook_core.trading.intent import (
    CancelIntent,
    NoOrder,
    OrderIntent,
    PositionIntent,
    is_of_own,
)
from webhook_core.trading.requests import OrderRequest, Outcome
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.sending.legs_again import Counted, LegsAgain
    from webhook_core.trading.facts import RestingOrder
    from webhook_core.trading.intent import Intent


class Again:
    """Of one delivery.

    ``plan`` is what was planned for it, or leg 0 of an alert that was claimed before, which has the
    requests. ``deadline_s`` is how long after its claim Kraken may still take an order.
    ``is_stale``: the alert came too late for anything to be sent.
    """

    def __init__(
        self,
        decider: Decider,
        deadline_s: int,
        firing: Firing,
        plan: Decided | LedgerEntry,
        *,
        is_stale: bool = False,
    ) -> None:
        self._decider = decider
        self._deadline_s = deadline_s
        self._firing = firing if isinstance(plan, Decided) else _as_planned(firing, plan)
        self._plan = plan
        self.is_stale = is_stale

    def next_attempt(self, first: LedgerEntry, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        """A leg that was proved not sent, with the attempt to claim next: as it was, or, where it
        followed from the account, planned anew. ``first`` is leg 0. Raises WebhookError."""
        from webhook_core.trading.needs import follows_from_the_account

        firing, now = self._firing, self._decider.clock.now()
        if len(firing.wants.intents) > 1 or first.following:
            return self._legs_again().next_attempt(entry, first, budget)
        if not (firing.wants.catches_up or follows_from_the_account(firing.wants.intents[0])):
            return transitions.next_attempt(entry, entry.current.request, now, self._deadline_s)
        from webhook_core.sending.decided_again import decided_again  # few alerts are sent again

        try:
            decided = decided_again(self._decider, firing.wants, budget)
        except OrderDenied as denied:
            ended = transitions.next_denied(entry, now, denied.message)
            return replace(ended, warnings=(*firing.warnings, *denied.notes))
        if decided.nothing:
            renewed = transitions.next_nothing(entry, now, decided.nothing)
        else:
            sent_now, *behind = decided.requests
            renewed = transitions.next_attempt(entry, sent_now, now, self._deadline_s)
            renewed = replace(renewed, following=tuple(behind))
        return replace(
            renewed,
            turn=firing.turn(decided),
            warnings=(*firing.warnings, *decided.plan.notes),
            figures=decided.figures,
            counted_until=decided.counted.until,
            counted=decided.counted.named,
        )

    def counted(self, first: LedgerEntry, leg: LedgerEntry, budget: Budget) -> Counted:
        """The request of a leg whose size may be out of date as of now, or why there is none, and
        the line's mark then. Raises NotItsTurn for one that may not be sent now."""
        return self._legs_again().counted(first, leg, budget)

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier delivery has planned what is left, and others may have traded, or
        placed orders, since."""
        return not isinstance(self._plan, Decided)

    def is_outdated(self, leg: LedgerEntry, before: Sequence[LedgerEntry], budget: Budget) -> bool:
        """Whether the size of a leg behind these has to be counted as of now. Raises
        VenueUnavailable."""
        request = leg.current.request
        if request.waits or _has_fired(request, before):
            return True
        is_left = self.is_resumed and request.exits and request.counted and leg.turn is not None
        if is_left or self._has_less_by_now(request, before, budget):
            return True
        if not request.counted or not any(map(is_plain_cancel, before)):
            return False
        left = budget.less(ENOUGH_TO_SEND_S)
        if not request.exits:
            from webhook_core.sending import own_sales  # few alerts cancel and sell

            is_one = own_sales.is_own_sale(request, self._firing.wants)
            given = self._decider, self._canceled, before, request, left
            return is_one and own_sales.have_sold(*given)
        if self.is_resumed:
            return False
        from webhook_core.sending.traded_before_cancels import have_traded  # few come to it

        return have_traded(self._decider, self._canceled, before, request, left)

    def as_left(
        self, leg: LedgerEntry, before: Sequence[LedgerEntry], budget: Budget
    ) -> LedgerEntry:
        """Ended, or smaller, where an order before it leaves less than was planned. Raises
        NotItsTurn while that is not known, VenueUnavailable."""
        if leg.state is State.SUBMITTING and any(one.current.request.is_unsure for one in before):
            from webhook_core.sending import behind_sales  # few alerts sell at a limit and close

            return behind_sales.as_left(self._decider, leg, before, budget)
        return leg

    def _has_less_by_now(
        self, request: OrderRequest, before: Sequence[LedgerEntry], budget: Budget
    ) -> bool:
        """Whether an order that was canceled for a sale of what the strategy bought has traded a
        part of that before its cancel. Of all that is held Kraken itself lets no more be sold."""
        if not request.exits or not any(map(is_of_own, self._firing.wants.intents)):
            return False
        from webhook_core.sending import own_sales

        if own_sales.is_all_that_is_held(request, before[0]):
            return False
        try:
            return own_sales.any_has_traded(self._decider, before, budget.less(ENOUGH_TO_SEND_S))
        except CallsUsedUp:
            if not self.trade_whole:
                raise
            return False  # else it would stay without its stop for as long as Kraken takes no calls

    @property
    def trade_whole(self) -> bool:
        """Whether what this delivery has canceled had traded nothing when it was planned, and meets
        the market once it is triggered: then it has traded whole, and no cancel of it succeeds."""
        return bool(self._canceled) and all(order.trades_whole for order in self._canceled)

    @property
    def _canceled(self) -> Sequence[RestingOrder]:
        """What this delivery has planned to cancel, as it was then."""
        return self._plan.canceled if isinstance(self._plan, Decided) else ()

    def replaces(self, leg: LedgerEntry) -> bool:
        """Whether it is an order that is to stand for those which this alert cancels."""
        request, intents = leg.current.request, self._firing.wants.intents
        is_order = request.method == "AddOrder" and not request.exits
        return is_order and any(isinstance(intent, CancelIntent) for intent in intents)

    def check_way(self, first: LedgerEntry, budget: Budget) -> None:
        """Raises NotItsTurn where another order has come since ``first`` was planned, which the
        cancels of this alert never saw."""
        from webhook_core.sending.replaced_since import check_nothing_newer  # few alerts come to it

        check_nothing_newer(self._decider, self._firing.wants, first, budget)

    def replanned(self, leg: LedgerEntry, budget: Budget) -> OrderRequest | NoOrder | str:
        """The request of a leg on fresh pair rules, or that nothing is left to do, or the sentence
        that denies it.

        Raises a WebhookError of status 503 where that is not known now.
        """
        intent = self._intent_of(leg)
        if intent is None:
            return "it can't be planned again: send a new alert"
        if leg.current.request.freeing and not getattr(intent, "wants_flat", False):
            return "what it is to protect is held on"
        try:
            return self._decider.replan(intent, self._firing.wants, leg.unit, budget)
        except WebhookError as error:
            if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            return error.message

    def why_none(self, leg: LedgerEntry, outcome: Outcome, budget: Budget, said: str = "") -> str:
        """``said``, and of a sale that lacks coins what holds them."""
        from webhook_core.sending import held_sales  # few orders are refused

        return held_sales.with_holders(said, self._decider, leg, outcome, budget)

    def _intent_of(self, leg: LedgerEntry) -> Intent | None:
        """Of several legs an exit can be told from its stored request, and an order by its place,
        where each leg is an order, which comes to one request or none."""
        intents, plan = self._firing.wants.intents, self._plan
        if len(intents) == 1:
            return intents[0]
        number, request = leg.unit.leg, leg.current.request
        if isinstance(plan, Decided) and number < len(plan.sources):
            return intents[plan.sources[number]]
        closes = [intent for intent in intents if getattr(intent, "action", "") == "close"]
        if (request.exits or request.freeing) and len(closes) == 1:
            return closes[0]
        if isinstance(plan, Decided) or len(plan.following) + 1 != len(intents):
            return None
        return intents[number] if all(isinstance(one, OrderIntent) for one in intents) else None

    def _legs_again(self) -> LegsAgain:
        from webhook_core.sending.legs_again import LegsAgain  # few alerts come to it

        return LegsAgain(self._decider, self._firing, self._deadline_s)


def _as_planned(firing: Firing, first: LedgerEntry) -> Firing:
    """Of what the strategy bought an alert that comes again closes no more than was planned with
    leg 0: it may have bought more since."""
    intents = firing.wants.intents
    if not any(map(_closes_own, intents)):
        return firing
    from webhook_core.planning.own_changes import own_figure  # few alerts mean that

    most = own_figure(first.figures)
    if most is None:
        return firing
    capped = [one._replace(most=most) if _closes_own(one) else one for one in intents]
    return firing._replace(wants=firing.wants._replace(intents=tuple(capped)))


def _closes_own(intent: Intent) -> TypeGuard[PositionIntent]:
    return isinstance(intent, PositionIntent) and intent.own and intent.wants_flat


def _has_fired(request: OrderRequest, before: Sequence[LedgerEntry]) -> bool:
    """Whether an exit that was to be set free for this order has traded instead, so that less is
    held than was planned with."""
    return request.exits and any(
        entry.current.request.freeing and found_none_open(entry) for entry in before
    )
