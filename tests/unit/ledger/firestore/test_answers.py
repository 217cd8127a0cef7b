"""What each answer of Firestore's proves: a table of its codes, and of what is no
answer of its at all."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import closing

import pytest

from tests.support.firestore_faults import HTTP_STATUS, refusal
from tests.support.row_by_row import row_by_row
from webhook_core.ledger.firestore.channel import FirestoreChannel
from webhook_core.ledger.firestore.failures import (
    AlreadyThere,
    CallRefused,
    Changed,
    Contended,
    FirestoreError,
    Forbidden,
    Unproved,
    result_of,
)
from webhook_core.network.exchange import NoAnswer
from webhook_core.network.wire import Wire

PROVES = {
    "ALREADY_EXISTS": AlreadyThere,
    "ABORTED": Contended,
    "FAILED_PRECONDITION": Changed,
    "NOT_FOUND": Changed,
    "PERMISSION_DENIED": Forbidden,
    "UNAUTHENTICATED": Forbidden,
    "RESOURCE_EXHAUSTED": CallRefused,
    "INVALID_ARGUMENT": CallRefused,
    "OUT_OF_RANGE": CallRefused,
    "CANCELLED": Unproved,
    "DEADLINE_EXCEEDED": Unproved,
    "UNAVAILABLE": Unproved,
    "INTERNAL": Unproved,
    "UNKNOWN": Unproved,
    "DATA_LOSS": Unproved,
    "UNIMPLEMENTED": Unproved,
}


def proved(status: int, body: bytes) -> FirestoreError:
    with pytest.raises(FirestoreError) as caught:
        result_of(status, body)
    return caught.value


@row_by_row
@pytest.mark.parametrize("wrapped", [False, True], ids=["an object", "a stream's list"])
@pytest.mark.parametrize("code", HTTP_STATUS)
def test_every_code_proves_what_it_says_and_no_more(code, wrapped):
    status, _, body = refusal(code)
    error = proved(status, b"[" + body + b"]" if wrapped else body)
    assert (type(error), error.status) == (PROVES[code], code)


@row_by_row
@pytest.mark.parametrize("code", HTTP_STATUS)
def test_a_stream_that_breaks_off_in_its_middle_is_its_error(code):
    _, _, body = refusal(code)
    error = proved(200, b'[{"document": {}}, ' + body + b"]")
    assert type(error) is PROVES[code]


@row_by_row
@pytest.mark.parametrize(
    "code", ["ALREADY_EXISTS", "ABORTED", "FAILED_PRECONDITION", "NOT_FOUND", "RESOURCE_EXHAUSTED"]
)
@pytest.mark.parametrize("status", [200, 302, 418, 500, 503])
def test_a_code_with_another_status_than_its_own_proves_nothing(code, status):
    body = json.dumps({"error": {"code": status, "status": code}}).encode()
    assert type(proved(status, body)) is Unproved


@row_by_row
@pytest.mark.parametrize("status", [200, 301, 302, 307, 400, 404, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"<html>busy</html>", b"\xff\xfe", b"[" * 100_000, b'{"error": "busy"}',
        b'{"error": {"status": 7}}',
        b'[{"error": null}]', b'{"error": {"status": ["ABORTED"], "code": 409}}',
        b'{"error": {"status": "LATER"}}',
    ],
    ids=range(10),
)  # fmt: skip
@pytest.mark.usefixtures("nothing_collected")
def test_what_is_no_answer_of_firestore_s_proves_nothing(status, body):
    assert type(proved(status, body)) is Unproved


@row_by_row
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", b"<html>Forbidden</html>", b"[]", b'{"error": {}}'])
def test_a_front_end_that_lets_nobody_in_needs_no_json_for_it(status, body):
    assert type(proved(status, body)) is Forbidden


def test_google_s_closer_reason_is_kept():
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    error = {"code": 403, "status": "PERMISSION_DENIED", "details": details}
    assert proved(403, json.dumps({"error": error}).encode()).reason == "SERVICE_DISABLED"


@pytest.mark.parametrize("details", [None, "x", [None], ["x"], [{"reason": 7}], {}])
def test_details_that_say_nothing_hurt_nobody(details):
    error = {"code": 403, "status": "PERMISSION_DENIED", "details": details}
    assert proved(403, json.dumps({"error": error}).encode()).reason == ""


# On the wire


class RawServer:
    """Says ``parts`` to each connection, with a pause before each, and then
    holds it or hangs up."""

    def __init__(self, *parts: bytes, pause_s: float = 0.0, hold: bool = False) -> None:
        self._parts, self._pause_s, self._hold = parts, pause_s, hold
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536))
                try:
                    for part in self._parts:
                        self._over.wait(self._pause_s)
                        connection.sendall(part)
                    if self._hold:
                        self._over.wait(5)
                except OSError:
                    pass


def ask(server: RawServer, seconds: float = 2.0):
    with closing(Wire("http", "127.0.0.1", server.port)) as wire:
        return wire.exchange("POST", "/v1/x:commit", b"{}", {}, seconds)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "hold", "late"),
    [
        ((), True, True),
        ((), False, False),
        ((HEAD, b"half"), False, False),
        ((HEAD, b"half"), True, True),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",), False, False),
        ((b"\x16\x03\x01nonsense\r\n\r\n",), False, False),
    ],
)
def test_an_exchange_without_a_whole_answer_proves_nothing(parts, hold, late):
    with closing(RawServer(*parts, hold=hold)) as server:
        with pytest.raises(NoAnswer) as caught:
            ask(server, 0.3)
        assert caught.value.is_sent
        assert caught.value.is_late == late
        assert len(server.requests) == 1, "sent twice"


@pytest.mark.parametrize(("hold", "status"), [(True, "TIMEOUT"), (False, "DISCONNECTED")])
def test_a_call_without_an_answer_is_unproved_and_says_why(hold, status, monkeypatch):
    with closing(RawServer(hold=hold)) as server:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{server.port}")
        with pytest.raises(Unproved) as caught:
            FirestoreChannel("some-project", "(default)").post("commit", {}, 0.3)
    assert caught.value.status == status


def test_an_answer_that_drips_ends_in_time():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with closing(RawServer(head, *[b"x"] * 1000, pause_s=0.05)) as server:
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            ask(server, 0.3)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with closing(RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as elsewhere:
        to = f"Location: http://127.0.0.1:{elsewhere.port}/\r\n".encode()
        with closing(
            RawServer(b"HTTP/1.1 %d Moved\r\n" % status + to + b"Content-Length: 0\r\n\r\n")
        ) as server:
            answer = ask(server)
            assert type(proved(answer.status, answer.body)) is Unproved
        assert not elsewhere.requests


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    with closing(RawServer(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with closing(RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
            assert ask(server).body == b"{}"
        assert not proxy.requests
