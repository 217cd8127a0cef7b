"""Kraken's figures may lag its engine by a minute.

What our own last orders did counts all the same.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import MARGIN, alert, held, states, target
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown

D = Decimal
BOTH = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
READS = {False: ["balances", "submit"], True: ["positions", "open_orders", "submit"]}
"""The calls of a close; of one on margin no open lot says which stop rests."""


def more(margin):
    return MARGIN if margin else {}


def post(function, body):
    function.clock.sleep(1)
    return outcome(function.post(body))


def buy(function, volume, alert_id, **fields):
    return function.alert(**{"id": alert_id, "volume": volume, "price": "50000", **fields})


@BOTH
def test_two_targets_in_a_row_do_not_double(margin):
    function = trader(usd=10**6)
    function.venue.hold_back(3)
    for number, size in enumerate(["1", "1", "2"]):
        function.clock.sleep(2)
        function.post(target(function, size, f"a-{number}", **more(margin)))
    assert sent(function) == [("buy", "1"), ("buy", "1")]
    assert held(function, margin=margin) == 2


@BOTH
def test_an_exit_right_after_an_entry_closes_it(margin):
    """The balances show nothing yet; the exit must not find "nothing to do"."""
    function = trader()
    function.venue.hold_back(2)
    assert post(function, target(function, "1", "in", **more(margin))) == (200, "accepted")
    assert post(function, alert(function, "out", action="close", **more(margin))) == (
        200,
        "accepted",
    )
    assert (sent(function), held(function, margin=margin)) == ([("buy", "1"), ("sell", "1")], 0)


@BOTH
def test_a_second_exit_while_the_first_one_is_not_shown_finds_nothing_to_do(margin):
    function = trader(btc=1, net=1)
    function.venue.hold_back(2)
    assert post(function, alert(function, "1st", action="close", **more(margin))) == (
        200,
        "accepted",
    )
    assert post(function, alert(function, "2nd", action="close", **more(margin))) == (
        200,
        "no_action",
    )
    assert sent(function) == [("sell", "1")]


@BOTH
def test_after_an_order_of_fixed_size_kraken_is_asked_for_its_fill_and_the_figure_read_again(
    margin,
):
    """Nobody read the figure before that order: today's may be with or without it."""
    function = trader()
    function.venue.hold_back(1)
    assert post(function, buy(function, "1", "in", **more(margin))) == (200, "accepted")
    function.venue.calls.clear()
    assert post(function, alert(function, "out", action="close", **more(margin))) == (
        200,
        "accepted",
    )
    read, *last = READS[margin]
    assert function.venue.calls == [read, "fills", read, *last]
    assert sent(function) == [("buy", "1"), ("sell", "1")]


@BOTH
@pytest.mark.parametrize("shows", ["nothing", "open"])
def test_while_kraken_does_not_show_that_order_as_filled_nothing_is_sent_and_a_redelivery_is(
    margin, shows
):
    function = trader()
    post(function, buy(function, "1", "in", **more(margin)))
    (order_id,) = function.venue.filled
    fill = function.venue.filled.pop(order_id)
    if shows == "open":
        function.venue.filled[order_id] = fill._replace(status="open")
    out = alert(function, "out", action="close", **more(margin))
    assert post(function, out) == (503, "not_sent")
    assert "the alert in yet" in function.post(out)["error"]
    assert (states(function), len(sent(function))) == ([("out", "MISSED"), ("in", "ACCEPTED")], 1)
    function.venue.filled[order_id] = fill
    assert post(function, out) == (200, "accepted")
    assert held(function, margin=margin) == 0


@BOTH
def test_an_unknown_order_of_fixed_size_keeps_an_exit_from_guessing_until_it_is_found(margin):
    function = trader()
    entry = buy(function, "1", "in", **more(margin))
    function.venue.lose_reply = True
    assert post(function, entry) == (503, "outcome_unknown")
    out = alert(function, "out", action="close", **more(margin))
    assert post(function, out) == (503, "not_sent")
    function.clock.sleep(5)
    assert post(function, entry) == (200, "accepted")
    assert post(function, out) == (200, "accepted")
    assert held(function, margin=margin) == 0


