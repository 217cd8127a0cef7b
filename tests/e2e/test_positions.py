"""Alerts that name a position or a share of the account: the exchange's book ends up where they
say, whatever happens."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.support.resent_positions import deliver, position, target
from tests.support.served_function import check

LOOK_UP_AFTER_S = 5.3
"""An unknown order is looked for once its claim is 5 s old."""
NONCE_WINDOW = 10**10
"""What the README advises for processes that share a key."""
SPOT, MARGIN = {"symbol": "ETHUSD"}, {"symbol": "BTCUSD", "leverage": "3"}
LAG_S = 50
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))


@pytest.fixture(scope="module")
def exchange(make_kraken):
    """One with 10000 USD and 1 BTC, for this file alone."""
    return make_kraken(NONCE_WINDOW).start()


@pytest.fixture(scope="module")
def fleet(make_live, exchange):
    """Two instances on one ledger, of a strategy that may trade all it has."""
    first = make_live(exchange, MAX_ORDER_COST="100000 USD", ALERT_MAX_AGE_SECONDS="600")
    return [first.start(), make_live(exchange, **first.env).start()]


@pytest.fixture(scope="module")
def function(fleet):
    return fleet[0]


@pytest.fixture(autouse=True)
def _every_fault_was_met(exchange):
    yield
    exchange.lag()
    assert exchange.faults_left() == {}


def held(exchange, where):
    """In the book: the balance on spot, the net position on margin."""
    return exchange.balance("XETH") if where is SPOT else exchange.position("XXBTZUSD")


def go_to(function, exchange, where, size):
    """What a test begins with."""
    code = code_for(held(exchange, where), size)
    check(function.post(target(function, size, **where)), 200, code)
    assert held(exchange, where) == Decimal(size)


def code_for(before, size):
    return "no_action" if before == Decimal(size) else "accepted"


# -- where the book ends up ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "way"),
    [
        (SPOT,
            [("0.1", "0.1"), ("0.25", "0.25"), ("0.25", "0.25"), ("0.05", "0.05"), ("-0.05", "0"),
                ("0", "0")]),
        (MARGIN,
            [("0.02", "0.02"), ("-0.01", "-0.01"), ("-0.03", "-0.03"), ("-0.02", "-0.02"),
                ("0.01", "0.01"), ("0", "0")]),
    ],
    ids=["spot", "margin"],
)  # fmt: skip
def test_a_target_leads_there_from_wherever_the_account_is(where, way, function, exchange):
    for size, expected in way:
        before, calls = held(exchange, where), len(exchange.calls("AddOrder"))
        answer = function.post(target(function, size, **where))
        check(answer, 200, code_for(before, expected))
        assert held(exchange, where) == Decimal(expected)
        assert len(exchange.calls("AddOrder")) == calls + (before != Decimal(expected))


@pytest.mark.parametrize("where", [SPOT, MARGIN], ids=["spot", "margin"])
@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"action": "close", "percent": "25"}, ("0.03", "0.03")),
        ({"action": "close"}, ("0", "0")),
        ({"action": "reverse"}, ("0", "-0.04")),
        ({"action": "reverse", "volume": "0.01"}, ("0", "-0.01")),
    ],
)
def test_a_position_is_closed_in_part_or_turned_round(fields, ends, where, function, exchange):
    go_to(function, exchange, where, "0.04")
    check(function.post(position(function, **where, **fields)), 200, "accepted")
    assert held(exchange, where) == Decimal(ends[0] if where is SPOT else ends[1])
    go_to(function, exchange, where, "0")


def test_a_short_is_closed_by_a_buy(function, exchange):
    go_to(function, exchange, MARGIN, "-0.02")
    answer = check(function.post(position(function, "close", **MARGIN)), 200, "accepted")
    assert answer["orders"][0]["request"]["reduce_only"] == "true"
    assert held(exchange, MARGIN) == 0
    check(function.post(position(function, "close", **MARGIN)), 200, "no_action")


@pytest.mark.parametrize("first", ["exit", "entry"])
def test_exit_and_entry_of_one_bar_end_short_in_whatever_order_they_come(first, fleet, exchange):
    go_to(fleet[0], exchange, MARGIN, "0.02")
    time.sleep(1)  # fired in another second than what came before
    leave = target(fleet[0], "0", before="0.02", **MARGIN)
    enter = target(fleet[0], "-0.01", before="0", fired_at=leave["fired_at"], **MARGIN)
    one, other = (leave, enter) if first == "exit" else (enter, leave)
    if first == "exit":
        with ThreadPoolExecutor(2) as pool:  # together: whoever wins, wins
            racing = [pool.submit(deliver, fleet, one), pool.submit(deliver, fleet[::-1], other)]
        answers = [task.result()[-1] for task in racing]
    else:
        answers = [deliver(fleet, one)[-1], deliver(fleet[::-1], other)[-1]]
        check(answers[0], 200, "accepted")
        check(answers[1], 409, "superseded")
    assert {answer.status for answer in answers} <= {200, 409}
    assert held(exchange, MARGIN) == Decimal("-0.01")
    go_to(fleet[0], exchange, MARGIN, "0")


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order", [{}, {"order_type": "limit", "price": "2500"}], ids=["market", "limit"]
)
def test_all_that_is_free_buys_and_sells_and_kraken_refuses_neither(order, function, exchange):
    money = exchange.balance("ZUSD")
    whole = {
        "symbol": "ETHUSD",
        "volume": "100",
        "quantity_type": "percent_balance",
        "price": "2500",
    }
    check(function.post(function.alert(**whole | order)), 200, "accepted")
    assert 0 <= exchange.balance("ZUSD") < money / 100
    check(function.post(function.alert(**whole, side="sell")), 200, "accepted")
    assert 0 <= exchange.balance("XETH") < Decimal("0.0001")


SIZES = {
    "quote, market": {"quantity_type": "quote", "volume": "50"},
    "quote, sell": {"quantity_type": "quote", "volume": "50", "side": "sell"},
    "quote, limit": {
        "quantity_type": "quote",
        "volume": "50",
        "order_type": "limit",
        "price": "2400",
    },
    "percent_balance": {"quantity_type": "percent_balance", "volume": "1"},
    "percent_balance, no price": {"quantity_type": "percent_balance", "volume": "1", "price": None},
    "percent_balance, sell": {"quantity_type": "percent_balance", "volume": "10", "side": "sell"},
    "percent_equity": {"quantity_type": "percent_equity", "volume": "1"},
    "percent_equity, sell": {"quantity_type": "percent_equity", "volume": "1", "side": "sell"},
    "percent_equity, no price": {"quantity_type": "percent_equity", "volume": "1", "price": None},
    "percent_equity, margin": {"quantity_type": "percent_equity", "volume": "1", "leverage": "2"},
    "percent_position, sell": {"quantity_type": "percent_position", "volume": "50", "side": "sell"},
    "risk_percent": {"quantity_type": "risk_percent", "volume": "1", "stop_loss": "2000"},
    "risk_percent, margin": {
        "quantity_type": "risk_percent",
        "volume": "1",
        "stop_loss": "2000",
        "leverage": "2",
    },
}


@pytest.mark.parametrize("what", SIZES)
def test_a_size_of_any_kind_is_one_order_and_stays_one(what, function, exchange):
    if exchange.balance("XETH") < Decimal("0.1"):
        go_to(function, exchange, SPOT, "0.5")
    before = len(exchange.calls("AddOrder"))
    alert = function.alert(**{"symbol": "ETHUSD", "price": "2500"} | SIZES[what])
    answer = check(function.post(alert), 200, "accepted")
    calls = len(exchange.calls())
    assert check(function.post(alert), 200, "accepted")["replayed"] is True
    assert len(exchange.calls()) == calls
    assert len(exchange.calls("AddOrder")) == before + 1
    assert [order["txid"] for order in exchange.orders(answer["client_order_id"])] == [
        answer["order_id"]
    ]
    if exchange.open_orders():  # a limit, or the stop of the order
        check(
            function.post(function.alert(action="cancel", symbol="ETHUSD", **NO_ORDER)),
            200,
            "accepted",
        )
    assert exchange.open_orders() == []


def test_a_size_in_quote_is_spent_and_no_more(function, exchange):
    money = exchange.balance("ZUSD")
    alert = function.alert(symbol="ETHUSD", quantity_type="quote", volume="123.45", price="2500")
    answer = check(function.post(alert), 200, "accepted")
    (order,) = exchange.orders(answer["client_order_id"])
    cost, fee = Decimal(order["cost"]), Decimal(order["fee"])
    assert Decimal("123.4") < cost <= Decimal("123.45")
    assert exchange.balance("ZUSD") == money - cost - fee


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_target_whose_reply_was_lost_is_found_and_not_gone_to_twice(function, exchange):
    go_to(function, exchange, SPOT, "0.1")
    exchange.script("AddOrder", {"fault": "reset_after"})
    alert, calls = target(function, "0.3", before="0.1"), len(exchange.calls("AddOrder"))
    check(function.post(alert), 503, "outcome_unknown")
    at = time.monotonic()
    later = target(function, "0.4", before="0.3")
    check(function.post(later), 503, "not_sent")
    time.sleep(max(0, at + LOOK_UP_AFTER_S - time.monotonic()))
    check(function.post(alert), 200, "accepted")
    assert held(exchange, SPOT) == Decimal("0.3")
    assert len(exchange.calls("AddOrder")) == calls + 1
    check(function.post(later), 200, "accepted")
    assert held(exchange, SPOT) == Decimal("0.4")


def test_a_target_that_never_reached_kraken_is_counted_anew(function, exchange):
    go_to(function, exchange, SPOT, "0.1")
    exchange.script("AddOrder", *[{"fault": "errors", "strings": ["EOrder:Rate limit exceeded"]}])
    alert = target(function, "0.3", before="0.1")
    check(function.post(alert), 503, "not_sent")
    check(
        function.post(function.alert(symbol="ETHUSD", volume="0.05", price="2500")), 200, "accepted"
    )
    check(function.post(alert), 200, "accepted")
    assert held(exchange, SPOT) == Decimal("0.3")


@pytest.mark.parametrize("where", [SPOT, MARGIN], ids=["spot", "margin"])
def test_targets_in_a_row_do_not_double_while_krakens_reads_lag(where, fleet, exchange):
    go_to(fleet[0], exchange, where, "0.01")
    exchange.lag(figures_s=LAG_S)
    for number, size in enumerate(("0.02", "0.02", "0.03", "0.01", "0")):
        answer = deliver(fleet[:: 1 - 2 * (number % 2)], target(fleet[0], size, **where))[-1]
        assert answer.status == 200, answer.document
        assert held(exchange, where) == Decimal(size)
    exchange.lag()
    go_to(fleet[0], exchange, where, "0")


def test_all_that_is_left_is_bought_for_while_reads_lag_and_kraken_does_not_refuse(
    function, exchange
):
    """The money that the first one took, its fee too, is gone before Kraken shows it."""
    go_to(function, exchange, SPOT, "0.1")
    money = exchange.balance("ZUSD")
    exchange.lag(figures_s=LAG_S)
    for percent, left in (("50", Decimal("0.51")), ("100", Decimal("0.05"))):
        alert = function.alert(
            symbol="ETHUSD", quantity_type="percent_balance", volume=percent, price="2500"
        )
        check(deliver(function, alert)[-1], 200, "accepted")
        assert 0 <= exchange.balance("ZUSD") < money * left
    exchange.lag()
    go_to(function, exchange, SPOT, "0")


def test_a_target_does_not_double_what_a_size_in_quote_bought_while_reads_lag(function, exchange):
    """How much that was is certain only once Kraken shows it."""
    go_to(function, exchange, SPOT, "0.1")
    exchange.lag(figures_s=LAG_S)
    check(
        function.post(
            function.alert(symbol="ETHUSD", quantity_type="quote", volume="50", price="2500")
        ),
        200,
        "accepted",
    )
    bought = held(exchange, SPOT)
    assert bought > Decimal("0.1")
    answer = deliver(function, target(function, "0.2"))[-1]
    if answer.status == 200:
        assert held(exchange, SPOT) == Decimal("0.2")
    else:
        check(answer, 503, "not_sent")
        assert held(exchange, SPOT) == bought
