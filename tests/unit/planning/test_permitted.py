"""Scoped tokens at work: what is judged is the planned request, not what its alert says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, sent, trader

D = Decimal
NO_ORDER = {"symbol": None, "side": None, "volume": None, "price": None}
LIMIT = {"order_type": "limit", "price": "50000"}


@pytest.fixture
def function():
    return funded()


def funded(**env):
    return trader(btc=10, usd=10**6, env={"WEBHOOK_TOKEN_KEYS": KEYS, **env})


def alert(function, *caveats, alert_id="a-1", **fields):
    return function.alert(id=alert_id, token=scoped(*caveats), **fields)


def came_to(function, *caveats, **fields):
    return function.post(alert(function, *caveats, **fields))


def refused(answer, caveat):
    assert outcome(answer) == (403, "out_of_scope"), answer.document
    assert f"caveat {caveat} " in answer["error"]
    return answer


CLOSE = {"action": "close", "side": None, "volume": None}
FLAT = {"action": "target", "market_position": "flat", "side": None, "volume": None}
LONGER = {
    "action": "target",
    "market_position": "long",
    "market_position_size": "11",
    "side": None,
    "volume": None,
}
SHORTER = {**LONGER, "market_position_size": "9"}
REVERSE = {"action": "reverse", "side": None, "volume": None}
CLOSING_SALE = {"side": "sell", "price": "60000", "order_type": "limit", "take_profit": "55000"}


@pytest.mark.parametrize(
    ("caveat", "fields"),
    [
        ("p=ETH/USD", {}),
        ("p=ETH/USD", {"side": "sell"}),
        ("p=ETH/USD", CLOSE),
        ("p=ETH/USD", FLAT),
        ("p=ETH/USD",
            {"action": "cancel", "side": None, "volume": None, "price": None, "scope": "symbol"}),
        ("p=BTC/EUR,ETH/USD", {}),
        ("x=close", {}),
        ("x=close", {"side": "sell"}),
        ("x=order", CLOSE),
        ("x=order,close", FLAT),
        ("x=order,target", REVERSE),
        ("x=order", {**NO_ORDER, "action": "cancel", "scope": "all"}),
        ("x=order",
            {**NO_ORDER, "action": "amend", "order_id": "OAAAAA-BBBBB-CCCCCC", "price": "1"}),
        ("s=sell", {}),
        ("s=sell", LONGER),
        ("s=sell", {"volume": "5", "quantity_type": "percent_balance"}),
        ("s=sell", CLOSING_SALE),
        ("s=buy", {"side": "sell", "leverage": 2}),
        ("o=limit", {}),
        ("o=limit", LONGER),
        ("o=market", LIMIT),
        ("o=market", {"order_type": "stop-loss", "stop_price": "70000"}),
        ("c=599USD", {}),
        ("c=599EUR", {}),
        ("c=499USD", {"price": None}),
        ("c=599USD", {"volume": "600", "quantity_type": "quote"}),
        ("c=599USD", LONGER),
        ("c=599USD", {**LIMIT, "volume": "0.012"}),
        ("c=599USD", {"volume": "5", "quantity_type": "percent_balance"}),
    ],
)  # fmt: skip
def test_a_good_token_outside_of_its_caveats_gets_403_with_the_caveat(function, caveat, fields):
    refused(came_to(function, caveat, **fields), caveat)
    assert function.venue.submitted == []
    assert function.operate("GET", "/orders")["orders"] == []


@pytest.mark.parametrize(
    ("caveats", "fields"),
    [
        (("p=XBTUSD",), {}),
        (("p=btc-usd",), {}),
        (("p=ETH/USD,BTC/USD", "x=order"), {}),
        (("s=buy", "o=market", "c=600USD", "x=order"), {}),
        (("c=600USD,1EUR",), {}),
        (("c=600USD",), {"price": None}),
        (("s=sell", "o=limit", "c=1USD", "x=order"), {"side": "sell", "volume": "9"}),
        (("s=buy,sell", "o=limit", "c=1USD", "n=1", "x=close"), CLOSE),
        (("s=sell", "o=limit", "c=1USD", "x=target"), FLAT),
        (("o=limit", "p=BTC/USD", "x=target"), SHORTER),
        (("s=sell", "c=1USD"),
            {"side": "sell", "volume": "50", "quantity_type": "percent_position"}),
        (("s=sell,buy", "c=600USD"), {**CLOSING_SALE, "volume": "0.01"}),
    ],
)  # fmt: skip
def test_within_its_caveats_it_trades_and_what_only_reduces_passes(function, caveats, fields):
    answer = came_to(function, *caveats, **fields)
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert len(function.venue.submitted) == 1


def test_one_leg_outside_refuses_every_leg_and_says_which(function):
    legs = [{"side": "buy", "volume": "0.01", "price": "60000"}, {"action": "close"}]
    fields = {**NO_ORDER, "symbol": "BTCUSD", "orders": legs}
    answer = refused(came_to(function, "x=order", **fields), "x=order")
    assert "orders[1]" in answer["error"]
    assert function.venue.submitted == []
    assert outcome(came_to(function, "x=order,close", **fields)) == (200, "accepted")


HALF = {"side": "sell", "volume": "50", "quantity_type": "percent_position"}
EXITS = {
    "a sell": ({"side": "sell", "volume": "9"}, "0.01"),
    "a resting one": ({**LIMIT, "side": "sell", "price": "70000", "volume": "9"}, "0.01"),
    "a stop": ({"side": "sell", "order_type": "stop-loss", "stop_price": "40000",
        "price": None, "volume": "9"}, "0.01"),
    "one in money": ({"side": "sell", "volume": "9000", "quantity_type": "quote"}, "0.01"),
    "a part": (HALF, "0.005"),
    "of the balance": ({**HALF, "quantity_type": "percent_balance"}, "0.01"),
    "a close": (CLOSE, "0.01"),
    "a target": (FLAT, "0.01"),
    "one nearer to flat": ({**LONGER, "market_position_size": "0.004"}, "0.006"),
    "a reversal": (REVERSE, "0.01"),
    "a leg": ({**NO_ORDER, "orders": [{"symbol": "BTCUSD", "side": "sell", "volume": "9"}]},
        "0.01"),
}  # fmt: skip
BOUND = [("s=buy",), ("c=600USD",), ("n=1",), ("s=buy", "c=600USD", "n=1", "o=market")]


@pytest.mark.parametrize("caveats", BOUND)
@pytest.mark.parametrize("exit_by", EXITS)
def test_a_token_that_is_bound_in_what_it_opens_exits_what_its_strategy_bought(caveats, exit_by):
    """And nothing of the 10 bitcoins that are there beside it."""
    fields, volume = EXITS[exit_by]
    function = funded()
    if exit_by != "one nearer to flat":  # it opens so much where the strategy has nothing
        came_to(function, *caveats, alert_id="a-0", **fields)
        assert function.venue.submitted == []
    assert outcome(came_to(function, *caveats)) == (200, "accepted")
    answer = came_to(function, *caveats, alert_id="a-2", **fields)
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function)[1:] == [("sell", volume)]


def test_an_order_of_it_that_sells_may_not_grow(function):
    came_to(function, "s=buy")
    sale = {**LIMIT, "side": "sell", "price": "70000", "volume": "0.005"}
    order = came_to(function, "s=buy", alert_id="a-2", **sale)["order_id"]
    change = {**NO_ORDER, "action": "amend", "order_id": order}
    for number, caveat in enumerate(("s=buy", "c=100000USD", "n=9")):
        grown = came_to(function, caveat, alert_id=f"m-{number}", **{**change, "volume": "9"})
        refused(grown, caveat)
    for number, less in enumerate(({"volume": "0.004"}, {"price": "71000"})):
        answer = came_to(function, "s=buy", alert_id=f"l-{number}", **{**change, **less})
        assert outcome(answer) == (200, "accepted")


SELL = {"symbol": "BTCUSD", "side": "sell", "volume": "0.01"}
CLOSE_LEG = {"symbol": "BTCUSD", "action": "close"}
STOP = {**SELL, "order_type": "stop-loss", "stop_price": "40000"}


@pytest.mark.parametrize(
    ("legs", "sold"),
    [
        ([SELL, SELL, SELL], ["0.01"]),
        ([{**SELL, "volume": "0.006"}, {**SELL, "volume": "9"}], ["0.006", "0.004"]),
        ([CLOSE_LEG, CLOSE_LEG], ["0.01"]),
        ([CLOSE_LEG, SELL], ["0.01"]),
        ([{**CLOSE_LEG, "percent": "60"}, {**CLOSE_LEG, "percent": "60"}], ["0.006", "0.004"]),
        ([{**CLOSE_LEG, "percent": "50"}, {**CLOSE_LEG, "percent": "50"}], ["0.005", "0.005"]),
        ([STOP, STOP], ["0.01"]),
    ],
)
@pytest.mark.parametrize("how", ["a token", "a table"])
def test_legs_together_sell_no_more_than_the_strategy_bought(tmp_path, how, legs, sold):
    path = tmp_path / "strategies.toml"
    path.write_text('[trend]\nclose = "own"\n' if how == "a table" else "[trend]\n")
    function = funded(STRATEGIES_FILE=str(path))
    caveats = ["s=buy"] if how == "a token" else []
    came_to(function, *caveats)
    answer = came_to(function, *caveats, alert_id="a-2", **{**NO_ORDER, "orders": legs})
    assert outcome(answer) == (200, "accepted"), answer["error"]
    if how == "a table" and SELL["side"] in str(legs):  # a sell sells what it says there
        sold = [leg.get("volume", "0.01") for leg in legs]
    assert [volume for _, volume in sent(function)[1:]] == sold


def test_a_leg_that_is_cut_frees_the_stops_that_it_needs(function):
    function.venue.leaves_closes = True
    for number in range(2):
        came_to(function, "s=buy", alert_id=f"b-{number}", stop_loss="40000")
    legs = [{**CLOSE_LEG, "percent": "30"}, {**CLOSE_LEG, "percent": "80"}]
    answer = came_to(function, "s=buy", alert_id="a-2", **{**NO_ORDER, "orders": legs})
    assert outcome(answer) == (200, "accepted"), answer["error"]
    sales = [volume for side, volume in sent(function) if side == "sell"]
    assert (sales[0], sales[-1]) == ("0.006", "0.014")
    methods = [request.method for request, _, _ in function.venue.submitted]
    assert methods.count("CancelOrder") == 2


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("first", [STOP, {**SELL, "order_type": "limit", "price": "70000"}])
def test_what_rests_of_it_sells_no_second_time(function, first, seen):
    came_to(function, "s=buy")
    if not seen:
        function.venue.hidden["open_orders"] = {...}
    for alert_id, volume in (("a-2", "0.006"), ("a-3", "9")):
        answer = came_to(function, "s=buy", alert_id=alert_id, **{**first, "volume": volume})
        assert outcome(answer) == (200, "accepted"), answer["error"]
    for alert_id, fields in (("a-4", first), ("a-5", {**SELL, "price": "60000"})):
        answer = came_to(function, "s=buy", alert_id=alert_id, **fields)
        assert outcome(answer) == (422, "order_denied")
        assert answer["error"].startswith("SIZE_ZERO")
    assert sent(function)[1:] == [("sell", "0.006"), ("sell", "0.004")]
    assert outcome(came_to(function, "s=buy", alert_id="a-6", **CLOSE)) == (200, "accepted")


@pytest.mark.parametrize("stop", ["of the entry", "of its own"])
@pytest.mark.parametrize("what", ["a stop", "a sale"])
def test_what_is_canceled_in_the_same_message_leaves_its_size_to_be_sold(function, stop, what):
    function.venue.leaves_closes = True
    came_to(function, "s=buy", **({"stop_loss": "40000"} if stop == "of the entry" else {}))
    if stop == "of its own":
        came_to(function, "s=buy", alert_id="a-2", **STOP)
    moved = {**STOP, "stop_price": "45000"} if what == "a stop" else {**SELL, "price": "60000"}
    legs = [{"symbol": "BTCUSD", "action": "cancel", "side": "sell"}, moved]
    answer = came_to(function, "s=buy", alert_id="a-3", **{**NO_ORDER, "orders": legs})
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert sent(function)[-1] == ("sell", "0.01")


@pytest.mark.parametrize("stop", ["of the entry", "of its own"])
def test_what_was_canceled_a_moment_ago_sells_nothing_though_the_list_still_shows_it(
    function, stop
):
    function.venue.leaves_closes = True
    came_to(function, "s=buy", **({"stop_loss": "40000"} if stop == "of the entry" else {}))
    if stop == "of its own":
        came_to(function, "s=buy", alert_id="a-2", **STOP)
    (rested,) = function.venue.resting
    cancel = {**NO_ORDER, "symbol": "BTCUSD", "action": "cancel"}
    answer = came_to(function, "s=buy", alert_id="a-3", **cancel)
    assert outcome(answer) == (200, "accepted"), answer["error"]
    function.venue.resting.append(rested)
    sale = came_to(function, "s=buy", alert_id="a-4", **SELL, price="60000")
    assert outcome(sale) == (200, "accepted"), sale["error"]
    assert sent(function)[-1] == ("sell", "0.01")


CANCEL_SELLS = {"symbol": "BTCUSD", "action": "cancel", "side": "sell"}
HALF = {**STOP, "volume": "0.005"}


@pytest.mark.parametrize(
    ("rests", "legs", "sold"),
    [
        ([STOP], [CANCEL_SELLS, {**STOP, "stop_price": "41000"}], ["0.01"]),
        ([HALF, HALF], [CANCEL_SELLS, {**STOP, "volume": "9"}], ["0.01"]),
        ([HALF], [CANCEL_SELLS, HALF, STOP], ["0.005", "0.005"]),
        ([HALF, HALF], [{**NO_ORDER, "action": "cancel", "of_alert": "r-1"}, STOP], ["0.005"]),
    ],
)
def test_what_a_leg_cancels_may_be_sold_by_those_behind_it(function, rests, legs, sold):
    came_to(function, "s=buy")
    for number, fields in enumerate(rests):
        answer = came_to(function, "s=buy", alert_id=f"r-{number}", **fields)
        assert outcome(answer) == (200, "accepted"), answer["error"]
    answer = came_to(function, "s=buy", alert_id="a-2", **{**NO_ORDER, "orders": legs})
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert [volume for _, volume in sent(function)[1 + len(rests) :]] == sold


@pytest.mark.parametrize(
    ("buy", "status", "sold"),
    [
        ({"volume": "0.01"}, 200, [("buy", "0.01"), ("sell", "0.01")]),
        ({"volume": "0.009"}, 422, []),
        ({"volume": "0.01", "order_type": "limit", "price": "1"}, 422, []),
        ({"volume": "0.01", "symbol": "ETHUSD", "price": "100"}, 422, []),
        ({"volume": "0.01", "starts": "+3600"}, 422, []),
    ],
)
def test_a_leg_sells_what_a_market_buy_before_it_buys(function, buy, status, sold):
    legs = [
        {"symbol": "BTCUSD", "side": "buy", "price": "60000", **buy},
        {"symbol": "BTCUSD", "side": "sell", "volume": "0.01", "order_type": "stop-loss",
            "stop_price": "40000"},
    ]  # fmt: skip
    answer = came_to(function, "s=buy", "c=700USD", **NO_ORDER, orders=legs)
    assert answer.status == status, answer["error"]
    assert sent(function) == sold


@pytest.mark.parametrize(("close", "sold"), [("all", "9"), ("own", None)])
def test_unless_its_strategy_says_that_a_close_means_all(tmp_path, close, sold):
    path = tmp_path / "strategies.toml"
    path.write_text(f'[trend]\nclose = "{close}"\n')
    function = funded(STRATEGIES_FILE=str(path))
    came_to(function, "s=buy", side="sell", volume="9")
    assert [volume for _, volume in sent(function)] == ([sold] if sold else [])


@pytest.mark.parametrize("caveat", ["s=sell", "o=limit", "s=buy,sell~c=599USD", "p=ETH/USD"])
def test_of_several_legs_each_is_held_against_each_caveat(function, caveat):
    legs = [
        {"side": "sell", "volume": "0.01", "price": "60000"},
        {"side": "buy", "volume": "0.01", "price": "60000"},
    ]
    fields = {**NO_ORDER, "symbol": "BTCUSD", "orders": legs}
    caveats = caveat.split("~")
    answer = refused(came_to(function, *caveats, **fields), caveats[-1])
    assert "orders[" in answer["error"] or caveat.startswith("p")
    assert function.venue.submitted == []


# -- changes of orders


def laid(function, alert_id, symbol="BTCUSD", strategy="trend", **fields):
    order = {**LIMIT, "side": "buy", "symbol": symbol, "volume": "0.01", **fields}
    answer = function.post(function.alert(id=alert_id, token=scoped(strategy=strategy), **order))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    return answer["order_id"]


def test_a_cancel_is_judged_by_the_orders_that_it_would_cancel(function):
    laid(function, "bid")
    laid(function, "eth", "ETHUSD", price="1000")
    everything = {**NO_ORDER, "action": "cancel", "scope": "strategy"}
    refused(came_to(function, "p=BTC/USD", **everything), "p=BTC/USD")
    assert len(function.venue.resting) == 2
    bitcoin = {**everything, "scope": "symbol", "symbol": "BTCUSD"}
    assert came_to(function, "p=BTC/USD", **bitcoin).status == 200
    assert [order.pair for order in function.venue.resting] == ["ETHUSD"]


def test_it_cancels_and_amends_the_orders_of_its_own_strategy_alone(function):
    other = laid(function, "other", strategy="mean")
    cancel = came_to(function, **{**NO_ORDER, "action": "cancel", "order_id": other})
    assert outcome(cancel) == (422, "order_denied")
    amend = {**NO_ORDER, "action": "amend", "order_id": other, "price": "49000"}
    assert outcome(came_to(function, alert_id="a-2", **amend)) == (422, "order_denied")
    assert [order.limit for order in function.venue.resting] == [D(50000)]


@pytest.mark.parametrize(
    ("caveat", "change"),
    [
        ("c=599USD", {"volume": "0.012"}),
        ("c=505USD", {"price": "51000"}),
        ("s=sell", {"price": "49000"}),
        ("o=market", {"price": "49000"}),
        ("p=ETH/USD", {"price": "49000"}),
    ],
)
def test_an_amended_order_is_judged_as_a_whole(function, caveat, change):
    order = laid(function, "bid")
    answer = came_to(
        function, caveat, **{**NO_ORDER, "action": "amend", "order_id": order, **change}
    )
    refused(answer, caveat)
    (left,) = function.venue.resting
    assert (left.volume, left.limit) == (D("0.01"), D(50000))


def test_an_amendment_within_all_caveats_is_made(function):
    order = laid(function, "bid")
    change = {**NO_ORDER, "action": "amend", "order_id": order, "price": "51000"}
    caveats = ("c=510USD", "s=buy", "o=limit", "p=BTC/USD", "x=amend")
    assert outcome(came_to(function, *caveats, **change)) == (200, "accepted")


# -- when, where, whose


def test_it_is_good_to_the_end_of_its_last_day_and_then_403(function):
    last = f"e={function.clock.now():%Y%m%d}"
    assert came_to(function, last).status == 200
    function.clock.sleep(timedelta(days=1).total_seconds())
    refused(came_to(function, last, alert_id="a-2"), last)


@pytest.mark.parametrize(
    ("caveat", "peer", "taken"),
    [
        ("i=127.0.0.1", None, True),
        ("i=127.0.0.0/8", None, True),
        ("i=tv", None, False),
        ("i=10.0.0.0/8,127.0.0.1", None, True),
        ("i=::ffff:127.0.0.1", None, True),
        ("i=::ffff:127.0.0.0/104", None, True),
        ("i=::ffff:203.0.113.7", None, False),
        ("i=203.0.113.7", None, False),
        ("i=::1", None, False),
    ],
)
def test_where_it_may_come_from(function, caveat, peer, taken):
    answer = came_to(function, caveat)
    assert answer.status == 200 if taken else refused(answer, caveat)


def test_where_it_comes_from_is_what_a_trusted_proxy_says():
    function = funded(TRUSTED_PROXY_HOPS="0")
    wanted = alert(function, "i=tv")
    refused(function.post(wanted, x_forwarded_for="52.89.214.238, 203.0.113.7"), "i=tv")
    refused(function.post(wanted), "i=tv")
    assert function.post(wanted, x_forwarded_for="203.0.113.7, 52.89.214.238").status == 200


def test_its_strategy_is_whose_the_alert_is_whatever_the_alert_says(function):
    assert came_to(function, strategy_name="other").status == 200
    (entry,) = function.operate("GET", "/orders")["orders"]
    assert entry["strategy"] == "trend"


def test_the_limits_of_the_settings_hold_beside_its_caveats(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text('[trend]\nmax_order_cost = "500 USD"\n')
    function = funded(STRATEGIES_FILE=str(path), ALLOWED_SYMBOLS="BTC/USD")
    assert outcome(came_to(function, "c=100000USD")) == (422, "order_denied")
    foreign = came_to(function, "p=ETH/USD", symbol="ETHUSD", volume="0.01", price="100")
    assert outcome(foreign) == (422, "order_denied")
    gone = function.post(function.alert(token=scoped(strategy="gone")))
    assert (gone.status, gone["field"]) == (400, "token")


def test_a_refusal_is_no_failed_proof_and_leaves_the_next_one_alone(function):
    small = funded(RATE_LIMIT_PER_MINUTE="1")
    for number in range(3):
        refused(came_to(small, "s=sell", alert_id=f"a-{number}"), "s=sell")
    assert came_to(small, alert_id="a-9").status == 200


def test_a_validation_shows_each_verdict_of_the_token_and_its_refusal(function):
    path = "/webhook/tradingview/validate"
    asked = alert(function, "s=buy", "c=600USD", "p=BTC/USD", "o=market", "x=order,read")
    checks = function.post(asked, path)["orders"][0]["checks"]
    mine = {
        check["numbers"]["caveat"]: check["verdict"]
        for check in checks
        if check["scope"] == "token"
    }
    assert mine == dict.fromkeys(("s=buy", "c=600USD", "p=BTC/USD", "o=market"), "passed")
    answer = function.post(alert(function, "s=sell", "x=order,read"), path)
    refused(answer, "s=sell")
    assert [order["state"] for order in answer["orders"]] == ["DENIED"]


def test_what_it_traded_is_replayed_to_it():
    function = funded()
    first = came_to(function, "c=600USD")
    again = came_to(function, "c=600USD")
    assert (again["order_id"], again["replayed"]) == (first["order_id"], True)


def test_so_many_orders_a_day_and_an_exit_always():
    function = funded()
    for number in range(2):
        assert came_to(function, "n=2", alert_id=f"a-{number}").status == 200
    answer = refused(came_to(function, "n=2", alert_id="a-2"), "n=2")
    assert "2 orders were opened since 00:00 UTC" in answer["error"]
    assert came_to(function, "n=2", alert_id="a-1")["replayed"] is True
    assert came_to(function, "n=2", alert_id="a-3", side="sell").status == 200
    assert came_to(function, "n=2", alert_id="a-4", **CLOSE).status == 200
    assert came_to(function, "n=3", alert_id="a-5").status == 200
    function.clock.sleep(timedelta(hours=24).total_seconds())
    assert came_to(function, "n=2", alert_id="a-6").status == 200


def test_a_known_alert_gets_its_answer_though_the_count_is_used_up():
    function = funded()
    function.clock.sleep(timedelta(hours=11, minutes=59, seconds=50).total_seconds())
    first = alert(function, "n=1", alert_id="a-1")
    assert function.post(first).status == 200
    function.clock.sleep(20)
    assert came_to(function, "n=1", alert_id="a-2").status == 200
    assert function.post(first)["replayed"] is True
