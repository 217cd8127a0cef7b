"""krakenex over real sockets on loopback: what each failure of the wire proves, and that
nothing is ever sent twice."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import itertools
import json
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.raw_servers import (
    ACCEPTED,
    ORDER_ID,
    RawServer,
    drip,
    full_port,
    hang,
    hang_up,
    http,
    once_bytes_arrive,
    refusal,
    reply,
    reset,
    send,
)
from tests.support.row_by_row import row_by_row
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken import outcomes, session
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.session import Session
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.network import name_look_up, wire
from webhook_core.trading.requests import (
    Accepted,
    NotSent,
    OrderRequest,
    Outcome,
    Rejected,
    Unknown,
)

# The example of Kraken's own documentation (docs.kraken.com/api/docs/guides/spot-rest-auth).
KEY = "an-api-key"
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
EXAMPLE = {
    "nonce": "",
    "ordertype": "limit",
    "pair": "XBTUSD",
    "price": "37500",
    "type": "buy",
    "volume": "1.25",
}
EXAMPLE_NONCE = 1616492376594
EXAMPLE_SIGN = (
    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
)

PARAMETERS = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
REQUEST = OrderRequest("BTC/USD", PARAMETERS)
CLIENT_ORDER_ID = "6f0d1f0e-6d5c-5c55-9d0c-5b9d5b1a7c11"
DEADLINE = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
GRACE_S, TICK_S = 0.3, 0.01


def a_client(server: RawServer | str) -> KrakenClient:
    return KrakenClient(KEY, SECRET, server if isinstance(server, str) else server.url)


def a_budget(seconds: float) -> Budget:
    return Budget.start(SystemClock(), seconds)


def session_of(client: KrakenClient) -> Session:
    """The session that the client's next private call will use."""
    session = client._private.take(a_budget(5), 1.0)
    assert session is not None
    client._private.give_back(session, 1.0)
    return session


def submit(
    server: RawServer | KrakenClient | str, seconds: float = 2.0, clock: SystemClock | None = None
) -> Outcome:
    client = server if isinstance(server, KrakenClient) else a_client(server)
    return KrakenVenue(client, clock or SystemClock()).submit(
        REQUEST, CLIENT_ORDER_ID, DEADLINE, a_budget(seconds)
    )


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """By a clock beside it that is as slow as the machine: it ticks as often as it gets to."""
    over, ticks = threading.Event(), itertools.count()

    def tick() -> None:
        while not over.wait(TICK_S):
            next(ticks)

    beside = threading.Thread(target=tick)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()
    assert next(ticks) * TICK_S < seconds + GRACE_S


