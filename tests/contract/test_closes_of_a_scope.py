"""One message closes all that a strategy, or every one, has bought, and nothing of what was bought
by hand; each order once, however often it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import TOKEN, Answer, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    CLOSE,
    OTHER,
    TREND,
    bought,
    busy,
    by_hand,
    function,
    held,
    kraken,
    made,
    ours,
    resting,
    well,
)
from tests.support.scoped_tokens import scoped

__all__ = ["busy", "function", "kraken", "made"]
D = Decimal


def flat(function: Function, scope: str = "strategy", token: str = TREND, **fields: Any) -> Answer:
    return ours(
        function, token, **{**CLOSE, "symbol": None, "price": None, "scope": scope, **fields}
    )


def ether(kraken: KrakenServer) -> Decimal:
    return held(kraken, "XETH")


def sells(answer: Answer) -> list[tuple[str, str]]:
    rows = [row["request"] for row in answer["orders"] if row["state"] == "ACCEPTED"]
    return sorted((row["pair"], row["volume"]) for row in rows if "volume" in row)


def test_all_pairs_of_the_strategy_are_closed_and_nothing_else(
    kraken: KrakenServer, busy: Function
) -> None:
    answer = well(flat(busy))
    assert answer["message"] == "All 2 positions are closed."
    assert sells(answer) == [("XETHZUSD", "2"), ("XXBTZUSD", "0.3")]
    assert (held(kraken), ether(kraken), resting(kraken)) == (D("1.2"), 0, [])
    assert kraken.holdings()["positions"] == {"XXBTZUSD": "0.1"}
    assert any("canceled first" in warning for warning in answer["warnings"])


def test_scope_all_closes_those_of_every_strategy(kraken: KrakenServer, busy: Function) -> None:
    answer = well(flat(busy, "all", TOKEN))
    assert sells(answer) == [
        ("XETHZUSD", "2"), ("XXBTZUSD", "0.1"), ("XXBTZUSD", "0.2"), ("XXBTZUSD", "0.3"),
    ]  # fmt: skip
    assert (held(kraken), ether(kraken), resting(kraken)) == (1, 0, [])
    assert kraken.holdings()["positions"] == {}
    # Each under its own strategy: nothing is left of any.
    for token in (TREND, OTHER):
        assert well(flat(busy, "strategy", token), "no_action")


def test_a_credential_of_one_strategy_closes_no_other(kraken: KrakenServer, busy: Function) -> None:
    answer = well(flat(busy, "all"))
    assert sells(answer) == [("XETHZUSD", "2"), ("XXBTZUSD", "0.3")]
    assert held(kraken) == D("1.2")
    assert any("only what strategy trend bought" in warning for warning in answer["warnings"])


def test_with_nothing_bought_there_is_nothing_to_do(
    kraken: KrakenServer, function: Function
) -> None:
    answer = well(flat(function), "no_action")
    assert "no order of the bridge has bought" in answer["message"]
    assert held(kraken) == 1


def test_a_resend_is_answered_as_before_and_sends_nothing(
    kraken: KrakenServer, busy: Function
) -> None:
    body = {"id": "flat-1", "fired_at": busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    first = well(flat(busy, **body))
    bought(busy, "0.1")
    again = well(flat(busy, **body))
    assert again["replayed"] is True
    assert sells(again) == sells(first)
    assert held(kraken) == D("1.3")


def test_what_an_answer_was_lost_of_is_sent_once(kraken: KrakenServer, busy: Function) -> None:
    """The second order's reply is lost: the first is done, and the resend looks the second up."""
    kraken.script("AddOrder", faults.Fault(), faults.reset_after())
    body = {"id": "flat-2", "fired_at": busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer = flat(busy, **body)
    assert (answer.status, answer["code"]) == (503, "outcome_unknown")
    CLOCK.sleep(6)
    done = well(flat(busy, **body))
    assert sells(done) == [("XETHZUSD", "2"), ("XXBTZUSD", "0.3")]
    assert (held(kraken), ether(kraken)) == (D("1.2"), 0)


def test_an_order_in_doubt_holds_up_its_own_pair_alone(
    kraken: KrakenServer, busy: Function
) -> None:
    kraken.script("AddOrder", faults.reset_after())
    assert ours(busy, volume="0.1").status == 503
    body = {"id": "flat-5", "fired_at": busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer = flat(busy, **body)
    assert (answer.status, answer["code"]) == (503, "not_sent")
    assert sells(answer) == [("XETHZUSD", "2")]
    assert any("Not closed: 0.4 BTC in BTC/USD" in one for one in answer["warnings"])
    CLOCK.sleep(6)
    assert sells(well(flat(busy, **body))) == [("XETHZUSD", "2"), ("XXBTZUSD", "0.4")]
    assert held(kraken) == D("1.2")


def test_of_many_deliveries_at_once_each_order_is_sent_once(
    kraken: KrakenServer, busy: Function, made: Callable[..., Function]
) -> None:
    before = len(kraken.calls_of("AddOrder"))
    instances = [busy, made()]
    fired_at = busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"token": TREND, "action": "close", "scope": "strategy", "id": "flat-6"}
    body["fired_at"] = fired_at
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: instances[n % 2].post(body), range(6)))
    assert {answer.status for answer in answers} <= {200, 503}
    assert well(busy.post(body))["replayed"] is True
    assert len(kraken.calls_of("AddOrder")) == before + 2
    assert (held(kraken), held(kraken, "XETH"), resting(kraken)) == (D("1.2"), 0, [])


