"""What does not end in an order: every 422, which is final, and every 503, which a
redelivery may mend."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from datetime import datetime, timedelta

import pytest

from tests.support.served_function import VALIDATE, check, free_port

# -- 422 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "numbers", "field"),
    [
        ({"symbol": "LTCUSD", "volume": "1", "price": "80"}, ("LTC/USD",), "symbol"),
        ({"volume": "0.01"}, ("600", "500"), None),
    ],
    ids=["a pair that is not allowed", "a cost above the cap"],
)
def test_what_our_limits_deny_is_422_with_the_numbers_and_never_reaches_kraken(
    changed, numbers, field, live, kraken
):
    calls, alert = len(kraken.calls("AddOrder")), live.alert(**changed)
    answer = check(live.post(alert), 422, "order_denied", field)
    assert all(number in answer["error"] for number in numbers), answer["error"]
    assert len(kraken.calls("AddOrder")) == calls
    assert live.orders(alert["id"]) == []

    (order,) = check(live.post(alert, VALIDATE), 422, "order_denied", field)["orders"]
    assert (order["state"], order["request"]["volume"]) == ("DENIED", alert["volume"])
    (denied,) = [made for made in order["checks"] if made["verdict"] == "denied"]
    assert denied["message"] == answer["error"]
    assert len(kraken.calls("AddOrder")) == calls


def test_a_minimum_that_has_risen_is_krakens_refusal_first_and_our_denial_from_then_on(
    make_live, kraken
):
    live = make_live(kraken, MAX_ORDER_COST="none").start()
    kraken.rules("SOLUSD", ordermin="5")
    sol = {"symbol": "SOLUSD", "volume": "1", "price": "150"}
    answer = check(live.post(live.alert(**sol)), 422, "order_rejected")
    assert "volume minimum not met" in answer["error"]
    assert "volume 1 is below the pair's minimum 5" in answer["error"]
    calls = len(kraken.calls())
    assert (
        "volume 1 is below the pair's minimum 5"
        in check(live.post(live.alert(**sol)), 422, "order_denied")["error"]
    )
    assert len(kraken.calls()) == calls


def test_what_kraken_rejects_is_422_with_its_words_and_stays_rejected(live, kraken):
    # The account holds no ETH.
    alert = live.alert(symbol="ETHUSD", side="sell", volume="0.01", price="2500")
    answer = check(live.post(alert), 422, "order_rejected")
    assert "EOrder:Insufficient funds" in answer["error"]
    assert answer["orders"][0]["state"] == "REJECTED"
    again = check(live.post(alert), 422, "order_rejected")
    assert again["replayed"] is True
    assert len(kraken.calls_about(answer["client_order_id"])) == 1
    assert kraken.orders(answer["client_order_id"]) == []


def test_a_validation_that_kraken_rejects_is_422(live, kraken):
    kraken.script("AddOrder", {"fault": "errors", "strings": ["EGeneral:Permission denied"]})
    answer = check(live.post(live.alert(), VALIDATE), 422, "order_rejected")
    assert "EGeneral:Permission denied" in answer["error"]
    (order,) = answer["orders"]
    assert (order["state"], order["code"]) == ("REJECTED", "order_rejected")
    assert order["checks"]


def test_an_order_that_is_proved_absent_is_not_placed(make_live, kraken):
    """The clock can't be hurried from outside; the entry is made older instead, in the
    ledger's own file."""
    function = make_live(kraken).start()
    alert = function.alert()
    kraken.script("AddOrder", {"fault": "reset_before"})
    answer = check(function.post(alert), 503, "outcome_unknown")

    make_older(function, "claimed_at", "deadline")
    # The open orders lack it: the first half of the proof.
    assert reconciled(function, alert)["after"] == "SUBMITTING"
    assert reconciled(function, alert)["after"] == "SUBMITTING"  # too early for the second half
    make_older(function, "claimed_at", "deadline", "open_absent_at")
    assert reconciled(function, alert)["after"] == "NOT_PLACED"

    final = check(function.post(alert), 422, "not_placed")
    assert final["replayed"] is True
    assert len(kraken.calls_about(answer["client_order_id"])) == 1
    assert "order.not_placed" in function.log()


def make_older(function, *names):
    """Ten minutes, in the one entry of the function's ledger."""
    path = function.env["LEDGER_URL"].removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as ledger, ledger:
        ((document,),) = ledger.execute("SELECT document FROM entries")
        entry = json.loads(document)
        for name in names:
            moment = datetime.fromisoformat(entry["attempts"][-1][name]) - timedelta(minutes=10)
            entry["attempts"][-1][name] = moment.isoformat(timespec="microseconds")
        ledger.execute(
            "UPDATE entries SET document = ?, version = version + 1",
            (json.dumps(entry, separators=(",", ":")),),
        )


def reconciled(function, alert):
    found = function.operate("POST", "/reconcile")
    assert found.status == 200
    (row,) = [row for row in found["looked_at"] if row["alert_id"] == alert["id"]]
    return row


