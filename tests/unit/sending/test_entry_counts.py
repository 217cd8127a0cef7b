"""Entries are counted a day, an hour and apart, whoever else counts; exits are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.position_alerts import alert, held, legs_alert
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.risk.pauses import Pause
from webhook_core.sending.entry_counts import read_counted
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.trading.requests import Rejected, Unknown

BUY = {"side": "buy", "volume": "0.01"}


def limited(**env):
    return trader(btc=1, usd=10**6, env={**LIVE, **env})


def post(function, body, *, wait=1):
    function.clock.sleep(wait)
    answer = function.post(body)
    return (*outcome(answer), str(answer["error"] or ""))


@pytest.mark.parametrize(
    ("env", "rule", "again_after_s"),
    [
        ({"ORDERS_PER_DAY": "2"}, "ORDERS_PER_DAY", 13 * 3600),
        ({"ORDERS_PER_HOUR": "2"}, "ORDERS_PER_HOUR", 3601),
    ],
)
def test_entries_end_at_the_limit_and_begin_again(env, rule, again_after_s):
    function = limited(**env)
    for number in (1, 2):
        assert post(function, alert(function, f"a-{number}", **BUY))[:2] == (200, "accepted")
    status, code, why = post(function, alert(function, "a-3", **BUY))
    assert (status, code, rule in why) == (422, "order_denied", True)
    assert "2 of 2 entries" in why
    function.clock.sleep(again_after_s)
    assert post(function, alert(function, "a-4", **BUY))[:2] == (200, "accepted")


def test_a_cool_down_keeps_entries_apart():
    function = limited(COOL_DOWN="30s")
    assert post(function, alert(function, "a-1", **BUY))[:2] == (200, "accepted")
    status, _, why = post(function, alert(function, "a-2", **BUY), wait=10)
    assert (status, "COOL_DOWN" in why) == (422, True)
    assert post(function, alert(function, "a-3", **BUY), wait=30)[:2] == (200, "accepted")


def test_exits_pass_a_resend_counts_once_and_legs_count_each():
    function = limited(ORDERS_PER_DAY="3")
    two = legs_alert(function, [BUY, BUY], id="legs", symbol="BTCUSD")
    assert post(function, two)[:2] == (200, "accepted")
    assert post(function, two)[:2] == (200, "accepted")
    third = alert(function, "a-3", **BUY)
    assert post(function, third)[:2] == (200, "accepted")
    assert post(function, third)[:2] == (200, "accepted")
    assert post(function, alert(function, "a-4", **BUY))[0] == 422
    assert post(function, alert(function, "a-5", side="sell", volume="0.01"))[:2] == (
        200,
        "accepted",
    )
    assert post(function, alert(function, "a-6", action="close"))[:2] == (200, "accepted")
    assert held(function) == 0


def test_exits_are_counted_where_the_trader_says_so():
    function = limited(ORDERS_PER_DAY="1", EXITS_IGNORE_LIMITS="false")
    assert post(function, alert(function, "a-1", **BUY))[:2] == (200, "accepted")
    assert post(function, alert(function, "a-2", action="close"))[0] == 422


def test_alerts_in_3_minutes_end_at_the_limit_redeliveries_and_exits_do_not_count():
    function = limited(ALERTS_PER_3_MINUTES="3")
    for number in (1, 2, 3):
        body = alert(function, f"a-{number}", **BUY)
        for _ in range(3):
            assert post(function, body)[:2] == (200, "accepted")
    status, code, why = post(function, alert(function, "a-4", **BUY))
    assert (status, code) == (429, "rate_limited")
    assert "3 alerts were taken in the last 3 minutes, and 3 are the most" in why
    assert "the global ALERTS_PER_3_MINUTES" in why
    probe = function.post(alert(function, "v-1", **BUY), path=PROBE)
    assert outcome(probe) == (429, "rate_limited")
    for number in range(4):
        sale = alert(function, f"s-{number}", side="sell", volume="0.001")
        assert post(function, sale)[:2] == (200, "accepted")
    assert post(function, alert(function, "c-1", action="close"))[:2] == (200, "accepted")
    function.clock.sleep(180)
    assert post(function, alert(function, "a-5", **BUY))[:2] == (200, "accepted")


def test_the_count_of_a_day_does_not_grow_with_what_no_limit_asks_for():
    function = limited(ALERTS_PER_3_MINUTES="100", COOL_DOWN="1s")
    for number in range(6):
        post(function, alert(function, f"a-{number}", **BUY), wait=1800)
    assert counted(function) <= 3
    daily = limited(ORDERS_PER_DAY="100")
    daily.clock.sleep(-daily.clock.now().hour * 3600)
    for number in range(6):
        assert post(daily, alert(daily, f"a-{number}", **BUY), wait=0)[0] == 200
        daily.clock.sleep(1800)
    assert counted(daily) == 6


NAME = "entry-counts/live/default/"


def counted(function, name=NAME):
    """How many orders stand in the count."""
    return sum(one.orders for one in read_counted(text_in(function, name)))


def text_in(function, name=NAME):
    stored = function.store.read(name)
    return None if stored is None else stored.text


PROBE = "/webhook/tradingview/validate"


def test_a_validation_says_each_count_with_its_numbers_and_counts_nothing():
    function = limited(ORDERS_PER_DAY="2", COOL_DOWN="30s")

    def verdicts(number):
        answer = function.post(alert(function, f"v-{number}", **BUY), path=PROBE)
        rows = answer["orders"][0]["checks"]
        rules = ("ORDERS_PER_DAY", "COOL_DOWN")
        found = {one["rule"]: (one["verdict"], one["numbers"]) for one in rows}
        return outcome(answer)[0], [found[rule] for rule in rules]

    status, (day, cool) = verdicts(1)
    assert (status, day) == (200, ("passed", {"used": "0", "max": "2", "wanted": "1"}))
    assert cool == ("passed", {"seconds": "30"})
    assert text_in(function) is None
    for number in (1, 2):
        assert post(function, alert(function, f"a-{number}", **BUY), wait=31)[0] == 200
    status, (day, cool) = verdicts(2)
    assert (status, day) == (422, ("denied", {"used": "2", "max": "2", "wanted": "1"}))
    assert (cool[0], counted(function)) == ("denied", 2)


def refused(function):
    function.venue.refuse.append(Rejected(("EOrder:Insufficient funds",)))


def paused(function):
    function.application.decider.pausing.pause(
        Pause(
            None, "tests", function.clock.now(), until=function.clock.now() + timedelta(seconds=2)
        )
    )


@pytest.mark.parametrize(("before", "code"), [(refused, "order_rejected"), (paused, "paused")])
def test_an_order_that_came_to_nothing_gives_its_place_back(before, code):
    function = limited(ORDERS_PER_DAY="1")
    before(function)
    assert post(function, alert(function, "a-1", **BUY))[1] == code
    function.clock.sleep(2)
    assert post(function, alert(function, "a-2", **BUY))[:2] == (200, "accepted")
    assert post(function, alert(function, "a-3", **BUY))[0] == 422
    assert counted(function) == 1


def test_an_order_of_unknown_outcome_keeps_its_place_until_it_is_proved_not_placed():
    function = limited(ORDERS_PER_DAY="1")
    function.venue.refuse.append(Unknown("no answer"))
    assert post(function, alert(function, "a-1", **BUY))[0] == 503
    assert post(function, alert(function, "a-2", **BUY))[0] == 422


def test_a_day_begins_where_the_trader_lets_it_begin():
    function = limited(ORDERS_PER_DAY="1", DAY_BEGINS="12:30 UTC")
    now = function.clock.now()
    function.clock.sleep((now.replace(hour=12, minute=29, second=0) - now).total_seconds())
    assert post(function, alert(function, "a-1", **BUY))[0] == 200
    status, _, why = post(function, alert(function, "a-2", **BUY))
    assert (status, "since 12:30 UTC" in why) == (422, True)
    function.clock.sleep(60)
    assert post(function, alert(function, "a-3", **BUY))[0] == 200


def test_what_a_token_may_not_takes_no_place_of_the_strategy():
    function = limited(ORDERS_PER_DAY="3", WEBHOOK_TOKEN_KEYS=KEYS)
    small = {"token": scoped("n=1", strategy="default"), **BUY}
    assert post(function, alert(function, "a-1", **small))[:2] == (200, "accepted")
    for number in range(5):
        assert post(function, alert(function, f"b-{number}", **small))[0] == 403
    assert post(function, alert(function, "c-1", **BUY))[:2] == (200, "accepted")


def test_what_the_strategy_may_not_takes_none_of_the_token():
    function = limited(COOL_DOWN="1h", WEBHOOK_TOKEN_KEYS=KEYS)
    small = {"token": scoped("n=2", strategy="default"), **BUY}
    assert post(function, alert(function, "a-1", **small))[:2] == (200, "accepted")
    for number in range(3):
        assert post(function, alert(function, f"b-{number}", **small))[0] == 422
    function.clock.sleep(3600)
    assert post(function, alert(function, "c-1", **small))[:2] == (200, "accepted")


def test_a_strategy_without_such_a_limit_pays_nothing():
    function = limited()
    reads = []
    read = function.store.read
    function.store.read = lambda name: reads.append(name) or read(name)
    assert post(function, alert(function, "a-1", **BUY))[:2] == (200, "accepted")
    assert not any(name.startswith("entry-counts") for name in reads)


@row_by_row
@pytest.mark.parametrize(
    "name", ["ORDERS_PER_DAY", "ORDERS_PER_HOUR", "COOL_DOWN", "ALERTS_PER_3_MINUTES"]
)
@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "30", "99999", "2d", "30 seconds"])
def test_a_limit_that_is_none_refuses_the_start(name, text):
    if name != "COOL_DOWN" and text == "30":
        return
    with pytest.raises(SettingsError, match=name):
        read_settings({**LIVE, "WEBHOOK_TOKEN": "t" * 20 + "xyz", name: text})


@pytest.mark.parametrize(
    ("toml", "good"),
    [
        ("orders_per_day = 20", True),
        ('orders_per_hour = 5\ncool_down = "30s"', True),
        ('orders_per_day = "20"', False),
        ("orders_per_day = true", False),
        ("orders_per_day = 0", False),
        ("cool_down = 30", False),
        ("alerts_per_3_minutes = 10", True),
        ('alerts_per_3_minutes = "10"', False),
        ("alerts_per_3_minutes = 0", False),
    ],
)
def test_strategies_toml_says_it_by_the_same_names(tmp_path, toml, good):
    path = tmp_path / "strategies.toml"
    path.write_text(f"[trend]\n{toml}\n", "utf-8")
    env = {"STRATEGIES_FILE": str(path), "WEBHOOK_TOKEN": "t" * 20 + "xyz"}
    if good:
        assert read_settings(env).rules_for("trend").counts_orders
    else:
        with pytest.raises(SettingsError, match=toml.partition(" ")[0]):
            read_settings(env)
