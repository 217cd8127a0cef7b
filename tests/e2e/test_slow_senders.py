"""Senders that stall: what each may hold, and that an alert behind them is answered before
TradingView hangs up."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.served_function import ALERTS, WAIT_S, Answer, check, exchange

SENDERS = 32
TRADINGVIEW_WAITS_S = 3
DRIPS_EVERY_S = 0.9
LONGER_THAN_A_BODY_TAKES = 300
HEAD = (
    f"POST {ALERTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
    f"{LONGER_THAN_A_BODY_TAKES}\r\n\r\n"
).encode()
CHUNKED = HEAD.replace(b"Content-Length: 300", b"Transfer-Encoding: chunked")
STALLED = {
    "connected and silent": b"",
    "an empty line": b"\r\n",
    "half of the request line": HEAD[:20],
    "half of the head": HEAD[:60],
    "no body": HEAD,
    "no body, waiting to be asked for it": HEAD.replace(b"Host", b"Expect: 100-continue\r\nHost"),
    "half of the body": HEAD + b'{"token": "',
    "half of the body, HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"{",
    "no chunk": CHUNKED,
    "half of a chunk": CHUNKED + b"40\r\n{",
    "no last chunk": CHUNKED + b"2\r\n{}\r\n",
    "a gigabyte announced": HEAD.replace(b"300", b"1000000000") + b"x",
    "to another path": HEAD.replace(ALERTS.encode(), b"/nothing"),
    "with GET": HEAD.replace(b"POST", b"GET").replace(ALERTS.encode(), b"/webhook/health"),
    "answered, and never closed by the sender": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    ),
    "answered, and idle": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no HTTP at all, and never closed by the sender": b"hello\r\n\r\n",
}
WITHOUT_ITS_BODY = [
    "no body", "no body, waiting to be asked for it", "half of the body",
    "half of the body, HTTP/1.0", "no chunk",
    "half of a chunk", "no last chunk", "with GET",
]  # fmt: skip


@contextlib.contextmanager
def connected(function, said=b"", senders=1) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(senders):
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", function.port), timeout=WAIT_S)
            )
            connection.sendall(said)
            connections.append(connection)
        yield connections


def as_tradingview(function, alert) -> Answer:
    """Raises TimeoutError where TradingView would have hung up."""
    connection = http.client.HTTPConnection("127.0.0.1", function.port, timeout=TRADINGVIEW_WAITS_S)
    with contextlib.closing(connection):
        connection.request("POST", ALERTS, json.dumps(alert))
        response = connection.getresponse()
        return Answer(
            response.status,
            {n.lower(): text for n, text in response.getheaders()},
            response.read(),
            0,
        )


def until_closed(connection) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def last_answer(received: bytes) -> tuple[str, str]:
    """Status and code; a "100 Continue" may stand before it."""
    head, _, body = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode(), json.loads(body)["code"]


@pytest.fixture(scope="module", params=["32", None], ids=["32 threads", "as many as there are"])
def crowded(request, make_live, _kraken):
    """THREADS as deployed, and functions-framework's own, which is fewer on a small machine."""
    return make_live(
        _kraken, MAX_ORDER_COST="none", THREADS=request.param, ENVIRONMENT="production"
    ).start()


@pytest.mark.parametrize("name", STALLED)
def test_an_alert_behind_32_stalled_senders_is_answered_before_tradingview_hangs_up(
    name, crowded, kraken
):
    calls = len(kraken.calls())
    with connected(crowded, STALLED[name], SENDERS):
        check(as_tradingview(crowded, crowded.alert()), 200, "accepted")
    assert len(kraken.calls()) == calls + 1


def test_alerts_among_senders_of_every_stalled_kind_are_all_answered(crowded):
    with contextlib.ExitStack() as stack:
        for said in STALLED.values():
            stack.enter_context(connected(crowded, said, 8))
        for _ in range(3):
            check(as_tradingview(crowded, crowded.alert()), 200, "accepted")


@pytest.mark.parametrize("name", STALLED)
def test_a_connection_that_stalls_is_closed(name, live):
    with connected(live, STALLED[name]) as [sender]:
        until_closed(sender)


@pytest.mark.parametrize("name", WITHOUT_ITS_BODY)
def test_a_body_that_stalls_is_503_for_nothing_was_read_and_a_resend_may_come_whole(
    name, live, kraken
):
    calls = len(kraken.calls())
    with connected(live, STALLED[name]) as [sender]:
        assert last_answer(until_closed(sender)) == ("503", "body_late")
    assert len(kraken.calls()) == calls


