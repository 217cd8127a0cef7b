"""Why it did not trade: the list of alerts of a deployed function, over HTTP and at a terminal, and
after a restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.project import ROOT

TOO_MUCH = {"volume": "9", "price": "50000"}


def is_told(answer, status, code):
    assert (answer.status, answer.document["code"]) == (status, code), answer.document


@pytest.fixture(scope="module")
def function(make_function):
    """With a day behind it, and started again since."""
    function = make_function(MAX_ORDER_COST="1000 USD").start()
    post = function.post
    is_told(post(function.alert(id="day-traded", price="50000")), 200, "accepted")
    is_told(
        post(function.alert(id="day-traded", price="50000", volume="0.01")), 409, "alert_conflict"
    )
    is_told(post(function.alert(id="day-denied", **TOO_MUCH)), 422, "order_denied")
    is_told(post(function.alert(id="day-malformed", side="hold")), 400, "alert_malformed")
    stale = function.alert(id="day-stale", fired_at="2020-01-01T00:00:00Z")
    is_told(post(stale), 401, "alert_stale")
    tried = function.alert(id="day-tried", **TOO_MUCH)
    is_told(post(tried, path="/webhook/tradingview/validate"), 422, "order_denied")
    is_told(post(function.alert(token="a-wrong-token-of-a-guesser")), 401, "unauthenticated")
    assert function.operate("POST", "/pause").status == 200
    is_told(post(function.alert(id="day-paused", price="50000")), 422, "paused")
    assert function.operate("POST", "/resume").status == 200
    function.stop()
    return function.start()


def rows(function, query=""):
    answer = function.operate("GET", f"/alerts{query}")
    assert answer.status == 200, answer.document
    return answer.document["alerts"]


def test_every_alert_with_a_proof_has_its_reason_and_no_other_has_a_record(function):
    found = {(row["alert_id"], row["outcome"], row["validates"]) for row in rows(function)}
    assert found == {
        ("day-traded", "accepted", False),
        ("day-traded", "conflict", False),
        ("day-denied", "denied", False),
        ("day-malformed", "malformed", False),
        ("day-stale", "stale", False),
        ("day-tried", "denied", True),
        ("day-paused", "paused", False),
    }
    (denied,) = rows(function, "?alert=day-denied")
    assert "MAX_ORDER_COST" in denied["reason"]
    assert "1000" in denied["reason"]


def test_pages_part_the_list_and_lose_none(function):
    seen, cursor = [], ""
    while True:
        document = function.operate("GET", f"/alerts?limit=2{cursor}").document
        seen += [(row["alert_id"], row["outcome"]) for row in document["alerts"]]
        if not document["cursor"]:
            break
        cursor = f"&cursor={document['cursor']}"
    assert seen == [(row["alert_id"], row["outcome"]) for row in rows(function)]


def test_the_command_says_the_same_from_the_functions_own_ledger(function):
    def alerts(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "webhook_core", "alerts", *arguments],
            env={**function.env, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            cwd=function.log_path.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        function.evidence.note("alerts", done.stdout.encode() + done.stderr.encode())
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = json.loads(alerts("--since", "1d", "--refused", "--json"))["alerts"]
    assert [row["alert_id"] for row in listed] == [
        "day-paused", "day-tried", "day-stale", "day-malformed", "day-denied", "day-traded",
    ]  # fmt: skip
    assert "denied, only validated" in alerts("--refused")
    assert "MAX_ORDER_COST" in alerts("show", "day-denied")
    assert "MAX_ORDER_COST passed: cost" in alerts("show", "day-traded")
