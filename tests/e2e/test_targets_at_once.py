"""Many targets of one strategy and pair, delivered at once and in any order: the newest of them is
where the account ends up."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.e2e.test_firestore import on_firestore, warm
from tests.support.firestore_emulator import shared_emulator
from tests.support.resent_positions import deliver, target
from tests.support.served_function import utc

ALERTS, SENDERS = 40, 8
PAUSE_S = 1
"""TradingView waits 5 s before it sends again."""
OUTCOMES = {
    (200, "accepted"),
    (200, "no_action"),
    (409, "superseded"),
    (503, "not_sent"),
    (503, "outcome_unknown"),
}


@pytest.fixture(scope="module", params=["sqlite", "firestore"])
def store(request):
    return request.param


@pytest.fixture(scope="module")
def exchange(make_kraken, store):
    """Of each store its own: what another ledger's orders trade is somebody else's."""
    return make_kraken(10**10).start()


@pytest.fixture(scope="module")
def fleet(store, make_live, exchange):
    asked = {"ALERT_MAX_AGE_SECONDS": "600", "MAX_ORDER_COST": "100000 USD", "THREADS": "8"}
    if store == "firestore":
        asked |= on_firestore(shared_emulator())
    first = make_live(exchange, **asked).start()
    functions = [warm(function) for function in (first, make_live(exchange, **first.env).start())]
    yield functions
    for function in functions:
        function.stop()


@pytest.mark.parametrize(
    ("symbol", "asset", "lag_s"),
    [("ETHUSD", "XETH", 0), ("BTCUSD", "XXBT", 50)],
    ids=["reads are fresh", "reads lag"],
)
def test_the_account_ends_at_the_newest_target_and_never_goes_back(
    symbol, asset, lag_s, fleet, exchange
):
    exchange.lag(figures_s=lag_s)
    sizes = [f"{random.randint(1, 15) / 100:.2f}" for _ in range(ALERTS)]
    alerts = [
        target(fleet[0], size, symbol=symbol, fired_at=utc(n - ALERTS))
        for n, size in enumerate(sizes)
    ]
    fired = {alert["id"]: n for n, alert in enumerate(alerts)}
    shuffled = random.sample(alerts, ALERTS)
    begin = threading.Barrier(SENDERS)

    def send(sender):
        begin.wait()
        return [
            (alert, deliver(fleet[:: 1 - 2 * (sender % 2)], alert, PAUSE_S))
            for alert in shuffled[sender::SENDERS]
        ]

    with ThreadPoolExecutor(SENDERS) as pool:
        delivered = [one for some in pool.map(send, range(SENDERS)) for one in some]

    outcomes = Counter(
        (answer.status, answer["code"]) for _, answers in delivered for answer in answers
    )
    assert set(outcomes) <= OUTCOMES
    exchange.lag()
    assert exchange.balance(asset) == Decimal(sizes[-1]), outcomes
    whose = {
        answer["client_order_id"]: alert["id"] for alert, answers in delivered for answer in answers
    }
    placed = [
        whose[order["cl_ord_id"]] for order in exchange.orders() if order["cl_ord_id"] in whose
    ]
    assert [fired[name] for name in placed] == sorted(fired[name] for name in placed)
    assert len(placed) == len(set(placed))
    assert outcomes[409, "superseded"] > 0, "they came in order: this proved nothing"
