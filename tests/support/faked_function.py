"""The application over a fake clock and a fake venue, and a sender that speaks to
it as TradingView does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.clock import FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.memory_ledger import MemoryLedger
from webhook_core.application import Application
from webhook_core.bootstrap import assemble
from webhook_core.ledger.store import Store
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest

TOKEN = "token-of-the-tests-0123"
OPERATOR = "operator-of-the-tests-0123"


@dataclass
class Answer:
    status: int
    document: dict[str, Any]
    headers: dict[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.document[name]


@dataclass
class Function:
    """One instance. ``store`` and ``venue`` may be shared with another."""

    env: dict[str, str] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    venue: FakeVenue = field(default_factory=FakeVenue)
    store: Store = field(default_factory=MemoryLedger)

    def __post_init__(self) -> None:
        self.application: Application = assemble(
            self.settings(), self.clock, self.store, self.venue
        )

    def settings(self) -> Settings:
        return read_settings(
            {
                "WEBHOOK_TOKEN": TOKEN,
                "OPERATOR_TOKEN": OPERATOR,
                "LEDGER_URL": "memory://",
                **self.env,
            }
        )

    def alert(self, **fields: Any) -> dict[str, Any]:
        fired_at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        whole = {
            "token": TOKEN, "id": "a-1", "fired_at": fired_at, "symbol": "BTCUSD", "side": "buy",
            "volume": "0.01",
            "price": "60000", **fields,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value is not None}

    def post(self, document: Any, path: str = "/webhook/tradingview", **headers: str) -> Answer:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.send("POST", path, body, headers)

    def operate(self, method: str, path: str, token: str = OPERATOR, **query: str) -> Answer:
        return self.send(method, path, b"", {"authorization": f"Bearer {token}"}, query)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Any = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        request = HttpRequest(method, path, query or {}, named, body, "127.0.0.1", self.clock.now())
        response = self.application.handle(request)
        return Answer(response.status, json.loads(response.body or b"{}"), dict(response.headers))