@pytest.mark.parametrize(
    "said", [HEAD, CHUNKED + b"300\r\n", HEAD[:-2] + b"X-Padding: "], ids=["body", "chunk", "head"]
)
def test_a_sender_that_drips_a_byte_every_now_and_then_is_cut_off(said, live):
    with connected(live, said) as [sender]:
        sender.settimeout(DRIPS_EVERY_S)
        for _ in range(LONGER_THAN_A_BODY_TAKES):
            with contextlib.suppress(TimeoutError):
                sender.send(b"x")
                received = until_closed(sender)
                break
        else:
            pytest.fail("it was never cut off")
    assert (
        received == b"" if said.endswith(b": ") else last_answer(received) == ("503", "body_late")
    )


def test_what_comes_after_a_body_that_stalled_is_never_another_request(live, kraken):
    calls, smuggled = len(kraken.calls()), json.dumps(live.alert()).encode()
    with connected(live, HEAD + b"{") as [sender]:
        received = sender.recv(65536)
        with contextlib.suppress(OSError):
            sender.sendall(HEAD.replace(b"300", str(len(smuggled)).encode()) + smuggled)
        received += until_closed(sender)
    assert received.count(b"HTTP/1.1 ") == 1
    assert len(kraken.calls()) == calls


@pytest.mark.parametrize("length", [64 * 1024 + 1, 10**9, 10**30])
def test_a_body_declared_over_64_kib_is_413_and_not_waited_for(length, live):
    with connected(live, HEAD.replace(b"300", str(length).encode())) as [sender]:
        assert last_answer(until_closed(sender)) == ("413", "body_too_large")


def test_a_chunked_body_is_413_once_64_kib_of_it_are_there(live):
    with connected(live, CHUNKED + b"40000000\r\n" + b"x" * (64 * 1024 + 1)) as [sender]:
        assert last_answer(until_closed(sender)) == ("413", "body_too_large")


def test_a_head_and_a_body_that_come_one_after_the_other_are_an_alert(live):
    body = json.dumps(live.alert()).encode()
    with connected(live, b"") as [sender]:
        head = HEAD.replace(b"300", str(len(body)).encode()).replace(
            b"Host", b"Connection: close\r\nHost"
        )
        for piece in (head[:30], head[30:], body[:50], body[50:]):
            time.sleep(0.1)
            sender.sendall(piece)
        assert last_answer(until_closed(sender)) == ("200", "accepted")


@pytest.mark.parametrize(
    ("stood_still_s", "status", "code"), [(2.6, 503, "not_sent"), (0.2, 200, "accepted")]
)
@pytest.mark.skipif(
    not hasattr(socket, "TCP_INFO"), reason="nobody here tells how long bytes lay unread"
)
def test_an_alert_that_waited_while_the_function_stood_still_is_not_placed_late(
    stood_still_s, status, code, make_live, kraken
):
    function = make_live(kraken, MAX_ORDER_COST="none").start()
    orders, alert = len(kraken.orders()), function.alert()
    answers: list[Answer] = []
    sender = threading.Thread(
        target=lambda: answers.append(
            exchange(function.port, "POST", ALERTS, json.dumps(alert).encode())
        )
    )
    os.killpg(function.process.pid, signal.SIGSTOP)
    try:
        sender.start()
        time.sleep(stood_still_s)
    finally:
        os.killpg(function.process.pid, signal.SIGCONT)
    sender.join()
    check(answers[0], status, code)
    assert len(kraken.orders()) == orders + (status == 200)
    check(function.post(alert), 200, "accepted")
    assert len(kraken.orders()) == orders + 1


@pytest.mark.parametrize("stood_still_s", [1.2, 2])
def test_a_body_that_came_while_the_function_stood_still_is_read(stood_still_s, make_live, kraken):
    function = make_live(kraken, MAX_ORDER_COST="none").start()
    calls, body = len(kraken.calls()), json.dumps(function.alert()).encode()
    head = HEAD.replace(b"300", str(len(body)).encode()).replace(
        b"Host", b"Connection: close\r\nHost"
    )
    with connected(function, head) as [sender]:
        time.sleep(0.3)  # a thread waits for the body
        os.killpg(function.process.pid, signal.SIGSTOP)
        try:
            sender.sendall(body)
            time.sleep(stood_still_s)
        finally:
            os.killpg(function.process.pid, signal.SIGCONT)
        status, code = last_answer(until_closed(sender))
    assert (status, code) in {("200", "accepted"), ("503", "not_sent")}
    check(function.post(body), 200, "accepted")
    assert len(kraken.calls()) == calls + 1


def test_a_sender_whose_body_stalls_is_no_error_of_the_function(make_live, kraken):
    function = make_live(kraken, MAX_ORDER_COST="none", ENVIRONMENT="production").start()
    with connected(function, HEAD + b"{") as [sender]:
        until_closed(sender)
    said = [json.loads(line) for line in function.log().splitlines() if "body_late" in line]
    assert {line["severity"] for line in said} == {"WARNING"}
    assert {line["message"] for line in said} == {"request.body_late", "alert.done"}
