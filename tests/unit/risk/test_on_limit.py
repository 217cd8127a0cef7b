"""A limit that was hit pauses its owner, where it says so: entries alone, once, until somebody
resumes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.documents import MemoryDocuments
from tests.support.position_alerts import alert, held
from tests.support.scoped_tokens import KEYS, scoped
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.clock import SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.risk.on_limit import pause
from webhook_core.risk.pausing import Pausing
from webhook_core.settings.reading import SettingsError, read_settings

BUY = {"side": "buy", "volume": "0.01"}


def post(function, body, *, wait=1):
    function.clock.sleep(wait)
    answer = function.post(body)
    return (*outcome(answer), answer)


def trading(tmp_path, toml="", **env):
    path = tmp_path / "strategies.toml"
    path.write_text(f"[trend]\n{toml}\n[other]\n", "utf-8")
    return trader(btc=1, usd=10**6, env={**LIVE, "STRATEGIES_FILE": str(path), **env})


@pytest.mark.parametrize(
    ("toml", "env", "paused"),
    [
        ('orders_per_day = 1\non_limit = "pause"', {}, ["trend"]),
        ('orders_per_hour = 1\non_limit = "pause"', {}, ["trend"]),
        ('cool_down = "30s"\non_limit = "pause"', {}, ["trend"]),
        ('alerts_per_3_minutes = 1\non_limit = "pause"', {}, ["trend"]),
        ('price_collar = "2%"\non_limit = "pause"', {}, ["trend"]),
        ('max_alert_cost = "600 USD"\non_limit = "pause"', {}, ["trend"]),
        ('orders_per_day = 1\non_limit = "deny"', {}, []),
        ("orders_per_day = 1", {"ON_LIMIT": "pause"}, []),
        ('on_limit = "pause"', {"ORDERS_PER_DAY": "1"}, []),
        ("", {"ORDERS_PER_DAY": "1", "ON_LIMIT": "pause"}, [None]),
        ('max_order_cost = "600 USD"\non_limit = "pause"', {}, []),
        ('trading_hours = "00:00-00:01 UTC"\non_limit = "pause"', {}, []),
    ],
)
def test_the_limit_of_whom_was_hit_decides(tmp_path, toml, env, paused):
    function = trading(tmp_path, toml, **env)
    post(function, alert(function, "a-1", strategy_name="trend", **BUY))
    bad = {**BUY, "volume": "0.02", "price": "70000"}
    hit = alert(function, "a-2", strategy_name="trend", **bad)
    assert post(function, hit)[0] in (422, 429)
    pausing = function.application.decider.pausing
    assert [one.strategy for one in pausing.standing()] == paused


COLLAR = {"toml": 'price_collar = "2%"\non_limit = "pause"'}
COST = {"toml": 'max_alert_cost = "600 USD"\non_limit = "pause"'}
HELD = {"toml": 'max_position = "1 BTC"\non_limit = "pause"'}
HOURLY = {"toml": 'orders_per_hour = 1\non_limit = "pause"'}
OF_ALL = {"PRICE_COLLAR": "2%", "ON_LIMIT": "pause"}


@pytest.mark.parametrize("limits", [COLLAR, COST, HELD, HOURLY, OF_ALL])
@pytest.mark.parametrize(
    ("caveats", "may_pause"),
    [
        (("x=order",), False),
        (("x=order,close,target,reverse,cancel,amend,resume,read",), False),
        (("x=order,pause", "x=order"), False),
        (("e=20270331", "x=order"), False),
        (("x=order,pause",), True),
        ((), True),
    ],
)
def test_a_token_that_may_not_pause_can_not_by_an_order_that_is_refused(
    tmp_path, limits, caveats, may_pause
):
    function = trading(tmp_path, **limits, WEBHOOK_TOKEN_KEYS=KEYS)
    post(function, alert(function, "a-1", token=scoped(*caveats), **BUY))
    lies = {"side": "buy", "volume": "0.7", "price": "70000"}
    answer = post(function, alert(function, "a-2", token=scoped(*caveats), **lies))[2]
    assert answer.status in (422, 429)
    paused = [one.strategy for one in function.application.decider.pausing.standing()]
    assert paused == (["trend"] if may_pause else [])
    assert ("is paused for entries" in str(answer)) == may_pause


def test_a_token_of_one_strategy_pauses_that_where_a_limit_of_the_account_was_hit(tmp_path):
    own = "Uq4Zr8Wm2Lx6Vb0Nc3Ke"
    function = trading(tmp_path, f'token = "{own}"', **OF_ALL)
    lies = {"side": "buy", "volume": "0.01", "price": "70000"}
    post(function, alert(function, "a-1", token=own, **lies))
    pausing = function.application.decider.pausing
    assert [one.strategy for one in pausing.standing()] == ["trend"]
    post(function, alert(function, "a-2", strategy_name="other", **lies))
    assert [one.strategy for one in pausing.standing()] == [None, "trend"]


def test_a_pause_of_a_limit_lets_exits_pass_and_ends_when_somebody_resumes(tmp_path):
    function = trading(tmp_path, 'orders_per_hour = 1\non_limit = "pause"')
    named = {"strategy_name": "trend"}
    assert post(function, alert(function, "a-1", **named, **BUY))[0] == 200
    status, _, answer = post(function, alert(function, "a-2", **named, **BUY))
    assert (status, "is paused for entries until somebody resumes it" in str(answer)) == (422, True)
    pausing = function.application.decider.pausing
    (standing,) = pausing.standing()
    assert standing.entries_only
    assert "1 of 1 entries were taken" in standing.why
    assert "by orders_per_hour: " in standing.sentence
    function.clock.sleep(7200)
    assert post(function, alert(function, "a-3", **named, **BUY))[:2] == (422, "paused")
    assert post(function, alert(function, "a-4", strategy_name="other", **BUY))[0] == 200
    assert post(function, alert(function, "a-5", action="close", **named))[:2] == (200, "accepted")
    assert held(function) == 0
    pausing.resume("trend", "tests")
    function.clock.sleep(3601)
    assert post(function, alert(function, "a-6", **named, **BUY))[0] == 200


def test_a_validation_pauses_nothing(tmp_path):
    function = trading(tmp_path, 'price_collar = "2%"\non_limit = "pause"')
    wrong = {**BUY, "price": "70000", "strategy_name": "trend", "validate_only": True}
    assert post(function, alert(function, "a-1", **wrong))[0] == 422
    assert function.application.decider.pausing.standing() == []


def test_of_many_at_once_one_pauses_and_a_pause_of_a_person_stays_as_it_is():
    pausing = Pausing(MemoryDocuments(), SystemClock(), "live", "default")
    writes = pausing.documents
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: pause(pausing, "trend", "COOL_DOWN", f"{n}"), range(16)))
    assert writes.writes == 1
    assert pausing.documents.read("pause/live/default/trend") is not None


def test_a_ledger_that_fails_leaves_the_refusal_as_it_was():
    class Failing(MemoryDocuments):
        def write(self, *_):
            raise LedgerUnavailable("gone")

    assert pause(Pausing(Failing(), SystemClock(), "live", "d"), "trend", "COOL_DOWN", "x") == ""


@pytest.mark.parametrize("text", ["", "Pause now", "stop", "true"])
def test_a_word_that_is_none_refuses_the_start(text):
    env = {**LIVE, "WEBHOOK_TOKEN": "q7Rw2Lx9Vb4Nc8Ke5Ty1", "ON_LIMIT": text}
    if not text:
        assert read_settings(env).guards is None
        return
    with pytest.raises(SettingsError, match="ON_LIMIT"):
        read_settings(env)