def test_what_is_paused_is_not_closed_and_the_others_are(
    kraken: KrakenServer, busy: Function
) -> None:
    assert busy.operate("POST", "/pause", strategy="other").status == 200
    answer = flat(busy, "all", TOKEN, id="flat-3")
    assert (answer.status, answer["code"]) == (422, "paused")
    assert sells(answer) == [("XETHZUSD", "2"), ("XXBTZUSD", "0.3")]
    assert any(
        "Not closed: 0.2 BTC in BTC/USD of strategy other" in one for one in answer["warnings"]
    )
    assert busy.operate("POST", "/resume", strategy="other").status == 200
    assert sells(well(flat(busy, "all", TOKEN, id="flat-3")))[1:3] == [
        ("XXBTZUSD", "0.1"), ("XXBTZUSD", "0.2"),
    ]  # fmt: skip
    assert held(kraken) == 1


def test_a_pause_of_entries_lets_it_pass(kraken: KrakenServer, busy: Function) -> None:
    assert busy.operate("POST", "/pause", entries="true").status == 200
    well(flat(busy, "all", TOKEN))
    assert held(kraken) == 1


def test_what_was_bought_by_hand_meanwhile_stays(kraken: KrakenServer, busy: Function) -> None:
    CLOCK.sleep(180)
    by_hand(kraken, "buy", "0.5")
    well(flat(busy, "all", TOKEN))
    assert held(kraken) == D("1.5")


def test_a_validation_shows_each_and_sends_none(kraken: KrakenServer, busy: Function) -> None:
    answer = well(flat(busy, validate=True), "validated")
    shown = [row["request"].get("volume") for row in answer["orders"]]
    assert [volume for volume in shown if volume] == ["0.3", "2"]
    assert held(kraken) == D("1.5")
    assert busy.operate("GET", "/orders", alert=answer["alert_id"])["orders"] == []


def test_one_that_comes_too_late_begins_nothing(kraken: KrakenServer, busy: Function) -> None:
    fired_at = busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    CLOCK.sleep(120)
    answer = flat(busy, id="late", fired_at=fired_at)
    assert (answer.status, answer["code"]) == (401, "alert_stale")
    assert held(kraken) == D("1.5")


