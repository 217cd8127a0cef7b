"""First in, first out, by books that were computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.books import booked
from tests.support.row_by_row import row_by_row
from webhook_core.money.months import OpenedSpan
from webhook_core.money.report import reported, to_document
from webhook_core.money.trade_book import Lot, PairOfOwner, TradeBook
from webhook_core.money.trades import Role, Trade, from_row, to_row
from webhook_core.trading.orders import Side

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
D = Decimal
LINE = PairOfOwner("trend", "BTC/USD", False)


def trade(side, volume, price, fee="0", number=1, **more):
    cost = D(volume) * D(price)
    fields = {"strategy": "trend", "role": Role.ORDER, "alert_id": f"a{number}", **more}
    at = NOON + timedelta(minutes=number)
    return Trade(
        f"T{number}", f"O{number}", "XXBTZUSD", "BTC/USD", Side(side), D(volume), D(price), cost,
        D(fee), at, **fields
    )  # fmt: skip


BOOKS = {
    "a round trip": ([("buy", "1", "100", "1"), ("sell", "1", "150", "1.5")], "47.5", "0", "0"),
    "two lots, the older first": (
        [("buy", "1", "100", "1"), ("buy", "1", "200", "2"), ("sell", "1.5", "300", "3")],
        "244",
        "0.5",
        "100",
    ),
    "a loss": ([("buy", "2", "100", "0"), ("sell", "1", "40", "0")], "-60", "1", "100"),
    "a short": ([("sell", "1", "100", "1"), ("buy", "1", "80", "1")], "18", "0", "0", True),
    "a reversal": ([("buy", "1", "100", "0"), ("sell", "3", "110", "0")], "10", "-2", "-220", True),
    "thirds lose nothing": (
        [("buy", "3", "0.1", "0"), ("sell", "1", "0.2", "0"), ("sell", "2", "0.2", "0")],
        "0.3",
        "0",
        "0",
    ),
    "nothing but fees": ([("buy", "1", "100", "0.4")], "-0.4", "1", "100"),
}


BEYOND = {
    "what others had bought": ([("sell", "1", "100", "1")], "-1", "0", ("1", "100")),
    "and a buy after it is a lot of its own": (
        [("sell", "1", "100", "1"), ("buy", "1", "80", "1"), ("sell", "1", "90")],
        "8",
        "0",
        ("1", "100"),
    ),
    "more than its own": (
        [("buy", "1", "100"), ("sell", "3", "110"), ("buy", "1", "50")],
        "10",
        "1",
        ("2", "220"),
    ),
    "no more than its own": ([("buy", "1", "100"), ("sell", "1", "110")], "10", "0", ("0", "0")),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_spot_sells_beyond_its_own_lots_is_no_short_and_named_apart(name):
    rows, realised, volume, beyond = BEYOND[name]
    trades = [trade(*row, number=number) for number, row in enumerate(rows)]
    (line,) = reported(OpenedSpan(trades=trades), since=NOON)
    assert line.counts.realised == D(realised)
    assert line.position.volume == D(volume)
    assert (line.counts.beyond_volume, line.counts.beyond_cost) == tuple(map(D, beyond))
    (row,) = to_document([line], {"BTC/USD": D(200)}, NOON, NOON, None)["rows"]
    assert (row["beyond_volume"], row["beyond_cost"]) == beyond


def test_a_fee_in_base_is_sold_beyond_its_own_too():
    sold = trade("sell", "1", "100", "0.01", fee_in_base=True)
    (line,) = reported(OpenedSpan(trades=[sold]), since=NOON)
    assert (line.counts.beyond_volume, line.counts.beyond_cost, line.counts.realised) == (
        D("1.01"),
        100,
        0,
    )


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_comes_to_what_a_hand_computes(name):
    rows, realised, volume, cost, *margin = BOOKS[name]
    book, on_margin = TradeBook(), bool(margin)
    trades = [trade(*row, number=number, margin=on_margin) for number, row in enumerate(rows)]
    done = [book.take(one) for one in trades]
    position = book.positions[LINE._replace(margin=on_margin)]
    assert sum(one.profit for one in done) == D(realised)
    assert (position.volume, position.cost) == (D(volume), D(cost))


def test_a_fee_in_base_makes_the_lot_smaller():
    bought = trade("buy", "1", "100", "0.01", fee_in_base=True)
    book = booked([bought])
    assert book.positions[LINE].volume == D("0.99")
    assert book.take(trade("sell", "0.99", "200", "0", 2)).profit == D("98")


def test_strategies_margin_and_others_do_not_mix():
    book = booked([
        trade("buy", "1", "100"),
        trade("sell", "1", "100", number=2, strategy="other"),
        trade("sell", "1", "100", number=3, margin=True),
        trade("sell", "1", "100", number=4, strategy=None, role=Role.OTHER),
    ])  # fmt: skip
    assert {line: position.volume for line, position in book.positions.items()} == {
        LINE: 1,
        PairOfOwner("other", "BTC/USD", False): 0,
        PairOfOwner("trend", "BTC/USD", True): -1,
    }


def test_a_report_counts_its_span_and_knows_what_was_held_before():
    trades = [
        trade("buy", "2", "100", "1", asked=D(100)),
        trade("sell", "1", "150", "1", 2, asked=D(151)),
        trade("sell", "0.5", "90", "0.5", 3, role=Role.EXIT),
        trade("buy", "1", "101", "1", 4, asked=D(100)),
    ]
    (line,) = reported(OpenedSpan(trades=trades), since=trades[1].at)
    assert (line.counts.trades, line.counts.won, line.counts.fills) == (2, 1, 3)
    assert line.counts.realised == D("150") - 100 - 1 + 45 - 50 - D("0.5") - 1
    assert line.counts.drawdown == D("5.5") + 1
    assert line.counts.fees == {"USD": D("2.5")}
    assert line.counts.slippage == [D("0.6623"), D("1")]
    assert (line.position.volume, line.position.cost) == (D("1.5"), D("151"))
    document = to_document([line], {"BTC/USD": D(200)}, trades[0].at, NOON, None)
    assert document["rows"][0]["unrealised"] == "149"
    assert document["totals"] == {"USD": {"realised": "42.5", "unrealised": "149"}}


def test_a_line_without_a_price_says_so_and_one_that_is_flat_needs_none():
    (line,) = reported(OpenedSpan(trades=[trade("buy", "1", "100")]), since=NOON)
    assert line.unrealised(None) is None
    (flat,) = reported(
        OpenedSpan(trades=[trade("buy", "1", "100"), trade("sell", "1", "100", number=2)]),
        since=NOON,
    )
    assert flat.unrealised(None) == 0


@pytest.mark.parametrize(
    "kept",
    [
        trade("buy", "1", "100", "1", asked=D("99.5"), fee_in_base=True),
        trade("sell", "1", "100", strategy=None, role=Role.OTHER, alert_id=None, margin=True),
    ],
)
def test_a_trade_is_stored_without_loss(kept):
    assert from_row(to_row(kept)) == kept


WON = [
    ("more than both fees", [("buy", "1", "100", "1"), ("sell", "1", "103", "1")], 1),
    ("eaten by both", [("buy", "1", "100", "1"), ("sell", "1", "101.5", "1")], 0),
    ("exactly both is no gain", [("buy", "1", "100", "1"), ("sell", "1", "102", "1")], 0),
    ("half pays half of the entry's fee",
        [("buy", "2", "100", "2"), ("sell", "1", "102.5", "1")], 1),
    ("a short", [("sell", "1", "100", "1"), ("buy", "1", "98.5", "1")], 0, True),
    ("a reversal pays its share for what it closes",
        [("buy", "1", "100", "1"), ("sell", "2", "102.5", "2")], 1),
    ("a reversal that did not earn it", [("buy", "1", "100", "1"), ("sell", "2", "101.5", "2")], 0),
    ("two lots",
        [("buy", "1", "100", "1"), ("buy", "1", "101", "1"), ("sell", "2", "102", "1")], 0),
]  # fmt: skip


@row_by_row
@pytest.mark.parametrize("row", WON, ids=[row[0] for row in WON])
def test_what_was_closed_has_won_only_beyond_the_fees_of_both_its_ends(row):
    _, legs, won, *margin = row
    trades = [trade(*leg, number, margin=bool(margin)) for number, leg in enumerate(legs, 1)]
    (line,) = reported(OpenedSpan(trades=trades), since=NOON)
    assert (line.counts.trades, line.counts.won) == (1, won)


def test_a_fee_in_base_is_what_the_closed_part_cost_too():
    bought = trade("buy", "1", "100", "0.01", fee_in_base=True)
    for price, won in (("100.5", 0), ("102", 1)):
        (line,) = reported(
            OpenedSpan(trades=[bought, trade("sell", "0.99", price, "0", 2)]), since=NOON
        )
        assert line.counts.won == won


def test_a_lot_without_a_fee_of_its_own_has_none():
    assert Lot(D(1), D(100)).fee == 0