def nonces(server: RawServer) -> list[int]:
    return [int(request.fields["nonce"]) for request in server.requests]


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``resolved("name", address, ...)``: what the resolver says of a name; an
    exception is raised."""
    real = socket.getaddrinfo
    known: dict[str, tuple[str, ...] | Exception] = {}

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **keywords: Any) -> Any:
        found = known.get(host, (host,))
        if isinstance(found, Exception):
            raise found
        return [row for address in found for row in real(address, port, *arguments, **keywords)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return lambda host, *found: known.__setitem__(
        host, found[0] if isinstance(found[0], Exception) else found
    )


# What is sent


def test_the_signature_is_the_one_that_kraken_publishes() -> None:
    with RawServer() as server:
        client = a_client(server)
        session_of(client)._api._nonce = lambda: EXAMPLE_NONCE
        client.private("AddOrder", EXAMPLE, a_budget(2))
        (request,) = server.requests
    assert request.line == "POST /0/private/AddOrder HTTP/1.1"
    assert (
        request.body
        == b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    )
    assert request.headers["api-key"] == KEY
    assert request.headers["api-sign"] == EXAMPLE_SIGN


def test_every_order_is_signed_over_the_bytes_on_the_wire_and_carries_exactly_its_parameters() -> (
    None
):
    before = time.time_ns()
    with RawServer() as server:
        assert submit(server) == Accepted(ORDER_ID, "buy 0.01000000 XBTUSD @ market")
        (request,) = server.requests
    nonce = request.fields["nonce"]
    assert before < int(nonce) < time.time_ns()
    digest = hashlib.sha256(nonce.encode() + request.body).digest()
    signed = hmac.new(
        base64.b64decode(SECRET), b"/0/private/AddOrder" + digest, hashlib.sha512
    ).digest()
    assert request.headers["api-sign"] == base64.b64encode(signed).decode()
    assert request.fields == {
        **PARAMETERS,
        "cl_ord_id": CLIENT_ORDER_ID,
        "deadline": "2026-11-22T12:00:10Z",
        "nonce": nonce,
    }


def test_a_public_call_is_a_get_without_key_or_signature() -> None:
    with RawServer(reply({"error": [], "result": {}})) as server:
        a_client(server).public("AssetPairs", {"pair": "XBTUSD"}, a_budget(1))
        (request,) = server.requests
    assert request.line == "GET /0/public/AssetPairs?pair=XBTUSD HTTP/1.1"
    assert not {"api-key", "api-sign"} & request.headers.keys()


def test_the_environments_proxies_and_netrc_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with RawServer() as server, RawServer() as proxy:
        for name in (
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(submit(server), Accepted)
        assert proxy.connections == 0
        assert "authorization" not in server.requests[0].headers


# No connection: proved not sent


class Opening(SystemClock):
    """Somebody opens the port while we wait to send again."""

    def __init__(self, server: RawServer) -> None:
        self._server = server
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) == 1:
            self._server.open()


def test_a_refused_connection_is_not_sent() -> None:
    with RawServer(listening=False) as server:
        outcome = submit(server)
        assert isinstance(outcome, NotSent)
        assert outcome.errors == ()


def test_a_port_that_opens_in_time_gets_the_order_once() -> None:
    with RawServer(listening=False) as server:
        clock = Opening(server)
        assert isinstance(submit(server, clock=clock), Accepted)
        assert len(server.requests) == 1
        assert len(clock.slept) == 1


def test_a_connection_that_nobody_answers_is_not_sent_within_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "CONNECT_TIMEOUT_S", 0.15)
    with full_port() as port, ends_within(1.3):
        assert isinstance(submit(f"http://127.0.0.1:{port}", 1.3), NotSent)


def test_a_connection_attempt_ends_with_the_budget_even_if_its_own_limit_is_later() -> None:
    with full_port() as port, ends_within(0.3):
        answer = a_client(f"http://127.0.0.1:{port}").private("AddOrder", PARAMETERS, a_budget(0.3))
    assert isinstance(outcomes.of_add_order(answer), NotSent)


def test_the_next_address_of_the_host_is_tried_and_the_host_keeps_its_name(
    resolved: Callable[..., None],
) -> None:
    with RawServer() as server:
        resolved("kraken.test", "127.0.0.2", "127.0.0.1")  # nobody listens on the first
        assert isinstance(submit(f"http://kraken.test:{server.port}"), Accepted)
        assert [request.headers["host"] for request in server.requests] == [
            f"kraken.test:{server.port}"
        ]


def test_a_silent_address_leaves_time_for_the_next(
    resolved: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "CONNECT_TIMEOUT_S", 0.15)
    with RawServer() as server, full_port("127.0.0.2", server.port):
        resolved("kraken.test", "127.0.0.2", "127.0.0.1")
        assert isinstance(submit(f"http://kraken.test:{server.port}", 1.3), Accepted)


def test_addresses_that_all_refuse_are_not_sent(resolved: Callable[..., None]) -> None:
    with RawServer(listening=False) as server:
        resolved("kraken.test", "127.0.0.2", "127.0.0.1")
        assert isinstance(submit(f"http://kraken.test:{server.port}"), NotSent)


def test_all_addresses_of_a_silent_host_share_one_budget(resolved: Callable[..., None]) -> None:
    with full_port() as port, ends_within(0.4):
        resolved("kraken.test", *(["127.0.0.1"] * 2), "127.0.0.2")
        answer = a_client(f"http://kraken.test:{port}").private(
            "AddOrder", PARAMETERS, a_budget(0.4)
        )
    assert answer.failure is outcomes.Failure.NOT_CONNECTED


def test_a_name_that_does_not_resolve_is_not_sent(resolved: Callable[..., None]) -> None:
    resolved(
        "kraken.test", socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    )
    assert isinstance(submit("http://kraken.test:9"), NotSent)


def test_a_resolver_that_takes_longer_than_the_budget_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def slow(*arguments: Any, **keywords: Any) -> Any:
        time.sleep(0.25)
        return real(*arguments, **keywords)

    with RawServer() as server:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        answer = a_client(server).private("AddOrder", PARAMETERS, a_budget(0.2))
        assert isinstance(outcomes.of_add_order(answer), NotSent)
        assert server.connections == 0


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names that were asked for; none gets an answer before the test is over."""
    real, asked, over = socket.getaddrinfo, [], threading.Event()

    def getaddrinfo(host: Any, *arguments: Any, **keywords: Any) -> Any:
        if not str(host).endswith(".test"):
            return real(host, *arguments, **keywords)
        asked.append(host)
        over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked
    over.set()


