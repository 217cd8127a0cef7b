"""Two processes on one ledger: an order that rests is made larger as often as orders may be sent,
be it by a strategy or a scoped token, and repriced or made smaller as often as one likes."""

from __future__ import annotations

import base64
import secrets

import pytest

from tests.e2e.test_changes import NO_ORDER
from tests.e2e.test_held_limits import at_once
from tests.support.resent_positions import deliver
from tests.support.scoped_tokens import scoped
from tests.support.served_function import VALIDATE, check

KEY = secrets.token_bytes(32)
MOST = 2
REST = {"order_type": "limit", "price": "50000", "volume": "0.001"}


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken(10**10).start()


@pytest.fixture(scope="module")
def fleet(make_live, exchange, tmp_path_factory):
    path = tmp_path_factory.mktemp("counted") / "strategies.toml"
    path.write_text(f"[grows]\norders_per_day = {MOST}\n[trend]\n", "utf-8")
    keys = f"k1:{base64.b64encode(KEY).decode()}"
    env = {"STRATEGIES_FILE": str(path), "WEBHOOK_TOKEN_KEYS": keys, "MAX_ORDER_COST": "5000 USD"}
    first = make_live(exchange, **env).start()
    functions = [first, make_live(exchange, **first.env).start()]
    yield functions
    for function in functions:
        function.stop()


@pytest.fixture(params=["strategy", "token"])
def senders(request, evidence):
    """What the alerts of one without such a limit say of themselves, and of one with it; how one
    too many is answered, and what it names."""
    if request.param == "strategy":
        return {}, {"strategy_name": "grows"}, (422, "order_denied"), "ORDERS_PER_DAY"
    tokens = [
        scoped(*most, strategy="trend", token_id=name, key=KEY, key_id="k1")
        for name, most in {"a7f3": (), "b8e4": (f"n={MOST}",)}.items()
    ]
    for token in tokens:
        evidence.hide("scoped token", token)
    free, counted = ({"token": token} for token in tokens)
    return free, counted, (403, "out_of_scope"), f"n={MOST}"


def test_what_is_made_larger_counts_as_an_order_and_nothing_else_does(senders, fleet, exchange):
    free, counted, refused, rule = senders
    resting = [
        check(fleet[0].post(fleet[0].alert(**free, **REST)), 200, "accepted")["order_id"]
        for _ in range(MOST + 2)
    ]

    def amend(order_id, **change):
        named = {**NO_ORDER, "symbol": None, "order_id": order_id, **counted}
        return fleet[0].alert(action="amend", **named | change)

    answers = at_once(fleet, [amend(one, volume="0.002") for one in resting])
    codes = [answer["code"] for answer in answers]
    assert (codes.count("accepted"), codes.count(refused[1])) == (MOST, 2), codes
    sizes = {one["txid"]: one["vol"] for one in exchange.open_orders()}
    assert [sizes[one] for one in resting].count("0.00200000") == MOST
    for path in (VALIDATE, "/webhook/tradingview"):
        answer = check(fleet[1].post(amend(resting[0], volume="0.003"), path), *refused)
        assert rule in answer["error"]
    for change in ({"price": "51000"}, {"volume": "0.0005", "price": "50500"}):
        assert deliver(fleet, amend(resting[0], **change))[-1].status == 200
    check(fleet[1].post(fleet[1].alert(**counted, **REST)), *refused)
