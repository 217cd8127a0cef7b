"""A reply of Kraken to a CancelOrder or an AmendOrder -> accepted, unchanged, rejected,
unknown or not sent.

Success needs a clean answer: unlike a txid, a count beside an error proves nothing, and an order
that is believed gone may still trade. An order that can't be changed because it is gone, or never
was, is a refusal: ``EOrder:Unknown order`` and ``EOrder:Invalid order``
(docs.kraken.com/api/docs/rest-api/cancel-order, amend-order).
"""

from __future__ import annotations

from webhook_core.kraken import outcomes, refusals
from webhook_core.kraken.outcomes import Reply
from webhook_core.kraken.refusals import Proven
from webhook_core.trading.requests import Accepted, Outcome, Rejected, Unchanged
from webhook_core.trading.venue_refusals import NO_SUCH_ORDER

_ON_ITS_WAY = "Cancel pending"
_AS_IT_IS = "EOrder:No amendable parameters specified"
"""Every value of an AmendOrder is what the order has already (error
catalogues of public clients)."""


def judge(error: str) -> Proven:
    """What one error string on a cancel or an amendment proves."""
    if _ON_ITS_WAY in error:  # an earlier cancel is under way: what it comes to is open
        return Proven.UNKNOWN
    if any(refusals.is_listed(error, known) for known in NO_SUCH_ORDER):
        return Proven.REJECTED
    return refusals.judge(error)


def of_cancel(reply: Reply, order_id: str) -> Outcome:
    """``order_id`` is the txid that was asked for, empty where a cl_ord_id was. A
    count of 0 is unknown."""
    result = outcomes.result_in(reply.document)
    count = result.get("count")
    canceled = count if isinstance(count, int) and not isinstance(count, bool) else 0
    pending = result.get("pending") is True
    if _is_clean(reply) and (canceled >= 1 or pending):
        many = "order" if canceled == 1 else "orders"
        description = "cancel pending" if pending else f"canceled {canceled} {many}"
        return Accepted(order_id, description, outcomes.errors_of(reply.document) or ())
    return outcomes.without_success(reply, judge, "a canceled order")


def of_amend(reply: Reply, order_id: str) -> Outcome:
    """``order_id`` is the txid that was asked for, empty where a cl_ord_id was: an
    amended order keeps its own.

    Unchanged where Kraken finds nothing to amend.
    """
    amend_id = outcomes.result_in(reply.document).get("amend_id")
    if _is_clean(reply) and isinstance(amend_id, str) and amend_id:
        return Accepted(order_id, "amended", outcomes.errors_of(reply.document) or ())
    outcome = outcomes.without_success(reply, _judge_amend, "an amend id")
    if isinstance(outcome, Rejected) and all(
        refusals.is_listed(error, _AS_IT_IS) for error in outcome.errors
    ):
        return Unchanged("the order is already as the amendment wants it", outcome.errors)
    return outcome


def _judge_amend(error: str) -> Proven:
    return Proven.REJECTED if refusals.is_listed(error, _AS_IT_IS) else judge(error)


def _is_clean(reply: Reply) -> bool:
    """Kraken's own answer, with no error in it but warnings."""
    errors = outcomes.errors_of(reply.document)
    if reply.failure is not None or reply.status != 200 or errors is None:
        return False
    return all(error.startswith("W") for error in errors)