def test_a_resolver_that_never_answers_is_not_waited_for(silent_resolver: list[str]) -> None:
    with ends_within(1.6):
        assert isinstance(submit("http://hangs.test:9", 1.3), NotSent)


def test_a_resolver_that_never_answers_is_asked_once_for_all_that_wait(
    silent_resolver: list[str],
) -> None:
    client = a_client("http://waits.test:9")
    with ends_within(0.5):
        for _ in range(4):
            answer = client.private("AddOrder", PARAMETERS, a_budget(0.1))
            assert answer.failure is outcomes.Failure.NOT_CONNECTED
            assert client.public("Ticker", {}, a_budget(0.0)).failure is outcomes.Failure.NO_TIME
    assert silent_resolver == ["waits.test"]


def test_a_resolver_that_answers_late_serves_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    real, answers = socket.getaddrinfo, threading.Event()

    def getaddrinfo(host: Any, *arguments: Any, **keywords: Any) -> Any:
        if host == "late.test":
            assert answers.wait(30)
        return real("127.0.0.1" if host == "late.test" else host, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with RawServer() as server:
        client = a_client(f"http://late.test:{server.port}")
        assert (
            client.private("AddOrder", PARAMETERS, a_budget(0.1)).failure
            is outcomes.Failure.NOT_CONNECTED
        )
        assert server.connections == 0
        answers.set()
        assert client.private("AddOrder", PARAMETERS, a_budget(2.0)).failure is None


@pytest.mark.parametrize("name", ["a..test", f"{'x' * 70}.test", ".test"])
def test_a_name_that_is_none_is_not_sent(name: str) -> None:
    assert isinstance(submit(f"http://{name}:9"), NotSent | Unknown)


def test_a_machine_without_a_thread_to_spare_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with RawServer() as server:
        client = a_client(server)
        with monkeypatch.context() as patched:
            patched.setattr(name_look_up._LookUp, "start", start)
            assert (
                client.private("AddOrder", PARAMETERS, a_budget(0.5)).failure
                is outcomes.Failure.NOT_CONNECTED
            )
        assert client.private("AddOrder", PARAMETERS, a_budget(0.5)).failure is None


@pytest.mark.parametrize("seconds", [0.0, 0.5, 0.99])
def test_with_less_than_a_second_left_nothing_is_on_the_wire(seconds: float) -> None:
    with RawServer() as server:
        assert isinstance(submit(server, seconds), NotSent)
        assert server.connections == 0


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed for kraken.test, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kraken.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("kraken.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "kraken.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], KrakenClient]:
    monkeypatch.setattr(
        wire, "_trusted", lambda: ssl.create_default_context(cafile=str(certificate))
    )
    return a_client


def test_tls_is_verified_against_the_name_and_not_the_address(
    tls: ssl.SSLContext,
    trusting: Callable[[str], KrakenClient],
    resolved: Callable[..., None],
) -> None:
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    resolved("kraken.test", "127.0.0.2", "127.0.0.1")
    with RawServer(tls=tls) as server:
        client = trusting(f"https://kraken.test:{server.port}")
        assert isinstance(submit(client), Accepted)
        assert isinstance(submit(client), Accepted)
        assert server.connections == 1
        assert server.requests[0].headers["host"] == f"kraken.test:{server.port}"
    assert names == ["kraken.test"]


