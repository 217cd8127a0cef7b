"""Which alerts are told, and in which words."""

from __future__ import annotations

import json

import pytest

from tests.unit.notify.conftest import next_run
from webhook_core.journal.record import OUTCOMES
from webhook_core.ledger.firestore.documents import MAX_TEXT_BYTES
from webhook_core.notify.alert_words import WHAT
from webhook_core.notify.kinds import KINDS
from webhook_core.notify.telling import document_of
from webhook_core.trading.requests import NotSent, Rejected, Unknown

REFUSED = Rejected(("EOrder:Insufficient funds",))


@pytest.mark.parametrize(
    ("alert", "refuse", "title"),
    [
        ({}, [], None),
        ({}, [REFUSED], "default: Kraken refused the order (paper)"),
        (
            {"side": "sell"},
            [REFUSED],
            "default: an exit was refused, the position is still open (paper)",
        ),
        ({"symbol": "ETHUSD"}, [], "default: an alert was refused by a limit (paper)"),
        (
            {"symbol": "ETHUSD", "side": "sell"},
            [],
            "default: an exit was refused, the position is still open (paper)",
        ),
        (
            {"symbol": "ETHUSD", "side": "sell", "leverage": 2},
            [],
            "default: an alert was refused by a limit (paper)",
        ),
        (
            {"symbol": "ETHUSD", "side": "buy", "leverage": 2, "reduce_only": True},
            [],
            "default: an exit was refused, the position is still open (paper)",
        ),
        ({"volume": "much"}, [], None),  # malformed, and no exit
        (
            {"volume": "much", "side": "sell"},
            [],
            "default: an exit was refused, the position is still open (paper)",
        ),
        (
            {"action": "close", "side": None, "volume": None, "percent": "lots"},
            [],
            "default: an exit was refused, the position is still open (paper)",
        ),
        ({"validate": True, "symbol": "ETHUSD"}, [], "default: an alert was refused by a limit"),
        ({"validate": True}, [], None),
    ],
)
def test_what_became_of_an_alert(told, person, alert, refuse, title):
    function = told()
    function.venue.refuse = refuse
    function.post(function.alert(**alert))
    next_run(function)
    assert [said.startswith(title or "!") for said in person.titles] == [True] * bool(title)
    assert next_run(function) == 0


def test_a_message_says_what_of_which_alert_why_and_what_to_do(told, person):
    function = told()
    function.venue.refuse = [REFUSED]
    function.post(function.alert(id="a-7", side="sell", strategy_name="trend"))
    next_run(function)
    (said,) = person.heard
    assert said["title"].startswith("trend: an exit was refused")
    assert said["message"].splitlines() == [
        "sell 0.01 BTC/USD market, 2026-11-22 12:00:00 UTC, alert a-7.",
        "Kraken refused the order. Kraken said: EOrder:Insufficient funds.",
        "Close it by hand, or mend the alert.",
    ]


BY_A_LIMIT = (
    "default: an alert was refused by a limit (paper)",
    "If the limit is too tight, change it; else leave it.",
)
AS_IT_IS_WRITTEN = (
    "default: an alert was refused as it is written (paper)",
    "Mend the alert's message in TradingView.",
)

AMENDS = dict.fromkeys(("side", "order_type", "volume", "symbol")) | {
    "action": "amend",
    "price": "41000",
}


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ({"symbol": "ETHUSD"}, BY_A_LIMIT),
        ({"volume": "5"}, BY_A_LIMIT),
        ({"take_profit": "70000", "stop_loss": "50000"}, AS_IT_IS_WRITTEN),
        ({"symbol": "BTCUSDX"}, AS_IT_IS_WRITTEN),
        ({"volume": "0.000000001"}, AS_IT_IS_WRITTEN),
        ({"display_volume": "0.000001", "order_type": "iceberg"}, AS_IT_IS_WRITTEN),
        ({"stop_loss": "61000", "price": None}, AS_IT_IS_WRITTEN),
        ({**AMENDS, "order_id": "OABCDE-12345-FGHIJK"}, AS_IT_IS_WRITTEN),
        ({**AMENDS, "of_alert": "gone"}, AS_IT_IS_WRITTEN),
        ({**AMENDS, "client_order_id": "6d1b345e-2821-40e2-ad83-4ecb18a06876"}, AS_IT_IS_WRITTEN),
    ],
)
def test_only_of_a_limit_of_one_s_own_it_says_to_look_whether_that_is_too_tight(
    told, person, alert, said
):
    function = told(env={"MAX_ORDER_COST": "1000 USD"})
    function.post(function.alert(**alert))
    next_run(function)
    (message,) = person.heard
    assert (message["title"], message["message"].splitlines()[-1]) == said


