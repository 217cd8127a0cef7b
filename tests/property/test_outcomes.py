"""Whatever Kraken answers: only what it says itself proves anything, and an order id
always proves an order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webhook_core.kraken.change_replies import of_amend, of_cancel
from webhook_core.kraken.outcomes import Failure, Reply, of_add_order, of_validation, resend_is_safe
from webhook_core.trading.requests import Accepted, NotSent, Rejected, Unknown

REFUSALS = (
    "EOrder:Insufficient funds",
    "EOrder:Order minimum not met",
    "EGeneral:Invalid arguments:ordertype",
)
UNPROCESSED = (
    "EAPI:Invalid nonce",
    "EAPI:Rate limit exceeded",
    "EService:Market in cancel_only mode",
)
NO_PROOFS = (
    "EService:Unavailable",
    "EGeneral:Invalid arguments:cl_ord_id not unique",
    "EGeneral:Internal error",
    "W:x",
)
PREFIXES = (  # of everything that Kraken documents as a refusal or as never processed
    *(
        "EAPI:",
        "EAccount:Invalid permissions",
        "EAuth:",
        "EBM:limit exceeded",
        "EGeneral:",
        "EOrder:",
        "EQuery:",
    ),
    *("EService: Throttled", "EService:Throttled", "EService:Market in ", "ETrade:"),
)

NAMES = ("txid", "descr", "count", "pending", "amend_id")
GONE = ("EOrder:Unknown order", "EOrder:Invalid order")

documents: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner)
    ),
    max_leaves=10,
)
errors = st.sampled_from(REFUSALS + UNPROCESSED + NO_PROOFS + GONE) | st.text(max_size=40)
error_lists = (
    st.lists(errors, max_size=4) | errors | st.lists(errors | documents, max_size=3) | documents
)
counts = st.integers(-2, 3) | st.booleans() | documents
results = (
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("txid", "descr", "amend_id"), documents)
        | {"count": counts, "pending": counts},
    )
    | documents
)
envelopes = st.fixed_dictionaries({}, optional={"error": error_lists, "result": results})
replies = st.builds(
    Reply,
    st.sampled_from([200, 200, 200, 201, 302, 403, 429, 500, 502]),
    envelopes | documents,
    st.sampled_from([None, None, None, Failure.BROKEN]),
)


def listed(document: Any) -> list[str]:
    return [document["error"]] if isinstance(document["error"], str) else document["error"]


@given(replies)
def test_no_answer_makes_the_reading_fail(reply: Reply) -> None:
    assert isinstance(of_add_order(reply), Accepted | Rejected | Unknown | NotSent)
    assert isinstance(of_validation(reply), Accepted | Rejected | Unknown | NotSent)
    assert resend_is_safe(reply) in {True, False}


@given(replies)
def test_rejected_and_not_sent_need_status_200_and_documented_words_without_a_result(
    reply: Reply,
) -> None:
    outcome = of_add_order(reply)
    if isinstance(outcome, Rejected | NotSent):
        assert reply.status == 200
        assert reply.failure is None
        assert listed(reply.document) == list(outcome.errors)
        assert outcome.errors
        assert all(error.startswith(PREFIXES) for error in outcome.errors)
        assert not set(outcome.errors) & set(NO_PROOFS)
        assert not reply.document.get("result")


@given(replies)
def test_what_may_be_sent_again_was_proved_not_sent(reply: Reply) -> None:
    if resend_is_safe(reply):
        assert isinstance(of_add_order(reply), NotSent)
        assert set(of_add_order(reply).errors) == {"EAPI:Invalid nonce"}


@given(
    st.lists(st.sampled_from(REFUSALS), min_size=1, max_size=3),
    st.lists(st.sampled_from(UNPROCESSED), max_size=3),
)
def test_only_one_kind_of_proof_proves(refusals: list[str], unprocessed: list[str]) -> None:
    outcome = of_add_order(Reply(200, {"error": refusals + unprocessed}))
    assert isinstance(outcome, Unknown if unprocessed else Rejected)


@given(
    st.lists(errors, max_size=4), st.sampled_from(NO_PROOFS), st.integers(min_value=0, max_value=4)
)
def test_one_word_without_proof_makes_all_of_it_unknown(
    others: list[str], no_proof: str, at: int
) -> None:
    assert isinstance(
        of_add_order(Reply(200, {"error": [*others[:at], no_proof, *others[at:]]})), Unknown
    )


@given(error_lists, st.text(min_size=1), documents, st.sampled_from([200, 202, 302, 403, 500, 502]))
def test_an_order_id_always_means_accepted(
    error: Any, order_id: str, descr: Any, status: int
) -> None:
    document = {"error": error, "result": {"txid": [order_id], "descr": descr}}
    outcome = of_add_order(Reply(status, document))
    assert isinstance(outcome, Accepted)
    assert outcome.order_id == order_id


@given(replies, st.text(max_size=5), st.sampled_from([of_cancel, of_amend]))
def test_a_change_is_made_only_by_a_clean_answer_and_refused_only_by_documented_words(
    reply: Reply, order_id: str, read: Any
) -> None:
    outcome = read(reply, order_id)
    if isinstance(outcome, Accepted):
        assert outcome.order_id == order_id
        assert (reply.status, reply.failure) == (200, None)
        assert all(error.startswith("W") for error in listed(reply.document))
        assert set(reply.document["result"]) & (
            {"count", "pending"} if read is of_cancel else {"amend_id"}
        )
    if isinstance(outcome, Rejected | NotSent):
        assert (reply.status, reply.failure) == (200, None)
        assert listed(reply.document) == list(outcome.errors) != []
        assert all(error.startswith(PREFIXES) for error in outcome.errors)
        assert not set(outcome.errors) & set(NO_PROOFS)
        assert not reply.document.get("result")


@given(replies, st.sampled_from([of_cancel, of_amend]))
def test_a_change_may_be_sent_again_only_where_it_was_proved_not_sent(
    reply: Reply, read: Any
) -> None:
    if resend_is_safe(reply):
        assert isinstance(read(reply, ""), NotSent)


@given(st.lists(errors, max_size=3), st.integers(1, 9), st.sampled_from(["count", "amend_id"]))
def test_an_error_beside_a_change_never_lets_it_pass(
    others: list[str], count: int, name: str
) -> None:
    reply = Reply(
        200,
        {
            "error": [*others, "EService:Busy"],
            "result": {"count": count, "amend_id": "T", "pending": True},
        },
    )
    read = of_cancel if name == "count" else of_amend
    assert isinstance(read(reply, "O"), Unknown)