def test_the_host_header_does_not_name_the_port_of_its_scheme(
    tls: ssl.SSLContext,
    trusting: Callable[[str], KrakenClient],
    resolved: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved("kraken.test", "127.0.0.1")
    real, asked = socket.create_connection, []
    with RawServer(tls=tls) as server:

        def connected(address: tuple[str, int], *rest: Any) -> socket.socket:
            asked.append(address)
            return real(("127.0.0.1", server.port), *rest)

        monkeypatch.setattr(socket, "create_connection", connected)
        assert isinstance(submit(trusting("https://kraken.test")), Accepted)
        assert server.requests[0].headers["host"] == "kraken.test"
    assert asked == [("127.0.0.1", 443)]


def test_a_certificate_of_another_name_is_unknown_and_nothing_is_sent(
    tls: ssl.SSLContext,
    trusting: Callable[[str], KrakenClient],
    resolved: Callable[..., None],
) -> None:
    resolved("other.test", "127.0.0.1")
    with RawServer(tls=tls) as server:
        assert isinstance(submit(trusting(f"https://other.test:{server.port}")), Unknown)
        assert server.requests == []


def test_a_certificate_that_nobody_vouches_for_is_unknown_and_nothing_is_sent(
    tls: ssl.SSLContext, resolved: Callable[..., None]
) -> None:
    resolved("kraken.test", "127.0.0.1")
    with RawServer(tls=tls) as server:
        assert isinstance(submit(f"https://kraken.test:{server.port}"), Unknown)
        assert server.requests == []
        assert server.connections == 1


def test_a_server_that_speaks_no_tls_is_unknown(resolved: Callable[..., None]) -> None:
    resolved("kraken.test", "127.0.0.1")
    with RawServer(unread=send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        assert isinstance(submit(f"https://kraken.test:{server.port}"), Unknown)
        assert server.connections == 1


def test_a_handshake_that_never_ends_is_unknown_within_the_budget() -> None:
    with RawServer(unread=hang) as server, ends_within(0.4):
        answer = a_client(f"https://127.0.0.1:{server.port}").private(
            "AddOrder", PARAMETERS, a_budget(0.4)
        )
    assert isinstance(outcomes.of_add_order(answer), Unknown)


def test_a_reply_that_drips_through_tls_ends_with_the_budget(
    tls: ssl.SSLContext,
    trusting: Callable[[str], KrakenClient],
    resolved: Callable[..., None],
) -> None:
    resolved("kraken.test", "127.0.0.1")
    with (
        RawServer(drip(http(json.dumps(ACCEPTED).encode()), 0.1), tls=tls) as server,
        ends_within(0.5),
    ):
        client = trusting(f"https://kraken.test:{server.port}")
        answer = client.private("AddOrder", PARAMETERS, a_budget(0.5))
    assert isinstance(outcomes.of_add_order(answer), Unknown)


# Sent, and no proof


@pytest.mark.parametrize("unread", [reset, hang_up])
def test_a_connection_that_breaks_before_a_byte_is_read_is_unknown(unread: Any) -> None:
    with RawServer(unread=once_bytes_arrive(unread)) as server:
        assert isinstance(submit(server), Unknown)
        assert server.connections == 1


@pytest.mark.parametrize("step", [reset, hang_up])
def test_a_request_without_a_reply_is_unknown_and_sent_once(step: Any) -> None:
    with RawServer(step) as server:
        assert isinstance(submit(server), Unknown)
        assert len(server.requests) == 1


@pytest.mark.parametrize("step", [reset, hang_up])
def test_a_kept_connection_that_breaks_is_unknown_and_the_order_is_not_sent_on_another(
    step: Any,
) -> None:
    with RawServer(reply(ACCEPTED), step) as server:
        client = a_client(server)
        assert isinstance(submit(client), Accepted)
        assert isinstance(submit(client), Unknown)
        assert [request.connection for request in server.requests] == [1, 1]


def test_after_a_broken_exchange_the_next_order_gets_a_connection_of_its_own() -> None:
    with RawServer(send(http(b"{}", Content_Length="9"), keep=False)) as server:
        client = a_client(server)
        assert isinstance(submit(client), Unknown)
        assert isinstance(submit(client), Accepted)
        assert [request.connection for request in server.requests] == [1, 2]


BODY = json.dumps(ACCEPTED).encode()
NOT_AN_ANSWER = {
    "half of a JSON document": http(BODY[:40]),
    "a body that ends too early": http(BODY[:40], Content_Length=str(len(BODY))),
    "a chunk that ends too early": http(
        b"ffff\r\n" + BODY, Transfer_Encoding="chunked", Content_Length=""
    ),
    "a page with status 200": http(b"<html>Just a moment...</html>", Content_Type="text/html"),
    "nothing": http(b""),
    "bad UTF-8": http(b'{"error":["EGeneral:Invalid arguments:\xff"]}'),
    "bad UTF-8 of no stated type": http(
        b'{"error":["EGeneral:Invalid arguments:\xff"]}', Content_Type=""
    ),
    "NaN": http(b'{"error":["EOrder:Insufficient funds"],"x":NaN}'),
    "Infinity": http(b'{"error":["EOrder:Insufficient funds"],"x":-Infinity}'),
    "a number beyond all numbers": http(
        b'{"error":["EOrder:Insufficient funds"],"x":1e99999999999999999999}'
    ),
    "a whole number beyond all numbers": http(
        b'{"error":["EOrder:Insufficient funds"],"x":' + b"9" * 5000 + b"}"
    ),
    "deeply nested": http(b"[" * 100_000 + b"]" * 100_000),
    "a false compression": http(BODY, Content_Encoding="gzip"),
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    "a hundred headers and more": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "an empty line": b"\r\n",
    "an interim answer only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a list": http(b"[]"),
    "an object that is no envelope": http(b'{"result":{}}'),
    "null": http(b"null"),
}


@row_by_row
@pytest.mark.parametrize("answer", NOT_AN_ANSWER.values(), ids=NOT_AN_ANSWER.keys())
@pytest.mark.usefixtures("nothing_collected")
def test_what_is_no_answer_of_kraken_is_unknown(answer: bytes) -> None:
    with RawServer(send(answer, keep=False)) as server:
        assert isinstance(submit(server), Unknown)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [101, 102, 103, 199])
def test_nothing_is_asked_again_on_a_connection_with_an_interim_answer(status: int) -> None:
    """What comes behind it would be taken for the answer to the next order."""
    interim = f"HTTP/1.1 {status} Interim\r\n\r\n".encode()
    with RawServer(send(interim), reply(ACCEPTED)) as server:
        client = a_client(server)
        assert isinstance(submit(client), Unknown)
        assert isinstance(submit(client), Accepted)
        assert (len(server.requests), server.connections) == (2, 2)


@row_by_row
@pytest.mark.parametrize(
    "status", [201, 204, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 520, 522, 525]
)
def test_a_page_of_the_edge_is_unknown_whatever_its_status(status: int) -> None:
    page = f"<html><head><title>{status}</title></head></html>".encode()
    with RawServer(
        send(http(b"" if status == 204 else page, status, Content_Type="text/html"))
    ) as server:
        assert isinstance(submit(server), Unknown)
        assert len(server.requests) == 1


@row_by_row
@pytest.mark.parametrize("status", [202, 400, 403, 429, 500, 503])
@pytest.mark.parametrize(
    "error", ["EOrder:Insufficient funds", "EAPI:Rate limit exceeded", "EAPI:Invalid nonce"]
)
def test_krakens_own_words_prove_nothing_under_another_status(status: int, error: str) -> None:
    with RawServer(reply({"error": [error]}, status)) as server:
        assert submit(server) == Unknown(
            f"Kraken's front answered with HTTP status {status}", (error,)
        )
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [202, 302, 404, 500, 502])
def test_an_order_id_is_an_order_under_any_status(status: int) -> None:
    with RawServer(reply(ACCEPTED, status)) as server:
        assert isinstance(submit(server), Accepted)


