"""The loopback Kraken as a process of its own, and what a test may ask of it.

Imports nothing of the package.
"""

from __future__ import annotations

import json
import os
import select
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.evidence import Secrets
from tests.support.ready_servers import Server, ready_servers
from tests.support.served_function import WAIT_S, base_environment, eventually, exchange, free_port

MODULE = "tests.support.kraken_server"
BALANCES = "USD=10000,BTC=1"
MARKS = {"XBTUSD": "60000", "ETHUSD": "2500"}


class KrakenProcess:
    """``port`` is fixed from the beginning, so that a test may start the server late.
    ``log`` gets its errors."""

    def __init__(
        self, secrets: Secrets, log: Path, nonce_window: int = 0, balances: str = BALANCES
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._secrets = secrets
        self._log = log
        self._nonce_window, self._balances = nonce_window, balances
        self._process: Server | None = None

    def start(self) -> KrakenProcess:
        account = [
            "--port", str(self.port), "--key", self._secrets.kraken_key, "--secret",
            self._secrets.kraken_secret,
            "--nonce-window", str(self._nonce_window), "--balances", self._balances,
        ]  # fmt: skip
        said, told = os.pipe()
        with self._log.open("ab") as log:
            files = [told, log.fileno()]
            self._process = ready_servers().start(MODULE, account, base_environment(), files)
        os.close(told)
        with os.fdopen(said) as line:
            ready, _, _ = select.select([line], [], [], WAIT_S)
            assert ready, "the loopback Kraken does not start"
            assert json.loads(line.readline())["url"] == self.url, self._log.read_text("utf-8")
        for pair, price in MARKS.items():
            self.mark(pair, price)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(WAIT_S)

    def script(self, endpoint: str, *faults: dict[str, Any]) -> None:
        """The next calls of an endpoint meet these faults: {"fault": "late", "seconds": 1}."""
        self._control("script", {"endpoint": endpoint, "faults": list(faults)})

    def release(self) -> None:
        self._control("release", {})

    def lag(self, **seconds: float) -> None:
        self._control("lag", seconds)

    def clock_ahead(self, seconds: float) -> None:
        """Its clock is so far ahead of this machine's from now on."""
        self._control("clock", {"ahead_s": seconds})

    def fees(self, maker: str, taker: str) -> None:
        """What the account pays from now on, in percent of the cost."""
        self._control("fees", {"maker": maker, "taker": taker})

    def earn(self, *assets: str) -> None:
        """Their balances stand in the rows of Auto Earn from now on."""
        self._control("earning", {"assets": assets})

    def rules(self, key: str, **rules: Any) -> None:
        """Change AssetPairs for one pair, or add one."""
        self._control("rules", {"key": key, "rules": rules})

    def faults_left(self) -> dict[str, int]:
        """Scripted and not met yet."""
        return self._control("faults")

    def orders(self, client_order_id: str | None = None) -> list[dict[str, Any]]:
        """Every order that ever came into the book, or those with one client order id."""
        return [
            order
            for order in self._control("orders")
            if client_order_id in (None, order.get("cl_ord_id"))
        ]

    def open_orders(self, pair: str | None = None) -> list[dict[str, Any]]:
        return [
            row
            for row in self.orders()
            if row["status"] == "open" and pair in (None, row["descr"]["pair"])
        ]

    def balance(self, asset: str) -> Decimal:
        """What the book has of an asset, whatever a read shows."""
        return Decimal(self._control("holdings")["balances"].get(asset, "0"))

    def position(self, pair: str) -> Decimal:
        """The net margin position of a pair in the book, signed, base."""
        return Decimal(self._control("holdings")["positions"].get(pair, "0"))

    def mark(self, pair: str, price: str) -> None:
        self._control("mark", {"pair": pair, "price": price})

    def calls(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """What came in, in order: ``endpoint`` and ``params``."""
        return [call for call in self._control("calls") if endpoint in (None, call["endpoint"])]

    def calls_about(self, client_order_id: str, endpoint: str = "AddOrder") -> list[dict[str, Any]]:
        return [
            call
            for call in self.calls(endpoint)
            if call["params"].get("cl_ord_id") == client_order_id
        ]

    def wait_for_call(self, endpoint: str, after: int) -> dict[str, Any]:
        """The first call of an endpoint beyond the first ``after`` ones."""
        return eventually(lambda: self.calls(endpoint)[after:], f"a call of {endpoint}")[0]

    def _control(self, name: str, data: dict[str, Any] | None = None) -> Any:
        method = "GET" if data is None else "POST"
        answer = exchange(
            self.port, method, f"/control/{name}", None if data is None else json.dumps(data)
        )
        assert answer.status == 200, answer.body
        return json.loads(answer.body)
