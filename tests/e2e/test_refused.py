"""What is refused before it is an order: every 400, 401, 404, 405, 409, 413 and
429, from outside."""

from __future__ import annotations

import contextlib
import http.client
import json

import pytest

from tests.support.served_function import ALERTS, check, utc

# -- 400, 401, 404, 405, 409, 413, 429 -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"symbol": None}, "symbol"),
        ({"side": None}, "side"),
        ({"side": "hold"}, "side"),
        ({"order_type": "limit", "price": None}, "price"),
        ({"order_type": "stop-loss"}, "stop_price"),
        ({"order_type": "hidden"}, "order_type"),
        ({"price": "{{close}}"}, "price"),
        ({"volume": "{{strategy.order.contracts}}"}, "volume"),
        ({"volume": "NaN"}, "volume"),
        ({"volume": "-0.1"}, "volume"),
        ({"volume": "0"}, "volume"),
        ({"volume": None}, "volume"),
        ({"stop_prce": "1"}, "stop_prce"),
        ({"sentiment": "flat"}, "sentiment"),
        ({"qty_mode": "percent"}, "qty_mode"),
        ({"entry_type": "limit", "entry_price": 60000}, "entry_type"),
        ({"sl_pips": "50"}, "sl_pips"),
        ({"stopLoss": 50}, "stop_loss"),
        ({"stop_loss": "2"}, "stop_loss"),
        ({"take_profit": "6000000"}, "take_profit"),
        ({"close": "60000", "high": "60100"}, "volume"),
        ({"run_mode": "paper"}, "run_mode"),
        ({"live": False}, "live"),
        ({"enabled": False}, "enabled"),
        ({"testnet": True}, "testnet"),
        ({"bias": "exit"}, "bias"),
        ({"meta": {"order_type": "limit"}}, "meta"),
        ({"side": None, "direction": "close"}, "direction"),
        ({"side": None, "isClose": True}, "isClose"),
        ({"market_position": "flat"}, "market_position"),
        ({"fired_at": "yesterday"}, "fired_at"),
    ],
    ids=str,
)
def test_a_malformed_alert_is_told_its_field(changed, field, live, kraken):
    calls, alert = len(kraken.calls()), live.alert(**changed)
    check(live.post(alert), 400, "alert_malformed", field)
    assert len(kraken.calls()) == calls
    assert live.orders(alert["id"]) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"buy"',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe{}",
        b"[" * 20000,
        b"{}garbage",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_object_is_400_even_without_proof(body, live):
    check(live.post(body), 400, "alert_malformed")


def test_a_number_that_json_lacks_is_told_its_field_and_its_place_even_without_proof(live):
    answer = check(live.post(b'{"volume": NaN}'), 400, "alert_malformed", "volume")
    assert "line 1, column 12 (volume): NaN" in answer["message"]


def forgeries(live):
    unsigned = live.unsigned()
    return {
        "no token": (unsigned, {}),
        "a wrong token": (live.alert(token="guessed-token-of-somebody"), {}),
        "two tokens": ({**live.alert(), "passphrase": live.evidence.secrets.token}, {}),
        "a token that is no text": (live.alert(token=["x"]), {}),
        "a wrong signature beside the right token": (live.alert(), {"X_Signature": "0" * 64}),
        "a signature that is none": (unsigned, {"X_Signature": "sha256=zz"}),
        "half of Standard Webhooks": (unsigned, {"webhook_id": "msg_1"}),
        "an old Standard Webhooks message": (
            unsigned,
            {"webhook_id": "msg_1", "webhook_timestamp": "1600000000",
                "webhook_signature": "v1,AAAA"},
        ),
    }  # fmt: skip


def test_every_forgery_gets_the_same_401(live, kraken):
    calls, messages = len(kraken.calls()), set()
    for alert, headers in forgeries(live).values():
        answer = check(
            live.post(alert, ALERTS, X_Forwarded_For="198.51.100.1", **headers),
            401,
            "unauthenticated",
        )
        messages.add(answer["message"])
        assert live.orders(alert["id"]) == []
    assert len(messages) == 1
    assert len(kraken.calls()) == calls


