"""Entries are counted a day, an hour and apart, whoever else counts; exits are not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.documents import MemoryDocuments
from tests.support.position_alerts import alert, held, legs_alert
from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.errors import OrderDenied
from webhook_core.ledger.entry import Unit
from webhook_core.sending.entry_counts import count_entries
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import Guards, Limits, TradingRules

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


def test_what_one_owner_denies_is_counted_with_none():
    documents, unit = MemoryDocuments(), Unit("live", "default", "k", 0, 0)
    rules = TradingRules(
        (
            Limits(guards=Guards(orders_per_day=9)),
            Limits(strategy="s", guards=Guards(orders_per_day=1)),
        )
    )
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    request = OrderRequest(
        "BTC/USD", {"pair": "P", "type": "buy", "ordertype": "market", "volume": "1"}
    )
    with pytest.raises(OrderDenied, match="strategy s's orders_per_day"):
        count_entries([request, request], rules, unit, documents, now)
    assert documents.read("entry-counts/live/default/") is None
    count_entries([request], rules, unit, documents, now)
    with pytest.raises(OrderDenied):
        count_entries([request], rules, Unit("live", "default", "k2", 0, 0), documents, now)


def test_many_at_once_take_no_more_than_there_are():
    documents = MemoryDocuments()
    rules = TradingRules((Limits(guards=Guards(orders_per_hour=5)),))
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    request = OrderRequest(
        "BTC/USD", {"pair": "P", "type": "buy", "ordertype": "market", "volume": "1"}
    )

    def take(number):
        unit = Unit("live", "default", f"k{number}", 0, 0)
        try:
            count_entries([request], rules, unit, documents, now + timedelta(milliseconds=number))
        except OrderDenied:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(40))) == 5


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


@pytest.mark.parametrize("name", ["ORDERS_PER_DAY", "ORDERS_PER_HOUR", "COOL_DOWN"])
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