@BOTH
def test_an_unknown_order_may_show_as_late_as_a_margin_after_its_deadline(margin):
    """Claimed 65 s ago it may have filled 55 s ago, and the figure lags by up to 60 s."""
    function = trader()
    function.venue.hold_back(9)
    function.venue.lose_reply = True
    assert post(function, buy(function, "1", "in", **more(margin))) == (503, "outcome_unknown")
    function.clock.sleep(64)
    answer = post(function, alert(function, "out", action="close", **more(margin)))
    # What only reduces closes what may be held.
    assert answer == ((200, "accepted") if margin else (503, "not_sent"))
    assert held(function, margin=margin) == (0 if margin else 1)


@BOTH
def test_a_minute_later_the_figure_is_believed_as_it_is(margin):
    function = trader()
    post(function, buy(function, "1", "in", **more(margin)))
    function.clock.sleep(61)
    function.venue.calls.clear()
    assert post(function, alert(function, "out", action="close", **more(margin))) == (
        200,
        "accepted",
    )
    assert function.venue.calls == READS[margin]


@BOTH
def test_an_order_that_was_sent_again_counts_from_when_it_was(margin):
    """a-1 was not sent at first. By the time it is, it has seen the order of a-2."""
    function = trader(usd=10**6)
    first = target(function, "2", "a-1", **more(margin))
    function.venue.refuse = [NotSent("no connection")]
    assert post(function, first) == (503, "not_sent")
    assert post(function, buy(function, "1", "a-2", **more(margin))) == (200, "accepted")
    assert post(function, first) == (200, "accepted")
    assert (sent(function)[1:], held(function, margin=margin)) == ([("buy", "1"), ("buy", "1")], 2)
    assert post(function, alert(function, "out", action="close", **more(margin))) == (
        200,
        "accepted",
    )
    assert sent(function)[-1] == ("sell", "2")
    assert held(function, margin=margin) == 0


@pytest.mark.parametrize("reads", [0, 1, 2, 3])
def test_a_percentage_of_the_balance_twice_spends_the_rest_and_not_the_same_again(reads):
    function = trader(usd=100_000)
    function.venue.hold_back(reads)
    for number in (1, 2):
        half = function.alert(
            id=f"a-{number}", volume="50", quantity_type="percent_balance", price="50000"
        )
        assert post(function, half) == (200, "accepted")
    rest = 25000 if reads < 2 else 24500  # not shown: the first one may have paid a fee, here 2 %
    assert [(side, D(volume)) for side, volume in sent(function)] == [
        ("buy", D(50000)),
        ("buy", D(rest)),
    ]


@pytest.mark.parametrize("reads", [0, 2])
def test_a_percentage_of_the_base_twice_sells_the_rest_and_not_the_same_again(reads):
    function = trader(btc=1)
    function.venue.hold_back(reads)
    for number in (1, 2):
        half = function.alert(
            id=f"a-{number}", side="sell", volume="50", quantity_type="percent_balance"
        )
        assert post(function, half) == (200, "accepted")
    assert sent(function) == [("sell", "0.5"), ("sell", "0.25")]


def test_an_exit_after_a_buy_for_quote_asks_what_that_has_bought():
    function = trader()
    function.venue.hold_back(3)
    spend = function.alert(id="in", volume="50", quantity_type="percent_equity", price="50000")
    assert post(function, target(function, "0", "flat")) == (200, "no_action")
    assert post(function, spend) == (200, "accepted")
    function.venue.unreadable = {"fills"}
    out = alert(function, "out", action="close")
    assert post(function, out) == (503, "venue_unavailable")
    function.venue.unreadable = set()
    assert post(function, out) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "1")


