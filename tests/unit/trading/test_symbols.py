"""Every way to write a pair finds exactly that pair, and nothing is ever guessed."""

from __future__ import annotations

import json

import pytest

from tests.support.instruments import BTC_USD, SNAPSHOT, btc_usd, pair, snapshot
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.trading.assets import asset_code, asset_id, same_asset
from webhook_core.trading.symbols import Instruments, UnknownSymbol, display_name, names_pair

KNOWN = Instruments(snapshot())
LEGACY = Instruments(
    [
        pair("XXBTZEUR", "XBTEUR", "XBT/EUR", "XXBT", "ZEUR"),
        pair("XBTAUD", "XBTAUD", "XBT/AUD", "XXBT", "ZAUD"),
        pair("XETHZGBP", "ETHGBP", "ETH/GBP", "XETH", "ZGBP"),
        pair("LTCGBP", "LTCGBP", "LTC/GBP", "XLTC", "ZGBP"),
        pair("XRPGBP", "XRPGBP", "XRP/GBP", "XXRP", "ZGBP"),
        pair("XXDGXXBT", "XDGXBT", "XDG/XBT", "XXDG", "XXBT"),
        pair("XDGUSD", "XDGUSD", "XDG/USD", "XXDG", "ZUSD"),
        pair("XXBTUSDQ", "XBTUSDQ", "XBT/USDQ", "XXBT", "USDQ"),
        pair("XBTUSDT", "XBTUSDT", "XBT/USDT", "XXBT", "USDT"),
        pair("XTZXBT", "XTZXBT", "XTZ/XBT", "XTZ", "XXBT"),
        pair("ZRXUSD", "ZRXUSD", "ZRX/USD", "ZRX", "ZUSD"),
        pair("XCNUSD", "XCNUSD", "XCN/USD", "XCN", "ZUSD"),
        pair("ZUSDZCAD", "USDCAD", "USD/CAD", "ZUSD", "ZCAD"),
    ]
)


def keys(known, *symbols):
    return [known.resolve(symbol).key for symbol in symbols]


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("XBTUSD", "XXBTZUSD"),
        ("BTCUSD", "XXBTZUSD"),
        ("BTC/USD", "XXBTZUSD"),
        ("XBT/USD", "XXBTZUSD"),
        ("BTC-USD", "XXBTZUSD"),
        ("BTC_USD", "XXBTZUSD"),
        ("XXBTZUSD", "XXBTZUSD"),
        ("XXBT/ZUSD", "XXBTZUSD"),
        ("KRAKEN:BTCUSD", "XXBTZUSD"),
        ("kraken:xbt/usd", "XXBTZUSD"),
        (" btcusd ", "XXBTZUSD"),
        ("xbtusd", "XXBTZUSD"),
        ("DOGEUSD", "XDGUSD"),
        ("DOGE/USD", "XDGUSD"),
        ("XDG-USD", "XDGUSD"),
        ("DOGEBTC", "XXDGXXBT"),
        ("DOGE/XBT", "XXDGXXBT"),
        ("XDGBTC", "XXDGXXBT"),
        ("ETHBTC", "XETHXXBT"),
        ("eth_xbt", "XETHXXBT"),
        ("SOLBTC", "SOLXBT"),
        ("BTCUSDT", "XBTUSDT"),
        ("BTCUSDC", "XBTUSDC"),
        ("USDTUSD", "USDTZUSD"),
        ("EURUSD", "ZEURZUSD"),
        ("WBTCUSD", "WBTCUSD"),
        ("WBTCBTC", "WBTCXBT"),
        ("TBTC/USD", "TBTCUSD"),
        ("0GUSD", "0GUSD"),
        ("ETH2.SETH", "ETH2.SETH"),
        ("ETH2.S/ETH", "ETH2.SETH"),
        ("KRAKEN:ETH2.SETH", "ETH2.SETH"),
        ("AAPLxUSD", "AAPLxUSD"),
        ("AAPLx/USD", "AAPLxUSD"),
        ("aaplxusd", "AAPLxUSD"),
        ("AAPLX/USD", "AAPLxUSD"),
    ],
)
def test_a_symbol_finds_its_pair(symbol, key):
    assert KNOWN.resolve(symbol).key == key


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("BTCEUR", "XXBTZEUR"),
        ("BTCAUD", "XBTAUD"),
        ("ETHGBP", "XETHZGBP"),
        ("LTC/GBP", "LTCGBP"),
        ("XRPGBP", "XRPGBP"),
        ("XXRP/ZGBP", "XRPGBP"),
        ("DOGEBTC", "XXDGXXBT"),
        ("DOGEUSD", "XDGUSD"),
        ("BTCUSDQ", "XXBTUSDQ"),
        ("BTCUSDT", "XBTUSDT"),
        ("XTZBTC", "XTZXBT"),
        ("ZRXUSD", "ZRXUSD"),
        ("XCN/USD", "XCNUSD"),
        ("USDCAD", "ZUSDZCAD"),
    ],
)
def test_keys_that_follow_no_rule_come_from_the_map(symbol, key):
    assert LEGACY.resolve(symbol).key == key


