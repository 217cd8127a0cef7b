"""The loopback Kraken breaks exactly what its script says, once, and its book shows
what really happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from decimal import Decimal

import krakenex
import pytest
import requests

from tests.support import kraken_faults as faults
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.paper import Lag

ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
_NONCES = iter(range(10**18, 2 * 10**18))


@pytest.fixture
def server():
    with KrakenServer() as running:
        running.engine.mark_price("XBTUSD", Decimal(60000))
        yield running


def client(url: str) -> krakenex.API:
    api = krakenex.API(KEY, SECRET)
    api._nonce = lambda: next(_NONCES)
    api.uri = url
    return api


@pytest.fixture
def api(server):
    made = client(server.url)
    yield made
    made.close()


def place(api, timeout=(2, 5)):
    return api.query_private("AddOrder", dict(ORDER), timeout=timeout)


@pytest.mark.parametrize(
    ("fault", "raised", "orders"),
    [
        (faults.reset_before(), requests.ConnectionError, 0),
        (faults.reset_after(), requests.ConnectionError, 1),
        (faults.status(502), requests.HTTPError, 0),
        (faults.status(502, apply=True), requests.HTTPError, 1),
        (faults.status(520, "<html>"), requests.HTTPError, 0),
        (faults.status(403, "", apply=False), requests.HTTPError, 0),
        (faults.raw(b"<html>maintenance</html>"), requests.JSONDecodeError, 1),
        (faults.raw(b'{"error":[],"result":{"txid":["O'), requests.JSONDecodeError, 1),
        (
            faults.raw(b"\xff\xfe\xfa", apply=False),
            (requests.JSONDecodeError, UnicodeDecodeError),
            0,
        ),
        (faults.truncated(10), requests.exceptions.ChunkedEncodingError, 1),
        (faults.late(0.5), requests.ReadTimeout, 1),
        (faults.hang(), requests.ReadTimeout, 0),
        (faults.hold(), requests.ReadTimeout, 1),
        (faults.hold_before(), requests.ReadTimeout, 0),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_fault_spoils_one_call_and_the_book_tells_what_happened(
    server, api, fault, raised, orders
):
    server.script("AddOrder", fault)
    with pytest.raises(raised):
        place(api, timeout=(2, 0.2))
    assert len(server.orders()) == orders
    server.release()
    assert place(api)["error"] == []
    assert len(server.calls_of("AddOrder")) == 2


@pytest.mark.parametrize("apply", [True, False])
def test_krakens_own_errors_may_hide_an_order(server, api, apply):
    server.script("AddOrder", faults.errors(["EService:Unavailable"], apply=apply))
    assert place(api) == {"error": ["EService:Unavailable"]}
    assert len(server.orders()) == apply


def test_an_error_list_may_stand_beside_a_result(server, api):
    server.script("AddOrder", faults.errors(["WGeneral:Careful"], result={"txid": ["O"]}))
    assert place(api) == {"error": ["WGeneral:Careful"], "result": {"txid": ["O"]}}


def test_a_redirect_sends_the_caller_to_another_url(server, api):
    server.script("AddOrder", faults.redirect(server.url + "/0/public/Time"))
    answer = api.session.post(
        server.url + "/0/private/AddOrder", data={"nonce": "1"}, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, server.url + "/0/public/Time")


def test_a_drip_sends_its_headers_byte_by_byte_too(server, api):
    server.script("AddOrder", faults.drip(0.001))
    begun = time.monotonic()
    assert place(api)["error"] == []
    assert time.monotonic() - begun > 0.2
    assert len(server.orders()) == 1


def test_a_held_call_goes_on_when_it_is_released(server, api):
    fault = faults.hold_before()
    server.script("AddOrder", fault)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(place(api)))
    caller.start()
    assert fault.reached.wait(60)
    assert (server.orders(), answers) == ([], [])
    fault.release()
    caller.join(5)
    assert answers[0]["result"]["txid"] == [server.orders()[0]["txid"]]


def test_faults_are_taken_in_order_and_only_by_their_endpoint(server, api):
    server.script(
        "AddOrder", faults.errors(["EService:Busy"]), faults.errors(["EAPI:Invalid nonce"])
    )
    assert api.query_private("Balance")["error"] == []
    assert [place(api)["error"] for _ in range(3)] == [
        ["EService:Busy"],
        ["EAPI:Invalid nonce"],
        [],
    ]
    assert [call.endpoint for call in server.calls] == [
        "Balance",
        "AddOrder",
        "AddOrder",
        "AddOrder",
    ]
    assert server.calls[1].params["volume"] == "0.01"


def test_an_order_may_stay_invisible_for_a_while(server, api):
    server.engine.lag = Lag(closed_s=0.3)
    place(api)
    assert api.query_private("ClosedOrders")["result"]["closed"] == {}
    time.sleep(0.35)
    assert len(api.query_private("ClosedOrders")["result"]["closed"]) == 1


def test_closing_lets_go_of_hanging_callers_and_idle_connections():
    with KrakenServer() as server:
        idle, hanging = client(server.url), client(server.url)
        idle.query_public("Time")
        fault = faults.hang()
        server.script("AddOrder", fault)
        ended = []

        def call():
            try:
                place(hanging, timeout=30)
            except requests.ConnectionError as dropped:
                ended.append(dropped)

        caller = threading.Thread(target=call)
        caller.start()
        assert fault.reached.wait(60)
    caller.join(5)
    assert len(ended) == 1
    idle.close()
    hanging.close()


def test_parallel_orders_are_each_placed_once(server):
    placed = []

    def call(nonce):
        api = client(server.url)
        for attempt in range(20):
            api._nonce = lambda nonce=nonce, attempt=attempt: time.time_ns() + nonce + attempt
            answer = place(api)
            if answer["error"] != ["EAPI:Invalid nonce"]:
                placed.extend(answer["result"]["txid"])
                break
        api.close()

    callers = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(placed) == sorted(kept["txid"] for kept in server.orders())
    assert len(placed) == 8


class _Process:
    """The server as a program of its own, and its control endpoint."""

    def __init__(self, state) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.support.kraken_server",
            "--port",
            "0",
            "--state",
            str(state),
        ]
        self.program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.said = json.loads(self.program.stdout.readline())

    def control(self, name, data=None):
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(
            f"{self.said['url']}/control/{name}", body, timeout=5
        ) as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.send_signal(signal.SIGTERM)
        self.program.wait(10)
        self.program.stdout.close()


def test_as_a_process_it_is_scripted_over_http_and_its_book_outlives_it(tmp_path):
    state = tmp_path / "book.json"
    with _Process(state) as kraken:
        api = client(kraken.said["url"])
        kraken.control("mark", {"pair": "XBTUSD", "price": "60000"})
        kraken.control("script", {"endpoint": "AddOrder", "faults": [{"fault": "reset_after"}]})
        with pytest.raises(requests.ConnectionError):
            place(api)
        [order] = kraken.control("orders")
        assert order["status"] == "closed"
        [call] = kraken.control("calls")
        assert (call["endpoint"], call["params"]["pair"]) == ("AddOrder", "XBTUSD")
        kraken.control("lag", {"closed_s": 100})
        assert api.query_private("ClosedOrders")["result"]["closed"] == {}
        kraken.control(
            "script", {"endpoint": "Balance", "faults": [{"fault": "raw", "body": "e30="}]}
        )
        assert api.query_private("Balance") == {}
        api.close()
    assert kraken.program.returncode == 0
    with _Process(state) as again:
        assert [kept["txid"] for kept in again.control("orders")] == [order["txid"]]


def test_a_control_request_that_makes_no_sense_is_a_400(server):
    answer = requests.post(
        f"{server.url}/control/script", json={"endpoint": "AddOrder", "faults": [{"fault": "x"}]}
    )
    assert (answer.status_code, "no such fault" in answer.text) == (400, True)
    assert requests.get(f"{server.url}/control/nonsense").status_code == 400
