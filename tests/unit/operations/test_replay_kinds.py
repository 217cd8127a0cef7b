"""What a person may replay of the alerts that are more than one order of a fixed size."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import alert
from tests.support.trading_venue import outcome, replay_of, sent, trader
from webhook_core.ledger.entry import State
from webhook_core.operations.commands.terminal import budget
from webhook_core.operations.replay_search import ReplayRefused
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Rejected

D = Decimal
REFUSED = Rejected(("EOrder:Unknown order",))
BID = RestingOrder(
    "OBIDDD-AAAAA-AAAAAA", "XBTUSD", Side.BUY, "limit", D(1), D(0), START, limit=D(40000)
)
CAPPED = {"ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "50000 USD"}


@pytest.mark.parametrize("env", [{}, CAPPED], ids=["free", "capped"])
@pytest.mark.parametrize("fields", [{"action": "cancel"}, {"action": "amend", "price": "41000"}])
def test_a_cancel_or_an_amendment_is_not_replayed(env, fields):
    """The order may be another by now, or gone: a new alert looks."""
    function = trader(env=env)
    function.venue.rest(BID)
    function.venue.refuse = [REFUSED]
    body = alert(function, **{"symbol": None, "price": None, "order_id": BID.order_id, **fields})
    assert outcome(function.post(body)) == (422, "order_rejected")
    replay = replay_of(function)
    with pytest.raises(ReplayRefused, match="send a new alert"):
        replay.check(replay.find("a-1"), budget(function.clock))
    assert len(function.venue.submitted) == 1


@pytest.mark.parametrize(("volume", "fits"), [("50000", True), ("1000", True), ("50001", False)])
def test_the_cost_of_a_size_in_quote_is_its_size(volume, fits):
    function = trader()
    function.venue.refuse = [REFUSED]
    function.post(function.alert(volume=volume, quantity_type="quote"))
    later = replay_of(trader(store=function.store, env=CAPPED))
    found = later.find("a-1")
    if not fits:
        with pytest.raises(ReplayRefused, match="MAX_ORDER_COST: cost 50001 USD"):
            later.check(found, budget(function.clock))
        return
    checked = later.check(found, budget(function.clock))
    assert later.send(checked, budget(function.clock)).state is State.ACCEPTED


def test_an_exit_that_was_refused_is_replayed_as_it_was():
    function = trader(btc=2)
    function.venue.refuse = [REFUSED]
    function.post(alert(function, action="close"))
    replay = replay_of(function)
    checked = replay.check(replay.find("a-1"), budget(function.clock))
    assert replay.send(checked, budget(function.clock)).state is State.ACCEPTED
    assert sent(function) == [("sell", "2")] * 2