@pytest.mark.parametrize("symbol", ["TZBTC", "RXUSD", "CN/USD", "XBT/TAUD", "B/TCAUD", "BTC/ZUSDT"])
def test_no_letter_is_taken_off_a_whole_code(symbol):
    with pytest.raises(UnknownSymbol):
        LEGACY.resolve(symbol)


@row_by_row
@pytest.mark.parametrize("instrument", snapshot(), ids=lambda instrument: instrument.key)
def test_every_packaged_pair_answers_to_each_of_its_names(instrument):
    modern = display_name(instrument)
    names = [instrument.key, instrument.altname, instrument.wsname, modern]
    names += [modern.replace("/", mark) for mark in ("", "-", "_")]
    names += [f"KRAKEN:{modern.replace('/', '')}", *(name.lower() for name in names)]
    assert {KNOWN.resolve(name).key for name in names} == {instrument.key}
    as_written = [name for name in names if name != name.lower()]
    assert all(
        names_pair(name, instrument) for name in (as_written if "x" in instrument.key else names)
    )


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("BINANCE:BTCUSDT", "not of Kraken"),
        ("COINBASE:BTCUSD", "not of Kraken"),
        ("BTC/USD:USD", "not of Kraken"),
        ("KRAKEN:BINANCE:BTCUSD", "not of Kraken"),
        ("XBTUSD.P", "futures"),
        ("KRAKEN:BTCUSD.PM", "futures"),
        ("btcusd.pm", "futures"),
        ("XBTUSD.PI", "futures"),
        ("PI_XBTUSD", "futures"),
        ("PF_XBTUSD", "futures"),
        ("KRAKEN:PF_XBTUSD", "futures"),
        ("FI_XBTUSD_210625", "futures"),
        ("ff_xbtusd", "futures"),
    ],
)
def test_a_symbol_of_another_market_is_refused_by_name(symbol, reason):
    with pytest.raises(AlertMalformed, match=reason) as caught:
        KNOWN.resolve(symbol)
    assert caught.value.field == "symbol"
    assert repr(symbol) in caught.value.message
    assert isinstance(caught.value, UnknownSymbol)
    assert caught.value.ask_for is None


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "ask_for"),
    [
        ("BTCCHF", "XBTCHF"),
        ("btc/chf", "XBTCHF"),
        ("KRAKEN:BTC-CHF", "XBTCHF"),
        ("XXBT/ZCAD", "XBTCAD"),
        ("XXBTZCAD", "XXBTZCAD"),
        ("DOGECHF", "XDGCHF"),
        ("ALGOBTC", "ALGOXBT"),
        ("ALGO/DOGE", "ALGOXDG"),
        ("DOGEDOGE", "XDGXDG"),
        ("BTCPYUSD", "XBTPYUSD"),
        ("WBTCCHF", "WBTCCHF"),
        ("TBTCUSDC", "TBTCUSDC"),
        ("WBTC/USDT", "WBTCUSDT"),
        ("BTCST/USD", "BTCSTUSD"),
        ("BTCSTUSD", "BTCSTUSD"),
        ("suiusd", "SUIUSD"),
        ("ETH3.SETH", "ETH3.SETH"),
        ("MSFTxUSD", "MSFTxUSD"),
        ("BTCPLN", "BTCPLN"),
        ("BTC", None),
        ("DOGE", None),
        ("", None),
        ("/", None),
        ("BTC/", None),
        ("/USD", None),
        ("BTC/USD/EUR", None),
        ("BTC USD", None),
        ("BTC,ETHUSD", None),
        ("{{ticker}}", None),
        ("ßOLUSD", None),
        ("\u017fOLUSD", None),
        ("BTC\nUSD", None),
        ("A" * 300, None),
    ],
)
def test_an_unknown_symbol_says_what_to_ask_kraken_for(symbol, ask_for):
    with pytest.raises(UnknownSymbol) as caught:
        KNOWN.resolve(symbol)
    assert (caught.value.ask_for, caught.value.field, caught.value.code) == (
        ask_for,
        "symbol",
        "alert_malformed",
    )
    assert len(caught.value.message) < 200
    assert "\n" not in caught.value.message


