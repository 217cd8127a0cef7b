"""The recorded pairs: the file's form, and the one row that a name means."""

import json
import re
from bisect import bisect_left
from copy import copy
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.instruments import SNAPSHOT, snapshot
from tests.support.row_by_row import row_by_row
from webhook_core.kraken import known_pairs
from webhook_core.kraken.packaged_pairs import PackagedRecords
from webhook_core.trading.assets import asset_code
from webhook_core.trading.symbol_spelling import bare_name
from webhook_core.trading.symbols import Instruments, UnknownSymbol, display_name

LINES = known_pairs.FILE.read_text("utf-8").splitlines()
HEAD = [line for line in LINES if line.startswith("#")]
ROWS = [line.split(",") for line in LINES if not line.startswith("#")]
NAMES = [row[0] for row in ROWS]
PACKAGED = json.loads(SNAPSHOT.read_text("utf-8"))["pairs"]
EVERY = known_pairs.every()


def known():
    return Instruments(snapshot(), PackagedRecords())


def spellings(pair):
    """How a sender may write it; TradingView has the modern codes, Kraken its own."""
    base, quote = pair.wsname.split("/")
    modern = f"{asset_code(base)}/{asset_code(quote)}"
    names = {
        pair.key,
        pair.altname,
        pair.wsname,
        modern,
        modern.replace("/", ""),
        f"{pair.base}/{pair.quote}",
    }
    names |= {modern.replace("/", mark) for mark in "-_"} | {
        f"{asset_code(base)}{quote}",
        f"{base}{asset_code(quote)}",
    }
    return (
        names
        | {name.lower() for name in names}
        | {f"KRAKEN:{name}" for name in names}
        | {f" {modern} "}
    )


# -- the file --------------------------------------------------------------------------------------


def test_the_records_hold_over_a_thousand_pairs_in_a_small_sorted_file():
    assert len(ROWS) + len(PACKAGED) > 1100
    assert known_pairs.FILE.stat().st_size < 100_000
    assert sorted(NAMES, key=str.encode) == NAMES
    assert len(set(NAMES)) == len(NAMES)


def test_the_head_names_a_source_for_every_day_that_a_row_has():
    assert LINES[: len(HEAD)] == HEAD
    stated = set(re.findall(r"\d{4}-\d\d-\d\d", "\n".join(HEAD)))
    assert {row[-1] for row in ROWS} <= stated
    assert all(date(2021, 1, 1) < date.fromisoformat(day) < date(2026, 11, 1) for day in stated)


def test_no_pair_stands_in_both_files():
    taken = {name for key, row in PACKAGED.items() for name in (key, row["altname"], row["wsname"])}
    assert not [key for key, row in EVERY.items() if taken & {key, row["altname"], row["wsname"]}]


def test_every_row_has_names_that_agree_and_rules_that_make_sense():
    for name, row in zip(NAMES, EVERY.values(), strict=True):
        base, quote = row["wsname"].split("/")
        assert (
            name
            == asset_code(base) + asset_code(quote)
            == asset_code(row["base"]) + asset_code(row["quote"])
        )
        if "tick_size" in row:
            assert Decimal(row["tick_size"]) == Decimal(1).scaleb(-int(row["pair_decimals"]))
            assert row["lot_decimals"] in {"5", "8"}
        assert Decimal(row["ordermin"]) > 0
        assert row.get("costmin", "0.5") == "0.5"
        assert row.get("leverage_buy", [2])[0] == 2


def test_a_record_gets_through_as_an_instrument_with_nothing_lost():
    for pair in PackagedRecords().every():
        row = EVERY[pair.key]
        assert (pair.altname, pair.wsname, pair.base, pair.quote) == tuple(
            row[name] for name in ("altname", "wsname", "base", "quote")
        )
        assert f"{pair.ordermin:f}" == row["ordermin"]
        assert (pair.pair_decimals, pair.lot_decimals) == tuple(
            int(row[name]) if name in row else None for name in ("pair_decimals", "lot_decimals")
        )
        assert pair.as_of.date().isoformat() == row["as_of"]


