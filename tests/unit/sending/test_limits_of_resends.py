"""What comes again, or later, is held against the loss of now; and what limits cost in calls."""

from __future__ import annotations

import pytest

from tests.support.losses import lose
from tests.support.position_alerts import alert, legs_alert, states
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE
from webhook_core.trading.requests import NotSent

BUY = {"side": "buy", "volume": "0.01"}
LIMIT = {"MAX_DAILY_LOSS": "100 USD"}


def live(**env):
    return trader(btc=1, usd=10**6, env={**LIVE, **env})


def post(function, body):
    function.clock.sleep(6)
    return outcome(function.post(body))


@pytest.mark.parametrize(
    ("lost", "age_s", "answer", "state"),
    [
        ("0", 0, (200, "accepted"), "ACCEPTED"),
        ("100", 0, (422, "order_denied"), "DENIED"),
        ("0", 130, (503, "loss_unknown"), "NOT_SENT"),
    ],
)
def test_an_order_that_was_not_sent_is_held_against_the_loss_when_it_comes_again(
    lost, age_s, answer, state
):
    function = live(**LIMIT)
    lose(function, "0")
    function.venue.refuse.append(NotSent("a lockout"))
    body = alert(function, "a-1", **BUY)
    assert post(function, body) == (503, "not_sent")
    lose(function, lost, age_s)
    assert post(function, body) == answer
    assert states(function) == [("a-1", state)]


def test_an_accepted_alert_keeps_its_answer_whatever_was_lost_since():
    function = live(**LIMIT)
    lose(function, "0")
    body = alert(function, "a-1", **BUY)
    assert post(function, body) == (200, "accepted")
    lose(function, "500", 1000)
    assert post(function, body) == (200, "accepted")


def test_a_leg_that_waited_is_held_against_the_loss_of_now():
    function = live(**LIMIT)
    lose(function, "0")
    function.venue.refuse.append(NotSent("a lockout"))
    body = legs_alert(function, [BUY, BUY], id="legs", symbol="BTCUSD")
    assert post(function, body) == (503, "not_sent")
    lose(function, "100")
    assert post(function, body)[0] == 422
    assert "ACCEPTED" not in {state for _, state in states(function)}


def calls_of(env, *, losing=False):
    """Calls of the store that an accepted alert makes, by what they ask for."""
    function, made = live(**env), []
    if losing:
        lose(function, "0")
    store = function.store
    for name in ("claim", "record", "find", "read", "write", "mark"):
        method = getattr(store, name)

        def call(*args, method=method, name=name):
            made.append((name, args[0] if name in ("read", "write") else ""))
            return method(*args)

        setattr(store, name, call)
    assert post(function, alert(function, "a-1", **BUY)) == (200, "accepted")
    return sorted(made)


def test_counts_cost_no_call_of_the_store_and_a_daily_loss_one_read():
    without = calls_of({})
    counting = {"ORDERS_PER_DAY": "9", "ORDERS_PER_HOUR": "9", "COOL_DOWN": "1s"}
    assert calls_of({**counting, "ALERTS_PER_3_MINUTES": "9"}) == without
    more = calls_of(LIMIT, losing=True)
    assert [one for one in more if one not in without] == [("read", "daily-loss/live/default")]
    assert len(more) == len(without) + 1
