"""What senders, browsers and proxies do to a request on its way, and what every answer carries."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import time
from functools import partial

import pytest

from tests.support.project import ROOT
from tests.support.served_function import ALERTS, VALIDATE, WAIT_S, check

# -- how an alert may look on the wire -------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain; charset=utf-8",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ],
)
def test_the_content_type_does_not_matter(kind, live):
    check(live.post(live.alert(), Content_Type=kind), 200, "accepted")


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"\xef\xbb\xbf", b""), (b"", b"\n"), (b"\r\n ", b"\r\n\t"), (b"\xef\xbb\xbf ", b" \n")],
    ids=repr,
)
def test_a_byte_order_mark_and_white_space_around_the_object_do_not_matter(before, after, live):
    body = before + json.dumps(live.alert()).encode() + after
    check(live.post(body), 200, "accepted")
    signed = before + json.dumps(live.unsigned()).encode() + after
    check(live.post_signed(signed), 200, "accepted")


def test_an_alert_sent_in_chunks_is_one_alert(live, kraken):
    body = json.dumps(live.alert()).encode()
    answer = check(
        live.send("POST", ALERTS, iter([body[:7], body[7:100], body[100:]])), 200, "accepted"
    )
    assert len(kraken.orders(answer["client_order_id"])) == 1


def test_numbers_keep_every_digit_whether_quoted_or_not(live, kraken):
    alert = live.alert(order_type="limit", volume="V", price="59999.9")
    body = json.dumps(alert).replace('"V"', "0.00012345678901234567890").encode()
    answer = check(live.post(body), 200, "accepted")
    assert kraken.orders(answer["client_order_id"])[0]["vol"] == "0.00012345"


def test_an_alert_with_letters_from_everywhere_is_accepted(live):
    alert = live.alert(id=f"größe-{time.time_ns()}-日本", alert_message="買い 🚀")
    assert (
        check(live.post(json.dumps(alert, ensure_ascii=False).encode()), 200, "accepted")[
            "alert_id"
        ]
        == alert["id"]
    )


def test_a_standard_webhooks_signature_proves_the_sender_and_its_id_names_the_alert(live, evidence):
    body, message, moment = (
        json.dumps(live.unsigned(id=None)).encode(),
        f"msg_{time.time_ns()}",
        str(int(time.time())),
    )
    key = base64.b64decode(evidence.secrets.standard.removeprefix("whsec_"))
    signature = base64.b64encode(
        hmac.digest(key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
    ).decode()
    headers = {
        "webhook_id": message,
        "webhook_timestamp": moment,
        "webhook_signature": f"v1,{signature}",
    }
    assert check(live.post(body, **headers), 200, "accepted")["alert_id"] == message
    assert check(live.post(body, **headers), 200, "accepted")["replayed"] is True
    check(live.post(body + b" ", **headers), 401, "unauthenticated")


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [ALERTS, f"{ALERTS}/", "/", f"{ALERTS}//", f"{ALERTS}?source=tradingview"]
)
def test_an_alert_is_served_where_it_comes_in_and_never_redirected(path, live):
    check(live.post(live.alert(), path), 200, "accepted")


def test_a_trailing_slash_of_validate_still_only_validates(live, kraken):
    orders = len(kraken.orders())
    check(live.post(live.alert(), f"{VALIDATE}/"), 200, "validated")
    assert len(kraken.orders()) == orders


@pytest.mark.parametrize("path", ["/webhook/health", "/webhook/health/", "/", ""])
def test_health_and_root_say_what_runs_and_nothing_more(path, live):
    answer = live.send("GET", path)
    about = {"service": "tradingview-kraken-webhook", "environment": "production"}
    assert answer.status == 200
    assert {name: answer[name] for name in about} == about
    expected = {*about, "version"} | ({"status"} if "health" in path else set())
    assert set(answer.document) == expected
    if "health" in path:
        assert answer["status"] == "ok"


def test_head_is_get_without_a_body(live):
    answer = live.send("HEAD", "/webhook/health")
    assert (answer.status, answer.body) == (200, b"")


def test_health_costs_no_call_of_kraken(live, kraken):
    calls = len(kraken.calls())
    live.send("GET", "/webhook/health")
    assert len(kraken.calls()) == calls


# -- request ids -----------------------------------------------------------------------------------


def test_a_request_id_is_taken_returned_and_logged(live):
    request_id = f"e2e.{time.time_ns()}_A-b"
    answer = check(live.post(live.alert(), X_Request_ID=request_id), 200, "accepted")
    assert answer.headers["x-request-id"] == request_id
    lines = [json.loads(line) for line in live.log().splitlines() if request_id in line]
    assert [line["message"] for line in lines] == ["order.accepted", "alert.done"]
    assert {line["request_id"] for line in lines} == {request_id}
    assert {line["order_id"] for line in lines} == {answer["order_id"]}
    assert lines[1]["kraken_calls"] == 1


@pytest.mark.parametrize("unfit", ["", "a b", "x" * 65, '"quoted"', "a;b", "é"])
def test_a_request_id_that_is_missing_or_unfit_is_replaced(unfit, live):
    answer = live.send(
        "POST", ALERTS, b"{", {"X-Request-ID": unfit.encode("latin-1")} if unfit else {}
    )
    assert answer["request_id"] == answer.headers["x-request-id"] != unfit
    assert len(answer["request_id"]) == 32


# -- browsers --------------------------------------------------------------------------------------


def test_a_browser_of_a_named_origin_may_send_alerts(live):
    origin = "https://app.example.com"
    preflight = live.send(
        "OPTIONS",
        ALERTS,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    answer = check(live.post(live.alert(), Origin=origin), 200, "accepted")
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"


def test_a_browser_of_another_origin_is_not_let_in(live):
    answer = live.send("OPTIONS", ALERTS, headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in answer.headers


def test_without_named_origins_there_is_no_preflight(make_function):
    function = make_function(LEDGER_URL="memory://").start()
    answer = check(
        function.send("OPTIONS", ALERTS, headers={"Origin": "https://app.example.com"}),
        405,
        "method_not_allowed",
    )
    assert not [name for name in answer.headers if name.startswith("access-control")]


# -- senders that misbehave ------------------------------------------------------------------------


def test_a_sender_that_hangs_up_in_the_middle_of_its_body_trades_nothing_and_hurts_nobody(
    live, kraken
):
    calls, body = len(kraken.calls()), json.dumps(live.alert()).encode()
    with contextlib.closing(
        socket.create_connection(("127.0.0.1", live.port), timeout=WAIT_S)
    ) as sender:
        head = f"POST {ALERTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        sender.sendall(head.encode() + body[:-5])
    check(live.post(live.alert()), 200, "accepted")
    assert len(kraken.calls()) == calls + 1


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX0\r\n\r\n", b"2\r\n{}\r\n", b"40\r\n{"], ids=repr
)
def test_a_chunked_body_that_is_broken_is_400_and_no_traceback(chunk, live):
    head = (
        f"POST {ALERTS} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\nConnection: close\r\n\r\n"
    )
    with contextlib.closing(
        socket.create_connection(("127.0.0.1", live.port), timeout=WAIT_S)
    ) as sender:
        sender.sendall(head.encode() + chunk)
        sender.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: sender.recv(65536), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "alert_malformed"
    assert "Traceback" not in live.log()


def test_many_alerts_on_one_connection_are_many_orders(live, kraken):
    orders = len(kraken.orders())
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", live.port, timeout=WAIT_S)
    ) as connection:
        for _ in range(5):
            connection.request("POST", ALERTS, json.dumps(live.alert()))
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["replayed"]) == (200, False)
    assert len(kraken.orders()) == orders + 5


# -- what the servers before the core make of it ---------------------------------------------------


def raw(port, target, *headers):
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: x", b"Connection: close", *headers, b"", b""]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"\r\n".join(lines))
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "header",
    [
        b"SCRIPT_NAME: /webhook",
        b"SCRIPT_NAME: /webhook/health",
        b"SCRIPT_NAME: /other",
        b"Script_Name: /orders",
        b"PATH_INFO: /orders",
        b"SCRIPT-NAME: /orders",
        b"X-Forwarded-Prefix: /orders",
        b"X-Original-URL: /orders",
        b"X-Rewrite-URL: /orders",
        b"X-HTTP-Method-Override: POST",
        b"X-Forwarded-Proto: https\r\nX-Forwarded-SSL: off",
        b"X-Forwarded-Host: \xff",
        b"X-Forwarded-For: \xff",
        b"X-Request-ID: \xff",
    ],
)
def test_no_header_changes_what_is_asked_for(header, live):
    status, body = raw(live.port, b"/webhook/health", header)
    assert (status, json.loads(body)["status"]) == (200, "ok")


@pytest.mark.parametrize(
    "target", [b"/orders?symbol=\xff", b"/\xff", b"/orders?cursor=%ff", b"/%ff%00", b"*", b"//x//"]
)
def test_no_byte_of_an_address_is_a_crash(target, live):
    assert raw(live.port, target)[0] in (400, 401, 404)


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_what_functions_framework_answers_itself_is_a_404_that_says_nothing(path, live):
    answer = live.send("GET", path)
    assert (answer.status, b"html" in answer.body) == (404, True)


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/compose", "/compose/"])
def test_the_composer_is_served_to_anybody_and_lets_nothing_else_in(path, live):
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", live.port, timeout=WAIT_S)
    ) as asked:
        asked.request("GET", path)
        answer = asked.getresponse()
        page = answer.read()
    assert (answer.status, page) == (200, (ROOT / "examples" / "compose.html").read_bytes())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert b"default-src 'none'" in page