@pytest.mark.parametrize(
    ("caveats", "scope", "code"),
    [
        (("x=close",), "strategy", "accepted"),
        (("x=close",), "all", "accepted"),
        (("x=order,close", "p=BTC/USD,ETH/USD"), "strategy", "accepted"),
        (("x=close", "p=BTC/USD"), "strategy", "out_of_scope"),
        (("x=order",), "strategy", "out_of_scope"),
        (("x=cancel,pause",), "all", "out_of_scope"),
    ],
)
def test_a_scoped_token_closes_within_its_caveats_or_nothing(
    kraken: KrakenServer, busy: Function, caveats: tuple[str, ...], scope: str, code: str
) -> None:
    answer = flat(busy, scope, scoped(*caveats))
    assert (answer.status, answer["code"]) == ({"accepted": 200}.get(code, 403), code)
    assert held(kraken) == (D("1.2") if code == "accepted" else D("1.5"))
    assert held(kraken, "XETH") == (0 if code == "accepted" else 2)


@pytest.mark.parametrize("path", ["/webhook/tradingview", "/webhook/tradingview/validate"])
@pytest.mark.parametrize(("caveat", "told"), [("x=close,read", True), ("x=close", False)])
def test_what_is_held_is_told_to_whom_it_may_be(
    kraken: KrakenServer, busy: Function, caveat: str, told: bool, path: str
) -> None:
    body = {"token": scoped(caveat), "action": "close", "scope": "all", "id": "flat-7"}
    body["fired_at"] = busy.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    first = busy.post(body, path)
    nothing = busy.post({**body, "id": "flat-8"}, path)
    for answer in (first, nothing):
        assert answer.status == 200, answer.document
        said = json.dumps({**answer.document, "request_id": ""})
        held_told = "0.3" in said or "no order of the bridge" in said
        assert held_told == told, said


def test_nor_is_what_a_pause_has_kept_open(kraken: KrakenServer, busy: Function) -> None:
    assert busy.operate("POST", "/pause", strategy="trend").status == 200
    answer = flat(busy, "all", scoped("x=close"))
    assert (answer.status, answer["code"]) == (422, "paused")
    assert "0.3" not in json.dumps({**answer.document, "request_id": ""})


BAD = [
    ({"scope": "symbol"}, "scope", "strategy or all"),
    ({"scope": ""}, "symbol", "missing"),
    ({"scope": "false"}, "symbol", "missing"),
    ({"scope": ["all"]}, "scope", "must be"),
    ({"scope": "{{ticker}}"}, "scope", "{{"),
    ({"scope": "everything"}, "scope", "must be"),
    ({"scope": "all", "symbol": "BTCUSD"}, "symbol", "every position"),
    ({"scope": "strategy", "percent": "50"}, "percent", "every position"),
    ({"scope": "strategy", "leverage": 2}, "leverage", "every position"),
    ({"scope": "strategy", "volume": "1"}, "volume", "every position"),
    ({"scope": "strategy", "confirm_fill": True}, "confirm_fill", "every position"),
    ({"scope": "strategy", "price": "1"}, "price", "every position"),
]


@pytest.mark.parametrize(("fields", "field", "said"), BAD)
def test_what_does_not_go_with_it_is_refused_by_name(
    kraken: KrakenServer, function: Function, fields: dict[str, Any], field: str, said: str
) -> None:
    answer = flat(function, **fields)
    assert (answer.status, answer["code"], answer["field"]) == (400, "alert_malformed", field)
    assert said in answer["error"]
    assert kraken.calls == []


def test_it_is_no_leg_of_an_alert(kraken: KrakenServer, function: Function) -> None:
    legs = [{"action": "close", "scope": "all"}, {"side": "buy", "volume": "0.1"}]
    answer = ours(function, orders=legs, side=None, volume=None, price=None)
    assert (answer.status, answer["field"]) == (400, "orders[0].scope")
    assert kraken.calls == []