@row_by_row
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_redirect_is_unknown_and_never_followed(status: int, elsewhere: bool) -> None:
    with RawServer() as other:
        target = f"{other.url}/0/private/AddOrder" if elsewhere else "/0/private/AddOrder"
        with RawServer(send(http(b"<html>moved</html>", status, Location=target))) as server:
            assert isinstance(submit(server), Unknown)
            assert len(server.requests) == 1
        assert other.connections == 0


SLOW = {
    "a hang": hang,
    "a drip in the headers": drip(http(BODY), 0.2),
    "a drip in the body": lambda server, connection: (
        connection.sendall(http(b"", Content_Length=str(len(BODY))))
        or drip(BODY, 0.2)(server, connection)
    ),
    "a drip of chunks": lambda server, connection: (
        connection.sendall(http(b"", Transfer_Encoding="chunked", Content_Length=""))
        or drip(b"1\r\n{\r\n" * 99, 0.2)(server, connection)
    ),
    "a drip of interim answers": drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, 0.01),
}


@pytest.mark.parametrize("step", SLOW.values(), ids=SLOW.keys())
def test_a_reply_that_does_not_end_is_unknown_when_the_budget_ends(step: Any) -> None:
    with RawServer(step) as server, ends_within(0.5):
        answer = a_client(server).private("AddOrder", PARAMETERS, a_budget(0.5))
        assert isinstance(outcomes.of_add_order(answer), Unknown)
        assert len(server.requests) == 1


