"""Whatever is bought, sold and closed in which order, and whoever is planned and claimed while
another alert is being planned: what is held, with what rests, stays within its limit."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.position_alerts import alert, held
from tests.support.trading_venue import trader
from tests.unit.planning.test_believed import LIVE

MOST = Decimal("0.5")
WANTED = {
    "buy": {"side": "buy"},
    "rest": {"side": "buy", "order_type": "limit", "price": "40000"},
    "sell": {"side": "sell"},
    "close": {"action": "close"},
    "target": {"action": "target", "market_position": "long"},
}
alerts = st.tuples(st.sampled_from(sorted(WANTED)), st.integers(1, 4))
steps = st.lists(
    st.tuples(alerts, st.lists(alerts, max_size=2), st.sampled_from([0, 1, 90])),
    min_size=1,
    max_size=8,
)


def body(function, what, number):
    kind, tenths = what
    fields = dict(WANTED[kind])
    if kind == "target":
        fields["market_position_size"] = f"0.{tenths}"
    elif kind != "close":
        fields["volume"] = f"0.{tenths}"
    return alert(function, f"a-{number}", **fields)


@settings(max_examples=examples(60))
@given(steps)
def test_no_interleaving_holds_and_rests_more_than_the_limit(order):
    function = trader(btc=0, usd=10**7, env={**LIVE, "MAX_POSITION": f"{MOST} BTC"})
    numbers, within = count(), []
    listed, shown = function.venue.open_orders, function.venue.balances

    def while_planned(read):
        def reading(*asked):
            found = read(*asked)
            function.clock.sleep(0.01)  # a read takes its time, so no two claims are of one moment
            if within:  # another alert comes in while this one is being planned
                function.post(body(function, within.pop(), next(numbers)))
            return found

        return reading

    function.venue.open_orders = while_planned(listed)
    function.venue.balances = while_planned(shown)
    for what, others, wait in order:
        function.clock.sleep(wait)
        within[:] = others
        answer = function.post(body(function, what, next(numbers)))
        within.clear()
        assert answer.status in (200, 409, 422, 503)
        rests = sum(one.left for one in function.venue.resting if one.side == "buy")
        assert held(function) + rests <= MOST
