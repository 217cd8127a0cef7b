"""No position, no book and no number of entries grows past its limit; exits pass."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import MARGIN, alert, held, legs_alert, target
from tests.support.trading_venue import outcome, sent, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown


def limited(btc=0, net=0, **env):
    return trader(btc=btc, usd=10**6, net=net, env={**LIVE, **env})


def post(function, body, *, wait=1):
    function.clock.sleep(wait)
    answer = function.post(body)
    return (*outcome(answer), str(answer["error"] or ""))


def later(function):
    """Past every lag."""
    function.clock.sleep(90)
    return function


BUY = {"side": "buy", "volume": "0.2"}
LIMIT = {**BUY, "order_type": "limit", "price": "40000"}


@pytest.mark.parametrize(
    ("most", "fields", "good"),
    [
        ("0.5 BTC", {**BUY, "volume": "0.5"}, True),
        ("0.5 BTC", {**BUY, "volume": "0.50000001"}, False),
        ("25000 USD", {**BUY, "volume": "0.5"}, True),
        ("25000 USD", {**BUY, "volume": "0.51"}, False),
        ("0.5 BTC, 20000 USD", {**BUY, "volume": "0.5"}, False),
        ("0.5 BTC", {"side": "sell", "volume": "0.6", **MARGIN}, False),
        ("0.5 BTC", {"side": "sell", "volume": "0.5", **MARGIN}, True),
        ("0.5 BTC", {**LIMIT, "volume": "0.6"}, False),
        ("1 ETH", BUY, False),
    ],
)
def test_a_first_order_is_held_against_it(most, fields, good):
    function = limited(MAX_POSITION=most)
    status, code, why = post(function, alert(function, "a-1", **fields))
    assert (status, code) == ((200, "accepted") if good else (422, "order_denied")), why
    assert good or "MAX_POSITION" in why
    assert len(sent(function)) == int(good)


def test_a_pair_without_a_most_names_the_setting_that_can_be_changed():
    function = limited(MAX_POSITION="1 ETH")
    _, _, why = post(function, alert(function, "a-1", **BUY))
    assert why.startswith("MAX_POSITION_CURRENCY: no most is set in BTC or USD")
    assert why.endswith("(the global MAX_POSITION)")


@pytest.mark.parametrize("margin", [{}, MARGIN])
@pytest.mark.parametrize("order", [BUY, LIMIT])
def test_what_is_held_or_rests_counts_with_the_order(order, margin):
    function = limited(MAX_POSITION="0.5 BTC")
    codes = [
        post(later(function), alert(function, f"a-{number}", **order, **margin))[1]
        for number in range(3)
    ]
    assert codes == ["accepted", "accepted", "order_denied"]
    assert len(sent(function)) == 2


@pytest.mark.parametrize(
    ("side", "margin", "code"),
    [
        (Side.BUY, False, "order_denied"),  # what a sale on spot has left buys back
        (Side.SELL, False, "accepted"),
        (Side.BUY, True, "accepted"),  # with leverage it closes what its entry opens
    ],
)
def test_what_a_conditional_close_buys_on_spot_counts(side, margin, code):
    function = limited(btc=Decimal("0.3"), MAX_POSITION="0.5 BTC")
    function.venue.rest(
        RestingOrder(
            "OCLOSE-AAAAA-AAAAAA", "XBTUSD", side, "stop-loss", Decimal("0.2"), Decimal(0), START,
            parent="OENTRY-AAAAA-AAAAAA", trigger=Decimal(70000), margin=margin,
        )
    )  # fmt: skip
    assert post(function, alert(function, "a-1", **BUY))[1] == code


def test_exits_pass_whatever_is_held():
    function = limited(btc=3, MAX_POSITION="0.5 BTC", MAX_OPEN_ORDERS="1")
    assert post(function, alert(function, "a-1", **BUY))[1] == "order_denied"
    assert post(function, alert(function, "a-2", side="sell", volume="1"))[1] == "accepted"
    assert post(function, target(function, 1, "a-3"))[1] == "accepted"
    assert post(function, alert(function, "a-4", action="close"))[1] == "accepted"
    assert held(function) == 0


@pytest.mark.parametrize("margin", [{}, MARGIN])
def test_a_target_is_held_against_it(margin):
    function = limited(MAX_POSITION="0.5 BTC")
    assert post(function, target(function, "0.5", "a-1", **margin))[1] == "accepted"
    assert post(later(function), target(function, "0.6", "a-2", **margin))[1] == "order_denied"
    assert post(later(function), target(function, "0.4", "a-3", **margin))[1] == "accepted"


@pytest.mark.parametrize(
    ("most", "codes"),
    [
        ("2", ["accepted", "accepted", "order_denied"]),
        ("1 per pair", ["accepted", "order_denied", "order_denied"]),
        ("5, 2 per pair", ["accepted", "accepted", "order_denied"]),
    ],
)
def test_orders_rest_up_to_the_limit_and_market_orders_pass(most, codes):
    function = limited(MAX_OPEN_ORDERS=most)
    found = [post(function, alert(function, f"a-{n}", **LIMIT))[1] for n in range(3)]
    assert found == codes
    assert post(function, alert(function, "m-1", **BUY))[1] == "accepted"


def test_a_redelivery_gets_its_stored_answer():
    function = limited(MAX_OPEN_ORDERS="1", MAX_POSITION="0.2 BTC")
    body = alert(function, "a-1", **LIMIT)
    for _ in range(3):
        assert post(function, body)[1] == "accepted"
    assert len(sent(function)) == 1


def test_a_validation_shows_the_numbers_and_takes_no_place():
    function = limited(btc="0.1", MAX_POSITION="0.5 BTC")
    answer = function.post(alert(function, "v-1", **BUY), path="/webhook/tradingview/validate")
    row = next(one for one in answer["orders"][0]["checks"] if one["rule"] == "MAX_POSITION")
    assert (row["verdict"], row["numbers"]["position"]) == ("passed", "0.3")
    assert function.store.read("held-limits/live/default/") is None


def test_a_strategy_without_such_a_limit_pays_nothing():
    function = limited()
    reads, calls = [], []
    read = function.store.read
    function.store.read = lambda name: reads.append(name) or read(name)
    listed = function.venue.open_orders
    function.venue.open_orders = lambda budget: calls.append(1) or listed(budget)
    assert post(function, alert(function, "a-1", **BUY))[1] == "accepted"
    assert not calls
    assert not any(name.startswith("held-limits") for name in reads)


@pytest.mark.parametrize("margin", [{}, MARGIN])
@pytest.mark.parametrize("order", [BUY, LIMIT])
def test_orders_at_once_behind_each_other_count_once(order, margin):
    function = limited(MAX_POSITION="0.5 BTC")
    codes = [
        post(function, alert(function, f"a-{number}", **order, **margin))[1] for number in range(3)
    ]
    assert codes == ["accepted", "accepted", "order_denied"]


def test_legs_count_together():
    function = limited(MAX_POSITION="0.5 BTC")
    status, code, why = post(function, legs_alert(function, [BUY, BUY, BUY], symbol="BTCUSD"))
    assert (status, code, "MAX_POSITION" in why) == (422, "order_denied", True)
    assert post(function, legs_alert(function, [BUY, BUY], symbol="BTCUSD"))[1] == "accepted"
    assert post(later(function), alert(function, "a-3", **BUY))[1] == "order_denied"


def test_an_order_of_unknown_outcome_lets_nothing_open():
    function = limited(MAX_POSITION="0.5 BTC", MAX_OPEN_ORDERS="2")
    function.venue.refuse.append(Unknown("no answer"))
    assert post(function, alert(function, "a-1", **BUY))[0] == 503
    assert post(function, alert(function, "a-2", **BUY))[0] == 503
    assert len(sent(function)) <= 1


def test_what_kraken_refused_does_not_count():
    function = limited(MAX_POSITION="0.2 BTC", MAX_OPEN_ORDERS="1")
    function.venue.refuse.append(Rejected(("EOrder:Insufficient funds",)))
    assert post(function, alert(function, "a-1", **LIMIT))[1] == "order_rejected"
    assert post(function, alert(function, "a-2", **LIMIT))[1] == "accepted"


@pytest.mark.parametrize("margin", [{}, MARGIN])
def test_a_position_takes_so_many_entries_until_it_is_flat(margin):
    function = limited(MAX_ENTRIES="2")
    for number in range(2):
        assert post(function, alert(function, f"a-{number}", **BUY, **margin))[1] == "accepted"
    status, _, why = post(function, alert(function, "a-3", **BUY, **margin))
    assert (status, "2 entries since it was flat" in why) == (422, True)
    assert post(function, alert(function, "c-1", action="close", **margin))[1] == "accepted"
    assert post(function, alert(function, "b-1", **BUY, **margin))[1] == "accepted"


def test_so_many_pairs_are_held():
    function = limited(MAX_OPEN_POSITIONS="1")
    function.venue.quotes["XETHZUSD"] = Decimal(2000)
    eth = {"symbol": "ETHUSD", "price": "2000", "side": "buy", "volume": "1"}
    assert post(function, alert(function, "a-1", **BUY))[1] == "accepted"
    status, _, why = post(function, alert(function, "e-1", **eth))
    assert (status, "MAX_OPEN_POSITIONS" in why) == (422, True)
    assert post(function, alert(function, "a-2", **BUY))[1] == "accepted"
    assert post(function, alert(function, "c-1", action="close"))[1] == "accepted"
    assert post(function, alert(function, "e-2", **eth))[1] == "accepted"


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "2 per day", "1, 2", "5,"])
def test_a_number_of_orders_that_is_none_refuses_the_start(text):
    with pytest.raises(SettingsError, match="MAX_OPEN_ORDERS"):
        read_settings({**LIVE, "WEBHOOK_TOKEN": "t" * 20 + "xyz", "MAX_OPEN_ORDERS": text})


@pytest.mark.parametrize(
    ("toml", "good"),
    [
        ("max_open_orders = 5", True),
        ('max_open_orders = "5, 2 per pair"', True),
        ("max_open_orders = true", False),
        ("max_open_orders = 0", False),
        ('max_position = "0.5 BTC"', True),
        ("max_position = 0.5", False),
        ('max_position = "0.5"', False),
        ("max_entries = 2", True),
        ('max_entries = "2"', False),
        ("max_open_positions = 3", True),
        ("max_open_positions = 0", False),
    ],
)
def test_strategies_toml_says_it_by_the_same_names(tmp_path, toml, good):
    path = tmp_path / "strategies.toml"
    path.write_text(f"[trend]\n{toml}\n", "utf-8")
    env = {"STRATEGIES_FILE": str(path), "WEBHOOK_TOKEN": "t" * 20 + "xyz"}
    if good:
        assert read_settings(env).rules_for("trend").limits_holdings
    else:
        with pytest.raises(SettingsError, match=toml.partition(" ")[0]):
            read_settings(env)


@pytest.mark.parametrize("limit", [{"MAX_POSITION": "0.4 BTC"}, {"MAX_ENTRIES": "2"}])
@pytest.mark.parametrize("margin", [{}, MARGIN])
@pytest.mark.parametrize("kind", ["order", "target"])
def test_an_alert_that_was_not_sent_has_its_place_when_it_comes_again(limit, margin, kind):
    function = limited(**limit)
    assert post(function, alert(function, "a-1", **BUY, **margin))[1] == "accepted"
    later(function)
    function.venue.refuse.append(NotSent("no connection"))
    wanted = {"order": alert(function, "a-2", **BUY, **margin)}
    wanted["target"] = target(function, "0.4", "a-2", **margin)
    assert post(function, wanted[kind])[1] == "not_sent"
    third = alert(function, "a-3", **BUY, **margin)
    assert post(function, third)[1] == "order_denied"
    assert post(function, wanted[kind])[1] == "accepted"
    assert held(function, margin=bool(margin)) == Decimal("0.4")


@pytest.mark.parametrize(
    ("most", "asked"), [("0.5 BTC", 0), ("20000 USD", 1), ("0.5 BTC, 20000 USD", 1)]
)
def test_a_price_is_asked_for_where_the_limit_counts_in_quote(most, asked):
    function = limited(MAX_POSITION=most)
    calls = []
    last = function.venue.last_price
    function.venue.last_price = lambda *of, **more: calls.append(1) or last(*of, **more)
    assert post(function, alert(function, "a-1", **BUY))[1] == "accepted"
    assert len(calls) == asked