def test_a_server_that_stops_reading_does_not_hold_a_kept_connection_beyond_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited_for: list[Callable[[], bytes]] = []
    real = wire.reply_from
    monkeypatch.setattr(
        wire, "reply_from", lambda receive: waited_for.append(receive) or real(receive)
    )

    def answers_once(server: RawServer, connection: socket.socket) -> bool:
        connection.recv(65536)
        connection.sendall(http(BODY))
        return hang(server, connection)

    with RawServer(unread=answers_once) as server:
        client = a_client(server)
        assert client.private("AddOrder", PARAMETERS, a_budget(2)).status == 200
        with ends_within(0.3):
            answer = client.private("AddOrder", {"pair": "x" * 5_000_000}, a_budget(0.3))
        assert isinstance(outcomes.of_add_order(answer), Unknown)
        assert len(waited_for) == 1, "it ended while sending, not while waiting for the reply"
        assert server.connections == 1


def test_a_whole_submit_ends_with_its_budget() -> None:
    with RawServer(hang) as server, ends_within(1.2):
        assert isinstance(submit(server, 1.2), Unknown)
        assert len(server.requests) == 1


def test_a_reply_may_be_packed() -> None:
    packed = gzip.compress(json.dumps(ACCEPTED).encode())
    with RawServer(send(http(packed, Content_Encoding="gzip"))) as server:
        assert isinstance(submit(server), Accepted)
        assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("end", [-1, 20, 1, 0])
def test_a_packed_reply_that_is_not_whole_is_unknown(end: int) -> None:
    packed = gzip.compress(json.dumps(ACCEPTED).encode())[:end]
    with RawServer(send(http(packed, Content_Encoding="gzip"))) as server:
        assert isinstance(submit(server), Unknown)


def test_a_reply_that_comes_late_but_in_time_is_taken() -> None:
    with RawServer(reply(ACCEPTED, after_s=0.3)) as server:
        assert isinstance(submit(server, 1.5), Accepted)


@settings(max_examples=examples(60))
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(http)))
def test_no_bytes_make_the_client_raise_or_prove_anything(answer: bytes) -> None:
    with RawServer(send(answer, keep=False)) as server:
        got = a_client(server).private("AddOrder", PARAMETERS, a_budget(2))
    assert isinstance(outcomes.of_add_order(got), Unknown)


# Sent again only after a proof


def test_a_refused_nonce_is_sent_again_with_a_larger_one_and_nothing_else_changed() -> None:
    with RawServer(refusal("EAPI:Invalid nonce")) as server:
        assert isinstance(submit(server), Accepted)
        first, second = (request.fields for request in server.requests)
    assert int(second.pop("nonce")) > int(first.pop("nonce"))
    assert first == second
    assert first["cl_ord_id"] == CLIENT_ORDER_ID


