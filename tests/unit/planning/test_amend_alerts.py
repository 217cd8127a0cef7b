"""Alerts that amend: which order, within which limits, and what a lost reply comes to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, trader
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unchanged, Unknown

D = Decimal
LOST = Unknown("the reply was lost")
TREND, MEAN = "token-of-trend-0123456789", "token-of-mean-0123456789"
BID = RestingOrder(
    "OBIDDD-AAAAA-AAAAAA", "XBTUSD", Side.BUY, "limit", D(1), D("0.25"), START, limit=D(40000)
)


def bound(tmp_path, **env):
    path = tmp_path / "strategies.toml"
    path.write_text(f'[trend]\ntoken = "{TREND}"\n[mean]\ntoken = "{MEAN}"\n')
    return trader(btc=10, usd=10**6, env={"STRATEGIES_FILE": str(path), **env})


@pytest.fixture
def function():
    return resting()


def resting(order=BID, **env):
    function = trader(btc=10, usd=10**6, env=env)
    function.venue.rest(order)
    return function


def amend(function, alert_id="m-1", **fields):
    nothing = {"symbol": None, "side": None, "volume": None, "price": None}
    return function.alert(
        id=alert_id, action="amend", **{**nothing, "order_id": BID.order_id, **fields}
    )


def amended(function):
    return [
        dict(request.parameters)
        for request, _, _ in function.venue.submitted
        if request.method == "AmendOrder"
    ]


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"price": "41000"}, {"limit_price": "41000"}),
        ({"price": "41000.17"}, {"limit_price": "41000.1"}),  # a buy's price is rounded down
        ({"volume": "2"}, {"order_qty": "2"}),
        (
            {"volume": "0.5", "price": "39000", "post_only": True},
            {"order_qty": "0.5", "limit_price": "39000", "post_only": "true"},
        ),
    ],
)
def test_what_is_to_change_is_asked_of_kraken_and_no_more(function, fields, asked):
    answer = function.post(amend(function, **fields))
    assert outcome(answer) == (200, "accepted")
    assert answer["message"] == "Paper: Kraken amended the order."
    assert amended(function) == [{"txid": BID.order_id, **asked}]
    assert function.venue.calls == ["open_orders", "submit"]
    assert answer["order_id"] == BID.order_id


@pytest.mark.parametrize("selector", ["order_id", "client_order_id", "of_alert"])
@pytest.mark.parametrize("whose", [{}, {"token": TREND}])
def test_each_selector_finds_the_order_of_its_own_credential(tmp_path, selector, whose):
    function = bound(tmp_path)
    for alert_id, token in (("mine", whose.get("token")), ("theirs", MEAN)):
        laid = function.alert(id=alert_id, order_type="limit", price="40000", volume="1")
        laid = {**laid, **({"token": token} if token else {})}
        answer = function.post(laid)
        if alert_id == "mine":
            names = {
                "order_id": answer["order_id"],
                "client_order_id": answer["client_order_id"],
                "of_alert": "mine",
            }
            mine = answer["order_id"]
    fields = {"order_id": None, selector: names[selector], "price": "41000", **whose}
    assert outcome(function.post(amend(function, **fields))) == (200, "accepted")
    assert amended(function) == [{"txid": mine, "limit_price": "41000"}]


@pytest.mark.parametrize("selector", ["order_id", "client_order_id", "of_alert"])
def test_a_bound_credential_amends_no_order_of_others(tmp_path, selector):
    function = bound(tmp_path)
    laid = function.post(
        function.alert(id="theirs", order_type="limit", price="40000", volume="1", token=MEAN)
    )
    names = {
        "order_id": laid["order_id"],
        "client_order_id": laid["client_order_id"],
        "of_alert": "theirs",
    }
    fields = {"order_id": None, selector: names[selector], "price": "41000", "token": TREND}
    answer = function.post(amend(function, **fields))
    assert outcome(answer) == (422, "order_denied")
    assert "AMEND_ORDER: no such order is open" in answer["error"]
    assert amended(function) == []


STOP_LIMIT = BID._replace(
    order_type="stop-loss-limit", trigger=D(40000), limit=D(45000), executed=D(0)
)


@row_by_row
@pytest.mark.parametrize(
    ("order", "fields", "cap", "fits"),
    [
        (BID, {"volume": "2"}, 80_000, True),
        (BID, {"volume": "2"}, 79_999, False),
        (BID, {"price": "45000"}, 45_000, True),
        (BID, {"price": "45000"}, 44_999, False),
        (BID, {"volume": "2", "price": "30000"}, 60_000, True),
        (BID, {"volume": "2", "price": "30000"}, 59_999, False),
        (STOP_LIMIT, {"volume": "2"}, 90_000, True),
        (STOP_LIMIT, {"volume": "2"}, 89_999, False),
        (STOP_LIMIT, {"volume": "2", "stop_price": "30000"}, 90_000, True),
        (
            STOP_LIMIT,
            {"volume": "2", "stop_price": "30000"},
            89_999,
            False,
        ),  # its limit stays what it was
        (STOP_LIMIT, {"volume": "2", "price": "39000"}, 80_000, True),
        (STOP_LIMIT, {"volume": "2", "price": "39000"}, 79_999, False),
    ],
)
def test_the_cap_holds_for_the_order_as_it_will_be(order, fields, cap, fits):
    function = resting(order, MAX_ORDER_COST=f"{cap} USD")
    answer = function.post(amend(function, **fields))
    assert outcome(answer) == ((200, "accepted") if fits else (422, "order_denied"))
    if not fits:
        assert "MAX_ORDER_COST: cost" in answer["error"]
        assert (amended(function), function.operate("GET", "/orders")["orders"]) == ([], [])


@pytest.mark.parametrize(
    ("order", "fields", "says"),
    [
        (
            BID,
            {"volume": "0.25"},
            "AMEND_VOLUME: volume 0.25 is no more than the 0.25 that has filled",
        ),
        (BID, {"stop_price": "30000"}, "AMEND_PRICE: stop_price"),
        (BID, {"symbol": "ETHUSD", "price": "1"}, "AMEND_SYMBOL"),
        (BID._replace(closes=True), {"price": "41000"}, "AMEND_CLOSE"),
        (
            BID._replace(order_id="OOTHER-AAAAA-AAAAAA"),
            {"price": "41000"},
            "AMEND_ORDER: no such order is open",
        ),
    ],
)
def test_what_can_not_be_amended_is_denied_and_leaves_nothing(order, fields, says):
    function = resting(order)
    answer = function.post(amend(function, **fields))
    assert outcome(answer) == (422, "order_denied")
    assert says in answer["error"]
    assert (amended(function), function.operate("GET", "/orders")["orders"]) == ([], [])


@pytest.mark.parametrize("whose", [TREND, MEAN])
def test_an_amendment_of_an_entry_that_has_filled_names_the_exit_to_its_sender(tmp_path, whose):
    function = bound(tmp_path)
    function.venue.leaves_closes = True
    entry = function.alert(id="in", volume="1", price="50000", stop_loss="45000", token=TREND)
    assert outcome(function.post(entry)) == (200, "accepted")
    (stop,) = function.venue.resting
    fields = {"order_id": None, "of_alert": "in", "stop_price": "46000", "token": whose}
    answer = function.post(amend(function, **fields))
    assert outcome(answer) == (422, "order_denied")
    assert "AMEND_ORDER: no such order is open" in answer["error"]
    named = f"the entry has filled, and its exit is amended by order_id {stop.order_id}."
    assert (named in answer["error"]) == (whose == TREND), answer["error"]
    assert amended(function) == []


def test_an_order_of_a_pair_that_may_not_be_traded_is_not_amended():
    function = resting(ALLOWED_SYMBOLS="ETH/USD")
    assert outcome(function.post(amend(function, price="41000"))) == (422, "order_denied")
    assert amended(function) == []


def test_a_repeated_amendment_is_sent_once(function):
    body = amend(function, price="41000")
    assert [outcome(function.post(body)) for _ in range(2)] == [(200, "accepted")] * 2
    function.post(amend(function, "m-2", price="42000"))
    assert function.post(body)["replayed"] is True
    assert [asked["limit_price"] for asked in amended(function)] == ["41000", "42000"]


def test_an_amendment_whose_reply_was_lost_and_that_shows_was_done(function):
    body = amend(function, price="41000", volume="2")
    function.venue.lose_reply = True
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.clock.sleep(6)
    function.venue.calls.clear()
    assert outcome(function.post(body)) == (200, "accepted")
    assert (function.venue.calls, len(amended(function))) == (["order"], 1)


def test_an_amendment_that_does_not_show_is_never_sent_again_and_in_the_end_was_not_done(function):
    body = amend(function, price="41000")
    function.venue.refuse = [LOST]
    function.post(body)
    for seconds in (6, 10, 10):
        function.clock.sleep(seconds)
        assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.operate("POST", "/reconcile")
    assert function.operate("GET", "/orders")["orders"][0]["state"] == "SUBMITTING"
    function.clock.sleep(45)  # 71 s: deadline and margin
    function.operate("POST", "/reconcile")
    assert function.operate("GET", "/orders")["orders"][0]["state"] == "NOT_PLACED"
    assert len(amended(function)) == 1


def test_a_part_of_an_amendment_proves_nothing(function):
    body = amend(function, price="41000", volume="2")
    function.venue.refuse = [LOST]
    function.post(body)
    function.venue.resting = [BID._replace(limit=D(41000))]
    function.clock.sleep(6)
    assert outcome(function.post(body)) == (503, "outcome_unknown")


@pytest.mark.parametrize(("name", "value"), [("display_volume", "0.1"), ("post_only", True)])
def test_what_no_order_shows_is_not_amended_alone(function, name, value):
    """With the reply lost nobody could tell whether it was."""
    answer = function.post(amend(function, **{name: value}))
    assert outcome(answer) == (400, "alert_malformed")
    assert answer["field"] == name
    assert function.venue.calls == []
    assert outcome(function.post(amend(function, "m-2", **{name: value}, price="41000"))) == (
        200,
        "accepted",
    )


def test_an_amendment_that_was_not_sent_is_sent_by_its_redelivery(function):
    body = amend(function, price="41000")
    function.venue.refuse = [NotSent("no connection")]
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(amended(function)) == 2


def test_an_amendment_that_kraken_refuses_is_422(function):
    function.venue.refuse = [Rejected(("EOrder:Unknown order",))]
    answer = function.post(amend(function, price="41000"))
    assert outcome(answer) == (422, "order_rejected")
    assert "Kraken refused: the order was not amended" in answer["error"]


def test_an_amendment_that_finds_the_order_as_it_wants_it_is_done_and_holds_up_nothing(function):
    body = amend(function, price="40000")
    function.venue.refuse = [
        Unchanged("the order is already as the amendment wants it", ("EOrder:As it is",))
    ]
    for replayed in (False, True):
        answer = function.post(body)
        assert outcome(answer) == (200, "no_action")
        assert (answer["replayed"], "already" in answer["message"]) == (replayed, True)
    (row,) = function.operate("GET", "/orders")["orders"]
    assert (row["state"], row["errors"], row["request"]["limit_price"]) == (
        "NO_ACTION",
        ["EOrder:As it is"],
        "40000",
    )
    assert function.operate("POST", "/reconcile")["looked_at"] == []
    assert len(amended(function)) == 1


@pytest.mark.parametrize("pair", ["AAPLxUSD", "XBTUSD"])
def test_only_an_amendment_in_a_tokenised_asset_names_its_pair(pair):
    function = resting(BID._replace(pair=pair), MAX_ORDER_COST="1000000 USD")
    assert outcome(function.post(amend(function, price="41000"))) == (200, "accepted")
    named = {"pair": "AAPLxUSD"} if pair == "AAPLxUSD" else {}
    assert amended(function) == [{"txid": BID.order_id, "limit_price": "41000", **named}]


def test_a_validation_shows_the_amendment_and_makes_none(function):
    answer = function.post(amend(function, price="41000"), "/webhook/tradingview/validate")
    assert outcome(answer) == (200, "validated")
    assert [order["request"] for order in answer["orders"]] == [
        {"txid": BID.order_id, "limit_price": "41000"}
    ]
    assert (amended(function), function.venue.validated) == ([], [])
    assert function.operate("GET", "/orders")["orders"] == []


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (BID._replace(side=Side.SELL), "accepted"),
        (BID, "paused"),
        (BID._replace(side=Side.SELL, margin=True), "paused"),
    ],
    ids=["an exit moves", "an entry does not", "with leverage nobody says that it only reduces"],
)
def test_of_entries_that_are_paused_an_exit_may_be_moved(order, code):
    function = resting(order)
    assert function.operate("POST", "/pause", entries="true").status == 200
    assert function.post(amend(function, price="49000"))["code"] == code
    assert len(amended(function)) == (code == "accepted")
