"""Whether a planned order only makes a position smaller: the same answer for the draft that the
limits judge, for the request that is sent, and for what is stored of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.instruments import BTC_USD
from webhook_core.ledger.stored_values import REQUEST
from webhook_core.trading import planner
from webhook_core.trading.basis import Basis
from webhook_core.trading.cancel_and_amend import amendment, cancel
from webhook_core.trading.drafts import draft
from webhook_core.trading.facts import Balance, Facts, RestingOrder
from webhook_core.trading.intent import AmendIntent, NoOrder, OrderIntent, PositionIntent
from webhook_core.trading.orders import Close, Exit, OrderType, Side, Terms
from webhook_core.trading.plans import Plan
from webhook_core.trading.positions import order_for
from webhook_core.trading.reduces import exit_of, exit_of_request
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.sent_orders import as_amended, as_stored

D = Decimal
ONLY_REDUCES = Terms(reduce_only=True)
TAKE_PROFIT = Close("take_profit", OrderType.TAKE_PROFIT, D(40000))


def order(side="sell", kind="market", **more):
    prices = {"limit": D(50000)} if OrderType(kind).takes_limit else {}
    prices |= {"trigger": D(49000)} if OrderType(kind).takes_trigger else {}
    return OrderIntent("BTC/USD", Side(side), OrderType(kind), D(1), **(prices | more))


def every_form(wanted):
    """Of the draft, of the request, and of the request as it is read again from the ledger."""
    planned = planner.plan(wanted, BTC_USD, TradingRules(), START, D(50000))
    assert isinstance(planned, Plan), planned
    (request,) = planned.requests
    stored = REQUEST.read(REQUEST.write(request))
    return {
        exit_of(draft(wanted, BTC_USD, D(50000))),
        exit_of_request(request),
        exit_of_request(stored),
        exit_of(as_stored(stored, BTC_USD, D(50000))),
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(order(), Exit.SALE, id="a sell on spot: nobody can sell more than is held"),
        pytest.param(order(kind="limit"), Exit.SALE, id="a limit sell on spot"),
        pytest.param(order(kind="stop-loss"), Exit.SALE, id="a stop on spot"),
        pytest.param(order(leverage=1), Exit.SALE, id="leverage 1 is spot"),
        pytest.param(order("buy"), None, id="a buy on spot"),
        pytest.param(order("buy", "limit"), None, id="a limit buy on spot"),
        pytest.param(order(leverage=2), None, id="a sell with leverage may open a short"),
        pytest.param(order("buy", leverage=2), None, id="a buy with leverage may open a long"),
        pytest.param(order(leverage=2, terms=ONLY_REDUCES), Exit.REDUCE_ONLY, id="a reducing sell"),
        pytest.param(
            order("buy", leverage=2, terms=ONLY_REDUCES), Exit.REDUCE_ONLY, id="a reducing buy"
        ),
        pytest.param(order(close=TAKE_PROFIT), None, id="a sell that buys back"),
        pytest.param(
            order(leverage=2, terms=ONLY_REDUCES, close=TAKE_PROFIT),
            None,
            id="a reducing order whose close opens again",
        ),
        pytest.param(
            order(kind="settle-position", leverage=2), None, id="what is settled is held as spot"
        ),
        pytest.param(
            order(kind="settle-position", leverage=2, terms=ONLY_REDUCES),
            None,
            id="the same, whatever it calls itself",
        ),
        pytest.param(order("buy", exit=Exit.CLOSE), None, id="no buy on spot is a close"),
        pytest.param(order(leverage=2, exit=Exit.TARGET), None, id="no name makes margin reduce"),
    ],
)
def test_an_order_reduces_by_what_it_is_and_not_by_what_it_is_called(wanted, expected):
    assert every_form(wanted) == {expected}


def move(action, held, target=None, leverage=None):
    """The planned order from ``held``, on spot or on margin."""
    funds = {"XXBT": Balance(D(held)), "ZUSD": Balance(D(10**9))}
    positions = {"XXBTZUSD": D(held)}
    facts = Facts(None if leverage else funds, positions if leverage else None)
    wanted = PositionIntent(
        "BTC/USD", action, leverage, target=None if target is None else D(target)
    )
    return order_for(wanted, Basis(BTC_USD, facts, D("0.8")))


@pytest.mark.parametrize(
    ("action", "held", "target", "leverage", "expected"),
    [
        pytest.param("close", "1", None, None, Exit.CLOSE, id="close on spot"),
        pytest.param("close", "1", None, 2, Exit.CLOSE, id="close a long"),
        pytest.param("close", "-1", None, 2, Exit.CLOSE, id="close a short, which buys"),
        pytest.param("target", "1", "0.4", None, Exit.TARGET, id="nearer to flat on spot"),
        pytest.param("target", "1", "0", None, Exit.TARGET, id="flat on spot"),
        pytest.param("target", "1", "-1", None, Exit.TARGET, id="short on spot, which is flat"),
        pytest.param("target", "1", "2", None, None, id="further from flat on spot"),
        pytest.param("target", "1", "0.4", 2, Exit.TARGET, id="a smaller long"),
        pytest.param("target", "-1", "-0.4", 2, Exit.TARGET, id="a smaller short"),
        pytest.param("target", "-1", "0", 2, Exit.TARGET, id="flat from short"),
        pytest.param("target", "0", "-1", 2, None, id="from flat to short"),
        pytest.param("target", "0", "1", 2, None, id="from flat to long"),
        pytest.param("target", "1", "-0.0001", 2, None, id="a hair beyond flat opens a short"),
        pytest.param("target", "1", "-1", 2, None, id="a target on the other side"),
        pytest.param("target", "-1", "-1.5", 2, None, id="a larger short"),
        pytest.param("reverse", "1", None, 2, None, id="a reversal opens with its second half"),
        pytest.param("reverse", "-1", "0.2", 2, None, id="so does one to a smaller size"),
        pytest.param("reverse", "1", None, None, Exit.TARGET, id="on spot a reversal ends flat"),
    ],
)
def test_a_position_is_left_or_it_is_not(action, held, target, leverage, expected):
    assert every_form(move(action, held, target, leverage)) == {expected}


@given(
    held=st.decimals("-9", "9", places=4),
    target=st.decimals("-9", "9", places=4),
    leverage=st.sampled_from([None, 2]),
)
def test_a_target_is_an_exit_exactly_if_nothing_is_opened_on_the_way(held, target, leverage):
    held, target = (held, target) if leverage else (abs(held), max(target, D(0)))
    planned = move("target", held, target, leverage)
    if isinstance(planned, NoOrder):
        return
    opens_nothing = abs(target) < abs(held) and target * held >= 0
    assert (exit_of(draft(planned, BTC_USD, D(50000))) is not None) == opens_nothing


ASK = RestingOrder(
    "OASKKK-AAAAA-AAAAAA", "XBTUSD", Side.SELL, "limit", D(1), D(0), START, limit=D(60000)
)


@pytest.mark.parametrize(
    ("resting", "expected"),
    [
        pytest.param(ASK, Exit.SALE, id="a sell on spot that rests"),
        pytest.param(ASK._replace(side=Side.BUY), None, id="a buy that rests"),
        pytest.param(ASK._replace(margin=True), None, id="with leverage Kraken does not say"),
    ],
)
def test_an_amended_order_is_judged_as_it_will_be(resting, expected):
    wanted = AmendIntent(order_id=resting.order_id, volume=D(2))
    request = amendment(wanted, resting, BTC_USD)
    assert exit_of(as_amended(wanted, resting, request, BTC_USD)) is expected
    assert exit_of_request(request) is None


def test_a_cancel_is_no_order_that_reduces():
    assert exit_of_request(cancel("OASKKK-AAAAA-AAAAAA", "BTC/USD")) is None


def test_what_an_earlier_version_stored_of_a_close_is_still_read():
    planned = planner.plan(move("close", "1"), BTC_USD, TradingRules(), START, D(50000))
    (request,) = planned.requests
    document = REQUEST.write(request)
    assert document.pop("exit") == "close"
    assert REQUEST.read(document) == request._replace(exit=None)
    assert exit_of_request(REQUEST.read(document)) is Exit.SALE