def test_a_nonce_refused_three_times_is_not_sent() -> None:
    with RawServer(*[refusal("EAPI:Invalid nonce")] * 9) as server:
        assert submit(server) == NotSent(
            "Kraken refused the request before processing it", ("EAPI:Invalid nonce",)
        )
        assert len(server.requests) == 3
        assert nonces(server) == sorted(set(nonces(server)))


@pytest.mark.parametrize("after", [reset, reply({"error": ["EService:Unavailable"]})])
def test_a_nonce_refused_and_then_no_proof_is_unknown(after: Any) -> None:
    with RawServer(refusal("EAPI:Invalid nonce"), after) as server:
        assert isinstance(submit(server), Unknown)
        assert len(server.requests) == 2


def test_a_refused_nonce_is_not_sent_again_without_a_second_left() -> None:
    with RawServer(reply({"error": ["EAPI:Invalid nonce"]}, after_s=0.2)) as server:
        assert isinstance(submit(server, 1.15), NotSent)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "error",
    [
        "EAPI:Rate limit exceeded",
        "EOrder:Rate limit exceeded",
        "EOrder:Domain rate limit exceeded",
        "EGeneral:Too many requests",
        "EService: Throttled: 1700000000",
        "EService:Market in cancel_only mode",
    ],
)
def test_a_rate_limit_or_a_closed_market_is_not_sent_and_not_tried_again(error: str) -> None:
    with RawServer(refusal(error)) as server:
        assert submit(server) == NotSent(
            "Kraken refused the request before processing it", (error,)
        )
        assert len(server.requests) == 1


def test_a_refused_nonce_beside_a_rate_limit_is_not_tried_again() -> None:
    with RawServer(refusal("EAPI:Invalid nonce", "EAPI:Rate limit exceeded")) as server:
        assert isinstance(submit(server), NotSent)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [({"error": ["EOrder:Insufficient funds"]}, Rejected), ({"error": ["EX:what"]}, Unknown)],
)
def test_a_refusal_or_an_unknown_error_is_never_tried_again(
    answer: dict[str, Any], kind: type
) -> None:
    with RawServer(reply(answer)) as server:
        assert isinstance(submit(server), kind)
        assert len(server.requests) == 1


# One at a time


