"""Two processes on one ledger and a command beside them: once a pause has answered,
neither of them trades."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from tests.support.project import ROOT
from tests.support.served_function import base_environment, check


@pytest.fixture(scope="module")
def pair(make_live, _kraken):
    first = make_live(_kraken)
    return [
        first.start(),
        make_live(_kraken, LEDGER_URL=first.env["LEDGER_URL"]).start(),
    ]


def command(function, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "webhook_core", *arguments], check=True, timeout=60,
        cwd=ROOT, env=base_environment() | function.env, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_command_stops_both_processes_and_lets_them_go_on(pair, kraken):
    check(pair[0].post(pair[0].alert()), 200, "accepted")  # the ledger is there now
    calls = len(kraken.calls("AddOrder"))
    said = command(pair[0], "pause", "--why", "a test", "--for", "2h")
    assert said.startswith("The account is paused for every order")
    assert "WARNING" not in said
    for function in pair:
        answer = check(function.post(function.alert()), 422, "paused")
        assert "a test" in answer["error"]
        check(function.post(function.alert(token=function.evidence.secrets.strategy_token,
                                           volume=None)), 422, "paused")  # fmt: skip
    assert len(kraken.calls("AddOrder")) == calls
    assert "Paused: the account" in command(pair[0], "orders")
    assert command(pair[1], "resume").startswith("Ended: The account is paused")
    for function in pair:
        check(function.post(function.alert()), 200, "accepted")


def test_what_a_pause_stopped_trades_where_it_is_sent_again_after_it_and_is_listed_with_both(pair):
    command(pair[0], "pause")
    alert = pair[0].alert()
    check(pair[0].post(alert), 422, "paused")
    command(pair[0], "resume")
    check(pair[1].post(alert), 200, "accepted")
    rows = pair[0].operate("GET", f"/alerts?alert={alert['id']}")["alerts"]
    assert [row["outcome"] for row in rows] == ["accepted", "paused"]
    shown = pair[0].operate("GET", f"/alerts?id={alert['id']}")["alert"]
    assert [row["outcome"] for row in shown["deliveries"]] == ["paused", "accepted"]


def test_a_pause_that_cancels_takes_its_own_orders_out_and_no_other(pair, kraken):
    trend = pair[0].evidence.secrets.strategy_token
    of_others = open_ids(kraken)  # this Kraken serves other tests too
    rests = {"order_type": "limit", "price": "50000", "volume": "0.001"}
    stop = {"side": "sell", "order_type": "stop-loss", "stop_price": "45000", "price": None}
    ours = [
        check(function.post(function.alert(**{**rests, **fields})), 200, "accepted")["order_id"]
        for function, fields in ((pair[0], {}), (pair[1], stop), (pair[0], {"token": trend}))
    ]
    done = pair[1].operate("POST", "/pause?strategy=trend&cancel=true")["canceled"]
    assert [row["order_id"] for row in done["orders"]] == ours[2:]
    assert open_ids(kraken) - of_others == set(ours[:2])
    said = command(pair[0], "pause", "--cancel", "--yes")
    assert "2 canceled, 0 may be open yet." in said
    assert "WARNING" not in said
    assert "trading.paused" not in said
    assert open_ids(kraken) == of_others
    assert "No open order" in command(pair[1], "pause", "--cancel")
    command(pair[0], "resume")
    command(pair[0], "resume", "trend")


def open_ids(kraken):
    return {order["txid"] for order in kraken.open_orders()}


def test_under_a_stream_of_alerts_none_is_accepted_after_the_answer(pair, kraken):
    answered, late, stop = threading.Event(), [], threading.Event()

    def send(function):
        while not stop.is_set():
            after = answered.is_set()
            answer = function.post(function.alert())
            if after:
                late.append(answer["code"])

    threads = [threading.Thread(target=send, args=(function,)) for function in pair]
    for thread in threads:
        thread.start()
    assert pair[0].operate("POST", "/pause?strategy=default&why=run+wild").status == 200
    answered.set()
    while len(late) < 6:
        check(pair[1].post(pair[1].alert()), 422, "paused")
    stop.set()
    for thread in threads:
        thread.join()
    assert set(late) == {"paused"}
    trend = pair[0].evidence.secrets.strategy_token
    check(pair[0].post(pair[0].alert(token=trend, volume=None)), 200, "accepted")
    assert pair[1].operate("POST", "/resume?strategy=default")["ended"]["why"] == "run wild"
    check(pair[0].post(pair[0].alert()), 200, "accepted")
