"""The function as its users run it: functions-framework as a process, environment
variables only, HTTP on loopback.

Imports nothing of the package: what these tests know of it they learn from outside.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.evidence import Evidence
from tests.support.project import ROOT
from tests.support.ready_servers import Server, ready_servers

WAIT_S = 30
"""Generous: a loaded machine is slow, and a wait that ends early costs nothing."""
FRAMEWORK = "functions_framework"
_given: set[int] = set()
_ports = threading.Lock()
ALERTS = "/webhook/tradingview"
VALIDATE = "/webhook/tradingview/validate"
ANSWER_KEYS = {
    "success", "message", "order_id", "error", "trade_details", "code", "field", "alert_id",
    "client_order_id", "orders",
    "replayed", "mode", "warnings", "request_id",
}  # fmt: skip
TRADE_KEYS = {"symbol", "side", "order_type", "volume", "price"}
ORDER_KEYS = {"order_id", "client_order_id", "state", "code", "request"}
APPRAISAL_KEYS = {"rounding", "estimate", "checks"}
"""In the orders of a validation beside the others: one without an order id of ours.
A leg whose turn has not come has none either; an order of which Kraken has told
what it traded has its ``fill``."""


@dataclass(frozen=True)
class Answer:
    """``headers`` have lower-case names; ``seconds`` is how long the answer took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)

    def __getitem__(self, name: str) -> Any:
        return self.document[name]


def check(answer: Answer, status: int, code: str, field: str | None = None) -> Answer:
    """The outcome, and what every answer to an alert has in common."""
    document = answer.document
    assert (answer.status, document["code"], document["field"]) == (status, code, field), document
    assert set(document) == ANSWER_KEYS
    assert set(document["trade_details"]) == TRADE_KEYS
    for order in document["orders"]:
        if order["client_order_id"] is None and order["state"] != "NOT_CLAIMED":
            assert set(order) == ORDER_KEYS | APPRAISAL_KEYS
        else:
            assert set(order) - {"fill"} == ORDER_KEYS
    assert document["success"] is (status == 200)
    assert (document["error"] is None) is (status == 200)
    assert document["message"]
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer


def exchange(
    port: int,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Answer:
    """One request on a connection of its own; http.client knows no proxy.

    An iterable body is sent in chunks.
    """
    began = time.monotonic()
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    ) as connection:
        connection.request(method, path, body, dict(headers or {}), **options)
        response = connection.getresponse()
        content = response.read()
    named = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, named, content, time.monotonic() - began)


def free_port() -> int:
    """None that this process was given before: who was may not listen yet."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        with _ports:
            if port not in _given:
                _given.add(port)
                return port


def eventually(holds: Callable[[], Any], what: str, seconds: float = WAIT_S) -> Any:
    """Wait until ``holds`` returns something true, and return it."""
    until = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def utc(seconds_from_now: float = 0) -> str:
    """A time as {{timenow}} writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds_from_now)).strftime("%Y-%m-%dT%H:%M:%SZ")


def base_environment() -> dict[str, str]:
    """What a process needs to run at all, and nothing that could be a setting."""
    return {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "SYSTEMROOT")
        if name in os.environ
    }


def command(port: int) -> list[str]:
    return [sys.executable, "-m", FRAMEWORK, *options(port)]


def options(port: int) -> list[str]:
    return ["--target", "webhook", "--host", "127.0.0.1", "--port", str(port)]


class Function:
    """One function process, its own process group.

    Its output goes to a file that is evidence in the end.
    """

    def __init__(self, env: Mapping[str, str], log: Path, evidence: Evidence) -> None:
        self.env = dict(env)
        self.log_path = log
        self.evidence = evidence
        self.port = 0
        self._process: subprocess.Popen[bytes] | Server | None = None

    def start(self, *, as_users_do: bool = False) -> Function:
        """By its command with ``as_users_do``, else forked from a process that is ready."""
        self.port = free_port()
        env = base_environment() | self.env
        with self.log_path.open("ab") as log:
            if as_users_do:
                self._process = subprocess.Popen(
                    command(self.port), cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True,
                )  # fmt: skip
            else:
                files = [log.fileno(), log.fileno()]
                self._process = ready_servers().start(FRAMEWORK, options(self.port), env, files)
        eventually(self._is_up, "the function starts")
        return self

    def _is_up(self) -> bool:
        assert self.process.poll() is None, f"the function ended:\n{self.log()}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            return exchange(self.port, "GET", "/webhook/health").status == 200
        return False

    @property
    def process(self) -> subprocess.Popen[bytes] | Server:
        assert self._process is not None, "start() comes first"
        return self._process

    def terminate(self) -> None:
        """What Cloud Run does: SIGTERM to the process that it started."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> int:
        return self.process.wait(WAIT_S)

    def kill(self) -> None:
        """SIGKILL to every process of it, at once: nothing gets to tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        if self._process is not None:
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return self.log_path.read_text("utf-8")

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        answer = exchange(self.port, method, path, body, headers, **options)
        self.evidence.note(
            f"answer of {method} {path}", answer.body + repr(answer.headers).encode()
        )
        return answer

    def post(self, alert: Any, path: str = ALERTS, **headers: str) -> Answer:
        """The way of TradingView: JSON, and no header that matters."""
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return self.send("POST", path, encoded(alert), named)

    def post_signed(self, alert: Any, path: str = ALERTS, **headers: str) -> Answer:
        body = encoded(alert)
        signature = hmac.new(
            self.evidence.secrets.signing.encode(), body, hashlib.sha256
        ).hexdigest()
        self.evidence.hide("signature", signature)
        return self.post(body, path, X_Signature=signature, **headers)

    def operate(self, method: str, path: str) -> Answer:
        return self.send(
            method, path, headers={"Authorization": f"Bearer {self.evidence.secrets.operator}"}
        )

    def orders(self, alert_id: str) -> list[dict[str, Any]]:
        """What the ledger says of one alert, by the operator's route."""
        rows = self.operate("GET", "/orders?limit=200")["orders"]
        return [row for row in rows if row["alert_id"] == alert_id]

    def alert(self, **fields: Any) -> dict[str, Any]:
        """A market buy of 0.0001 BTC, fired now, that carries the token; a field
        given as None is left out."""
        whole = {
            "token": self.evidence.secrets.token, "id": f"e2e-{uuid.uuid4().hex}",
            "fired_at": utc(), "symbol": "BTCUSD",
            "side": "buy", "order_type": "market", "volume": "0.0001", "price": "60000", **fields,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value is not None}

    def unsigned(self, **fields: Any) -> dict[str, Any]:
        """The same without the token."""
        return self.alert(token=None, **fields)


def encoded(alert: Any) -> bytes:
    return alert if isinstance(alert, bytes) else json.dumps(alert).encode()
