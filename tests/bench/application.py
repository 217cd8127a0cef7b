"""The application in this process, live on SQLite, and alerts to it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.cold import KEY, SECRET, TOKEN
from webhook_core.application import Application
from webhook_core.bootstrap import build
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest


def application(port: int, ledger: Path, **env: str) -> Application:
    return build(settings_of(port, ledger, **env))


def settings_of(port: int, ledger: Path, **env: str) -> Settings:
    settings = {
        "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET,
        "ALLOWED_SYMBOLS": "*",
        "MAX_ORDER_COST": "none", "KRAKEN_API_URL": f"http://127.0.0.1:{port}",
        "WEBHOOK_TOKEN": TOKEN,
        "LEDGER_URL": f"sqlite:///{ledger}", **env,
    }  # fmt: skip
    return read_settings(settings, read_file=lambda _path: None)


def deliver(function: Application, name: str, status: int = 200, **fields: str) -> float:
    """Seconds that one new alert took."""
    now = datetime.now(UTC)
    alert = {
        "token": TOKEN,
        "id": name,
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.01",
        **fields,
    }
    body = json.dumps(alert).encode()
    started = time.perf_counter()
    response = function.handle(
        HttpRequest("POST", "/webhook/tradingview", {}, {}, body, "127.0.0.1", now)
    )
    taken = time.perf_counter() - started
    assert response.status == status, response.body
    return taken
