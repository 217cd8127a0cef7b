"""What an alert with a scoped token was held against, as `alerts show` has it: its last day, where
it came from and what it may do, before the checks of its order."""

from __future__ import annotations

import pytest

from tests.support.faked_function import Function
from tests.support.scoped_tokens import KEYS, scoped

CAVEATS = ("p=BTC/USD", "c=1000USD", "x=order", "n=1", "i=203.0.113.0/24", "e=20270331")
NEAR = {"x_forwarded_for": "203.0.113.7"}
FAR = {"x_forwarded_for": "198.51.100.1"}


@pytest.fixture
def function():
    return Function(env={"WEBHOOK_TOKEN_KEYS": KEYS, "TRUSTED_PROXY_HOPS": "0"})


def came(function, *caveats, where=NEAR, **fields):
    token = scoped(*(caveats or CAVEATS), strategy="default")
    return function.post(function.alert(token=token, **fields), **where)


def caveats_of(function, alert_id="a-1"):
    """Each caveat that was looked at, and what came of it."""
    (delivery, *_) = function.operate("GET", "/alerts", id=alert_id)["alert"]["deliveries"]
    made = [check for check in delivery["checks"] if check["rule"] == "OUT_OF_SCOPE"]
    return [(check["numbers"]["caveat"], check["verdict"]) for check in made]


PASSED = [
    ("e=20270331", "passed"),
    ("i=203.0.113.0/24", "passed"),
    ("x=order", "passed"),
    ("p=BTC/USD", "passed"),
]


@pytest.mark.parametrize("validates", [False, True])
def test_when_and_from_where_it_came_stand_among_the_checks_of_its_order(function, validates):
    assert came(function, validate_only=validates or None).status == 200
    assert caveats_of(function)[:4] == PASSED
    (delivery, *_) = function.operate("GET", "/alerts", id="a-1")["alert"]["deliveries"]
    assert delivery["checks"][0]["numbers"]["today"] == f"{function.clock.now():%Y-%m-%d}"
    assert delivery["checks"][1]["numbers"]["address"] == "203.0.113.7"


def test_a_caveat_that_the_token_does_not_have_leaves_none(function):
    assert came(function, "e=20270331").status == 200
    assert caveats_of(function) == [("e=20270331", "passed"), ("x=", "passed")]


@pytest.mark.parametrize(
    ("where", "fields", "made"),
    [
        (FAR, {}, [PASSED[0], ("i=203.0.113.0/24", "denied")]),
        (NEAR, {"action": "close", "side": None, "volume": None},
            [*PASSED[:2], ("x=order", "denied")]),
        (NEAR, {"symbol": "ETHUSD"}, [*PASSED[:3], ("p=BTC/USD", "denied")]),
        (NEAR, {"volume": "1"}, [*PASSED, ("c=1000USD", "denied")]),
    ],
)  # fmt: skip
def test_one_that_the_token_forbids_shows_those_up_to_the_one_that_did(
    function, where, fields, made
):
    assert came(function, where=where, **fields).status == 403
    assert caveats_of(function) == made


def test_one_that_a_limit_forbids_shows_those_of_its_token_first(function):
    function = Function(
        env={**function.env, "MAX_ORDER_COST": "500 USD"},
        clock=function.clock,
        store=function.store,
    )
    assert came(function).status == 422
    assert caveats_of(function)[:4] == PASSED
    (delivery,) = function.operate("GET", "/alerts", id="a-1")["alert"]["deliveries"]
    last = delivery["checks"][-1]
    assert (last["rule"], last["verdict"]) == ("MAX_ORDER_COST", "denied")


def test_the_orders_of_a_day_are_counted_among_them(function):
    assert came(function).status == 200
    assert came(function, id="a-2").status == 403
    assert caveats_of(function)[-1] == ("n=1", "passed")
    assert caveats_of(function, "a-2")[-1] == ("n=1", "denied")


def test_a_count_without_a_place_shows_what_it_was_held_against_before(function):
    function = Function(
        env={"ORDERS_PER_DAY": "1", "MAX_ORDER_COST": "1000 USD"}, clock=function.clock
    )
    assert [function.post(function.alert(id=name)).status for name in ("a-1", "a-2")] == [200, 422]
    (delivery,) = function.operate("GET", "/alerts", id="a-2")["alert"]["deliveries"]
    made = [(check["rule"], check["verdict"]) for check in delivery["checks"]]
    assert ("MAX_ORDER_COST", "passed") in made
    assert made[-1] == ("ORDERS_PER_DAY", "denied")
