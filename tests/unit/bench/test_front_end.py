"""The front end and the TradingView of make bench: what each does with an
answer, or without one."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.bench import front_end
from tests.bench.front_end import TIMED_OUT, FrontEnd


class Instance:
    """Answers with these statuses, one after the other, each after ``seconds``; counts how many it
    works on at once."""

    def __init__(self, *statuses, seconds=0.0):
        self.at_once = self.most_at_once = self.requests = 0
        self._statuses, self._seconds, self._lock = list(statuses), seconds, threading.Lock()
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(instance.answer())
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self):
        with self._lock:
            self.requests += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            status = self._statuses.pop(0) if self._statuses else 200
        time.sleep(self._seconds)
        with self._lock:
            self.at_once -= 1
        return status

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def instance_of(monkeypatch):
    monkeypatch.setattr(front_end, "RESENT_AFTER_S", 0.01)
    made = []

    def make(*statuses, seconds=0.0):
        made.append(Instance(*statuses, seconds=seconds))
        return made[-1]

    yield make
    for instance in made:
        instance.close()


@pytest.mark.parametrize(
    ("statuses", "ended", "sends"),
    [
        ((200,), 200, 1), ((503, 200), 200, 2), ((500, 503, 599, 200), 200, 4),
        ((503,) * 5, 503, 4), ((504, 200), 504, 1),
        ((422, 200), 422, 1), ((408, 200), 408, 1), ((302, 200), 302, 1),
    ],
)  # fmt: skip
def test_tradingview_sends_again_after_5xx_but_504_and_three_times_at_most(
    statuses, ended, sends, instance_of
):
    instance = instance_of(*statuses)
    (delivered,) = FrontEnd(instance.port, 8, 1).fire([b"{}"])
    assert (delivered.status, delivered.sends, instance.requests) == (ended, sends, sends)


def test_tradingview_hangs_up_and_the_function_is_not_told(monkeypatch, instance_of):
    monkeypatch.setattr(front_end, "TRADINGVIEW_WAITS_S", 0.1)
    instance = instance_of(seconds=0.5)
    (delivered,) = FrontEnd(instance.port, 8, 1).fire([b"{}"])
    assert (delivered.status, delivered.sends) == (TIMED_OUT, 1)
    assert (instance.requests, instance.at_once) == (1, 0)


def test_no_more_than_are_admitted_reach_the_instance_at_once(instance_of):
    instance = instance_of(seconds=0.05)
    assert {one.status for one in FrontEnd(instance.port, 2, 6).fire([b"{}"] * 6)} == {200}
    assert (instance.requests, instance.most_at_once) == (6, 2)


def test_who_waits_too_long_in_front_of_the_instance_gets_429_which_is_final(
    monkeypatch, instance_of
):
    monkeypatch.setattr(front_end, "QUEUED_S", 0.05)
    instance = instance_of(seconds=0.5)
    delivered = FrontEnd(instance.port, 1, 2).fire([b"{}"] * 2)
    assert sorted((one.status, one.sends) for one in delivered) == [(200, 1), (429, 1)]
    assert instance.requests == 1
