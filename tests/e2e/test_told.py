"""Who is told what, through the real function: an alert over HTTP, POST /reconcile, and a person at
the other end of a real socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.support.served_function import check, eventually
from tests.support.told_person import told_person

ROUTE = "SECRET-PATH-OF-THE-ADDRESS-9f8e7d6c"


@pytest.fixture
def person(evidence):
    evidence.hide("an address of NOTIFY", ROUTE)
    with told_person() as person:
        yield person


def test_a_refused_exit_is_told_once_and_nothing_of_the_address_is_seen(make_function, person):
    function = make_function(NOTIFY=person.url(ROUTE), ALLOWED_SYMBOLS="BTC/USD").start()
    assert function.operate("POST", "/reconcile")["told"] == 0
    alert = function.alert(symbol="ETHUSD", side="sell", strategy_name="trend", token=None)
    alert["token"] = function.evidence.secrets.strategy_token
    check(function.post(alert), 422, "order_denied", "symbol")
    assert function.operate("POST", "/reconcile")["told"] == 1
    assert function.operate("POST", "/reconcile")["told"] == 0
    (message,) = person.heard
    assert message["title"] == "trend: an exit was refused, the position is still open (paper)"
    assert alert["id"] in message["message"]
    assert "ALLOWED_SYMBOLS" in message["message"]
    assert person.paths == [f"/{ROUTE}"]


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({}, 1),
        ({"NOTIFY_ABOUT": "in_part"}, 1),
        ({"NOTIFY_ABOUT": "accepted"}, 3),
        ({"NOTIFY_ABOUT": "-in_part"}, 0),
    ],
)
def test_a_close_that_leaves_something_is_told_as_that(make_function, person, about, told):
    function = make_function(NOTIFY=person.url(ROUTE), **about).start()
    function.operate("POST", "/reconcile")
    others = {"token": function.evidence.secrets.strategy_token, "strategy_name": "trend"}
    resting = {"order_type": "stop-loss", "side": "sell", "volume": "0.001", "stop_price": "40000"}
    closes = {"action": "close", "side": None, "volume": None}
    for fields in ({"volume": "0.002"}, others | resting, closes):
        check(function.post(function.alert(price="50000", **fields)), 200, "accepted")
    assert function.operate("POST", "/reconcile")["told"] == told
    assert function.operate("POST", "/reconcile")["told"] == 0
    found = [one["message"] for one in person.heard if "done in part only" in one["title"]]
    assert len(found) == bool(told)
    assert all("NOT_ALL_CLOSED" in message for message in found)


def test_what_nobody_takes_is_sent_later(make_function, person):
    function = make_function(NOTIFY=person.url(ROUTE), ALLOWED_SYMBOLS="BTC/USD").start()
    function.operate("POST", "/reconcile")
    check(function.post(function.alert(symbol="ETHUSD")), 422, "order_denied", "symbol")
    person.answers = [500]
    assert function.operate("POST", "/reconcile")["told"] == 0
    assert person.heard == []
    assert "notify.not_sent" in function.log()


@pytest.mark.parametrize("address", ["hello", "tgram://", "nosuch://service/x", "file:/no/such"])
def test_an_address_that_is_none_stops_neither_start_nor_trade_nor_reconcile(
    make_function, address
):
    function = make_function(NOTIFY=address, ALLOWED_SYMBOLS="BTC/USD").start()
    check(function.post(function.alert()), 200, "accepted")
    function.operate("POST", "/reconcile")
    check(function.post(function.alert(symbol="ETHUSD")), 422, "order_denied", "symbol")
    answer = function.operate("POST", "/reconcile")
    assert (answer.status, answer["told"]) == (200, 0)
    assert "notify.not_sent" in function.log()


def test_a_stop_that_fired_at_kraken_is_told(make_live, make_kraken, person):
    exchange = make_kraken().start()
    function = make_live(exchange, NOTIFY=person.url(ROUTE)).start()
    function.operate("POST", "/reconcile")
    alert = function.alert(volume="0.001", stop_loss="59000")
    check(function.post(alert), 200, "accepted")
    assert function.operate("POST", "/reconcile")["told"] == 0
    exchange.mark("XBTUSD", "58900")
    assert function.operate("POST", "/reconcile")["told"] == 1
    assert function.operate("POST", "/reconcile")["told"] == 0
    (said,) = person.heard
    assert said["title"] == "default: a stop-loss fired, sold 0.001 BTC/USD"
    assert alert["id"] in said["message"]


def test_of_two_runs_at_once_one_tells_it(make_function, person):
    function = make_function(NOTIFY=person.url(ROUTE), ALLOWED_SYMBOLS="BTC/USD").start()
    function.operate("POST", "/reconcile")
    for _ in range(3):
        check(function.post(function.alert(symbol="ETHUSD")), 422, "order_denied", "symbol")
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(function.operate, "POST", "/reconcile") for _ in range(4)]
    assert sorted(run.result()["told"] for run in runs) == [0, 0, 0, 3]
    assert len(person.heard) == 3


def test_an_address_may_be_a_secret_by_name(make_function, person, evidence):
    place = evidence.folder.parent / "notify-secret"
    place.write_text(f"{person.url(ROUTE)}\n", "utf-8")
    function = make_function(NOTIFY=f"file:{place}", ALLOWED_SYMBOLS="BTC/USD").start()
    function.operate("POST", "/reconcile")
    check(function.post(function.alert(symbol="ETHUSD")), 422, "order_denied", "symbol")
    assert function.operate("POST", "/reconcile")["told"] == 1


def test_a_run_that_is_killed_while_it_sends_is_not_repeated(make_function, person):
    function = make_function(NOTIFY=person.url(ROUTE), ALLOWED_SYMBOLS="BTC/USD").start()
    function.operate("POST", "/reconcile")
    check(function.post(function.alert(symbol="ETHUSD")), 422, "order_denied", "symbol")
    person.takes_s = 1.5
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(function.operate, "POST", "/reconcile")
        eventually(lambda: person.heard, "the message is on its way")
        function.kill()
        assert isinstance(run.exception(), OSError | HTTPException)
    person.takes_s = 0
    function.start()
    assert function.operate("POST", "/reconcile")["told"] == 0
    assert len(person.heard) == 1
