"""An HTTP server between the ledger and the real emulator, which can refuse a call, or do
it and lose its answer."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERBS = {"commit": "Commit", "batchGet": "BatchGetDocuments", "runQuery": "RunQuery"}
HTTP_STATUS = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
"""Google's codes, each with its own (google/rpc/code.proto)."""


@dataclass
class Fault:
    """``done``: the emulator does it first, and only its answer is replaced. ``times`` counts down.
    ``answer``: status, headers and body instead of Google's error."""

    method: str
    status: str
    done: bool = False
    times: int = 1
    answer: tuple[int, dict[str, str], bytes] | None = None


def refusal(status: str) -> tuple[int, dict[str, str], bytes]:
    """As Google's front end says it."""
    code = HTTP_STATUS[status]
    error = {"code": code, "message": "refused by the\ntest", "status": status}
    return code, {"Content-Type": "application/json"}, json.dumps({"error": error}).encode()


class FaultyFirestore:
    def __init__(self, emulator_port: int) -> None:
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.tokens: list[str] = []
        self._emulator_port = emulator_port
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        method = VERBS[path.rpartition(":")[2]]
        fault = self._next(method)
        if fault is None or fault.done:
            result = self._forwarded(path, body)
            if fault is None:
                return result
        return fault.answer or refusal(fault.status)

    def _forwarded(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._emulator_port, timeout=10)
        try:
            connection.request("POST", path, body, {"Authorization": "Bearer owner"})
            answer = connection.getresponse()
            return answer.status, {"Content-Type": "application/json"}, answer.read()
        finally:
            connection.close()

    def _next(self, name: str) -> Fault | None:
        self.calls.append(name)
        for fault in self.faults:
            if fault.method == name and fault.times > 0:
                fault.times -= 1
                return fault
        return None


def _handler(faulty: FaultyFirestore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            faulty.tokens.append(self.headers["Authorization"])
            status, headers, answer = faulty.answer(self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
