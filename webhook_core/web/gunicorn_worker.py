"""What is put in the place of gunicorn's inside: our connections (``web.connections``), which bound
senders that stall, a stop that ends, and no header that changes what is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import gunicorn
from gunicorn.workers import gthread

from webhook_core.events import event

if TYPE_CHECKING:
    from webhook_core.web.connections import Connection

ROOM_FOR_SLOW_SENDERS = 256
"""Threads at least, made when needed. How many requests are at work is what the platform admits."""

_TAKES = {
    "TConn.__init__": ("self", "cfg", "sock", "client", "server"),
    "TConn.init": ("self",),
    "TConn.wait_for_data": ("self", "timeout"),
    "TConn.close": ("self", "graceful"),
    "ThreadWorker.enqueue_req": ("self", "conn"),
    "ThreadWorker.get_thread_pool": ("self",),
    "ThreadWorker.handle_quit": ("self", "sig", "frame"),
}
"""What ours replaces, and with which arguments it is called."""
_USES = {
    "TConn.init": {"sock"},
    "ThreadWorker.accept": {"TConn", "enqueue_req"},
    "ThreadWorker.on_client_socket_readable": {"enqueue_req"},
    "ThreadWorker.on_pending_socket_readable": {"enqueue_req"},
    "ThreadWorker.handle": {"init", "wait_for_data"},
    "ThreadWorker.init_process": {"get_thread_pool", "method_queue"},
    "ThreadWorker.run": {"method_queue", "run_callbacks"},
    "ThreadWorker.handle_exit": {"method_queue", "defer", "alive"},
}
"""Where gunicorn calls it: a request that never arrives, or never begins, would be late at once."""


def bound_senders() -> None:
    """In a process that gunicorn has forked: what it accepts from now on is ours.

    A gunicorn that is made otherwise stays as it is, and the log says so: a server without these
    bounds is better than none.
    """
    unknown = sorted(set(_unknown()))
    if unknown:
        _tell_not_bounded(unknown)
        return
    from webhook_core.web.connections import Connection

    enqueue, leave = gthread.ThreadWorker.enqueue_req, gthread.ThreadWorker.handle_quit

    def enqueue_req(self: Any, conn: Connection) -> None:
        conn.sock.arrive()
        enqueue(self, conn)

    def get_thread_pool(self: Any) -> ThreadPoolExecutor:
        _believe_no_proxy(self.cfg)
        return ThreadPoolExecutor(max(self.cfg.threads, ROOM_FOR_SLOW_SENDERS))

    def handle_quit(self: Any, sig: int, frame: Any) -> None:
        """From the loop, as gunicorn itself does for SIGTERM: it takes the lock of the threads,
        which the interrupted frame may hold, and then the worker stands still until it is killed
        after ``graceful_timeout``, 30 seconds."""
        self.alive = False
        self.method_queue.defer(partial(leave, self, sig, frame))

    gthread.TConn = Connection
    gthread.ThreadWorker.enqueue_req = enqueue_req
    gthread.ThreadWorker.get_thread_pool = get_thread_pool
    gthread.ThreadWorker.handle_quit = handle_quit


def _tell_not_bounded(unknown: list[str]) -> None:
    event(
        logging.WARNING,
        "server.senders_not_bounded",
        gunicorn=getattr(gunicorn, "__version__", None),
        unknown=unknown,
        advice="a sender that stalls can hold up the alerts behind it; install requirements.txt",
    )


def _believe_no_proxy(cfg: Any) -> None:
    """To gunicorn a peer on this machine is a proxy, whose SCRIPT_NAME moves the path and whose
    X-Forwarded-Proto may end the request; but a proxy passes on what its callers wrote."""
    cfg.set("forwarder_headers", "")
    cfg.set("secure_scheme_headers", {})


def _unknown() -> Iterator[str]:
    """What is not as ours needs it, by its name in gunicorn.workers.gthread."""
    for name, arguments in _TAKES.items():
        code = _code(name)
        if (
            code is None
            or code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] != arguments
        ):
            yield name
    for name, used in _USES.items():
        code = _code(name)
        if code is None or not used <= set(code.co_names):
            yield name


def _code(name: str) -> Any:
    """None for what is missing, or no function of Python's."""
    try:
        return attrgetter(f"{name}.__code__")(gthread)
    except AttributeError:
        return None
