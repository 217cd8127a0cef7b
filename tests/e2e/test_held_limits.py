"""Entries that are delivered at once to two processes, on one ledger, never open more than the
limit; exits pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.support.resent_positions import deliver, position

ALERTS = 8


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken(10**10).start()


@pytest.fixture(scope="module")
def fleet(make_live, exchange):
    limits = {
        "MAX_POSITION": "0.3 ETH, 1 BTC",
        "MAX_OPEN_ORDERS": "2",
        "MAX_OPEN_POSITIONS": "2",
        "MAX_ENTRIES": "100",
    }
    first = make_live(exchange, MAX_ORDER_COST="100000 USD", THREADS="8", **limits).start()
    functions = [first, make_live(exchange, **first.env).start()]
    yield functions
    for function in functions:
        function.stop()


def at_once(fleet, alerts):
    """The last answer to each, sent again to the other process while it is a 5xx."""
    with ThreadPoolExecutor(len(alerts)) as pool:
        sent = [
            pool.submit(deliver, fleet[:: 1 - 2 * (number % 2)], one)
            for number, one in enumerate(alerts)
        ]
        return [one.result()[-1] for one in sent]


def entry(function, **fields):
    return function.alert(
        **{"symbol": "ETHUSD", "price": "2500", "volume": "0.1", "leverage": "2", **fields}
    )


def test_a_position_never_exceeds_its_limit(fleet, exchange):
    answers = at_once(fleet, [entry(fleet[0]) for _ in range(ALERTS)])
    codes = [answer["code"] for answer in answers]
    assert exchange.position("XETHZUSD") <= Decimal("0.3"), codes
    assert codes.count("accepted") * Decimal("0.1") == exchange.position("XETHZUSD")
    assert codes.count("accepted") >= 2, codes
    while (last := deliver(fleet, entry(fleet[0]))[-1])["code"] == "accepted":
        pass
    assert (last.status, "MAX_POSITION" in last["error"]) == (422, True), last.document
    assert exchange.position("XETHZUSD") == Decimal("0.3")
    closed = deliver(fleet, position(fleet[0], "close", "ETHUSD", leverage="2"))[-1]
    assert (closed["code"], exchange.position("XETHZUSD")) == ("accepted", 0), closed.document


def test_no_more_orders_rest_than_may(fleet, exchange):
    resting = {"order_type": "limit", "price": "2000", "volume": "0.01", "leverage": None}
    answers = at_once(fleet, [entry(fleet[0], **resting) for _ in range(ALERTS)])
    codes = [answer["code"] for answer in answers]
    assert len(exchange.open_orders()) == codes.count("accepted") == 2, codes
    refused = [answer["error"] for answer in answers if answer.status == 422]
    assert all("MAX_OPEN_ORDERS" in why for why in refused)


@pytest.mark.parametrize(("how", "codes"), [("refuse", (422, 1)), ("catch_up", (200, 2))])
def test_an_alert_behind_a_lost_one(how, codes, make_live, exchange):
    """Of three steps of a strategy the second one never came."""
    function = make_live(exchange, ON_MISSED_ALERT=how).start()
    steps = [("flat", "0", "1"), ("long", "1", "1.5"), ("long", "1.5", "2")]
    sent = [
        entry(
            function,
            symbol="SOLUSD",
            price="150",
            leverage=None,
            volume=f"{Decimal(after) - Decimal(before)}",
            prev_market_position=was,
            prev_market_position_size=before,
            market_position="long",
            market_position_size=after,
        )
        for was, before, after in steps
    ]
    exchange.mark("SOLUSD", "150")
    before = exchange.balance("SOL")
    assert function.post(sent[0]).status == 200
    last = deliver(function, sent[2])[-1]
    assert (last.status, exchange.balance("SOL") - before) == codes, last.document
    assert "MISSED_ALERT" in (last["error"] or "".join(last["warnings"]))
    assert deliver(function, position(function, "close", "SOLUSD"))[-1].status == 200
    function.stop()
