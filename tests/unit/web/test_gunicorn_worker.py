"""What the function puts in the place of gunicorn's inside, and a gunicorn
that is made otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from gunicorn.workers import gthread

from tests.support.project import ROOT
from webhook_core.web import connections, gunicorn_worker

REPLACED = ("enqueue_req", "get_thread_pool", "handle_quit")


class AcceptsOtherwise(gthread.ThreadWorker):
    def accept(self, listener):
        connection = gthread.TConn(self.cfg, *listener.accept(), None)
        self.tpool.submit(self.handle, connection)


class BeginsOtherwise(gthread.ThreadWorker):
    def handle(self, conn):
        return next(conn.parser)


def enqueue_two(self, conn, priority):
    """Of another gunicorn."""


@pytest.fixture
def parts(monkeypatch):
    """gthread's, as they are: what is put in their place is taken back."""
    monkeypatch.setattr(gthread, "TConn", gthread.TConn)
    for name in REPLACED:
        monkeypatch.setattr(gthread.ThreadWorker, name, getattr(gthread.ThreadWorker, name))
    return monkeypatch


def as_they_are():
    worker = getattr(gthread, "ThreadWorker", None)
    return [getattr(gthread, "TConn", None), *(getattr(worker, name, None) for name in REPLACED)]


def test_the_gunicorn_that_is_required_gets_our_connections(parts, caplog):
    gunicorn_worker.bound_senders()
    assert gthread.TConn is connections.Connection
    assert {part.__module__ for part in as_they_are()} == {
        connections.__name__,
        gunicorn_worker.__name__,
    }
    assert caplog.records == []


def remove(place, name):
    return lambda patch: patch.delattr(place(), name)


def replace(place, name, by):
    return lambda patch: patch.setattr(place(), name, by)


def module():
    return gthread


def worker():
    return gthread.ThreadWorker


def connection():
    return gthread.TConn


OTHERWISE = {
    "no connection": (remove(module, "TConn"), "TConn.__init__"),
    "no worker": (remove(module, "ThreadWorker"), "ThreadWorker.enqueue_req"),
    "a connection that is no class": (replace(module, "TConn", None), "TConn.close"),
    "a connection of other arguments": (
        replace(connection, "__init__", lambda self, cfg, sock: None), "TConn.__init__"
    ),
    "a connection that is not asked to begin": (remove(connection, "init"), "TConn.init"),
    "a connection without a wait": (remove(connection, "wait_for_data"), "TConn.wait_for_data"),
    "a close of other arguments": (replace(connection, "close", lambda self: None), "TConn.close"),
    "nothing that takes a request into line": (remove(worker, "enqueue_req"),
        "ThreadWorker.enqueue_req"),
    "a line of other arguments": (replace(worker, "enqueue_req", enqueue_two),
        "ThreadWorker.enqueue_req"),
    "a line that is built in": (replace(worker, "enqueue_req", len), "ThreadWorker.enqueue_req"),
    "threads of another kind": (remove(worker, "get_thread_pool"), "ThreadWorker.get_thread_pool"),
    "a worker that accepts otherwise": (replace(module, "ThreadWorker", AcceptsOtherwise),
        "ThreadWorker.accept"),
    "a worker that begins otherwise": (replace(module, "ThreadWorker", BeginsOtherwise),
        "ThreadWorker.handle"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_gunicorn_that_is_made_otherwise_is_left_as_it_is_and_the_log_says_so_once(
    name, parts, caplog
):
    change, unknown = OTHERWISE[name]
    change(parts)
    before = as_they_are()
    gunicorn_worker.bound_senders()
    assert as_they_are() == before
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("WARNING", "server.senders_not_bounded")
    assert unknown in record.facts["unknown"]


A_STOP_WHILE_A_REQUEST_IS_TAKEN_INTO_LINE = """
import os, socket, sys, threading
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from webhook_core.web.gunicorn_worker import bound_senders

class Application(BaseApplication):
    def load_config(self): pass
    def load(self): return lambda environ, start: [start("200 OK", []), b""][1:]

def start_and_stop(thread):  # the pool holds its lock here
    if thread.name.startswith("ThreadPoolExecutor"):
        threading.Thread.start = start
        os.kill(os.getpid(), int(sys.argv[1]))
    start(thread)

bound_senders()
start, threading.Thread.start = threading.Thread.start, start_and_stop
application = Application()
listener = socket.create_server(("127.0.0.1", 0))
settings = application.cfg
worker = ThreadWorker(1, os.getppid(), [listener], application, 30, settings, Logger(settings))
client = socket.create_connection(listener.getsockname())
worker.init_process()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a_stop_that_comes_while_a_request_is_taken_into_line_ends_the_worker(number):
    script = A_STOP_WHILE_A_REQUEST_IS_TAKEN_INTO_LINE
    done = subprocess.run(
        [sys.executable, "-c", script, str(int(number))],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
