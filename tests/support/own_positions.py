"""Two strategies of one account beside somebody who trades it by hand, at an engine that keeps its
books as Kraken does, over a socket."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.paper import KEY, SECRET, order
from tests.support.scoped_tokens import KEYS
from webhook_core.bootstrap import build

D = Decimal
TREND, OTHER = "trend-of-the-tests-0123", "other-of-the-tests-0123"
STRATEGIES = f"""
[trend]
token = "{TREND}"
[other]
token = "{OTHER}"
"""
NUMBERS = itertools.count(1)
CLOCK = FakeClock()
CLOSE = {"action": "close", "side": None, "volume": None}
MINUTES = 180
"""After so many seconds the lists show what was traded."""


@pytest.fixture
def kraken() -> Iterator[KrakenServer]:
    with KrakenServer(
        balances={"USD": D(100_000), "BTC": D(1)},
        nonce_window=10**19,
        secret=SECRET,
        clock=CLOCK,
    ) as server:
        server.engine.mark_price("XBTUSD", D(60000))
        server.engine.mark_price("ETHUSD", D(2500))
        yield server


@pytest.fixture
def made(kraken: KrakenServer, tmp_path: Path) -> Callable[..., Function]:
    def make(strategies: str = STRATEGIES, **env: str) -> Function:
        (tmp_path / "strategies.toml").write_text(strategies, "utf-8")
        live = {
            "TRADING_MODE": "live", "KRAKEN_API_URL": kraken.url, "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET, "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none",
            "STRATEGIES_FILE": str(tmp_path / "strategies.toml"), "LOG_LEVEL": "CRITICAL",
            "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db", "WEBHOOK_TOKEN_KEYS": KEYS, **env,
        }  # fmt: skip
        function = Function(env=live, clock=kraken.clock)
        function.application = build(function.settings(), kraken.clock)
        return function

    return make


@pytest.fixture
def function(made: Callable[..., Function]) -> Function:
    return made()


def held(kraken: KrakenServer, asset: str = "XXBT") -> Decimal:
    return D(kraken.holdings()["balances"].get(asset, "0"))


def resting(kraken: KrakenServer) -> list[dict[str, Any]]:
    return [row for row in kraken.orders() if row["status"] == "open"]


def ours(function: Function, token: str = TREND, **fields: Any) -> Answer:
    """An alert in our own fields."""
    plain = {"id": f"a-{next(NUMBERS)}", "token": token}
    return function.post(function.alert(**plain | fields))


def in_their_words(
    function: Function, action: str = "exit_long", token: str = TREND, **fields: Any
) -> dict[str, Any]:
    """A message of 3Commas' signal bot."""
    return {
        "secret": token, "bot_uuid": f"bot-{next(NUMBERS)}", "tv_instrument": "BTCUSD",
        "action": action, "trigger_price": "60000",
        "timestamp": function.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"), **fields,
    }  # fmt: skip


def closed(function: Function, token: str = TREND) -> Answer:
    return function.post(in_their_words(function, token=token))


def bought(function: Function, volume: str, token: str = TREND, **fields: Any) -> Answer:
    if fields:
        return well(ours(function, token, volume=volume, **fields))
    size = {"amount": volume, "currency_type": "base"}
    return well(function.post(in_their_words(function, "enter_long", token, order=size)))


def well(answer: Answer, code: str = "accepted") -> Answer:
    CLOCK.sleep(1)
    assert (answer.status, answer["code"]) == (200, code), answer.document
    return answer


def forget_entries(function: Function) -> None:
    """All of them are purged, what is open too, as earlier versions did after 90 days."""
    assert function.application is not None
    assert function.application.ledger.purge(function.clock.now(), 100)
    assert function.operate("GET", "/orders")["orders"] == []


def by_hand(kraken: KrakenServer, side: str, volume: str) -> None:
    order(kraken.engine, type=side, volume=volume)


def sold(answer: Answer) -> list[str]:
    return [
        row["request"]["volume"]
        for row in answer["orders"]
        if row["request"].get("type") == "sell" and row["state"] == "ACCEPTED"
    ]


@pytest.fixture
def busy(kraken: KrakenServer, function: Function) -> Function:
    """Both strategies hold bitcoin, one with a stop; one of them ether too, and a position on
    margin; a bitcoin is of the hand."""
    bought(function, "0.3", stop_loss="55000")
    bought(function, "2", symbol="ETHUSD", price="2500")
    bought(function, "0.2", OTHER)
    bought(function, "0.1", OTHER, leverage="2")
    return function