@pytest.mark.parametrize(
    "alert", [{"take_profit": "70000", "stop_loss": "50000"}, {"volume": "much", "side": "sell"}]
)
def test_what_can_t_be_understood_is_named_by_what_finds_it_again(told, person, alert):
    function = told()
    function.post(function.alert(id="send-alert-4f1c09d7-8f3a-4f5e-9a51-0c8e5f4f3e2d", **alert))
    next_run(function)
    (message,) = person.heard
    named = message["message"].splitlines()[0].removesuffix(".").rpartition(", alert ")[2]
    (listed,) = function.operate("GET", "/alerts")["alerts"]
    assert (listed["alert_id"], listed["key"]) == (None, named)
    known = function.operate("GET", "/alerts", id=named)["alert"]
    assert known["deliveries"][0]["fields"]["id"] == "send… (47 characters)"


def test_an_unknown_is_told_after_two_minutes_and_once_more_when_it_is_found(told, person):
    function = told()
    function.venue.lose_reply = True
    function.venue.unreadable = {"find_open", "find_closed"}
    function.post(function.alert())
    next_run(function, 1)
    assert person.titles == []
    next_run(function, 1.5)
    assert person.titles == ["default: the outcome of an order is unknown (paper)"]
    function.venue.unreadable = set()
    next_run(function, 1)
    next_run(function, 1)
    assert person.titles[1:] == [
        "default: the order whose outcome was unknown is on Kraken (paper)"
    ]


def test_one_that_was_never_sent_is_told_when_it_has_expired(told, person):
    function = told()
    function.venue.refuse = [NotSent("connection refused")] * 9
    function.post(function.alert(id="lost"))
    next_run(function, 0.5)
    assert person.titles == []
    next_run(function, 2)
    next_run(function, 1)
    assert person.titles == ["default: an order was never sent, and has expired (paper)"]


@pytest.mark.parametrize(
    ("about", "told_as"),
    [
        ("accepted", ["default: Kraken accepted the order (paper)"]),
        ("malformed", ["default: an alert could not be read (paper)"]),
        ("none", []),
        ("-denied", []),
        ("all", 3),
    ],
)
def test_more_or_less_can_be_chosen(told, person, about, told_as):
    function = told(env={"NOTIFY_ABOUT": about})
    function.post(function.alert(id="1"))
    function.post(function.alert(id="2", volume="much"))
    function.post(function.alert(id="3", symbol="ETHUSD"))
    next_run(function)
    assert (person.titles if isinstance(told_as, list) else len(person.titles)) == told_as


@pytest.mark.parametrize(
    ("written", "about"),
    [
        ('[trend]\nnotify_about = "+malformed,-denied"\n[swing]\n', "+accepted"),
        (
            "[notify]\naccepted = true\n[notify.trend]\nmalformed = true\ndenied = false\n"
            "[trend]\n[swing]\n",
            "",
        ),
    ],
)
def test_more_or_less_can_be_chosen_of_one_strategy(told, person, tmp_path, written, about):
    path = tmp_path / "strategies.toml"
    path.write_text(written)
    env = {"STRATEGIES_FILE": str(path), "NOTIFY_ABOUT": about}
    function = told(env=env)
    for name in ("trend", "swing"):
        function.post(function.alert(id=f"{name}1", strategy_name=name))
        function.post(function.alert(id=f"{name}2", strategy_name=name, volume="much"))
        function.post(function.alert(id=f"{name}3", strategy_name=name, symbol="ETHUSD"))
    next_run(function)
    assert sorted(person.titles) == [
        "swing: Kraken accepted the order (paper)",
        "swing: an alert was refused by a limit (paper)",
        "trend: Kraken accepted the order (paper)",
        "trend: an alert could not be read (paper)",
    ]


def test_what_came_before_the_first_run_is_not_told(person, told):
    function = told()
    function.post(function.alert(symbol="ETHUSD"))
    later = told(store=function.store, clock=function.clock, env={"KRAKEN_ACCOUNT": "other"})
    assert next_run(later) == 0


def test_a_secret_in_the_wrong_field_is_not_told(told, person):
    function = told(env={"NOTIFY_ABOUT": "all"})
    url = function.env["NOTIFY"]
    function.post(function.alert(symbol="ETHUSD", id=url))
    function.post(function.alert(volume="much", order_type=url))
    next_run(function)
    assert len(person.heard) == 2
    assert url not in str(person.heard)


def test_an_alert_of_another_mode_or_account_is_not_ours(told, person):
    function = told()
    other = told(store=function.store, clock=function.clock, env={"KRAKEN_ACCOUNT": "other"})
    other.venue.refuse = [REFUSED]
    other.post(other.alert())
    assert next_run(function) == 0
    assert next_run(other) == 1


def test_every_outcome_of_an_alert_is_told_or_waited_for():
    assert set(OUTCOMES) - set(WHAT) == {"validated", "not_sent", "missed"}
    assert set(WHAT) - {"found", "unfit"} <= set(KINDS)


