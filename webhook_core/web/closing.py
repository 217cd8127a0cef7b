"""The answer to an alert that closes every position of its strategy, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from webhook_core.errors import LedgerUnavailable, WebhookError
from webhook_core.ledger.contract import Existing
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.own_closes import Held, positions_of
from webhook_core.sending import left_open
from webhook_core.sending.claims import Claiming
from webhook_core.sending.closings import Closings
from webhook_core.sending.firing import Firing
from webhook_core.sending.progress import Progress
from webhook_core.trading.plans import Denied, joined, refusal_of
from webhook_core.web import answers
from webhook_core.web.delivery import Delivery, notice_reuse
from webhook_core.web.messages import HttpResponse
from webhook_core.web.status_and_reason import status_and_code, warnings_of
from webhook_core.web.validation import check_at_venue


def answer_closing(
    closings: Closings, firing: Firing, delivery: Delivery, *, is_stale: bool = False
) -> HttpResponse:
    """What the alert means is written down with its first claim, and each position closed by an
    entry of its own; a resend goes on with those. Raises WebhookError."""
    root = _claimed(closings, firing, delivery)
    positions = positions_of(root.figures)
    if not positions:
        return _answer(Progress((root,), replayed=delivery.replayed), (), delivery)
    done = closings.close_each(firing, positions, delivery.budget, is_stale=is_stale)
    failed = [(one.held, one.error) for one in done if one.error is not None]
    failed.sort(key=lambda pair: -pair[1].status)
    progress = [one.progress for one in done if one.progress is not None]
    progress.sort(key=_rank, reverse=True)
    _keep_left(closings, root, failed)
    told = (f"Not closed: {held.text}. {error.message}" for held, error in failed)
    delivery.warnings = (*root.warnings, *told)
    if failed and not (progress and _rank(progress[0])[0] > failed[0][1].status):
        delivery.orders = tuple(row for one in progress for row in answers.rows_of(one))
        raise failed[0][1]
    return _answer(progress[0], progress[1:], delivery)


def validate_closing(closings: Closings, firing: Firing, delivery: Delivery) -> HttpResponse:
    """The plan of each, checked by Kraken's own validate flag; nothing is written. Raises
    WebhookError."""
    decider, budget = closings.shared, delivery.budget
    meant = decider.appraise(firing.wants, budget)
    if isinstance(meant, Denied):
        raise refusal_of(meant)
    plans, nothing = [], meant.nothing if not meant.figures else ""
    for held in positions_of(meant.figures):
        closings.reads.begin_plan()
        decided = decider.appraise(closings.firing(firing, held, budget).wants, budget)
        if isinstance(decided, Denied):
            delivery.orders = answers.orders_of(decided.plan, "DENIED", "order_denied")
            raise refusal_of(decided)
        plans.append(decided.plan)
    plan = joined([meant.plan, *plans])
    check_at_venue(closings.decider.venue, plan, delivery)
    delivery.warnings = (*firing.warnings, *plan.notes)
    return answers.of_validation(plan, delivery.frame, delivery.warnings, firing.alert_id, nothing)


def _claimed(closings: Closings, firing: Firing, delivery: Delivery) -> LedgerEntry:
    """The alert's own entry, which sends nothing: known, or claimed now."""
    decider = closings.shared
    known = decider.ledger.find(firing.unit)
    delivery.is_resend = known is not None
    if known is None or known.state is State.MISSED:
        claiming = Claiming(
            decider.ledger, decider, decider.clock, closings.legs.deadline_s, firing
        )
        _, claim = claiming.claimed(delivery.budget)
        delivery.replayed, known = isinstance(claim, Existing), claim.entry
    else:
        delivery.replayed = True
    notice_reuse(delivery, firing, known)
    return known


def _answer(decides: Progress, beside: Sequence[Progress], delivery: Delivery) -> HttpResponse:
    """The worst of them says what the answer is."""
    delivery.progress = decides
    delivery.replayed = decides.replayed and all(one.replayed for one in beside)
    delivery.plans(decides.deciding.current.request)
    notes = delivery.warnings
    delivery.warnings = (*notes, *warnings_of(decides, delivery.reuse))
    return answers.of_progress(decides, delivery.frame, delivery.reuse, beside, notes)


def _keep_left(
    closings: Closings, root: LedgerEntry, left: Sequence[tuple[Held, WebhookError]]
) -> None:
    """Where it can't be, the history has it."""
    if not left and not left_open.left_in(root):
        return
    with suppress(LedgerUnavailable):
        left_open.keep(closings.decider.ledger, root, left)
        for _, error in left:
            error.in_ledger = True


def _rank(progress: Progress) -> tuple[int, bool]:
    """A doubt before a refusal, that before what is done, and an order before nothing."""
    status, code = status_and_code(progress)
    return status, code != "no_action"
