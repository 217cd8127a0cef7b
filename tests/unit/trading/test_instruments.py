"""AssetPairs rows become instruments, and go through storage unchanged."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.support.instruments import AS_OF, BTC_USD, SNAPSHOT, btc_usd, snapshot
from tests.support.row_by_row import row_by_row
from webhook_core.trading.instruments import from_document, parse_asset_pairs, to_document

ROW = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "aclass_base": "currency",
    "base": "XXBT",
    "quote": "ZUSD",
    "pair_decimals": 1,
    "lot_decimals": 8,
    "cost_decimals": 5,
    "tick_size": "0.1",
    "ordermin": "0.00005",
    "costmin": "0.5",
    "leverage_buy": [2, 3, 4, 5],
    "leverage_sell": [2, 3],
    "fees": [],
    "status": "online",
}


def parsed(**changes):
    return parse_asset_pairs({"XXBTZUSD": {**ROW, **changes}}, AS_OF)[0]


def test_a_whole_row_becomes_an_instrument():
    assert parse_asset_pairs({"XXBTZUSD": ROW}, AS_OF) == [BTC_USD]


@row_by_row
@pytest.mark.parametrize(
    ("rule", "given", "read"),
    [
        ("pair_decimals", "1", 1),
        ("pair_decimals", Decimal(1), 1),
        ("pair_decimals", 0, 0),
        ("pair_decimals", "", None),
        ("pair_decimals", None, None),
        ("pair_decimals", "1.5", None),
        ("pair_decimals", -1, None),
        ("pair_decimals", 19, None),
        ("lot_decimals", True, None),
        ("lot_decimals", 5.0, None),
        ("cost_decimals", [5], None),
        ("tick_size", Decimal("0.25"), Decimal("0.25")),
        ("tick_size", 1, Decimal(1)),
        ("tick_size", "1e-7", Decimal("0.0000001")),
        ("tick_size", "0", None),
        ("tick_size", 0.1, None),
        ("ordermin", "0", Decimal(0)),
        ("ordermin", "", None),
        ("ordermin", "NaN", None),
        ("ordermin", "Infinity", None),
        ("ordermin", "-1", None),
        ("ordermin", "1e400000000000000000000", None),
        ("ordermin", "1e30", None),
        ("costmin", "much", None),
        ("leverage_buy", [], ()),
        ("leverage_buy", ["2", Decimal(3)], (2, 3)),
        ("leverage_buy", [2, "three"], None),
        ("leverage_buy", "none", None),
        ("leverage_sell", None, None),
        ("status", "", None),
        ("status", "cancel_only", "cancel_only"),
        ("status", 7, None),
        ("wsname", None, ""),
        ("altname", None, "XXBTZUSD"),
    ],
)
def test_a_rule_is_read_or_left_out(rule, given, read):
    assert getattr(parsed(**{rule: given}), rule) == read


def test_missing_rules_are_none():
    bare = parse_asset_pairs({"SOLUSD": {"base": "SOL", "quote": "ZUSD"}}, AS_OF)[0]
    rules = ("pair_decimals", "lot_decimals", "cost_decimals", "tick_size", "ordermin", "costmin")
    assert [
        getattr(bare, rule) for rule in (*rules, "leverage_buy", "leverage_sell", "status")
    ] == [None] * 9
    assert (bare.key, bare.altname, bare.wsname) == ("SOLUSD", "SOLUSD", "")


@row_by_row
@pytest.mark.parametrize(
    "row",
    [
        None,
        "XBTUSD",
        [],
        3,
        {},
        {"base": "XXBT"},
        {"base": "", "quote": "ZUSD"},
        {"base": 1, "quote": "ZUSD"},
    ],
)
def test_a_malformed_row_is_left_out_and_the_others_stay(row):
    assert parse_asset_pairs({"BAD": row, "XXBTZUSD": ROW}, AS_OF) == [BTC_USD]


def test_a_document_keeps_everything():
    later = AS_OF + timedelta(hours=3, microseconds=7)
    instruments = [
        BTC_USD,
        btc_usd(
            key="A",
            tick_size=Decimal("0.000000000000000001"),
            ordermin=Decimal("1E+3"),
            as_of=later,
        ),
        btc_usd(
            key="B", leverage_buy=(), leverage_sell=None, wsname="", status=None, lot_decimals=0
        ),
        btc_usd(
            key="C",
            pair_decimals=None,
            lot_decimals=None,
            cost_decimals=None,
            tick_size=None,
            costmin=None,
        ),
    ]
    assert from_document(to_document(instruments)) == instruments


def test_a_document_of_a_key_twice_keeps_the_later_one():
    newer = btc_usd(status="post_only")
    assert from_document(to_document([BTC_USD, newer])) == [newer]


def test_a_document_is_in_asset_pairs_shape_without_floats_or_exponents():
    row = json.loads(to_document([btc_usd(tick_size=Decimal("1E-7"))]))["pairs"]["XXBTZUSD"]
    assert row["tick_size"] == "0.0000001"
    assert row == {
        **{name: ROW[name] for name in row if name in ROW},
        "tick_size": "0.0000001",
        "as_of": row["as_of"],
    }


def test_one_date_for_all_rows_may_stand_beside_them():
    own = {**ROW, "as_of": "2026-10-01T00:00:00+02:00"}
    text = json.dumps(
        {"as_of": "2026-09-25T12:00:00Z", "pairs": {"XXBTZUSD": ROW, "B": own, "C": 5}}
    )
    first, second = from_document(text)
    assert first == BTC_USD
    assert second == BTC_USD._replace(
        key="B", as_of=datetime(2026, 10, 1, tzinfo=timezone(timedelta(hours=2)))
    )


def test_a_date_without_a_zone_is_utc():
    (read,) = from_document(json.dumps({"as_of": "2026-09-25", "pairs": {"XXBTZUSD": ROW}}))
    assert read.as_of == datetime(2026, 9, 25, tzinfo=UTC)


@pytest.mark.parametrize("as_of", [None, "", "yesterday", 5])
def test_rows_that_nothing_dates_are_left_out(as_of):
    assert from_document(json.dumps({"as_of": as_of, "pairs": {"XXBTZUSD": ROW}})) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", '{"pairs": []}'])
def test_a_text_of_another_shape_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".+"):
        from_document(text)


def test_every_row_of_the_packaged_snapshot_is_an_instrument():
    rows = json.loads(SNAPSHOT.read_text(encoding="utf-8"))["pairs"]
    assert [instrument.key for instrument in snapshot()] == list(rows)
    assert all(instrument.as_of.tzinfo is not None for instrument in snapshot())


def test_the_packaged_snapshot_goes_through_storage_unchanged():
    assert tuple(from_document(to_document(snapshot()))) == snapshot()


ON_BTNL = {
    **ROW,
    "altname": "XBTUSD:BTNL",
    "wsname": "XBT/USD:BTNL",
    "execution_venue": "bitnomial_exchange",
}


@pytest.mark.parametrize(
    "names", [{}, {"altname": "XBTUSD", "wsname": "XBT/USD"}, {"altname": None}]
)
def test_a_pair_of_another_venue_has_the_suffix_in_all_its_names(names):
    [found] = parse_asset_pairs(
        {"XBTUSD:BTNL": {**ON_BTNL, "leverage_buy": [2, 20], **names}}, AS_OF
    )
    assert (found.key, found.altname, found.wsname) == (
        "XBTUSD:BTNL",
        "XBTUSD:BTNL",
        "XBT/USD:BTNL",
    )
    assert (found.venue, found.leverage_buy) == (":BTNL", (2, 20))
    assert found.market_names == ("XBTUSD", "XBTUSD", "XBT/USD", "XXBTZUSD")
    assert from_document(to_document([found])) == [found]


def test_krakens_own_pair_is_called_by_its_own_names():
    assert (BTC_USD.venue, BTC_USD.market_names) == ("", ("XXBTZUSD", "XBTUSD", "XBT/USD"))


@pytest.mark.parametrize(
    ("venue", "kept"), [("international", 1), ("", 1), (None, 1), ("bitnomial_exchange", 0)]
)
def test_a_pair_of_another_venue_never_takes_the_place_of_krakens_own(venue, kept):
    assert len(parse_asset_pairs({"XXBTZUSD": {**ROW, "execution_venue": venue}}, AS_OF)) == kept
