"""What each answer of Kraken proves about an order.

The tables are written out from Kraken's error guide (docs.kraken.com/api/docs/guides/spot-errors
and docs.kraken.com/exchange/guides/general/errors) and from our own promises, not from the lists in
the code.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.kraken import refusals
from webhook_core.kraken.outcomes import (
    Failure,
    Reply,
    errors_of,
    of_add_order,
    of_validation,
    resend_is_safe,
)
from webhook_core.trading.requests import Accepted, NotSent, Rejected, Unknown

ORDER_ID = "OQCLML-BW3P3-BUCMWZ"
DESCRIPTION = "buy 0.01000000 XBTUSD @ market"
RESULT = {"txid": [ORDER_ID], "descr": {"order": DESCRIPTION}}


def answered(errors: Any, result: Any = ..., status: int = 200) -> Reply:
    document = {"error": errors} if result is ... else {"error": errors, "result": result}
    return Reply(status, document)


REFUSED = [
    "EGeneral:Invalid arguments",
    "EGeneral:Invalid arguments:ordertype",
    "EGeneral:Invalid arguments:volume",
    "EGeneral:Invalid arguments:price",
    "EGeneral:Invalid arguments:timeinforce",
    "EGeneral:Invalid arguments:viqc",
    "EGeneral:Invalid arguments:cl_ord_id",
    "EGeneral:Invalid arguments:Index unavailable",
    "EGeneral:Permission denied",
    "EGeneral:Unknown method",
    "EGeneral:Unknown Method",
    "EAPI:Bad request",
    "EAPI:Feature disabled",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EOrder:Orders limit exceeded",
    "EOrder:Scheduled orders limit exceeded",
    "EOrder:Positions limit exceeded",
    "EOrder:Insufficient funds",
    "EOrder:Insufficient margin",
    "EOrder:Insufficient initial margin",
    "EOrder:Insufficient initial margin:XBTUSD",
    "EOrder:Invalid price",
    "EOrder:Invalid price:Invalid price argument",
    "EOrder:Post only order",
    "EOrder:Cannot open position",
    "EOrder:Cannot open opposing position",
    "EOrder:Margin allowance exceeded",
    "EOrder:Margin level too low",
    "EOrder:Margin position size exceeded",
    "EOrder:Unknown position",
    "EOrder:Reduce only:No position exists",
    "EOrder:Reduce only:Non-PC",
    "EOrder:Reduce only:Non-ECP",
    "EOrder:Reduce only:One-sided margin",
    "EOrder:Reduce only:Cannot increase position",
    "EOrder:Reduce only:Cannot increase position:XBTUSD:BTNL",
    "EOrder:Trading agreement required",
    "EQuery:Unknown asset pair",
    "EQuery:Unknown asset",
    "EQuery:Invalid asset pair",
    "EAccount:Invalid permissions",
    "EAccount:Invalid permissions:USDT trading restricted for DE.",
    "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EAuth:Failed",
    "ETrade:Invalid request",
    "ETrade:User Locked",
    "ETrade:Locked",
    "EBM:limit exceeded:CAL",
]

REFUSED_FOR_STALE_RULES = [
    "EGeneral:Invalid arguments:volume minimum not met",
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed",
    "EOrder:Invalid price:ETH/GBP price can only be specified up to 2 decimals.",
    "EOrder:Invalid price:XXBTZEUR price can only be specified up to 1 decimals.",
]

NEVER_PROCESSED = [
    "EAPI:Rate limit exceeded",
    "EGeneral:Temporary lockout",
    "EGeneral:Temporary lockout:900",
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EGeneral:Too many requests",
    "EService: Throttled: 1700000000",
    "EService:Throttled",
    "EService:Market in cancel_only mode",
    "EService:Market in post_only mode",
    "EService:Market in limit_only mode",
    "EService:Market in reduce_only mode",
]

THE_CLOCKS_DIFFER = [
    "EGeneral:Invalid arguments:deadline",
    "EOrder:Invalid arguments:deadline",
    "EAPI:Invalid arguments:deadline",
    "EGeneral:Invalid arguments:deadline:2026-10-01T12:00:10Z",
    "EGeneral:Invalid arguments:deadline must be 2 to 60 seconds ahead",
    "EOrder:Invalid arguments:deadline (too early)",
    "EGeneral:Invalid arguments:Deadline",
]
"""An argument check comes before anything is placed; the deadline is ours, set by our clock."""

NO_PROOF = [
    "EGeneral:Internal error",
    "EGeneral:Internal error:1234",
    "EService:Unavailable",
    "EService:Busy",
    "EService:Timeout",
    "EService:Deadline elapsed",
    "EDatabase:Internal error",
    "EOrder:Reduce only:Position is closed",
    "EGeneral:Invalid arguments:cl_ord_id not unique",
    "EOrder:Unknown order",
    "EOrder:Invalid order",
    "ESession:Invalid session",
    "EFunding:Max fee exceeded",
    # a deadline that passed in the engine, and what only looks like one that was refused
    "EService:Deadline elapsed:deadline",
    "EOrder:Invalid arguments",
    "EOrder:Invalid arguments:volume",
    "EOrder:Invalid arguments:deadlines",
    "WGeneral:Invalid arguments:deadline",
    "EOrder:deadline",
    # said of an amendment only
    "EOrder:No amendable parameters specified",
    # on no list at all
    "EOrder:Insufficient initial",
    "EOrder:Insufficient initial margins",
    "EOrder:Reduce only:Non-",
    "EOrder:Reduce only:Position is closed:Non-ECP",
    "EOrder:Something new",
    "EOrder:Reduce only",
    "EOrder:Reduce only:Whatever",
    "EService",
    "EService:Market in post_only mode:later",
    "EService:Market is closed",
    "EGeneral",
    "EAPI",
    "ERRORS",
    "",
    " ",
    # close to a listed one is not listed
    "EOrder:Insufficient fundsX",
    "EOrder:insufficient funds",
    " EOrder:Insufficient funds",
    "EOrder:Insufficient funds ",
    "EGeneral:Invalid arguments-cl_ord_id not unique",
    "EGeneral:Invalid arguments:cl_ord_id not unique.",
    "EGeneral:Invalid arguments:cl_ord_id not unique:6f0d1f0e",
    "EGeneral:Invalid arguments:cl_ord_id is taken",
    "EAPI:Invalid nonces",
    "EAPI:RateLimitExceeded",
    # warnings prove nothing without an order id
    "WOrder:Something",
    "WGeneral:Danger",
]


@row_by_row
@pytest.mark.parametrize("error", REFUSED)
def test_a_definitive_refusal_is_rejected_and_says_nothing_about_the_pairs_rules(
    error: str,
) -> None:
    assert of_add_order(answered([error])) == Rejected((error,), stale_rules=False)


@pytest.mark.parametrize("error", REFUSED_FOR_STALE_RULES)
def test_a_minimum_or_precision_refusal_is_rejected_and_says_that_our_rules_are_stale(
    error: str,
) -> None:
    assert of_add_order(answered([error])) == Rejected((error,), stale_rules=True)


@row_by_row
@pytest.mark.parametrize("error", NEVER_PROCESSED)
def test_a_rate_limit_or_a_market_mode_is_not_sent_and_not_tried_again(error: str) -> None:
    reply = answered([error])
    outcome = of_add_order(reply)
    assert isinstance(outcome, NotSent)
    assert outcome.errors == (error,)
    assert not resend_is_safe(reply)


@pytest.mark.parametrize("error", THE_CLOCKS_DIFFER)
def test_a_refused_deadline_is_not_sent_and_says_that_the_clocks_differ(error: str) -> None:
    reply = answered([error])
    outcome = of_add_order(reply)
    assert isinstance(outcome, NotSent)
    assert outcome.errors == (error,)
    assert "clock" in outcome.reason
    assert not resend_is_safe(reply)


@row_by_row
@pytest.mark.parametrize("error", NEVER_PROCESSED)
def test_nothing_else_is_blamed_on_the_clock(error: str) -> None:
    outcome = of_add_order(answered([error]))
    assert isinstance(outcome, NotSent)
    assert "clock" not in outcome.reason


@pytest.mark.parametrize("error", ["EAPI:Invalid nonce", "EAPI:Invalid nonce:1616492376594"])
def test_a_refused_nonce_is_not_sent_and_may_be_sent_again(error: str) -> None:
    reply = answered([error])
    outcome = of_add_order(reply)
    assert isinstance(outcome, NotSent)
    assert outcome.errors == (error,)
    assert resend_is_safe(reply)


@row_by_row
@pytest.mark.parametrize("error", NO_PROOF)
def test_everything_else_is_unknown(error: str) -> None:
    reply = answered([error])
    outcome = of_add_order(reply)
    assert isinstance(outcome, Unknown)
    assert outcome.errors == (error,)
    assert not resend_is_safe(reply)


@pytest.mark.parametrize(
    "error", ["EOrder:Insufficient funds", "EAPI:Rate limit exceeded", "EService:Busy"]
)
def test_a_plain_string_is_read_like_a_list_of_one(error: str) -> None:
    assert of_add_order(answered(error)) == of_add_order(answered([error]))


@pytest.mark.parametrize("result", [None, {}, ...])
def test_a_refusal_may_come_with_an_empty_result_or_none(result: Any) -> None:
    assert of_add_order(answered(["EOrder:Insufficient funds"], result)) == Rejected(
        ("EOrder:Insufficient funds",)
    )


@row_by_row
@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        (["EOrder:Insufficient funds", "EOrder:Cost minimum not met"], Rejected),
        (["EAPI:Rate limit exceeded", "EAPI:Invalid nonce"], NotSent),
        (["EOrder:Insufficient funds", "EService:Unavailable"], Unknown),
        (["EService:Unavailable", "EOrder:Insufficient funds"], Unknown),
        (["EOrder:Insufficient funds", "EAPI:Rate limit exceeded"], Unknown),
        (["EAPI:Invalid nonce", "EService:Busy"], Unknown),
        (
            ["EGeneral:Invalid arguments", "EGeneral:Invalid arguments:cl_ord_id not unique"],
            Unknown,
        ),
        (["WOrder:Something", "EOrder:Insufficient funds"], Unknown),
        (["EOrder:Insufficient initial margin", "EOrder:Reduce only:Non-ECP"], Rejected),
        (["EOrder:Insufficient initial margin", "EOrder:Reduce only:Position is closed"], Unknown),
        (["EGeneral:Invalid arguments:deadline", "EAPI:Rate limit exceeded"], NotSent),
        (["EGeneral:Invalid arguments:deadline", "EGeneral:Invalid arguments:price"], Unknown),
        (["EGeneral:Invalid arguments:deadline", "EService:Busy"], Unknown),
        (["EGeneral:Temporary lockout", "EAPI:Invalid key"], Unknown),
    ],
)
def test_several_errors_prove_something_only_together(errors: list[str], kind: type) -> None:
    outcome = of_add_order(answered(errors))
    assert isinstance(outcome, kind)
    assert outcome.errors == tuple(errors)


def test_rules_are_stale_only_if_every_error_is_about_them() -> None:
    both = ["EOrder:Order minimum not met", "EOrder:Cost minimum not met"]
    assert of_add_order(answered(both)) == Rejected(tuple(both), stale_rules=True)
    one = ["EOrder:Order minimum not met", "EOrder:Insufficient funds"]
    assert of_add_order(answered(one)) == Rejected(tuple(one), stale_rules=False)


def test_a_nonce_beside_a_rate_limit_is_not_sent_but_not_tried_again() -> None:
    reply = answered(["EAPI:Invalid nonce", "EAPI:Rate limit exceeded"])
    assert isinstance(of_add_order(reply), NotSent)
    assert not resend_is_safe(reply)


# An order id


def test_an_order_id_is_accepted_with_krakens_description() -> None:
    assert of_add_order(answered([], RESULT)) == Accepted(ORDER_ID, DESCRIPTION)


@row_by_row
@pytest.mark.parametrize(
    "errors",
    [
        ["WGeneral:Danger"],
        ["EOrder:Insufficient funds"],
        ["EAPI:Invalid nonce"],
        ["EService:Unavailable", "EGeneral:Internal error"],
        "EGeneral:Internal error",
    ],
)
@pytest.mark.parametrize("status", [200, 202, 500])
def test_an_order_id_is_accepted_whatever_stands_beside_it(errors: Any, status: int) -> None:
    reply = answered(errors, RESULT, status)
    listed = (errors,) if isinstance(errors, str) else tuple(errors)
    assert of_add_order(reply) == Accepted(ORDER_ID, DESCRIPTION, listed)
    assert not resend_is_safe(reply)


@pytest.mark.parametrize(
    "document",
    [{"result": RESULT}, {"error": None, "result": RESULT}, {"error": [7], "result": RESULT}],
)
def test_an_order_id_is_accepted_without_a_readable_error_list(document: Any) -> None:
    assert of_add_order(Reply(200, document)) == Accepted(ORDER_ID, DESCRIPTION)


@pytest.mark.parametrize("txid", [ORDER_ID, [ORDER_ID, "OTHER"], [None, ORDER_ID], ["", ORDER_ID]])
def test_an_order_id_counts_in_an_unusual_form_too(txid: Any) -> None:
    assert of_add_order(answered(["EOrder:Insufficient funds"], {"txid": txid})) == Accepted(
        ORDER_ID, "", ("EOrder:Insufficient funds",)
    )


@pytest.mark.parametrize("descr", [None, "text", {}, {"order": 7}, ["order"]])
def test_a_description_that_is_none_is_left_out(descr: Any) -> None:
    assert of_add_order(answered([], {"txid": [ORDER_ID], "descr": descr})) == Accepted(ORDER_ID)


@row_by_row
@pytest.mark.parametrize(
    "result",
    [
        ...,
        None,
        {},
        [],
        "",
        RESULT["descr"],
        {"txid": []},
        {"txid": [""]},
        {"txid": None},
        {"txid": [7]},
    ],
)
def test_an_error_free_answer_without_an_order_id_is_unknown(result: Any) -> None:
    assert of_add_order(answered([], result)) == Unknown(
        "Kraken answered without an error and without an order id"
    )


def test_no_entry_of_the_lists_begins_another_so_the_order_of_the_lists_decides_nothing() -> None:
    listed = list(refusals.PROVEN)
    assert [(one, other) for one in listed for other in listed if other.startswith(f"{one}:")] == []
    assert len(listed) == len(refusals.REFUSED) + len(refusals.NOT_PROCESSED)


@row_by_row
@pytest.mark.parametrize(
    "error", ["EOrder:Insufficient funds", "EAPI:Rate limit exceeded", "EAPI:Invalid nonce"]
)
@pytest.mark.parametrize(
    "result", [{"txid": [7]}, {"txid": {"a": 1}}, {"descr": {"order": "x"}}, [ORDER_ID], ORDER_ID]
)
def test_a_refusal_beside_a_result_is_unknown(error: str, result: Any) -> None:
    reply = answered([error], result)
    assert isinstance(of_add_order(reply), Unknown)
    assert not resend_is_safe(reply)


# No answer


@row_by_row
@pytest.mark.parametrize(
    "status", [201, 202, 204, 301, 307, 400, 401, 403, 404, 429, 500, 502, 503, 504, 520]
)
@pytest.mark.parametrize(
    "error", ["EOrder:Insufficient funds", "EAPI:Invalid nonce", "EAPI:Rate limit exceeded"]
)
def test_krakens_words_prove_nothing_under_another_status(status: int, error: str) -> None:
    reply = answered([error], status=status)
    assert of_add_order(reply) == Unknown(
        f"Kraken's front answered with HTTP status {status}", (error,)
    )
    assert not resend_is_safe(reply)


@row_by_row
@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "error",
        7,
        True,
        {},
        {"error": None},
        {"error": {}},
        {"error": [None]},
        {"error": 0},
    ],
)
def test_what_is_not_krakens_envelope_is_unknown(document: Any) -> None:
    assert errors_of(document) is None
    assert isinstance(of_add_order(Reply(200, document)), Unknown)


def test_no_connection_is_not_sent_and_may_be_sent_again() -> None:
    reply = Reply(failure=Failure.NOT_CONNECTED, detail="NewConnectionError")
    assert isinstance(of_add_order(reply), NotSent)
    assert resend_is_safe(reply)


@pytest.mark.parametrize("detail", ["", "other calls were in line"])
def test_no_time_is_not_sent_and_not_tried_again(detail: str) -> None:
    reply = Reply(failure=Failure.NO_TIME, detail=detail)
    assert isinstance(of_add_order(reply), NotSent)
    assert not resend_is_safe(reply)


@pytest.mark.parametrize("status", [None, 200])
def test_a_broken_exchange_is_unknown(status: int | None) -> None:
    reply = Reply(status, None, Failure.BROKEN, "ReadTimeout")
    assert isinstance(of_add_order(reply), Unknown)
    assert not resend_is_safe(reply)


# The validate flag


@pytest.mark.parametrize("warnings", [[], ["WGeneral:Danger"]])
def test_a_validated_order_is_accepted_without_an_order_id(warnings: list[str]) -> None:
    reply = answered(warnings, {"descr": {"order": DESCRIPTION}})
    assert of_validation(reply) == Accepted("", DESCRIPTION, tuple(warnings))


def test_an_order_that_was_placed_although_it_was_to_be_validated_shows_its_id() -> None:
    assert of_validation(answered([], RESULT)) == Accepted(ORDER_ID, DESCRIPTION)


@row_by_row
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answered(["EOrder:Insufficient funds"]), Rejected),
        (
            answered(["WGeneral:Danger", "EOrder:Insufficient funds"], {"descr": {"order": "x"}}),
            Unknown,
        ),
        (answered(["EAPI:Rate limit exceeded"]), NotSent),
        (answered(["EService:Busy"]), Unknown),
        (answered([]), Unknown),
        (answered([], {"descr": {"order": "x"}}, 500), Unknown),
        (Reply(502), Unknown),
        (Reply(failure=Failure.BROKEN), Unknown),
        (Reply(failure=Failure.NO_TIME), NotSent),
    ],
)
def test_a_validation_that_fails_is_judged_like_an_order(reply: Reply, kind: type) -> None:
    assert isinstance(of_validation(reply), kind)