def in_threads(count: int, call: Callable[[], Outcome]) -> list[Outcome]:
    found: list[Outcome] = []
    threads = [threading.Thread(target=lambda: found.append(call())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_orders_at_once_go_one_at_a_time_with_nonces_in_their_order_of_arrival() -> None:
    with RawServer(*[reply(ACCEPTED, after_s=0.05)] * 4) as server:
        client = a_client(server)
        assert [type(outcome) for outcome in in_threads(4, lambda: submit(client, 3))] == [
            Accepted
        ] * 4
        assert server.most_at_once == 1
        assert len(server.requests) == 4
        assert nonces(server) == sorted(set(nonces(server)))


def test_orders_whose_budget_ends_in_line_are_not_sent() -> None:
    with RawServer(*[reply(ACCEPTED, after_s=0.5)] * 4) as server, ends_within(1.3):
        client = a_client(server)
        kinds = [type(outcome) for outcome in in_threads(4, lambda: submit(client, 1.3))]
        assert sorted(kind.__name__ for kind in kinds) == [
            "Accepted",
            "NotSent",
            "NotSent",
            "NotSent",
        ]
        assert len(server.requests) == 1


def test_waiting_in_line_ends_while_the_order_in_front_still_hangs() -> None:
    with RawServer(hang) as server:
        client = a_client(server)
        in_front = threading.Thread(target=lambda: submit(client, 1.2))
        in_front.start()
        while not server.requests:
            time.sleep(0.005)
        with ends_within(0.2):
            assert isinstance(submit(client, 1.2), NotSent)
        in_front.join()
        assert len(server.requests) == 1


def test_a_slow_public_call_delays_no_order() -> None:
    with RawServer(hang) as server:
        client = a_client(server)
        public = threading.Thread(target=lambda: client.public("Ticker", {}, a_budget(0.5)))
        public.start()
        while not server.requests:
            time.sleep(0.005)
        with ends_within(0):
            assert isinstance(submit(client), Accepted)
        public.join()


def test_nonces_grow_although_the_clock_stands_still_or_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter([500, 500, 400, 900])
    with RawServer() as server:
        client = a_client(server)
        monkeypatch.setattr(session.time, "time_ns", lambda: next(ticks))
        for _ in range(4):
            client.private("AddOrder", PARAMETERS, a_budget(1))
        monkeypatch.undo()
        assert nonces(server) == [500, 501, 502, 900]


# Connections that were idle


@pytest.mark.parametrize(("idle_s", "connections"), [(14.0, [1, 1]), (15.1, [1, 2])])
def test_a_connection_is_used_again_unless_it_was_idle_for_15_seconds(
    idle_s: float, connections: list[int]
) -> None:
    with RawServer() as server:
        client = a_client(server)
        assert isinstance(submit(client), Accepted)
        session_of(client)._used_at -= idle_s
        assert isinstance(submit(client), Accepted)
        assert [request.connection for request in server.requests] == connections


def test_a_kept_connection_that_the_server_closed_is_noticed_before_anything_is_sent() -> None:
    with RawServer(send(http(BODY), keep=False)) as server:
        client = a_client(server)
        assert isinstance(submit(client), Accepted)
        time.sleep(0.02)
        assert isinstance(submit(client), Accepted)
        assert [request.connection for request in server.requests] == [1, 2]


# Secrets


@pytest.mark.parametrize(
    "step",
    [
        reply(ACCEPTED),
        refusal("EAPI:Invalid key"),
        reset,
        send(b"\r\n", keep=False),
        send(http(b"{", 500)),
        send(http(b"moved", 307, Location="http://127.0.0.1:9/")),
        send(b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n", keep=False),
    ],
)
def test_no_secret_is_in_what_comes_back_or_in_a_log(
    step: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(step) as server, caplog.at_level(logging.DEBUG):
        client = a_client(server)
        answer = client.private("AddOrder", PARAMETERS, a_budget(2))
        outcome = submit(client)
        told = f"{answer!r} {outcome!r} {client!r} {caplog.text}"
        signatures = [request.headers["api-sign"] for request in server.requests]
    decoded = base64.b64decode(SECRET)
    assert len(signatures) == 2
    for secret in (KEY, SECRET, decoded.hex(), repr(decoded), *signatures):
        assert secret not in told


@pytest.mark.parametrize("key", ["line\nbreak", "snow☃man"])
def test_a_key_that_no_header_can_carry_is_unknown_and_not_told(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer() as server, caplog.at_level(logging.DEBUG):
        client = KrakenClient(key, SECRET, server.url)
        outcome = submit(client)
        assert isinstance(outcome, Unknown)
        assert server.requests == []
    assert key not in f"{outcome!r} {caplog.text}"


def test_an_unforeseen_failure_is_unknown_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer() as server, caplog.at_level(logging.ERROR):
        client = a_client(server)
        monkeypatch.setattr(
            session_of(client)._api, "_sign", lambda *_: 1 / 0 if os.getpid() else ""
        )
        assert isinstance(submit(client), Unknown)
        monkeypatch.setattr(client._private, "take", lambda *_: {}["missing"])
        assert isinstance(submit(client), Unknown)
    assert "order.submit_failed" in caplog.text


def test_a_failure_gives_the_line_free_for_the_next_order() -> None:
    with RawServer(reset) as server:
        client = a_client(server)
        assert isinstance(submit(client), Unknown)
        assert isinstance(submit(client), Accepted)


def test_an_order_goes_before_waiting_reads_and_none_holds_the_line_longer_than_its_share() -> None:
    clock = SystemClock()
    with RawServer(hang) as server:
        client = a_client(server.url)
        venue = KrakenVenue(client, clock)

        def reads() -> None:
            for _ in range(3):
                with suppress(VenueUnavailable):
                    venue.find_open("6f0d1f0e-6d5c-5c55-9d0c-5b9d5b1a7c11", a_budget(25))

        reader = threading.Thread(target=reads)
        reader.start()
        time.sleep(0.1)
        reply_to_order = client.private("AddOrder", PARAMETERS, a_budget(2.3), at_least_s=1.0)
        # It was sent, whatever the answer.
        assert reply_to_order.failure is not outcomes.Failure.NO_TIME
        reader.join()