def test_an_unknown_symbol_names_the_nearest_pairs():
    with pytest.raises(
        UnknownSymbol, match=r"'BTCUSDD' is not a known pair of Kraken; nearest: .*BTC/USD"
    ):
        KNOWN.resolve("BTCUSDD")


def test_what_was_asked_for_is_found_by_the_symbol_that_asked():
    with pytest.raises(UnknownSymbol) as caught:
        KNOWN.resolve("DOGECHF")
    answer = pair(caught.value.ask_for, caught.value.ask_for, "XDG/CHF", "XXDG", "CHF")
    assert Instruments([*KNOWN, answer]).resolve("DOGECHF") == answer


def test_the_later_instrument_of_one_key_counts():
    newer = btc_usd(status="post_only")
    known = Instruments([BTC_USD, newer])
    assert known.resolve("BTCUSD") is newer
    assert (len(known), list(known)) == (1, [newer])


def test_a_name_that_means_two_pairs_is_an_error_and_their_own_names_still_work():
    known = Instruments(
        [
            pair("ETHWBTC", "ETHWBTC", "ETH/WBTC", "XETH", "WBTC"),
            pair("ETHWXBT", "ETHWXBT", "ETHW/XBT", "ETHW", "XXBT"),
            pair("STRXUSD", "STRXUSD", "STRX/USD", "STRX", "ZUSD"),
            pair("STRxUSD", "STRxUSD", "STRx/USD", "STRx", "ZUSD"),
        ]
    )
    assert keys(known, "ETHWBTC", "ETHW/BTC", "ETH/WBTC") == ["ETHWBTC", "ETHWXBT", "ETHWBTC"]
    assert keys(known, "ethwbtc", "ethw-btc") == ["ETHWBTC", "ETHWXBT"]
    assert keys(known, "STRXUSD", "STRxUSD", "STRX/USD", "STRx-USD") == [
        "STRXUSD",
        "STRxUSD",
        "STRXUSD",
        "STRxUSD",
    ]
    with pytest.raises(
        UnknownSymbol, match="names several pairs: send one of STRXUSD, STRxUSD"
    ) as caught:
        known.resolve("strxusd")
    assert caught.value.ask_for is None


def test_two_pairs_of_the_same_assets_are_never_guessed_between():
    other = pair("XBTUSD2", "XBTUSD", "XBT/USD", "XXBT", "ZUSD")
    with pytest.raises(UnknownSymbol, match="several"):
        Instruments([BTC_USD, other]).resolve("BTCUSD")


def test_a_dark_pool_answers_only_to_its_own_name():
    dark = pair("XXBTZUSD.d", "XBTUSD.d", "", "XXBT", "ZUSD")
    known = Instruments([dark, BTC_USD])
    assert keys(known, "BTCUSD", "BTC/USD") == ["XXBTZUSD", "XXBTZUSD"]
    assert keys(known, "XBTUSD.d", "xbtusd.d") == ["XXBTZUSD.d", "XXBTZUSD.d"]
    assert not names_pair("BTC/USD", dark)


def test_no_instruments_know_no_symbol():
    with pytest.raises(UnknownSymbol, match="send one such as BTC/USD") as caught:
        Instruments().resolve("BTCUSD")
    assert caught.value.ask_for == "XBTUSD"


def test_a_spot_asset_called_like_a_futures_prefix_is_tradable_once_known():
    known = Instruments([pair("PIUSD", "PIUSD", "PI/USD", "PI", "ZUSD")])
    assert keys(known, "PI_USD", "PIUSD") == ["PIUSD", "PIUSD"]
    with pytest.raises(UnknownSymbol, match="futures"):
        known.resolve("PI_XBTUSD")