@BOTH
def test_somebody_who_trades_by_hand_is_seen_once_kraken_lists_our_order_as_done(margin):
    function = trader(usd=10**6)
    post(function, target(function, "1", "a-1", **more(margin)))
    function.venue.net["XXBTZUSD"] = D(4)
    function.venue.held["XXBT"] = Balance(D(4))
    function.venue.calls.clear()
    assert post(function, target(function, "2", "a-2", **more(margin))) == (200, "accepted")
    assert "fills" in function.venue.calls
    assert sent(function)[-1] == ("sell", "2")


@BOTH
def test_an_order_by_hand_that_takes_ours_back_is_no_order_that_is_not_shown(margin):
    """The figure is what it was before our order, and the list of the orders says why; but not how
    much base its fee took."""
    function = trader(usd=10**6)
    function.venue.hold_back(9)
    assert post(function, target(function, "2", "a-1", **more(margin))) == (200, "accepted")
    sold_by_hand(function, margin=margin)
    assert post(function, target(function, "2", "a-2", **more(margin))) == (503, "not_sent")
    function.venue.gone.clear()
    assert post(function, target(function, "2", "a-3", **more(margin))) == (200, "no_action")
    assert sent(function) == [("buy", "2")]


def test_what_was_sold_by_hand_is_bought_again():
    function = trader(usd=10**6)
    function.venue.hold_back(9)
    assert post(function, target(function, "2", "a-1")) == (200, "accepted")
    function.clock.sleep(6)  # two clocks tell which came first
    sold_by_hand(function, earned=D(100_000))
    assert post(function, target(function, "2", "a-2")) == (200, "accepted")
    assert sent(function) == [("buy", "2"), ("buy", "2")]


def sold_by_hand(function, **facts):
    function.venue.gone["OHANDS-AAAAA-AAAAAA"] = RestingOrder(
        "OHANDS-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "market", D(2), D(2), START, status="closed",
        closed_at=function.clock.now(), **facts,
    )  # fmt: skip


@BOTH
def test_another_strategys_order_counts_as_well(margin):
    function = trader(usd=10**6)
    function.venue.hold_back(2)
    post(function, target(function, "1", "a-1", strategy_name="one", **more(margin)))
    post(function, target(function, "1", "a-2", strategy_name="two", **more(margin)))
    assert sent(function) == [("buy", "1")]


@BOTH
def test_an_order_that_kraken_refused_or_never_got_does_not_count(margin):
    function = trader()
    function.venue.refuse = [NotSent("no connection")]
    post(function, buy(function, "1", "a-1", **more(margin)))
    assert post(function, alert(function, "out", action="close", **more(margin))) == (
        200,
        "no_action",
    )


def test_what_is_unknown_is_never_taken_for_a_fill_nor_for_none():
    function = trader(btc=2)
    function.venue.refuse = [Unknown("the reply was lost")]
    assert post(function, function.alert(id="a-1", side="sell", volume="1")) == (
        503,
        "outcome_unknown",
    )
    assert post(function, alert(function, "out", action="close", percent="50")) == (503, "not_sent")
    assert len(sent(function)) == 1
    # Funds bound what a sale of all can sell, whatever has become of the other.
    assert post(function, alert(function, "all", action="close")) == (200, "accepted")
    assert sent(function)[1:] == [("sell", "2")]


@pytest.mark.parametrize("reads", [0, 2])
def test_an_exit_behind_a_cancel_counts_by_the_figure_that_its_alert_has_seen(reads):
    function = trader(btc=3)
    stop = RestingOrder(
        "OSTOPP-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "stop-loss", D(1), D(0), START, trigger=D(30000)
    )
    function.venue.rest(stop)
    function.venue.hold_back(reads)
    legs = [{"action": "cancel"}, {"action": "close"}]
    assert post(function, alert(function, "a-1", orders=legs, price=None)) == (200, "accepted")
    function.venue.calls.clear()
    assert post(function, alert(function, "a-2", action="close")) == (200, "no_action")
    # Those balances hold funds for an order that is gone, and nobody else has traded since.
    asked = ["orders_closed", "orders_closed"] if reads else []
    # Nor does a stop rest of which nothing is left.
    read = ["balances", "open_orders", *asked]
    assert (function.venue.calls, sent(function)) == (read, [("sell", "3")])


