"""One set of fresh secrets, one loopback Kraken and one live function for the whole session;
whatever else a test starts ends with the session too. At its end nothing that any process said or
wrote may hold a secret."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.evidence import Evidence
from tests.support.kraken_process import BALANCES, KrakenProcess
from tests.support.served_function import Function
from tests.support.side_by_side import Place, Side, played

MakeFunction = Callable[..., Function]
STRATEGIES = """
[trend]
token = "env:TREND_TOKEN"
allowed_symbols = ["BTC/USD"]
volume = "0.0002"
max_order_cost = "100 USD"
"""


@pytest.fixture(scope="session")
def evidence(tmp_path_factory) -> Iterator[Evidence]:
    collected = Evidence(tmp_path_factory.mktemp("evidence"))
    yield collected
    assert collected.leaks() == []


@pytest.fixture(scope="session")
def make_kraken(evidence, tmp_path_factory) -> Iterator[Callable[..., KrakenProcess]]:
    """A loopback Kraken that is not started yet."""
    log = tmp_path_factory.mktemp("kraken") / "kraken.log"
    made: list[KrakenProcess] = []

    def make(nonce_window: int = 0, balances: str = BALANCES) -> KrakenProcess:
        made.append(KrakenProcess(evidence.secrets, log, nonce_window, balances))
        return made[-1]

    yield make
    for kraken in made:
        kraken.stop()
    assert "Traceback" not in (log.read_text("utf-8") if log.exists() else "")


@pytest.fixture(scope="session")
def make_function(evidence) -> Iterator[MakeFunction]:
    """A function in paper mode that is not started yet, with a ledger of its own; a variable given
    as None is left out."""
    made: list[Function] = []
    numbers = itertools.count(1)

    def make(**env: str | None) -> Function:
        home = evidence.folder / f"function-{next(numbers)}"
        home.mkdir()
        (home / "strategies.toml").write_text(STRATEGIES, "utf-8")
        secrets = evidence.secrets
        settings = {
            "LEDGER_URL": f"sqlite:///{home / 'ledger.db'}",
            "STRATEGIES_FILE": str(home / "strategies.toml"),
            "WEBHOOK_SECRET": f"{secrets.signing},{secrets.standard}",
            "WEBHOOK_TOKEN": secrets.token,
            "OPERATOR_TOKEN": secrets.operator,
            "TREND_TOKEN": secrets.strategy_token,
            **env,
        }
        named = {name: text for name, text in settings.items() if text is not None}
        made.append(Function(named, home / "output.log", evidence))
        return made[-1]

    yield make
    for function in made:
        function.terminate()  # all of them first: gunicorn takes its second
    for function in made:
        function.stop()
    assert [
        function.log_path.parent.name for function in made if "Traceback" in function.log()
    ] == []


@pytest.fixture(scope="session")
def make_live(evidence, make_function) -> MakeFunction:
    """The same, trading in live mode on a loopback Kraken."""

    def make(kraken: KrakenProcess, **env: str | None) -> Function:
        live = {
            "TRADING_MODE": "live",
            "KRAKEN_API_URL": kraken.url,
            "KRAKEN_API_KEY": evidence.secrets.kraken_key,
            "KRAKEN_API_SECRET": evidence.secrets.kraken_secret,
            "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD,SOL/USD,PEPE/USD",
            "MAX_ORDER_COST": "500 USD",
        }
        return make_function(**(live | env))

    return make


@pytest.fixture(scope="session")
def place_with(make_kraken, make_live) -> Callable[..., Place]:
    """A Kraken whose scripted faults are all met, and a function with these settings."""

    def with_settings(nonce_window: int = 10**10, **env: str) -> Place:
        @contextmanager
        def place() -> Iterator[tuple[Function, KrakenProcess]]:
            exchange = make_kraken(nonce_window).start()
            function = make_live(exchange, **env).start()
            yield function, exchange
            assert exchange.faults_left() == {}
            function.stop()
            exchange.stop()

        return place

    return with_settings


@pytest.fixture(scope="module")
def place(place_with) -> Place:
    """Of a case that is played beside others, unless its file has one of its own."""
    return place_with(MAX_ORDER_COST="100000 USD", ALERT_MAX_AGE_SECONDS="600")


@pytest.fixture(scope="module")
def side(request, place) -> Iterator[Side]:
    with played(place, request.node, request.session.items) as cases:
        yield cases


@pytest.fixture(scope="session")
def _kraken(make_kraken) -> KrakenProcess:
    return make_kraken().start()


@pytest.fixture
def kraken(_kraken) -> Iterator[KrakenProcess]:
    """The session's Kraken.

    A test that scripts a fault uses it up, or it would meet somebody else's alert.
    """
    yield _kraken
    assert _kraken.faults_left() == {}


@pytest.fixture(scope="session")
def live(make_live, _kraken) -> Function:
    """Deployed as in production, for every test that needs nothing special."""
    return make_live(
        _kraken,
        ENVIRONMENT="production",
        CORS_ORIGINS="https://app.example.com",
        TRUSTED_PROXY_HOPS="0",
    ).start(as_users_do=True)