@pytest.mark.parametrize("minutes", [-50, -15, 15, 50])
def test_a_run_whose_clock_is_off_tells_nothing_twice_and_leaves_nothing_out(told, person, minutes):
    """Of several instances one may have another clock than the others."""
    function = told()
    expected = []
    for number, clock in enumerate((0, minutes, 0, minutes, 0)):
        expected.append(f"alert {number}")
        function.post(function.alert(id=str(number), symbol="ETHUSD"))
        function.clock.sleep(60 * clock)
        next_run(function)
        function.clock.sleep(-60 * clock)
        next_run(function, 6)
        next_run(function, 6)
    heard = [line for one in person.heard for line in one["message"].split(", ")]
    assert [line.split(".")[0] for line in heard if line.startswith("alert ")] == expected


def test_however_many_have_no_outcome_each_is_told_when_it_has_one(told, person):
    function = told(env={"ALLOWED_SYMBOLS": "*"})
    function.venue.refuse = [Unknown("lost")] * 150
    for number in range(150):
        assert function.post(function.alert(id=str(number))).status == 503
    function.venue.unreadable |= {"find_open", "find_closed"}
    for _ in range(9):
        next_run(function)
    function.venue.unreadable.clear()
    person.heard.clear()
    for _ in range(9):
        next_run(function)
    titles = [title for title in person.titles if "can be read" not in title]
    sums = [int(title.split()[1]) for title in titles if title.startswith("and ")]
    assert len(titles) - len(sums) + sum(sums) == 150


def test_what_was_told_is_a_small_document_however_many_alerts_came(told, person):
    """Firestore takes no larger one, and nothing would be told any more."""
    function = told(env={"NOTIFY_ABOUT": "all", "ALLOWED_SYMBOLS": "*"})
    function.venue.refuse = [REFUSED] * 1000 + [Unknown("lost")] * 500
    function.venue.unreadable |= {"find_open", "find_closed"}
    for batch in range(6):
        for number in range(250):
            answer = function.post(function.alert(id=f"{batch}-{number}".ljust(128, "\U0001f680")))
            assert answer.status == (422 if batch < 4 else 503)
        next_run(function)
    next_run(function, 3)
    kept = function.store.read(document_of(function.settings()))
    assert len(json.loads(kept.text)["watched"]) == 500
    assert len(kept.text.encode()) < MAX_TEXT_BYTES
    person.heard.clear()
    next_run(function)
    assert person.titles == []


def test_what_an_earlier_version_has_told_under_a_long_key_is_not_told_again(told, person):
    function = told()
    function.venue.refuse = [REFUSED]
    function.post(function.alert(id="x" * 128))
    assert next_run(function) == 1
    name = document_of(function.settings())
    kept = function.store.read(name)
    said, key = json.loads(kept.text), f"paper/default/0/0/id::{'x' * 128}"
    for part in ("told", "came"):
        said[part] = {key: said[part].popitem()[1]}
    assert function.store.write(name, json.dumps(said), kept)
    assert next_run(function) == 0


def doubtful_validation(function):
    """It could not be looked at, and nothing of it waits."""
    function.venue.refuse = [Unknown("lost")]
    assert function.post(function.alert(id="lost")).status == 503
    close = {"action": "close", "side": None, "volume": None, "validate_only": True}
    answer = function.post(function.alert(id="tried", **close))
    assert (answer.status, answer["code"]) == (503, "not_sent")


def test_a_validation_that_had_to_wait_keeps_no_message_back(told, person):
    function = told()
    doubtful_validation(function)
    for _ in range(8):
        next_run(function)
    person.heard.clear()
    function.post(function.alert(id="denied", symbol="ETHUSD"))
    next_run(function)
    assert person.titles == ["default: an alert was refused by a limit (paper)"]


def test_a_place_that_an_earlier_version_waits_at_for_ever_is_left(told, person):
    function = told()
    name = document_of(function.settings())
    kept = function.store.read(name)
    said = {**json.loads(kept.text), "watched": ["e6d790c6308948bb9625a25968649190"]}
    assert function.store.write(name, json.dumps(said), kept)
    function.post(function.alert(symbol="ETHUSD"))
    next_run(function)
    assert len(person.titles) == 1
    assert "watched" not in json.loads(function.store.read(name).text)


def test_a_limit_of_alerts_that_was_hit_is_told_as_a_limit(told, person):
    function = told(env={"ALERTS_PER_3_MINUTES": "1"})
    assert [function.post(function.alert(id=name)).status for name in "ab"] == [200, 429]
    next_run(function)
    assert person.titles == ["default: an alert was refused by a limit (paper)"]
    (row, _) = function.operate("GET", "/alerts")["alerts"]
    assert (row["outcome"], row["code"]) == ("denied", "rate_limited")