def test_a_stale_alert_is_told_its_age_and_what_to_send(live):
    answer = check(live.post(live.alert(fired_at=utc(-600))), 401, "alert_stale", "fired_at")
    assert "60" in answer["error"]
    assert "{{timenow}}" in answer["error"]
    check(live.post(live.alert(fired_at=utc(600))), 401, "alert_stale", "fired_at")


def test_an_id_that_comes_with_another_body_is_a_conflict_and_trades_nothing(live, kraken):
    alert = live.alert()
    answer = check(live.post(alert), 200, "accepted")
    check(live.post(alert | {"volume": "0.0002"}), 409, "alert_conflict")
    assert len(kraken.calls_about(answer["client_order_id"])) == 1
    assert [row["order_id"] for row in live.orders(alert["id"])] == [answer["order_id"]]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/webhook/tradingview", "OPTIONS, POST"),
        ("GET", "/webhook/tradingview/validate", "OPTIONS, POST"),
        ("PUT", "/", "GET, OPTIONS, POST"),
        ("DELETE", "/webhook/health", "GET, OPTIONS"),
        ("POST", "/account", "GET, OPTIONS"),
        ("GET", "/reconcile", "OPTIONS, POST"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_are_right(method, path, allowed, live):
    answer = check(live.send(method, path), 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/nothing", "/webhook", "/webhook/tradingview/other", "/.env", "/orders/1"]
)
def test_an_unknown_path_is_404(path, live):
    check(live.send("GET", path), 404, "not_found")
    check(live.post(live.alert(), path), 404, "not_found")


def test_a_body_over_64_kib_is_413_however_it_is_sent(live, kraken):
    calls, body = len(kraken.calls()), json.dumps(live.alert(alert_message="x" * 70_000)).encode()
    check(live.post(body), 413, "body_too_large")
    check(live.send("POST", ALERTS, iter([body[:40_000], body[40_000:]]), encode_chunked=True,
                    headers={"Transfer-Encoding": "chunked"}), 413, "body_too_large")  # fmt: skip
    assert len(kraken.calls()) == calls


def test_a_body_that_announces_a_gigabyte_is_refused_after_64_kib_of_it(live):
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", ALERTS)
        connection.putheader("Content-Length", str(10**9))
        connection.endheaders()
        connection.send(b"x" * 65_537)
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["code"]) == (413, "body_too_large")


def test_a_body_of_exactly_64_kib_is_read(live, kraken):
    alert = live.alert(alert_message="x")
    padding = 65_536 - len(json.dumps(alert).encode())
    check(live.post(json.dumps(alert).encode() + b" " * padding), 200, "accepted")


def test_who_guesses_too_often_is_slowed_and_who_proves_himself_never_is(live):
    guesses = [
        live.post(live.alert(token=f"a-guess-of-a-token-{n}"), X_Forwarded_For="203.0.113.7")
        for n in range(62)
    ]
    for guess in guesses[:60]:
        check(guess, 401, "unauthenticated")
    for guess in guesses[60:]:
        check(guess, 429, "rate_limited")
    check(live.post(live.alert(), X_Forwarded_For="203.0.113.7"), 200, "accepted")
    check(
        live.post(live.alert(token="another-guess-of-a-token"), X_Forwarded_For="203.0.113.8"),
        401,
        "unauthenticated",
    )


def test_without_a_proxy_no_header_makes_an_address(make_function):
    """As it runs in Docker, on a VM and by make serve: whoever connects is who he is."""
    elsewhere = make_function(ALLOWED_IPS="203.0.113.7").start()
    forged = elsewhere.post(elsewhere.alert(), X_Forwarded_For="203.0.113.7")
    check(forged, 401, "unauthenticated")
    assert "ALLOWED_IPS: no proxy vouches" in elsewhere.log()
    here = make_function(ALLOWED_IPS="127.0.0.1").start()
    check(here.post(here.alert(), X_Forwarded_For="203.0.113.7"), 200, "accepted")


def test_a_secret_in_an_alert_s_text_is_refused_and_kept_nowhere(live, kraken, evidence):
    calls = len(kraken.calls())
    for secret in (evidence.secrets.token, evidence.secrets.operator, evidence.secrets.kraken_key):
        for name in ("id", "alert_message", "strategy_name"):
            alert = live.alert(**{name: f"{secret}"})
            check(live.post(alert), 400, "alert_malformed", name)
    assert len(kraken.calls()) == calls
