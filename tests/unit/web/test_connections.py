"""The socket of a request: it ends what takes too long. What that is for is in
tests/e2e/test_slow_senders.py."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time

import pytest

from tests.support.project import ROOT
from webhook_core.web import connections
from webhook_core.web.connections import Connection, RequestSocket
from webhook_core.web.messages import MAX_BODY_BYTES


class Config:
    """Of gunicorn's, what a connection looks at."""

    is_ssl = False
    keepalive = 2


@pytest.fixture
def pair(monkeypatch):
    monkeypatch.setattr(connections, "ARRIVES_WITHIN_S", 0.1)
    monkeypatch.setattr(connections, "GOES_WITHIN_S", 0.1)
    ours, theirs = socket.socketpair()
    with contextlib.closing(theirs), contextlib.closing(RequestSocket(ours)) as request:
        request.begin()
        yield request, theirs


def test_what_has_arrived_is_read_and_the_socket_waits_again_as_before(pair):
    request, sender = pair
    sender.sendall(b"POST")
    assert request.recv(100) == b"POST"
    assert (request.late, request.gettimeout()) == (False, None)
    sender.shutdown(socket.SHUT_WR)
    assert request.recv(100) == b""
    assert request.late is False


def test_a_request_that_does_not_arrive_ends_as_a_sender_that_hung_up_and_stays_so(pair):
    request, sender = pair
    with pytest.raises(ConnectionResetError):
        request.recv(100)
    sender.sendall(b"after its time")
    for _ in range(2):
        request.begin()
        with pytest.raises(ConnectionResetError):
            request.recv(100)
    assert (request.late, request.gettimeout()) == (True, None)


@pytest.mark.parametrize("looks", [1, 3])
def test_what_is_there_is_read_though_the_time_is_over_for_this_process_may_have_stood_still(
    looks, pair
):
    request, sender = pair
    for number in range(looks):
        sender.sendall(b"body")
        time.sleep(0.15 if number == 0 else 0)
        assert request.recv(100) == b"body"
        assert (request.late, request.gettimeout()) == (False, None)
    with pytest.raises(ConnectionResetError):
        request.recv(100)
    assert (request.late, request.gettimeout()) == (True, None)


def test_a_sender_that_hung_up_while_this_process_stood_still_is_not_late(pair):
    request, sender = pair
    sender.shutdown(socket.SHUT_WR)
    time.sleep(0.15)
    assert request.recv(100) == b""
    assert request.late is False


def test_a_sender_that_never_stops_is_cut_off_once_the_time_is_over(pair, monkeypatch):
    monkeypatch.setattr(connections, "MOST_TAKEN_LATE", 2500)
    request, sender = pair
    time.sleep(0.15)
    taken = 0

    def read_on():
        nonlocal taken
        while True:
            sender.sendall(b"x" * 1000)
            taken += len(request.recv(8192))

    with pytest.raises(ConnectionResetError):
        read_on()
    assert (taken, request.late) == (2500, True)


def test_the_largest_body_and_its_head_can_be_taken_late():
    assert connections.MOST_TAKEN_LATE >= MAX_BODY_BYTES + 1 + 32 * 1024


def test_the_time_is_that_of_the_whole_request_however_it_drips(pair):
    request, sender = pair

    def read_drop_by_drop():
        while True:
            sender.sendall(b"x")
            request.recv(1)

    with pytest.raises(ConnectionResetError):
        read_drop_by_drop()


def test_the_next_request_of_a_connection_has_its_own_time(pair, monkeypatch):
    request, sender = pair
    now = 0.0
    monkeypatch.setattr(connections.time, "monotonic", lambda: now)
    for _ in range(3):
        request.begin()
        now += 0.09
        sender.sendall(b"x")
        assert request.recv(1) == b"x"


@pytest.mark.parametrize("piece", [b"x" * 1000, b"x" * 10_000_000], ids=len)
def test_an_answer_that_nobody_takes_ends_as_a_sender_that_hung_up(piece, pair):
    request, _ = pair

    def answer_for_ever():
        while True:
            request.sendall(piece)

    with pytest.raises(BrokenPipeError):
        answer_for_ever()
    assert request.gettimeout() is None


def test_an_answer_arrives_whole_however_slowly_it_is_taken(pair, monkeypatch):
    monkeypatch.setattr(connections, "GOES_WITHIN_S", 30)
    request, reader = pair
    request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    taken = subprocess.Popen(
        [sys.executable, "-c",
            "import sys, time, socket; s = socket.socket(fileno=int(sys.argv[1])); n = 0\n"
         "while n < 200_000: n += len(s.recv(20_000)); time.sleep(0.02)\nprint(n)",
         str(reader.fileno())],
        pass_fds=[reader.fileno()], stdout=subprocess.PIPE,
    )  # fmt: skip
    request.sendall(b"x" * 200_000)
    assert taken.communicate()[0] == b"200000\n"


def test_it_tells_how_long_a_request_has_waited(pair, monkeypatch):
    request, _ = pair
    moments = iter([100.0, 102.5])
    monkeypatch.setattr(connections.time, "monotonic", lambda: next(moments))
    request.arrive()
    assert request.waited_s() == 2.5


def test_what_lay_unread_before_it_was_noticed_counts():
    if not hasattr(socket, "TCP_INFO"):
        pytest.skip("nobody here tells")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sender,
    ):
        sender.sendall(b"POST")
        accepted = RequestSocket(listener.accept()[0])
        with contextlib.closing(accepted):
            time.sleep(0.3)
            accepted.arrive()
            assert accepted.waited_s() >= 0.25


def test_no_request_is_said_to_have_come_before_it_was_sent():
    """Else two alerts, one behind the other, change places: the kernel counts in ticks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        early = []
        for _ in range(100):
            with socket.create_connection(listener.getsockname()) as sender:
                accepted = RequestSocket(listener.accept()[0])
                with contextlib.closing(accepted):
                    sent_at = time.monotonic()
                    sender.sendall(b"POST")
                    time.sleep(0.001)
                    accepted.arrive()
                    early.append(accepted.waited_s() - (time.monotonic() - sent_at))
        assert max(early) <= 0


def test_a_connection_closes_without_waiting_for_the_other_side(pair):
    ours, theirs = socket.socketpair()
    with contextlib.closing(theirs):
        connection = Connection(Config(), ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
        theirs.sendall(b"what nobody has read")
        connection.close(graceful=True)
        assert connection.sock.fileno() == -1
        assert theirs.recv(1) == b""


def test_gunicorn_is_not_loaded_for_it_before_functions_framework_does():
    script = (
        "import sys, main\n"
        "print([name for name in sys.modules if name.startswith(('gunicorn', "
        "'webhook_core.web.connections'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT,
        env={"LOG_LEVEL": "ERROR", "LEDGER_URL": "memory://"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
