"""What the reads say: shapes, number formats, filters and pages, as Kraken's recorded
answers have them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import NOON, Lag, StoppedClock, ask, order, paper, public, result
from webhook_core.kraken import known_pairs

LIMIT = {"ordertype": "limit", "price": "50000"}
UUID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def kraken(clock):
    account = paper(clock=clock)
    account.mark_price("XBTUSD", Decimal(60000))
    return account


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "buy 0.01000000 XBTUSD @ market"),
        ({**LIMIT, "price": "50000"}, "buy 0.01000000 XBTUSD @ limit 50000.0"),
        ({"ordertype": "stop-loss", "price": "65000"}, "buy 0.01000000 XBTUSD @ stop loss 65000.0"),
        (
            {"ordertype": "stop-loss-limit", "price": "65000", "price2": "66000.5"},
            "buy 0.01000000 XBTUSD @ stop loss 65000.0 -> limit 66000.5",
        ),
        (
            {"ordertype": "take-profit", "price": "55000"},
            "buy 0.01000000 XBTUSD @ take profit 55000.0",
        ),
        (
            {"ordertype": "take-profit-limit", "price": "55000", "price2": "55100"},
            "buy 0.01000000 XBTUSD @ take profit 55000.0 -> limit 55100.0",
        ),
        ({**LIMIT, "leverage": "5"}, "buy 0.01000000 XBTUSD @ limit 50000.0 with 5:1 leverage"),
        (
            {**LIMIT, "pair": "XDGUSD", "price": "0.1", "volume": "50"},
            "buy 50.00000000 XDGUSD @ limit 0.1000000",
        ),
    ],
)
def test_an_order_is_described_in_krakens_grammar(kraken, fields, text):
    asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"} | fields
    taken = result(kraken, "AddOrder", **asked)
    assert taken["descr"] == {"order": text}
    assert (
        result(kraken, "QueryOrders", txid=taken["txid"][0])[taken["txid"][0]]["descr"]["order"]
        == text
    )


def test_an_open_order_looks_like_krakens(kraken):
    txid = order(kraken, **LIMIT, cl_ord_id=UUID, oflags="post")
    assert result(kraken, "OpenOrders") == {
        "open": {
            txid: {
                "refid": None,
                "userref": None,
                "cl_ord_id": UUID,
                "status": "open",
                "reason": None,
                "opentm": Decimal("1790856000.0"),
                "starttm": 0,
                "expiretm": 0,
                "descr": {
                    "pair": "XBTUSD",
                    "aclass": "forex",
                    "type": "buy",
                    "ordertype": "limit",
                    "price": "50000.0",
                    "price2": "0",
                    "leverage": "none",
                    "order": "buy 0.01000000 XBTUSD @ limit 50000.0",
                    "close": "",
                },
                "vol": "0.01000000",
                "vol_exec": "0.00000000",
                "cost": "0.00000",
                "fee": "0.00000",
                "price": "0.00000",
                "stopprice": "0.00000",
                "limitprice": "0.00000",
                "misc": "",
                "oflags": "fciq,post",
                "margin": False,
            }
        }
    }


def test_trades_come_only_when_asked_for(kraken):
    txid = order(kraken)
    assert "trades" not in result(kraken, "QueryOrders", txid=txid)[txid]
    [trade] = result(kraken, "QueryOrders", txid=txid, trades="true")[txid]["trades"]
    history = result(kraken, "TradesHistory")
    assert history["count"] == 1
    assert history["trades"][trade]["ordertxid"] == txid
    assert history["trades"][trade]["pair"] == "XXBTZUSD"
    assert history["trades"][trade]["cost"] == "600.00000"


def test_reads_filter_by_client_order_id(kraken):
    filled = order(kraken, cl_ord_id=UUID)
    resting = order(kraken, **LIMIT, cl_ord_id=UUID)
    other = order(kraken, **LIMIT)
    assert list(result(kraken, "OpenOrders", cl_ord_id=UUID.upper())["open"]) == [resting]
    assert list(result(kraken, "ClosedOrders", cl_ord_id=UUID)["closed"]) == [filled]
    assert result(kraken, "ClosedOrders", cl_ord_id="never-sent") == {"closed": {}, "count": 0}
    assert list(result(kraken, "QueryOrders", txid=f"{filled},{other}", cl_ord_id=UUID)) == [filled]


def test_one_client_order_id_may_name_two_closed_orders(kraken):
    twice = [order(kraken, cl_ord_id=UUID) for _ in range(2)]
    assert set(result(kraken, "ClosedOrders", cl_ord_id=UUID)["closed"]) == set(twice)


def test_closed_orders_come_fifty_a_page_newest_first(kraken, clock):
    txids = []
    for _ in range(120):
        txids.append(order(kraken, volume="0.0001"))
        clock.forward(1)
    newest = txids[::-1]
    first = result(kraken, "ClosedOrders")
    assert (list(first["closed"]), first["count"]) == (newest[:50], 120)
    assert list(result(kraken, "ClosedOrders", ofs="100")["closed"]) == newest[100:]
    assert "count" not in result(kraken, "ClosedOrders", without_count="true")
    assert len(result(kraken, "TradesHistory", ofs="100")["trades"]) == 20


def test_start_is_exclusive_and_end_inclusive(kraken, clock):
    early = order(kraken)
    clock.forward(10)
    late = order(kraken)
    moment = int(NOON.timestamp())

    def closed(**fields):
        return list(result(kraken, "ClosedOrders", closetime="open", **fields)["closed"])

    assert closed(start=str(moment)) == [late]
    assert closed(start=str(moment - 1)) == [late, early]
    assert closed(end=str(moment)) == [early]
    assert closed(end=f"{moment + 10}") == [late, early]


@pytest.mark.parametrize(
    ("endpoint", "fields", "error"),
    [
        ("ClosedOrders", {"start": "yesterday"}, "EGeneral:Invalid arguments:start"),
        ("ClosedOrders", {"closetime": "never"}, "EGeneral:Invalid arguments:closetime"),
        ("ClosedOrders", {"ofs": "-1"}, "EGeneral:Invalid arguments:ofs"),
        ("QueryOrders", {}, "EGeneral:Invalid arguments:txid"),
        (
            "QueryOrders",
            {"txid": ",".join(["OAAAAA-BBBBB-CCCCCC"] * 51)},
            "EGeneral:Invalid arguments:txid",
        ),
        ("CancelOrder", {}, "EGeneral:Invalid arguments:txid"),
        ("CancelOrder", {"txid": "OAAAAA-BBBBB-CCCCCC"}, "EOrder:Invalid order"),
        ("CancelOrder", {"txid": "nonsense"}, "EOrder:Invalid order"),
        ("CancelOrder", {"txid": "12345"}, "EOrder:Invalid order"),
        ("CancelOrder", {"cl_ord_id": "never-sent"}, "EOrder:Unknown order"),
        ("TradeBalance", {"asset": "NOSUCH"}, "EQuery:Unknown asset"),
        ("TradeVolume", {"pair": "XBTUSD,NOSUCH"}, "EQuery:Unknown asset pair"),
        ("OpenPositions", {"consolidation": "market"}, "EGeneral:Invalid arguments:consolidation"),
    ],
)
def test_a_read_that_cannot_be_answered_says_why(kraken, endpoint, fields, error):
    assert ask(kraken, endpoint, **fields)["error"] == [error]


def test_an_order_that_was_never_there_is_left_out_of_query_orders(kraken):
    assert result(kraken, "QueryOrders", txid="OAAAAA-BBBBB-CCCCCC") == {}


def test_a_canceled_order_is_closed_by_the_user_and_gone_for_the_next_cancel(kraken):
    txid = order(kraken, **LIMIT)
    assert result(kraken, "CancelOrder", txid=txid) == {"count": 1}
    assert (kraken.orders()[0]["status"], kraken.orders()[0]["reason"]) == (
        "canceled",
        "User requested",
    )
    assert ask(kraken, "CancelOrder", txid=txid)["error"] == ["EOrder:Unknown order"]


def test_all_orders_are_canceled_at_once(kraken):
    for _ in range(2):
        order(kraken, **LIMIT)
    assert result(kraken, "CancelAll") == {"count": 2}
    assert result(kraken, "CancelAll") == {"count": 0}


def test_reads_may_trail_the_engine_each_by_its_own_lag(kraken, clock):
    kraken.lag = Lag(open_s=5, closed_s=20)
    filled, resting = order(kraken), order(kraken, **LIMIT)

    def seen():
        return [*result(kraken, "OpenOrders")["open"], *result(kraken, "ClosedOrders")["closed"]]

    assert seen() == []
    assert result(kraken, "QueryOrders", txid=filled) == {}
    clock.forward(5)
    assert seen() == [resting]
    clock.forward(15)
    assert seen() == [resting, filled]
    assert [kept["txid"] for kept in kraken.orders()] == [filled, resting]


def test_balances_are_keyed_by_asset_id_with_its_own_digits():
    names = {
        "BTC": "1",
        "usd": "2.5",
        "EUR": "3",
        "DOGE": "4",
        "ETH": "5",
        "SOL": "6",
        "USDT": "7",
        "AAPLx": "8",
    }
    account = paper(balances={name: Decimal(amount) for name, amount in names.items()})
    assert result(account, "Balance") == {
        "XXBT": "1.0000000000",
        "ZUSD": "2.5000",
        "ZEUR": "3.0000",
        "XXDG": "4.00000000",
        "XETH": "5.0000000000",
        "SOL": "6.0000000000",
        "USDT": "7.00000000",
        "AAPLx": "8.0000000000",
    }


def test_a_balance_never_shows_more_than_there_is():
    assert result(paper(balances={"USD": Decimal("0.99999")}), "Balance") == {"ZUSD": "0.9999"}


def test_trade_volume_is_where_the_fees_are(kraken):
    answer = result(kraken, "TradeVolume", pair="XBTUSD")
    assert answer["fees"]["XXBTZUSD"]["fee"] == "0.8000"
    assert answer["fees_maker"]["XXBTZUSD"]["fee"] == "0.4000"
    assert "fees" not in result(kraken, "TradeVolume")


def test_asset_pairs_answers_rows_with_empty_fees_and_every_rule(kraken):
    row = public(kraken, "AssetPairs", pair="XBTUSD")["result"]["XXBTZUSD"]
    expected = {
        "altname": "XBTUSD",
        "wsname": "XBT/USD",
        "base": "XXBT",
        "quote": "ZUSD",
        "tick_size": "0.1",
    }
    assert row | expected == row
    assert (row["fees"], row["costmin"], row["ordermin"], row["leverage_buy"][0]) == (
        [],
        "0.5",
        "0.00005",
        2,
    )


def test_absent_rules_get_krakens_usual_ones(kraken):
    rows = public(kraken, "AssetPairs", pair="ETHUSD,XDGXBT,ETHEUR")["result"]
    assert (rows["XETHZUSD"]["costmin"], rows["XETHZUSD"]["cost_decimals"]) == ("0.5", 5)
    assert (rows["XETHZEUR"]["costmin"], rows["XETHZUSD"]["status"]) == ("0.45", "online")
    assert (rows["XXDGXXBT"]["costmin"], rows["XXDGXXBT"]["tick_size"]) == ("0.00002", "0.00000001")


def test_one_unknown_pair_refuses_the_whole_request(kraken):
    assert public(kraken, "AssetPairs", pair="XBTUSD,NOSUCH") == {
        "error": ["EQuery:Unknown asset pair"]
    }
    assert public(kraken, "Ticker", pair="NOSUCH") == {"error": ["EQuery:Unknown asset pair"]}


def test_tokenized_assets_are_listed_only_when_asked_for(kraken):
    assert "AAPLxUSD" not in public(kraken, "AssetPairs")["result"]
    assert len(public(kraken, "AssetPairs")["result"]) == 57 + len(known_pairs.every())
    assert list(public(kraken, "AssetPairs", aclass_base="tokenized_asset")["result"]) == [
        "AAPLxUSD"
    ]


def test_the_ticker_gives_the_last_price_or_says_that_there_is_none(kraken):
    answer = public(kraken, "Ticker", pair="XBTUSD")["result"]["XXBTZUSD"]
    assert (answer["c"][0], answer["a"][0], answer["o"]) == (
        "60000.00000",
        "60000.00000",
        "60000.00000",
    )
    [error] = public(kraken, "Ticker", pair="ETHUSD")["error"]
    assert error.startswith(
        "EGeneral:Invalid arguments:pair:paper knows no price of ETHUSD yet; send"
    )
    assert list(public(kraken, "Ticker")["result"]) == ["XXBTZUSD"]


def test_the_ticker_asks_the_price_source_and_the_market_moves():
    account = paper(price_source=lambda altname: Decimal(55000) if altname == "XBTUSD" else None)
    order(account, **LIMIT)
    account.price_source = lambda _: Decimal(49000)
    assert public(account, "Ticker", pair="XBTUSD")["result"]["XXBTZUSD"]["c"][0] == "49000.00000"
    assert account.orders()[0]["status"] == "closed"


ON_BTNL = {
    "altname": "XBTUSD:BTNL",
    "wsname": "XBT/USD:BTNL",
    "leverage_buy": [2, 20],
    "leverage_sell": [2, 20],
}


@pytest.fixture
def both_venues():
    kraken = paper()
    kraken.pairs["XBTUSD:BTNL"] = kraken.pairs["XXBTZUSD"] | ON_BTNL
    return kraken


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"pair": "XBTUSD"}, ["XXBTZUSD"]),
        ({"pair": "XBTUSD:BTNL", "execution_venue": "bitnomial_exchange"}, ["XBTUSD:BTNL"]),
        ({"execution_venue": "bitnomial_exchange"}, ["XBTUSD:BTNL"]),
        (
            {"pair": "XBTUSD,XBTUSD:BTNL", "execution_venue": "international,bitnomial_exchange"},
            ["XXBTZUSD", "XBTUSD:BTNL"],
        ),
        ({"pair": "XBTUSD:BTNL"}, "EQuery:Unknown asset pair"),
        ({"pair": "XBTUSD", "execution_venue": "bitnomial_exchange"}, "EQuery:Unknown asset pair"),
    ],
)
def test_the_pairs_of_another_venue_are_listed_where_it_is_named(both_venues, asked, keys):
    answer = public(both_venues, "AssetPairs", **asked)
    if isinstance(keys, str):
        assert answer == {"error": [keys]}
    else:
        assert list(answer["result"]) == keys
        venues = {"XXBTZUSD": "international", "XBTUSD:BTNL": "bitnomial_exchange"}
        assert {key: row["execution_venue"] for key, row in answer["result"].items()} == {
            key: venues[key] for key in keys
        }
    assert "XBTUSD:BTNL" not in public(both_venues, "AssetPairs")["result"]


@pytest.mark.parametrize("marked", ["XBTUSD", "XBTUSD:BTNL"])
def test_both_venues_have_one_price_and_the_ticker_shows_it_under_krakens_own_name(
    both_venues, marked
):
    both_venues.mark_price(marked, Decimal(60000))
    assert public(both_venues, "Ticker", pair="XBTUSD:BTNL") == {
        "error": ["EQuery:Unknown asset pair"]
    }
    assert list(public(both_venues, "Ticker", pair="XBTUSD")["result"]) == ["XXBTZUSD"]
    assert list(public(both_venues, "Ticker")["result"]) == ["XXBTZUSD"]
    order(both_venues, pair="XBTUSD:BTNL", leverage="20", volume="0.1")
    [held] = result(both_venues, "OpenPositions").values()
    assert (held["pair"], held["cost"]) == ("XBTUSD:BTNL", "6000.00000")