def test_an_exit_of_several_legs_that_was_not_sent_is_counted_anew():
    """It sells half of 2, and before it is sent 1 is bought: half of 3 it is then."""
    function = trader(btc=2)
    halve = alert(
        function,
        "a-1",
        orders=[{"action": "close", "percent": "50"}, {"action": "cancel"}],
        price=None,
    )
    function.venue.refuse = [NotSent("no connection")]
    assert post(function, halve) == (503, "not_sent")
    assert post(function, buy(function, "1", "a-2")) == (200, "accepted")
    assert post(function, halve) == (200, "accepted")
    assert held(function) == D("1.5")
    function.clock.sleep(58)  # the buy is a minute old, the half is not
    assert post(function, alert(function, "a-3", action="close")) == (200, "accepted")
    assert held(function) == 0


def rest(function, alert_id, **fields):
    assert post(
        function, buy(function, "1", alert_id, order_type="limit", price="49000", **fields)
    ) == (
        200,
        "accepted",
    )
    return function.venue.resting[-1]


def test_a_limit_order_that_brings_the_figure_back_to_what_it_was_is_no_sale_that_is_not_shown():
    function = trader(btc=1)
    assert post(function, alert(function, "out", action="close")) == (200, "accepted")
    function.venue.fill(rest(function, "in"))
    assert post(function, alert(function, "out-again", action="close")) == (200, "accepted")
    assert sent(function) == [("sell", "1"), ("buy", "1"), ("sell", "1")]


def test_a_limit_order_of_the_last_minute_that_filled_at_once_is_closed_though_the_balance_lags():
    function = trader()
    assert post(function, alert(function, "anchor", action="close")) == (200, "no_action")
    function.venue.hold_back(2)
    function.venue.fill(rest(function, "in"))
    assert post(function, alert(function, "out", action="close")) == (200, "accepted")
    assert sent(function) == [("buy", "1"), ("sell", "1")]


def test_a_limit_order_that_rests_changes_nothing():
    function = trader(btc=2)
    rest(function, "in")
    assert post(function, alert(function, "out", action="close")) == (200, "accepted")
    assert sent(function)[-1] == ("sell", "2")


def test_a_stop_that_has_taken_the_entry_back_is_no_entry_that_is_not_shown():
    function = trader()
    long = target(function, "1", "long")
    assert post(function, long) == (200, "accepted")
    function.post(alert(function, "out", action="close"))
    function.venue.leaves_closes = True
    entry = buy(function, "1", "in", stop_loss="49000")
    assert post(function, entry) == (200, "accepted")
    # The stop fires within the minute, and Kraken alone knows of it.
    function.venue.fill(function.venue.resting[-1])
    assert post(function, target(function, "1", "again")) == (200, "accepted")
    assert held(function) == 1


@pytest.mark.parametrize(
    ("said", "comes"),
    [
        ("EOrder:Reduce only:Cannot increase position", (503, "not_sent")),
        ("EOrder:Insufficient funds", (200, "no_action")),
    ],
)
def test_nothing_is_no_last_word_where_kraken_has_just_named_a_position(said, comes):
    """The figures show the moment between two sales: Kraken knows of the second one."""
    function = trader(net=1)
    venue = function.venue
    venue.refuse = [Rejected((said,))]
    venue.during["submit"] = [venue.net.clear]
    assert post(function, alert(function, "out", action="close", **MARGIN)) == comes