@row_by_row
@pytest.mark.parametrize(
    ("asset_id", "code"),
    [
        ("XXBT", "BTC"),
        ("XBT", "BTC"),
        ("XXDG", "DOGE"),
        ("XDG", "DOGE"),
        ("XETH", "ETH"),
        ("XXRP", "XRP"),
        ("XREP", "REP"),
        ("ZUSD", "USD"),
        ("ZEUR", "EUR"),
        ("ZAUD", "AUD"),
        ("XRP", "XRP"),
        ("XTZ", "XTZ"),
        ("ZRX", "ZRX"),
        ("XCN", "XCN"),
        ("ZEC", "ZEC"),
        ("CHF", "CHF"),
        ("USDT", "USDT"),
        ("SOL", "SOL"),
        ("WBTC", "WBTC"),
        ("ETH2.S", "ETH2.S"),
        ("AAPLx", "AAPLx"),
    ],
)
def test_asset_ids_have_a_code_for_people(asset_id, code):
    assert asset_code(asset_id) == code
    assert same_asset(code, asset_id)
    assert same_asset(asset_id, asset_id)


@row_by_row
@pytest.mark.parametrize(
    ("code", "asset_id", "same"),
    [
        ("usd", "ZUSD", True),
        ("xbt", "XXBT", True),
        ("XBT", "XXBT", True),
        ("doge", "XXDG", True),
        ("USDT", "ZUSD", False),
        ("WBTC", "XXBT", False),
        ("TZ", "XTZ", False),
        ("STRX", "STRx", False),
        ("STRx", "STRx", True),
    ],
)
def test_assets_are_compared_by_whole_codes(code, asset_id, same):
    assert same_asset(code, asset_id) is same


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("XXBTZUSD", "BTC/USD"),
        ("XDGUSD", "DOGE/USD"),
        ("XETHXXBT", "ETH/BTC"),
        ("ZEURZUSD", "EUR/USD"),
        ("ETH2.SETH", "ETH2.S/ETH"),
        ("AAPLxUSD", "AAPLx/USD"),
        ("PAXGUSD", "PAXG/USD"),
    ],
)
def test_people_see_modern_codes(symbol, shown):
    assert display_name(KNOWN.resolve(symbol)) == shown


@pytest.mark.parametrize("wsname", ["", "XBTUSD", "BTC/USD"])
def test_a_name_does_not_need_the_wsname(wsname):
    instrument = btc_usd(wsname=wsname)
    assert display_name(instrument) == "BTC/USD"
    assert Instruments([instrument]).resolve("BTC-USD") is instrument


@pytest.mark.parametrize(
    "symbol", ["ETH/USD", "BTC/EUR", "WBTC/USD", "*", "", "USD/BTC", "BINANCE:BTCUSD"]
)
def test_a_list_entry_of_another_pair_does_not_name_this_one(symbol):
    assert not names_pair(symbol, BTC_USD)


def test_a_list_entry_with_a_look_alike_letter_names_nothing():
    assert not names_pair("\u017fOL/USD", KNOWN.resolve("SOL/USD"))


def test_a_list_entry_for_a_coin_does_not_name_a_stock_of_the_same_letters():
    stock = pair("STRxUSD", "STRxUSD", "STRx/USD", "STRx", "ZUSD")
    assert not names_pair("STRX/USD", stock)
    assert names_pair("STRx/USD", stock)


def test_the_packaged_snapshot_has_no_two_pairs_of_one_name():
    rows = json.loads(SNAPSHOT.read_text(encoding="utf-8"))["pairs"]
    assert len({row["altname"].upper() for row in rows.values()}) == len(rows)


# Pairs of Kraken's other venue

BTC_ON_BTNL = pair("XBTUSD:BTNL", "XBTUSD:BTNL", "XBT/USD:BTNL", "XXBT", "ZUSD")
SOL_ON_BTNL = pair("SOLUSD:BTNL", "SOLUSD:BTNL", "SOL/USD:BTNL", "SOL", "ZUSD")
BOTH_VENUES = Instruments([*snapshot(), BTC_ON_BTNL, SOL_ON_BTNL])


