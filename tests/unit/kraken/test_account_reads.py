"""What KrakenVenue reads of the account: exact numbers, or none at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.instruments import BTC_USD, pair
from tests.support.kraken_server import KEY, SECRET
from tests.support.raw_servers import ORDER_ID, RawServer, hang, http, refusal, send
from tests.unit.kraken.test_venue import FAILURES, a_venue, result
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.client import READ_S, KrakenClient
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.trading.facts import Balance
from webhook_core.trading.rules import Fees

READS = {
    "BalanceEx": lambda venue, budget: venue.balances(budget),
    "OpenPositions": lambda venue, budget: venue.positions(budget),
    "TradeBalance": lambda venue, budget: venue.equity("ZUSD", budget),
    "OpenOrders": lambda venue, budget: venue.open_orders(budget),
    "QueryOrders": lambda venue, budget: venue.order(ORDER_ID, budget),
    "QueryOrders of several": lambda venue, budget: venue.fills([ORDER_ID], budget),
}


def endpoint(method: str) -> str:
    return method.partition(" ")[0]


EACH_READ = pytest.mark.parametrize("method", READS)
MALFORMED = [None, "", "cheap", "NaN", "Infinity", "1e31", "1e-31", True, [], {}]


@pytest.fixture
def budget() -> Budget:
    return Budget.start(SystemClock(), 2.0)


# All of them


@EACH_READ
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in FAILURES
        if name.startswith(("an error", "an empty", "a perm", "a ref", "a lost", "half"))
    ],
)
def test_a_read_that_fails_is_an_outage_that_names_it(
    method: str, name: str, budget: Budget
) -> None:
    with RawServer(FAILURES[name]) as server:
        with pytest.raises(
            VenueUnavailable, match=f"Kraken's {endpoint(method)} could not be read"
        ):
            READS[method](a_venue(server), budget)
        assert len(server.requests) == 1  # krakenex's line is not held for a second try


@EACH_READ
@pytest.mark.parametrize("value", [None, "text", 7])
def test_a_result_of_another_kind_is_an_outage(method: str, value: Any, budget: Budget) -> None:
    with RawServer(result(value)) as server, pytest.raises(VenueUnavailable):
        READS[method](a_venue(server), budget)


@EACH_READ
def test_the_cause_of_an_outage_is_told(method: str, budget: Budget) -> None:
    with RawServer(refusal("EGeneral:Permission denied")) as server:
        with pytest.raises(
            VenueUnavailable, match=r"could not be read: EGeneral:Permission denied\.$"
        ):
            READS[method](a_venue(server), budget)
        assert server.requests[0].line.startswith(f"POST /0/private/{endpoint(method)} ")


@EACH_READ
def test_a_read_holds_the_keys_line_for_a_moment_only(method: str) -> None:
    clock = SystemClock()
    with RawServer(hang) as server:
        venue = KrakenVenue(KrakenClient(KEY, SECRET, server.url), clock)
        begun = clock.monotonic()
        with pytest.raises(VenueUnavailable):
            READS[method](venue, Budget.start(clock, 9.0))
        # A crowded machine is late, a read of nine seconds is another matter.
        assert clock.monotonic() - begun < READ_S + 2


@EACH_READ
def test_without_time_nothing_is_asked(method: str) -> None:
    with RawServer() as server:
        with pytest.raises(VenueUnavailable):
            READS[method](a_venue(server), Budget.start(SystemClock(), 0))
        assert server.connections == 0


# Balances


@pytest.mark.parametrize(
    ("row", "balance"),
    [
        (
            {"balance": "25435.21", "hold_trade": "8249.76"},
            Balance(Decimal("25435.21"), Decimal("8249.76")),
        ),
        ({"balance": "0.0000000000", "hold_trade": "0.0000000000"}, Balance(Decimal(0))),
        ({"balance": "10"}, Balance(Decimal(10))),
        ({"balance": 10, "hold_trade": 4}, Balance(Decimal(10), Decimal(4))),
        (
            {"balance": "10", "credit": "5", "credit_used": "2", "hold_trade": "1"},
            Balance(Decimal(13), Decimal(1)),
        ),
        ({"balance": "10", "credit": "5"}, Balance(Decimal(15))),
        ({"balance": "10", "credit_used": "2"}, Balance(Decimal(8))),
        ({"balance": "-3.5", "hold_trade": "0"}, Balance(Decimal("-3.5"))),
    ],
)
def test_a_balance_is_total_with_credit_and_what_orders_hold(
    row: Any, balance: Balance, budget: Budget
) -> None:
    with RawServer(result({"ZUSD": row})) as server:
        assert a_venue(server).balances(budget) == {"ZUSD": balance}
        assert set(server.requests[0].fields) == {"nonce"}


def test_a_balance_as_a_json_number_stays_exact(budget: Budget) -> None:
    text = b'{"error":[],"result":{"XXBT":{"balance":0.1234567890123456789,"hold_trade":0.1}}}'
    with RawServer(send(http(text))) as server:
        held = a_venue(server).balances(budget)["XXBT"]
    assert (held.total, held.held) == (Decimal("0.1234567890123456789"), Decimal("0.1"))


def test_what_is_staked_or_bonded_is_no_balance_to_trade_with(budget: Budget) -> None:
    rows = {
        name: {"balance": "1"}
        for name in ("DOT", "DOT.S", "DOT28.S", "ETH2.S", "USD.M", "XXBT.B", "ADA.P")
    }
    with RawServer(result(rows)) as server:
        assert a_venue(server).balances(budget) == {"DOT": Balance(Decimal(1))}


@pytest.mark.parametrize(
    ("rows", "asset", "held"),
    [
        ({"XBT.F": {"balance": "2"}}, "XXBT", Balance(Decimal(2))),
        ({"XXBT.F": {"balance": "2"}}, "XXBT", Balance(Decimal(2))),
        ({"USD.F": {"balance": "2", "hold_trade": "0"}}, "ZUSD", Balance(Decimal(2))),
        ({"ETH.F": {"balance": "1.5"}, "XETH": {"balance": "0.5"}}, "XETH", Balance(Decimal(2))),
        (
            {"USDT": {"balance": "1", "hold_trade": "4"}, "USDT.F": {"balance": "5"}},
            "USDT",
            Balance(Decimal(6), Decimal(4)),
        ),
        (
            {"SOL.F": {"balance": "3"}, "SOL": {"balance": "0"}, "SOL.S": {"balance": "9"}},
            "SOL",
            Balance(Decimal(3)),
        ),
    ],
)
def test_what_earns_by_itself_is_traded_through_its_asset(
    rows: Any, asset: str, held: Balance, budget: Budget
) -> None:
    with RawServer(result(rows)) as server:
        found = a_venue(server).balances(budget)
    assert found == {asset: held}
    assert found[asset].free == held.total - held.held


@pytest.mark.parametrize("name", ["USD.HOLD", "ETH2.SETH", ".S", "S", "T"])
def test_another_name_with_a_dot_or_a_letter_stays_itself(name: str, budget: Budget) -> None:
    with RawServer(result({name: {"balance": "1"}})) as server:
        assert a_venue(server).balances(budget) == {name: Balance(Decimal(1))}


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ({"AAPLx.T": {"balance": "2", "hold_trade": "1"}}, Balance(Decimal(2), Decimal(1))),
        ({"AAPLx": {"balance": "3"}}, Balance(Decimal(3))),
        (
            {
                "AAPLx.T": {"balance": "2", "hold_trade": "1"},
                "AAPLx": {"balance": "3", "hold_trade": "0.5"},
            },
            Balance(Decimal(5), Decimal("1.5")),
        ),
    ],
)
def test_a_tokenised_asset_goes_by_one_name(rows: Any, held: Balance, budget: Budget) -> None:
    with RawServer(result(rows)) as server:
        assert a_venue(server).balances(budget) == {"AAPLx": held}


def test_an_empty_account_holds_nothing(budget: Budget) -> None:
    with RawServer(result({})) as server:
        assert a_venue(server).balances(budget) == {}


@pytest.mark.parametrize(
    "row",
    [
        *({"balance": value, "hold_trade": "0"} for value in MALFORMED),
        *(
            {"balance": "1", field: value}
            for field in ("hold_trade", "credit", "credit_used")
            for value in MALFORMED
        ),
        {"balance": "1", "hold_trade": "-1"},
        {"hold_trade": "1"},
        {},
        None,
        "1",
        ["1"],
    ],
)
def test_one_balance_that_cannot_be_read_fails_them_all(row: Any, budget: Budget) -> None:
    told = pytest.raises(VenueUnavailable, match="BalanceEx is not in its usual form")
    with RawServer(result({"XXBT": {"balance": "1"}, "ZUSD": row})) as server, told:
        a_venue(server).balances(budget)


# Positions


def position(**changes: Any) -> dict[str, Any]:
    row = {
        "posstatus": "open",
        "pair": "XXBTZUSD",
        "type": "buy",
        "vol": "0.5",
        "vol_closed": "0.1",
        "cost": "30000",
    }
    return {name: value for name, value in (row | changes).items() if value is not ...}


@pytest.mark.parametrize(
    ("rows", "net"),
    [
        ([], {}),
        ([position()], {"XXBTZUSD": "0.4"}),
        ([position(type="sell")], {"XXBTZUSD": "-0.4"}),
        ([position(), position(vol="1", vol_closed="0.00000000")], {"XXBTZUSD": "1.4"}),
        ([position(), position(type="sell", vol="1")], {"XXBTZUSD": "-0.5"}),
        ([position(), position(type="sell")], {}),
        ([position(vol_closed="0.5")], {}),
        (
            [position(), position(pair="XETHZUSD", type="sell")],
            {"XXBTZUSD": "0.4", "XETHZUSD": "-0.4"},
        ),
        ([position(), position(posstatus="closed")], {"XXBTZUSD": "0.4"}),
    ],
)
def test_positions_are_netted_per_pair(
    rows: list[Any], net: dict[str, str], budget: Budget
) -> None:
    shown = {f"TPOS{number}": row for number, row in enumerate(rows)}
    with RawServer(result(shown)) as server:
        rows = a_venue(server).positions(budget)
    shown = {row.pair: sum(one.volume for one in rows if one.pair == row.pair) for row in rows}
    assert {pair: size for pair, size in shown.items() if size} == {
        p: Decimal(size) for p, size in net.items()
    }


def test_an_empty_list_is_no_position(budget: Budget) -> None:
    with RawServer(result([])) as server:
        assert a_venue(server).positions(budget) == ()


@pytest.mark.parametrize("method", [method for method in READS if method != "OpenPositions"])
def test_only_positions_may_come_as_an_empty_list(method: str, budget: Budget) -> None:
    with RawServer(result([])) as server, pytest.raises(VenueUnavailable):
        READS[method](a_venue(server), budget)


@pytest.mark.parametrize(
    "row",
    [
        *(
            position(**{field: value})
            for field in ("vol", "vol_closed")
            for value in (..., *MALFORMED)
        ),
        *(position(posstatus=value) for value in (..., None, "", "opened", 1)),
        *(position(type=value) for value in (..., None, "", "long", 1)),
        *(position(pair=value) for value in (..., None, "", 1, [])),
        position(vol_closed="0.6"),
        None,
        [],
        "text",
    ],
)
def test_one_position_that_cannot_be_read_fails_them_all(row: Any, budget: Budget) -> None:
    told = pytest.raises(VenueUnavailable, match="OpenPositions is not in its usual form")
    with RawServer(result({"TONE": position(), "TTWO": row})) as server, told:
        a_venue(server).positions(budget)


# Equity


@pytest.mark.parametrize(
    ("row", "worth"),
    [
        ({"eb": "9760.0000", "tb": "1.0000", "n": "500.0000", "e": "1.0"}, "10260"),
        ({"eb": "9760.0000", "n": "-9761.5"}, "-1.5"),
        ({"eb": "9760.0000"}, "9760"),
        ({"eb": 9760, "n": 0}, "9760"),
    ],
)
def test_equity_is_all_balances_and_the_open_result(row: Any, worth: str, budget: Budget) -> None:
    with RawServer(result(row)) as server:
        assert a_venue(server).equity("ZEUR", budget) == Decimal(worth)
        assert server.requests[0].fields["asset"] == "ZEUR"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"n": "1"},
        *({"eb": value} for value in MALFORMED),
        *({"eb": "1", "n": value} for value in MALFORMED),
    ],
)
def test_an_equity_that_cannot_be_read_is_no_number(row: Any, budget: Budget) -> None:
    told = pytest.raises(VenueUnavailable, match="TradeBalance is not in its usual form")
    with RawServer(result(row)) as server, told:
        a_venue(server).equity("ZUSD", budget)


# More orders than one QueryOrders takes


def shown_order(number: int) -> tuple[str, dict[str, Any]]:
    facts = {"status": "closed", "vol_exec": "0.1", "price": "60000", "cost": "6000", "fee": "48"}
    return f"O{number:05}-AAAAA-AAAAAA", facts


@pytest.mark.parametrize(("orders", "calls"), [(0, 0), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_any_number_of_orders_is_asked_for_by_fifties(
    orders: int, calls: int, budget: Budget
) -> None:
    every = dict(map(shown_order, range(orders)))
    pages = [dict(list(every.items())[at : at + 50]) for at in range(0, orders, 50)]
    with RawServer(*map(result, pages)) as server:
        fills = a_venue(server).fills(list(every), budget)
        asked = [request.fields["txid"].split(",") for request in server.requests]
    assert list(fills) == list(every)
    assert asked == [list(page) for page in pages]
    assert len(asked) == calls


def test_one_page_of_many_orders_that_fails_fails_the_whole_read(budget: Budget) -> None:
    every = dict(map(shown_order, range(51)))
    with (
        RawServer(result(every), refusal("EAPI:Rate limit exceeded")) as server,
        pytest.raises(VenueUnavailable),
    ):
        a_venue(server).fills(list(every), budget)


# Fees


def fee_row(fee: Any) -> dict[str, Any]:
    return {
        "fee": fee,
        "minfee": "0.1000",
        "maxfee": "0.8000",
        "nextfee": None,
        "nextvolume": None,
        "tiervolume": "0.0000",
    }


SOL_USD = pair("SOLUSD", "SOLUSD", "SOL/USD", "SOL", "ZUSD")


@pytest.mark.parametrize(
    ("takers", "makers", "fees"),
    [
        (
            {"XXBTZUSD": fee_row("0.2500")},
            {"XXBTZUSD": fee_row("0.1000")},
            {"XXBTZUSD": ("0.1000", "0.2500")},
        ),
        (
            {"XBTUSD": fee_row("0.25")},
            {"XBTUSD": fee_row("-0.02")},
            {"XXBTZUSD": ("-0.02", "0.25")},
        ),
        ({"XXBTZUSD": {"fee": "0.8", "min_fee": "0.1"}}, {}, {"XXBTZUSD": ("0.8", "0.8")}),
        ({"XXBTZUSD": fee_row("0.25")}, None, {"XXBTZUSD": ("0.25", "0.25")}),
        (
            {"SOLUSD": fee_row("0.8"), "XXBTZUSD": fee_row("0.6"), "OTHER": fee_row("much")},
            {"SOLUSD": fee_row("0.4"), "XXBTZUSD": fee_row("0.3")},
            {"XXBTZUSD": ("0.3", "0.6"), "SOLUSD": ("0.4", "0.8")},
        ),
        ({}, {}, {}),
        ([], [], {}),
    ],
)
def test_the_accounts_fees_are_read_by_pair(
    takers: Any, makers: Any, fees: Any, budget: Budget
) -> None:
    answer = {"currency": "ZUSD", "volume": "5000.0000", "fees": takers, "fees_maker": makers}
    with RawServer(result(answer)) as server:
        found = a_venue(server).fees([BTC_USD, SOL_USD], budget)
        assert server.requests[0].fields["pair"] == "XXBTZUSD,SOLUSD"
    assert found == {
        key: Fees(Decimal(maker), Decimal(taker)) for key, (maker, taker) in fees.items()
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"currency": "ZUSD", "volume": "0"},
        {"fees": None},
        {"fees": {"XXBTZUSD": None}},
        {"fees": {"XXBTZUSD": {}}},
        *(
            {"fees": {"XXBTZUSD": fee_row(fee)}}
            for fee in ("-0.1", "11", "NaN", "", None, "0.8 %", [0.8])
        ),
        {"fees": {"XXBTZUSD": fee_row("0.8")}, "fees_maker": {"XXBTZUSD": fee_row("-11")}},
    ],
)
def test_fees_that_cannot_be_read_are_no_numbers(answer: Any, budget: Budget) -> None:
    with (
        RawServer(result(answer)) as server,
        pytest.raises(VenueUnavailable, match="TradeVolume is not in its usual form"),
    ):
        a_venue(server).fees([BTC_USD], budget)
