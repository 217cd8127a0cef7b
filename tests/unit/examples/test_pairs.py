"""Any pair of Kraken's traded on paper, through the whole function: the real paper Kraken
beneath the real planner."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest
from click.testing import CliRunner

from tests.support.clock import FakeClock
from tests.support.faked_function import OPERATOR, TOKEN, Function
from tests.support.kraken_server import KrakenServer
from tests.support.memory_ledger import MemoryLedger
from webhook_core.bootstrap import open_venue
from webhook_core.events import LOGGER
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.operations.cli import cli

POPULAR = (
    *(
        "BTC",
        "ETH",
        "SOL",
        "XRP",
        "ADA",
        "DOGE",
        "AVAX",
        "LINK",
        "DOT",
        "POL",
        "TRX",
        "SUI",
        "AAVE",
        "UNI",
        "ATOM",
        "LTC",
    ),
    *(
        "BCH",
        "XLM",
        "ALGO",
        "FIL",
        "APT",
        "ARB",
        "OP",
        "INJ",
        "NEAR",
        "TON",
        "PEPE",
        "SHIB",
        "BONK",
        "WIF",
        "HBAR",
        "ICP",
    ),
    *(
        "RENDER",
        "TAO",
        "FET",
        "SEI",
        "TIA",
        "JUP",
        "KAS",
        "ENA",
        "ONDO",
        "XMR",
        "ETC",
        "XTZ",
        "GRT",
        "CRV",
        "LDO",
        "IMX",
    ),
    *(
        "BNB",
        "TRUMP",
        "FARTCOIN",
        "HYPE",
        "PENGU",
        "VIRTUAL",
        "STX",
        "MNT",
        "CRO",
        "JASMY",
        "GALA",
        "SAND",
        "MANA",
    ),
)
HOUSE = {"BTC": "XBT", "DOGE": "XDG"}


@dataclass
class Paper(Function):
    """``store`` outlives an instance, as the ledger does."""

    def __post_init__(self):
        self.venue = open_venue(self.settings(), self.store, self.clock)
        super().__post_init__()

    def buy(self, symbol, volume="2000000", price="1", **fields):
        wanted = {
            "order_type": "limit",
            "volume": volume,
            "price": price,
            "id": f"{symbol} {fields}",
        } | fields
        return self.post(self.alert(symbol=symbol, **wanted))


def paper(**env):
    return Paper({"PAPER_BALANCES": "USD=1000000000,EUR=1000000000", **env})


def sent(answer):
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    return answer["orders"][0]["request"]


@pytest.mark.parametrize("code", POPULAR)
@pytest.mark.parametrize("quote", ["USD", "EUR"])
def test_every_popular_pair_trades_however_it_is_written(code, quote):
    if (code, quote) == ("HYPE", "EUR"):
        pytest.skip("no record states it")
    function = paper()
    house = HOUSE.get(code, code)
    names = [
        f"{code}{quote}",
        f"{code}/{quote}",
        f"{code}-{quote}".lower(),
        f"KRAKEN:{code}{quote}",
        f"{house}{quote}",
    ]
    pairs = {sent(function.buy(name))["pair"] for name in names}
    assert len(pairs) == 1, pairs


@pytest.mark.parametrize(
    ("symbol", "asked", "pair", "fitted"),
    [
        ("SUIUSD", "3.123456 5.1234567", "SUIUSD", "3.1234 5.12345"),
        ("AVAX/USD", "25.119 0.5", "AVAXUSD", "25.11 0.5"),
        ("trxusd", "0.1234567 16", "TRXUSD", "0.123456 16"),
        (
            "KRAKEN:PEPEUSD",
            "0.0000123456789 1500000.123456",
            "PEPEUSD",
            "0.000012345 1500000.12345",
        ),
        ("BTC/CAD", "90000.19 0.001", "XXBTZCAD", "90000.1 0.001"),
        ("ETHJPY", "400000.9 0.002", "XETHZJPY", "400000 0.002"),
        ("aave_btc", "0.00512345 0.1", "AAVEXBT", "0.005123 0.1"),
        ("SUSDC", "0.51239 10", "SUSDC", "0.5123 10"),
    ],
)
def test_an_order_is_fitted_to_the_recorded_rules(symbol, asked, pair, fitted):
    function = paper(PAPER_BALANCES="USD=100000,CAD=100000,JPY=9000000,BTC=1,USDC=1000")
    price, volume = asked.split()
    request = sent(function.buy(symbol, volume, price))
    assert function.application.decider.pair_rules.current().resolve(request["pair"]).key == pair
    assert [Decimal(request[name]) for name in ("price", "volume")] == list(
        map(Decimal, fitted.split())
    )


def test_too_small_an_order_is_the_venues_to_refuse_for_the_record_is_old():
    function = paper()
    alert = function.alert(symbol="SUIUSD", volume="1", price="3", id="v")
    shown = function.post(alert, "/webhook/tradingview/validate")["orders"][0]["checks"]
    (check,) = [check for check in shown if check["rule"] == "ORDER_MINIMUM"]
    assert (check["verdict"], check["numbers"]["as_of"]) == ("not_checked", "2026-07-19T00:00:00Z")
    answer = function.buy("SUIUSD", "1", "3")
    assert (answer.status, answer["code"]) == (422, "order_rejected")
    assert "EGeneral:Invalid arguments:volume minimum not met" in answer["error"]


@pytest.mark.parametrize("symbol", ["SUIUSDT", "NOSUCHUSD", "MATICUSD"])
def test_what_no_record_has_is_still_unknown(symbol):
    answer = paper().buy(symbol)
    assert (answer.status, answer["field"]) == (400, "symbol")
    assert "is not a known pair of Kraken" in answer["error"]


def test_a_bought_coin_is_closed_counted_and_cancelled_by_a_later_instance():
    function = paper()
    sent(function.buy("SUIUSD", "100", "3", order_type="market"))
    sent(function.buy("SUIUSD", "10", "1", id="rests"))
    later = Paper(function.env, function.clock, store=function.store)
    equity = later.buy(
        "BTC/USD", "1", "60000", quantity_type="percent_equity", order_type="market", id="share"
    )
    assert Decimal(sent(equity)["volume"]) > 0
    cancelled = later.post(
        later.alert(action="cancel", symbol="SUI/USD", side=None, volume=None, price=None, id="c")
    )
    assert (cancelled["code"], cancelled["orders"][0]["request"]["txid"] != "") == (
        "accepted",
        True,
    )
    closed = later.post(
        later.alert(action="close", symbol="sui-usd", side=None, volume=None, price="3", id="x")
    )
    assert Decimal(sent(closed)["volume"]) == 100


def test_coins_of_recorded_pairs_count_in_the_equity():
    rich = paper(PAPER_BALANCES="USD=1000,SUI=1000")
    sent(rich.buy("SUIUSD", "5", "2", order_type="market", id="a price"))
    order = rich.buy(
        "BTC/USD", "10", "60000", order_type="market", quantity_type="percent_equity", id="share"
    )
    spent = Decimal(sent(order)["volume"])  # a tenth of 3000 USD, less what the first order cost
    assert Decimal(299) < spent <= Decimal(300)


@pytest.mark.parametrize("allowed", ["SUI/USD", "KRAKEN:SUIUSD,BTC/USD"])
def test_a_list_of_allowed_symbols_takes_recorded_pairs(allowed):
    function = paper(ALLOWED_SYMBOLS=allowed)
    sent(function.buy("suiusd", "100", "1"))
    assert function.buy("AVAXUSD").status in {403, 422}
    later = Paper(function.env, function.clock, store=function.store)
    cancelled = later.post(
        later.alert(
            action="cancel", scope="all", symbol=None, side=None, volume=None, price=None, id="c"
        )
    )
    assert (cancelled["code"], len(cancelled["orders"])) == ("accepted", 1), cancelled.document


# -- live ------------------------------------------------------------------------------------------


def test_a_live_order_never_plans_with_a_record():
    live = {
        "TRADING_MODE": "live", "KRAKEN_API_KEY": "k", "KRAKEN_API_SECRET": "c2VjcmV0",
        "ALLOWED_SYMBOLS": "*",
        "MAX_ORDER_COST": "1000 USD",
    }  # fmt: skip
    function = Function(live)
    assert function.application.decider.pair_rules.records is None
    answer = function.post(
        function.alert(symbol="SUIUSD", volume="10", price="3", order_type="limit")
    )
    assert "instruments" in function.venue.calls
    assert (answer.status, answer["field"]) == (400, "symbol")


# -- with Kraken's own prices and rules ------------------------------------------------------------

NEW = {"altname": "NEWUSD", "wsname": "NEW/USD", "base": "NEW", "quote": "ZUSD", "pair_decimals": 2,
    "lot_decimals": 3,
       "ordermin": "2", "tick_size": "0.01", "status": "online"}  # fmt: skip


@pytest.fixture
def kraken():
    with KrakenServer(pairs=None) as server:
        server.engine.pairs["NEWUSD"] = dict(NEW)
        server.engine.mark_price("NEWUSD", Decimal(10))
        server.engine.mark_price("SUIUSD", Decimal(3))
        yield server


def priced(url):
    return paper(PAPER_PRICES="kraken", KRAKEN_API_URL=url)


def test_a_pair_that_no_record_has_is_learnt_from_kraken_once_and_by_every_instance(kraken):
    function = priced(kraken.url)
    assert Decimal(sent(function.buy("NEWUSD", "3.12345", "9.999"))["price"]) == Decimal("9.99")
    assert len(kraken.calls_of("AssetPairs")) == 1
    later = Paper(function.env, function.clock, store=function.store)
    assert Decimal(sent(later.buy("new/usd", "3.12345", "9.999"))["volume"]) == Decimal("3.123")
    plain = Paper({"PAPER_BALANCES": "USD=1"}, function.clock, store=function.store)
    sent(plain.buy("NEW-USD", "3", "9", id="plain"))
    assert len(kraken.calls_of("AssetPairs")) == 1


def test_what_kraken_does_not_know_is_unknown_and_an_outage_is_no_answer(kraken):
    function = priced(kraken.url)
    assert function.buy("NOSUCHUSD")["field"] == "symbol"
    answer = priced("http://127.0.0.1:9").buy("NOSUCHUSD")
    assert (answer.status, answer["code"]) == (503, "venue_unavailable"), answer.document


def test_reconcile_that_reaches_kraken_brings_its_rules_of_today(kraken):
    function = priced(kraken.url)
    kraken.engine.pairs["SUIUSD"] = dict(
        NEW, altname="SUIUSD", wsname="SUI/USD", base="SUI", ordermin="1"
    )
    assert function.operate("POST", "/reconcile").document["pair_rules_refreshed"] is True
    later = Paper(function.env, function.clock, store=function.store)
    request = sent(later.buy("SUIUSD", "1.23456", "2.987"))
    assert (Decimal(request["price"]), Decimal(request["volume"])) == (
        Decimal("2.98"),
        Decimal("1.234"),
    )
    assert later.buy("SUIUSD", "0.5", "2", id="small")["code"] == "order_denied"
    plain = Paper({"PAPER_BALANCES": "USD=100"}, function.clock, store=function.store)
    sent(plain.buy("SUIUSD", "2", "2", id="plain"))
    assert "SUIUSD" in function.store.read("pair-rules").text
    assert function.store.read("paper-pair-rules") is None


def test_only_krakens_own_rules_get_into_the_document_of_live_trading():
    with KrakenServer(pairs={"NEWUSD": NEW}) as kraken:
        function = priced(kraken.url)
        assert function.operate("POST", "/reconcile").document["pair_rules_refreshed"] is True
        stored = json.loads(function.store.read("pair-rules").text)["pairs"]
        assert stored.keys() == {"NEWUSD"}
        sent(function.buy("AVAXUSD", "1", "20"))
        assert json.loads(function.store.read("pair-rules").text)["pairs"].keys() == {"NEWUSD"}


def test_a_refusal_by_an_old_record_is_healed_by_krakens_rules(kraken):
    function = priced(kraken.url)
    kraken.engine.pairs["SUIUSD"] = dict(
        NEW, altname="SUIUSD", wsname="SUI/USD", base="SUI", ordermin="1"
    )
    request = sent(function.buy("SUIUSD", "1.23456", "2.987"))
    assert (Decimal(request["price"]), Decimal(request["volume"])) == (
        Decimal("2.98"),
        Decimal("1.234"),
    )


def test_reconcile_on_plain_paper_leaves_the_store_without_a_thousand_rows():
    function = paper()
    assert function.operate("POST", "/reconcile").document["pair_rules_refreshed"] is False
    assert function.store.read("paper-pair-rules") is None


@pytest.mark.parametrize(
    "text",
    ["[", "[]", '{"pairs": []}', '{"pairs": {"A": 5, "B": {"altname": "B"}}}', "[" * 100_000],
)
@pytest.mark.usefixtures("nothing_collected")
def test_stored_rules_that_are_none_cost_no_alert(text):
    store = MemoryLedger()
    store.write("pair-rules", text, None)
    function = Paper({"PAPER_BALANCES": "USD=1000"}, FakeClock(), store=store)
    sent(function.buy("SUIUSD", "100", "1"))
    assert function.buy("NOSUCHUSD")["field"] == "symbol"


# -- at a terminal ---------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """One that is there, as after the first alert; and the log as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.entries()
    ledger.close()
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield tmp_path
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


def run(tmp_path, *arguments):
    env = {
        "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": OPERATOR,
    }
    return CliRunner().invoke(cli, arguments, env=env, catch_exceptions=False)


def test_pairs_shows_a_record_with_its_day(ledger):
    shown = run(ledger, "pairs", "sui/usd").stdout
    assert "2026-07-19" in shown
    assert "older than a day: they round, but deny nothing" in shown
    assert "asked" not in shown


def test_pairs_refresh_on_plain_paper_says_what_it_takes(ledger):
    result = run(ledger, "pairs", "--refresh")
    assert result.exit_code == 1
    assert "PAPER_PRICES=kraken" in result.stderr


def test_the_doctor_counts_the_records(ledger):
    found = json.loads(run(ledger, "doctor", "--json").stdout)
    (line,) = [row for row in found["findings"] if row["name"] == "pair rules"]
    assert "records of 1080 other pairs" in line["found"]
    assert line["verdict"] == "ok"