@row_by_row
@pytest.mark.parametrize(
    "symbol",
    [
        "XBTUSD:BTNL", "KRAKEN:XBTUSD:BTNL", "kraken:xbtusd:btnl", "xbtusd:btnl", "BTC/USD:BTNL",
        "BTCUSD:BTNL",
        "btc-usd:btnl", "BTC_USD:BTNL", "XBT/USD:BTNL", "XXBTZUSD:BTNL", "XXBT/ZUSD:BTNL",
        "KRAKEN:BTC/USD:BTNL",
        " KRAKEN:BTCUSD:BTNL ",
    ],
)  # fmt: skip
def test_a_suffix_names_the_pair_of_that_venue_in_every_form_and_no_other(symbol):
    assert BOTH_VENUES.resolve(symbol) is BTC_ON_BTNL
    assert names_pair(symbol, BTC_ON_BTNL)
    assert not names_pair(symbol, BTC_USD)
    assert not names_pair(symbol, SOL_ON_BTNL)


@pytest.mark.parametrize(
    "symbol", ["BTCUSD", "XBTUSD", "BTC/USD", "XXBTZUSD", "KRAKEN:XBTUSD", "xbt-usd"]
)
def test_without_the_suffix_it_is_krakens_own_pair(symbol):
    assert BOTH_VENUES.resolve(symbol).key == "XXBTZUSD"
    assert not names_pair(symbol, BTC_ON_BTNL)


def test_people_see_the_venue():
    assert [display_name(one) for one in (BTC_ON_BTNL, SOL_ON_BTNL)] == [
        "BTC/USD:BTNL",
        "SOL/USD:BTNL",
    ]


@pytest.mark.parametrize("wsname", ["", "XBT/USD:BTNL"])
def test_a_pair_of_another_venue_needs_no_wsname(wsname):
    known = Instruments([BTC_USD, pair("XBTUSD:BTNL", "XBTUSD:BTNL", wsname, "XXBT", "ZUSD")])
    assert known.resolve("BTC-USD:BTNL").key == "XBTUSD:BTNL"


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "ask_for"),
    [
        ("XBTUSD:BTNL", "XBTUSD:BTNL"),
        ("KRAKEN:XBTUSD:BTNL", "XBTUSD:BTNL"),
        ("btc/usd:btnl", "XBTUSD:BTNL"),
        ("XXBTZUSD:BTNL", "XBTUSD:BTNL"),
        ("DOGE-USD:BTNL", "XDGUSD:BTNL"),
        ("ETHUSD:BTNL", "ETHUSD:BTNL"),
        ("SUIUSD:BTNL", "SUIUSD:BTNL"),
        ("btc/chf:btnl", "XBTCHF:BTNL"),
        ("BTC:BTNL", None),
        (":BTNL", None),
        ("BTC/:BTNL", None),
    ],
)
def test_a_pair_of_another_venue_that_is_not_known_is_asked_for_by_its_altname_there(
    symbol, ask_for
):
    with pytest.raises(UnknownSymbol, match="is not a known pair of Kraken") as caught:
        KNOWN.resolve(symbol)
    assert caught.value.ask_for == ask_for


@row_by_row
@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("BINANCE:BTCUSD:BTNL", "not of Kraken"),
        ("KRAKEN:BINANCE:XBTUSD:BTNL", "not of Kraken"),
        ("XBTUSD:CME", "not of Kraken"),
        ("BTNL:XBTUSD", "not of Kraken"),
        ("XBTUSD:BTNL:USD", "not of Kraken"),
        ("XBTUSD:BTNLX", "not of Kraken"),
        ("XBTUSD.P:BTNL", "futures"),
        ("KRAKEN:PF_XBTUSD:BTNL", "futures"),
        ("btcusd.pm:btnl", "futures"),
    ],
)
def test_the_suffix_makes_no_other_market_krakens(symbol, reason):
    with pytest.raises(UnknownSymbol, match=reason) as caught:
        BOTH_VENUES.resolve(symbol)
    assert caught.value.ask_for is None


def test_an_asset_has_one_id_in_krakens_balances():
    named = {
        "XBT": "XXBT",
        "BTC": "XXBT",
        "XXBT": "XXBT",
        "XDG": "XXDG",
        "DOGE": "XXDG",
        "ETH": "XETH",
        "USD": "ZUSD",
    }
    named |= {
        "EUR": "ZEUR",
        "XRP": "XXRP",
        "SOL": "SOL",
        "USDT": "USDT",
        "XTZ": "XTZ",
        "DOT28": "DOT28",
        "CHF": "CHF",
    }
    assert {name: asset_id(name) for name in named} == named