@pytest.mark.parametrize("how", ["a redelivery", "the reconcile"])
def test_an_alert_that_was_never_sent_and_is_too_old_now_has_expired(how, short_lived, kraken):
    alert = short_lived.alert(fired_at=None)
    kraken.script(
        "AddOrder", {"fault": "errors", "strings": ["EService:Market in cancel_only mode"]}
    )
    answer = check(short_lived.post(alert), 503, "not_sent")
    time.sleep(1.1)
    if how == "the reconcile":
        assert reconciled(short_lived, alert)["after"] == "EXPIRED"
    check(short_lived.post(alert), 422, "expired")
    assert len(kraken.calls_about(answer["client_order_id"])) == 1
    assert "order.expired" in short_lived.log()


@pytest.fixture(scope="module")
def short_lived(make_live, _kraken):
    return make_live(_kraken, ALERT_MAX_AGE_SECONDS="1", LOG_LEVEL="DEBUG").start()


# -- 503 -------------------------------------------------------------------------------------------


def test_no_proof_either_way_is_503_and_a_resend_at_once_only_waits(live, kraken):
    alert = live.alert()
    kraken.script("AddOrder", {"fault": "errors", "strings": ["EService:Unavailable"]})
    answer = check(live.post(alert), 503, "outcome_unknown")
    assert "EService:Unavailable" in answer["error"]
    calls = len(kraken.calls())
    again = check(live.post(alert), 503, "outcome_unknown")
    assert again["client_order_id"] == answer["client_order_id"]
    assert len(kraken.calls()) == calls  # neither sent again nor looked for yet


@pytest.mark.parametrize(
    "error",
    [
        "EAPI:Rate limit exceeded",
        "EService:Market in post_only mode",
        "EService: Throttled: 1790000000",
    ],
)
def test_what_kraken_never_processed_is_503_not_sent_and_the_resend_trades_once(
    error, live, kraken
):
    alert = live.alert()
    kraken.script("AddOrder", {"fault": "errors", "strings": [error]})
    first = check(live.post(alert), 503, "not_sent")
    second = check(live.post(alert), 200, "accepted")
    assert first["client_order_id"] != second["client_order_id"]
    assert kraken.orders(first["client_order_id"]) == []
    assert len(kraken.orders(second["client_order_id"])) == 1


def test_a_read_of_kraken_that_fails_before_the_claim_is_503_and_nothing_is_sent(make_live, kraken):
    live = make_live(kraken).start()
    alert = live.alert(price=None)  # its cost has to be taken at the ticker
    kraken.script("Ticker", {"fault": "status", "code": 502})
    calls = len(kraken.calls("AddOrder"))
    check(live.post(alert), 503, "venue_unavailable")
    assert len(kraken.calls("AddOrder")) == calls
    assert [row["state"] for row in live.orders(alert["id"])] == ["MISSED"]
    check(live.post(alert), 200, "accepted")


def test_a_validation_that_does_not_reach_kraken_is_503(live, kraken):
    kraken.script("AddOrder", {"fault": "status", "code": 520})
    check(live.post(live.alert(), VALIDATE), 503, "venue_unavailable")


@pytest.mark.parametrize("broken", ["a directory", "garbage"])
def test_without_a_ledger_there_is_no_order(broken, make_live, kraken, evidence):
    function = make_live(kraken).start()
    path = evidence.folder / function.env["LEDGER_URL"].removeprefix("sqlite:///")
    if broken == "a directory":
        path.mkdir()
    else:
        path.write_bytes(b"no ledger at all" * 1000)
    calls = len(kraken.calls("AddOrder"))
    check(function.post(function.alert()), 503, "ledger_unavailable")
    assert len(kraken.calls("AddOrder")) == calls
    assert function.operate("GET", "/orders").status == 503

    path.rmdir() if broken == "a directory" else path.unlink()
    check(function.post(function.alert()), 200, "accepted")


def test_a_ledger_that_breaks_under_a_running_function_stops_the_orders_until_it_is_back(
    make_live, kraken, evidence
):
    function = make_live(kraken).start()
    path = evidence.folder / function.env["LEDGER_URL"].removeprefix("sqlite:///")
    alert = function.alert()
    check(function.post(alert), 200, "accepted")
    away = path.rename(path.with_name("away.db"))
    path.mkdir()
    check(function.post(function.alert()), 503, "ledger_unavailable")
    path.rmdir()
    away.rename(path)
    assert check(function.post(alert), 200, "accepted")["replayed"] is True
    check(function.post(function.alert()), 200, "accepted")


def test_a_firestore_that_is_down_is_503_within_the_budget(make_live, kraken):
    emulator = f"127.0.0.1:{free_port()}"  # nobody is there
    function = make_live(
        kraken, LEDGER_URL="firestore://my-project-1", FIRESTORE_EMULATOR_HOST=emulator
    ).start()
    calls = len(kraken.calls())
    for _ in range(2):
        answer = check(function.post(function.alert()), 503, "ledger_unavailable")
    assert answer.seconds < 3
    assert len(kraken.calls()) == calls
