"""What each answer of Kraken proves about a cancel or an amendment.

The tables are written out from Kraken's pages (docs.kraken.com/api/docs/rest-api/cancel-order,
amend-order) and from our own promises, not from the lists in the code.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.row_by_row import row_by_row
from tests.unit.kraken.test_outcomes import (
    NEVER_PROCESSED,
    NO_PROOF,
    ORDER_ID,
    REFUSED,
    REFUSED_FOR_STALE_RULES,
    THE_CLOCKS_DIFFER,
    answered,
)
from webhook_core.kraken.change_replies import of_amend, of_cancel
from webhook_core.kraken.outcomes import Failure, Reply
from webhook_core.trading.requests import Accepted, NotSent, Rejected, Unchanged, Unknown

AMENDED = {"amend_id": "TEZA4R-DSDGT-IJBOJK"}
CANCELED = {"count": 1}
GONE = ["EOrder:Unknown order", "EOrder:Invalid order", "EOrder:Unknown order:OQCLML-BW3P3-BUCMWZ"]
ON_ITS_WAY = [
    "EOrder:Cancel pending",
    "EOrder:Unknown order:Cancel pending",
    "EGeneral:Invalid arguments:Cancel pending",
]
AS_IT_IS = [
    "EOrder:No amendable parameters specified",
    "EOrder:No amendable parameters specified:limit_price",
]
EACH = pytest.mark.parametrize(
    ("read", "done"),
    [(of_cancel, CANCELED), (of_amend, AMENDED)],
    ids=["CancelOrder", "AmendOrder"],
)


@pytest.mark.parametrize(
    ("result", "description"),
    [
        ({"count": 1}, "canceled 1 order"),
        ({"count": 3}, "canceled 3 orders"),
        ({"count": 1, "pending": False}, "canceled 1 order"),
        ({"count": 1, "pending": True}, "cancel pending"),
        ({"count": 0, "pending": True}, "cancel pending"),
        ({"pending": True}, "cancel pending"),
    ],
)
def test_a_count_or_a_pending_cancel_is_accepted(result: Any, description: str) -> None:
    assert of_cancel(answered([], result), ORDER_ID) == Accepted(ORDER_ID, description)


@row_by_row
@pytest.mark.parametrize("count", [0, -1, True, False, "1", 1.0, None, [1], {}])
def test_a_count_of_none_or_no_count_is_unknown(count: Any) -> None:
    reply = answered([], {"count": count})
    assert of_cancel(reply, ORDER_ID) == Unknown(
        "Kraken answered without an error and without a canceled order"
    )


@pytest.mark.parametrize("pending", ["true", 1, "pending", None, []])
def test_only_true_is_pending(pending: Any) -> None:
    assert isinstance(of_cancel(answered([], {"pending": pending}), ORDER_ID), Unknown)


def test_an_amend_id_is_accepted_and_the_order_keeps_its_own() -> None:
    assert of_amend(answered([], AMENDED), ORDER_ID) == Accepted(ORDER_ID, "amended")


@pytest.mark.parametrize("amend_id", ["", None, 7, True, ["T"], {}])
def test_an_answer_without_an_amend_id_is_unknown(amend_id: Any) -> None:
    reply = answered([], {"amend_id": amend_id})
    assert of_amend(reply, ORDER_ID) == Unknown(
        "Kraken answered without an error and without an amend id"
    )


@EACH
def test_an_order_that_was_named_by_our_own_id_has_no_txid_in_the_outcome(
    read: Any, done: Any
) -> None:
    assert read(answered([], done), "").order_id == ""


@EACH
def test_warnings_stand_beside_a_success(read: Any, done: Any) -> None:
    assert read(answered(["WGeneral:Danger"], done), ORDER_ID).warnings == ("WGeneral:Danger",)


@row_by_row
@EACH
@pytest.mark.parametrize(
    "error", ["EOrder:Unknown order", "EGeneral:Internal error", "EAPI:Invalid nonce", ""]
)
def test_an_error_beside_a_success_makes_it_unknown(read: Any, done: Any, error: str) -> None:
    assert isinstance(read(answered([error], done), ORDER_ID), Unknown)


@row_by_row
@EACH
@pytest.mark.parametrize("status", [201, 202, 500, 502])
def test_a_success_under_another_status_is_unknown(read: Any, done: Any, status: int) -> None:
    assert isinstance(read(answered([], done, status), ORDER_ID), Unknown)


@EACH
def test_a_success_that_is_cut_off_or_without_an_error_list_is_unknown(
    read: Any, done: Any
) -> None:
    assert isinstance(
        read(Reply(200, {"error": [], "result": done}, Failure.BROKEN), ORDER_ID), Unknown
    )
    assert isinstance(read(Reply(200, {"result": done}), ORDER_ID), Unknown)
    assert isinstance(read(Reply(200, {"error": None, "result": done}), ORDER_ID), Unknown)


@EACH
@pytest.mark.parametrize("error", GONE)
def test_an_order_that_is_gone_or_never_was_is_a_refusal(read: Any, done: Any, error: str) -> None:
    assert read(answered([error]), ORDER_ID) == Rejected((error,))


@pytest.mark.parametrize("error", AS_IT_IS)
def test_an_amendment_to_what_the_order_is_already_changes_nothing_and_is_settled(
    error: str,
) -> None:
    outcome = of_amend(answered([error]), ORDER_ID)
    assert isinstance(outcome, Unchanged)
    assert (outcome.errors, "already" in outcome.reason) == ((error,), True)


@pytest.mark.parametrize("error", AS_IT_IS)
def test_of_a_cancel_the_same_words_prove_nothing(error: str) -> None:
    assert isinstance(of_cancel(answered([error]), ORDER_ID), Unknown)


@row_by_row
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answered([*AS_IT_IS]), Unchanged),
        (answered([AS_IT_IS[0], "EOrder:Unknown order"]), Rejected),
        (answered([AS_IT_IS[0], "EOrder:Post only order"]), Rejected),
        (answered([AS_IT_IS[0], "EService:Busy"]), Unknown),
        (answered([AS_IT_IS[0], "EAPI:Rate limit exceeded"]), Unknown),
        (answered([AS_IT_IS[0]], AMENDED), Unknown),
        (answered([AS_IT_IS[0]], status=500), Unknown),
        (answered(["EOrder:No amendable parameters"]), Unknown),
        (answered(["EOrder:No amendable parameters specified."]), Unknown),
    ],
)
def test_only_these_words_alone_say_that_there_was_nothing_to_amend(
    reply: Reply, kind: type
) -> None:
    assert isinstance(of_amend(reply, ORDER_ID), kind)


@EACH
@pytest.mark.parametrize("error", ON_ITS_WAY)
def test_a_cancel_that_is_on_its_way_already_is_unknown(read: Any, done: Any, error: str) -> None:
    assert isinstance(read(answered([error]), ORDER_ID), Unknown)


@row_by_row
@EACH
@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        *(([error], Rejected) for error in REFUSED + REFUSED_FOR_STALE_RULES),
        *(
            ([error], NotSent)
            for error in [*NEVER_PROCESSED, *THE_CLOCKS_DIFFER, "EAPI:Invalid nonce"]
        ),
        *(([error], Unknown) for error in NO_PROOF if error not in [*GONE, *AS_IT_IS]),
        (["EOrder:Unknown order", "EOrder:Invalid order"], Rejected),
        (["EOrder:Unknown order", "EService:Busy"], Unknown),
        (["EOrder:Unknown order", "EAPI:Rate limit exceeded"], Unknown),
        ([], Unknown),
    ],
)
def test_every_other_word_proves_what_it_proves_of_an_order(
    read: Any, done: Any, errors: Any, kind: type
) -> None:
    assert isinstance(read(answered(errors), ORDER_ID), kind)


@row_by_row
@EACH
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(failure=Failure.NO_TIME), NotSent),
        (Reply(failure=Failure.NOT_CONNECTED), NotSent),
        (Reply(failure=Failure.BROKEN), Unknown),
        (Reply(503), Unknown),
    ],
)
def test_no_answer_is_judged_like_an_orders(read: Any, done: Any, reply: Reply, kind: type) -> None:
    assert isinstance(read(reply, ORDER_ID), kind)
