"""The instances that alerts are sent to: the real application on its own connections, here and in a
process beside it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from tests.support.faked_function import OPERATOR, TOKEN
from tests.support.kraken_server import KEY, SECRET
from tests.support.processes import FORKED
from tests.walk.clock import SharedClock
from webhook_core.bootstrap import assemble, open_venue
from webhook_core.events import LOGGER
from webhook_core.ledger.opening import open_store
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

Answer = tuple[int, dict[str, Any]]
"""The status, and the document."""


def environment(url: str, ledger: str) -> dict[str, str]:
    return {
        "TRADING_MODE": "live",
        "KRAKEN_API_URL": url,
        "KRAKEN_API_KEY": KEY,
        "KRAKEN_API_SECRET": SECRET,
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": OPERATOR,
        "LEDGER_URL": f"sqlite:///{ledger}",
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "MAX_ORDER_COST": "1000000 USD",
        "ALERT_MAX_AGE_SECONDS": "900",
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "CRITICAL",
    }


class Here:
    """An instance in this process."""

    def __init__(self, env: Mapping[str, str], clock: SharedClock) -> None:
        self._clock = clock
        LOGGER.setLevel(logging.CRITICAL + 1)  # the story has what matters
        settings = read_settings(dict(env))
        store = open_store(settings.ledger_url, settings.ledger_id)
        self._venue = open_venue(settings, store, clock)
        self.application = assemble(settings, clock, store, self._venue)

    def post(self, body: bytes, path: str = "/webhook/tradingview") -> Answer:
        request = HttpRequest("POST", path, {}, {}, body, "127.0.0.1", self._clock.now())
        response = self.application.handle(request)
        return response.status, json.loads(response.body)

    def stop(self) -> None:
        """Nothing runs; what is open is closed."""
        self._venue._client.close()  # type: ignore[attr-defined]


class Beside:
    """An instance in a process of its own, on the same ledger and the same time."""

    def __init__(self, env: Mapping[str, str], clock: SharedClock) -> None:
        self._pipe, other = FORKED.Pipe()
        self._process = FORKED.Process(
            target=_serve, args=(other, dict(env), clock.passed), daemon=True
        )
        self._process.start()

    def post(self, body: bytes) -> Answer:
        self._pipe.send(body)
        answer: Answer = self._pipe.recv()
        return answer

    def stop(self) -> None:
        self._pipe.send(None)
        self._process.join(10)
        self._process.kill()


def _serve(pipe: Any, env: Mapping[str, str], passed: Any) -> None:
    instance = Here(env, SharedClock(passed))
    while (body := pipe.recv()) is not None:
        pipe.send(instance.post(body))