# -- one row ---------------------------------------------------------------------------------------


def test_every_pair_answers_to_each_of_its_names():
    """No packaged pair does, so that one holder for each name, without those, finds what one with
    them would: to index them again for each name takes most of the time."""
    packaged, records, fresh = Instruments(snapshot()), PackagedRecords(), known()
    for pair in records.every():
        for name in spellings(pair):
            taken = packaged._index("exact").get(name.strip()) or packaged._found(bare_name(name))
            assert taken is None, name
            assert Instruments((), records).resolve(name) == pair, name
        assert copy(fresh).resolve(pair.altname) == pair  # a copy has nothing of what was asked


@given(st.text(max_size=40) | st.sampled_from(NAMES) | st.text("ABDEGOSTUXZ/:.,\n#", max_size=12))
def test_a_look_up_finds_what_a_search_of_the_whole_file_finds(symbol):
    found = known_pairs.named(symbol)
    assert found.items() <= EVERY.items()
    where = bisect_left(NAMES, symbol)
    is_name = where < len(NAMES) and NAMES[where] == symbol
    assert not is_name or symbol in {
        row["wsname"].replace("/", "") for row in found.values()
    } | set(NAMES)
    assert is_name <= bool(found)
    assert known_pairs.near(symbol).items() <= EVERY.items()


@given(st.sampled_from(NAMES), st.sampled_from(["", "A", "0", "~", "\x00"]))
def test_only_a_whole_name_is_found(name, more):
    lines = [line for line in LINES if line.partition(",")[0] == name + more]
    assert [line for line in [known_pairs._lines().get(name + more)] if line] == lines


@pytest.mark.parametrize(
    ("symbol", "near"),
    [
        ("SUIUSDT", "SUI/USD"),
        ("AVAXUSDD", "AVAX/USD"),
        ("AVAX/USDD", "AVAX/USD"),
        ("PEPEUSDT", "PEPE/USD"),
        ("TRXUDS", "TRX/USD"),
    ],
)
def test_what_is_not_there_is_unknown_and_its_neighbours_are_named(symbol, near):
    with pytest.raises(UnknownSymbol, match="is not a known pair of Kraken; nearest: ") as raised:
        known().resolve(symbol)
    assert near in str(raised.value)


@row_by_row
@pytest.mark.parametrize(
    "symbol",
    ["NOSUCHUSD", "BINANCE:SUIUSD", "SUIUSD.P", "PF_SUIUSD", "SUI//USD", "SUI/USD/", "S/UIUSD",
        "SUIUSD,", "", "#", "\n",
     "SU\u0131USD", "SUIUSD\x00", "KRAKEN:", "X" * 500, "SUI USD", "XSUIUSD", "SUI/XUSD"],
)  # fmt: skip
def test_nothing_is_guessed(symbol):
    with pytest.raises(UnknownSymbol):
        known().resolve(symbol)


def test_a_closed_pair_is_no_pair():
    for symbol in ("MATICUSD", "FTMUSD", "EOS/USD", "XBT/AED"):
        with pytest.raises(UnknownSymbol):
            known().resolve(symbol)


def test_what_was_asked_for_is_held_like_the_others_from_then_on():
    pairs = known()
    before = len(pairs)
    pair = pairs.resolve("sui-usd")
    assert pair in list(pairs)
    assert len(pairs) == before + 1
    assert pairs.resolve("SUIUSD") is pair
    assert display_name(pair) == "SUI/USD"


def test_the_pairs_of_an_asset_and_a_currency_are_found_either_way_round():
    pairs = known()
    assert {pair.altname for pair in pairs.between({"SUI", "XXBT", "ZEUR", "NOSUCH"}, "ZUSD")} == {
        "SUIUSD",
        "XBTUSD",
        "EURUSD",
    }
    assert {pair.altname for pair in pairs.between({"ZUSD"}, "SUI")} == {"SUIUSD"}
    assert Instruments(snapshot()).between({"SUI"}, "ZUSD") == []
