"""A person who is told: a real HTTP server on loopback, an address of apprise's json service."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Person:
    """``heard``: what came, oldest first. ``answers``: the statuses of the next requests, then
    200, each after ``takes_s`` seconds."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.paths: list[str] = []
        self.takes_s = 0.0

    def url(self, path: str = "") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.heard]

    def take(self, message: dict[str, Any], path: str) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.heard.append(message)
            self.paths.append(path)
        return status


@contextmanager
def told_person() -> Iterator[Person]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = person.take(json.loads(body), self.path)
            time.sleep(person.takes_s)
            with contextlib.suppress(ConnectionError):  # whoever hung up has not waited
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: a test looks at ``heard``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    person = Person(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield person
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
