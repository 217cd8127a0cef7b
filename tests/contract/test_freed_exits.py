"""An exit sets free what the strategy's own stops hold, and only those: over a socket, at the
engine that holds funds as Kraken does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.faked_function import Function
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.clock import SystemClock

PRICE = Decimal(60000)
ENTRY: dict[str, Any] = {"id": "entry", "volume": "0.01", "stop_loss": "55000"}
CLOSE: dict[str, Any] = {"id": "close", "action": "close", "side": None, "volume": None}
TARGET: dict[str, Any] = {"side": None, "volume": None, "action": "target", "id": "target"}


@pytest.fixture
def kraken() -> Iterator[KrakenServer]:
    with KrakenServer(balances={"USD": Decimal(10000)}) as server:
        server.engine.mark_price("XBTUSD", PRICE)
        yield server


@pytest.fixture
def function(kraken: KrakenServer) -> Function:
    env = {
        "TRADING_MODE": "live", "KRAKEN_API_URL": kraken.url, "KRAKEN_API_KEY": KEY,
        "KRAKEN_API_SECRET": SECRET,
        "ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "100000 USD",
    }  # fmt: skip
    made = Function(env=env, clock=SystemClock())
    made.application = build(made.settings())
    return made


def held(kraken: KrakenServer) -> Decimal:
    return Decimal(kraken.holdings()["balances"].get("XXBT", "0"))


def resting(kraken: KrakenServer) -> list[tuple[str, Decimal, Decimal]]:
    rows = [row for row in kraken.orders() if row["status"] == "open"]
    return sorted(
        (row["descr"]["ordertype"], Decimal(row["descr"]["price"]), Decimal(row["vol"]))
        for row in rows
    )


def sent(answer: Any) -> list[tuple[str, str]]:
    return [(row["state"], row["request"].get("ordertype", "cancel")) for row in answer["orders"]]


def test_a_close_cancels_the_stop_of_its_own_entry_and_sells_all(
    kraken: KrakenServer, function: Function
) -> None:
    assert function.post(function.alert(**ENTRY)).status == 200
    assert resting(kraken) == [("stop-loss", Decimal(55000), Decimal("0.01"))]
    alert = function.alert(**CLOSE)
    answer = function.post(alert)
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert sent(answer) == [("ACCEPTED", "cancel"), ("ACCEPTED", "market")]
    assert (held(kraken), resting(kraken)) == (0, [])
    assert any("canceled first" in warning for warning in answer["warnings"])
    again = function.post(alert)
    assert (again.status, again["replayed"]) == (200, True)


@pytest.mark.parametrize(
    "exit_of_all",
    [TARGET | {"market_position": "flat"}, CLOSE | {"action": "reverse"}],
    ids=["target flat", "reverse"],
)
def test_so_do_a_target_and_a_reversal(
    kraken: KrakenServer, function: Function, exit_of_all: dict[str, Any]
) -> None:
    function.post(function.alert(**ENTRY))
    answer = function.post(function.alert(**exit_of_all))
    assert answer.status == 200, answer.document
    assert (held(kraken), resting(kraken)) == (0, [])


@pytest.mark.parametrize(
    "part",
    [
        CLOSE | {"percent": "40"},
        TARGET | {"market_position": "long", "market_position_size": "0.006"},
    ],
    ids=["close", "target"],
)
def test_what_a_part_leaves_gets_its_stop_back_and_the_next_exit_frees_that_too(
    kraken: KrakenServer, function: Function, part: dict[str, Any]
) -> None:
    function.post(function.alert(**ENTRY))
    answer = function.post(function.alert(**part))
    assert answer.status == 200, answer.document
    assert sent(answer) == [
        ("ACCEPTED", "cancel"),
        ("ACCEPTED", "market"),
        ("ACCEPTED", "stop-loss"),
    ]
    assert (held(kraken), resting(kraken)) == (
        Decimal("0.006"),
        [("stop-loss", Decimal(55000), Decimal("0.006"))],
    )
    assert function.post(function.alert(**CLOSE | {"id": "rest"})).status == 200
    assert (held(kraken), resting(kraken)) == (0, [])


def test_a_stop_placed_by_alert_and_one_of_another_strategy_stay(
    kraken: KrakenServer, function: Function
) -> None:
    function.post(function.alert(id="bought", volume="0.02"))
    function.post(
        function.alert(
            id="own stop", side="sell", order_type="stop-loss", stop_price="54000", volume="0.01"
        )
    )
    answer = function.post(function.alert(**CLOSE))
    assert answer.status == 200, answer.document
    assert (held(kraken), resting(kraken)) == (
        Decimal("0.01"),
        [("stop-loss", Decimal(54000), Decimal("0.01"))],
    )
    answer = function.post(function.alert(**CLOSE | {"id": "again"}))
    assert (answer.status, answer["code"]) == (422, "order_denied")
    assert "POSITION_HELD" in answer["error"]


def test_only_as_many_stops_are_canceled_as_the_sale_needs(
    kraken: KrakenServer, function: Function
) -> None:
    function.post(function.alert(**ENTRY))
    function.post(function.alert(**ENTRY | {"id": "second", "stop_loss": "54000"}))
    answer = function.post(function.alert(**CLOSE | {"percent": "50"}))
    assert sent(answer) == [("ACCEPTED", "cancel"), ("ACCEPTED", "market")]
    assert (held(kraken), resting(kraken)) == (
        Decimal("0.01"),
        [("stop-loss", Decimal(54000), Decimal("0.01"))],
    )


def test_where_enough_is_free_no_stop_is_touched(kraken: KrakenServer, function: Function) -> None:
    function.post(function.alert(**ENTRY))
    function.post(function.alert(id="free", volume="0.01"))
    answer = function.post(function.alert(**CLOSE | {"percent": "50"}))
    assert sent(answer) == [("ACCEPTED", "market")]
    assert resting(kraken) == [("stop-loss", Decimal(55000), Decimal("0.01"))]


def test_a_stop_that_fired_first_leaves_nothing_to_sell(
    kraken: KrakenServer, function: Function
) -> None:
    function.post(function.alert(**ENTRY))
    kraken.engine.mark_price("XBTUSD", Decimal(54000))
    answer = function.post(function.alert(**CLOSE | {"price": "54000"}))
    assert (answer.status, answer["code"]) == (200, "no_action"), answer.document
    assert (held(kraken), resting(kraken)) == (0, [])


@pytest.mark.parametrize("fault", ["reply_lost", "refused"])
def test_a_sale_that_fails_behind_the_cancel_is_resumed_by_a_resend(
    kraken: KrakenServer, function: Function, fault: str
) -> None:
    from tests.support import kraken_faults as faults

    function.post(function.alert(**ENTRY))
    errors = ["EAPI:Rate limit exceeded"] if fault == "refused" else ["EGeneral:Internal error"]
    kraken.script("AddOrder", faults.errors(errors))
    alert = function.alert(**CLOSE)
    answer = function.post(alert)
    assert answer.status == 503
    if fault == "refused":
        answer = function.post(alert)
        assert answer.status == 200, answer.document
        assert (held(kraken), resting(kraken)) == (0, [])


def test_a_validation_shows_each_leg_and_touches_nothing(
    kraken: KrakenServer, function: Function
) -> None:
    function.post(function.alert(**ENTRY))
    answer = function.post(function.alert(**CLOSE | {"percent": "40", "validate": True}))
    assert answer.status == 200, answer.document
    assert [row["request"].get("ordertype", "cancel") for row in answer["orders"]] == [
        "cancel",
        "market",
        "stop-loss",
    ]
    assert resting(kraken) == [("stop-loss", Decimal(55000), Decimal("0.01"))]


MARGIN = {"leverage": "2"}


def position(kraken: KrakenServer) -> Decimal:
    return Decimal(kraken.holdings()["positions"].get("XXBTZUSD", "0"))


@pytest.mark.parametrize(
    ("exit_alert", "left", "stops"),
    [
        (CLOSE, 0, []),
        (TARGET | {"market_position": "flat"}, 0, []),
        (CLOSE | {"action": "reverse"}, Decimal("-0.01"), []),
        (CLOSE | {"percent": "40"}, Decimal("0.006"), [Decimal("0.006")]),
        (
            TARGET | {"market_position": "long", "market_position_size": "0.004"},
            Decimal("0.004"),
            [Decimal("0.004")],
        ),
        (
            TARGET | {"market_position": "long", "market_position_size": "0.02"},
            Decimal("0.02"),
            [Decimal("0.01")],
        ),
    ],
    ids=["close", "flat", "reverse", "a part", "less", "more"],
)
def test_on_margin_no_stop_is_left_that_would_open_another_position(
    kraken: KrakenServer,
    function: Function,
    exit_alert: dict[str, Any],
    left: Decimal,
    stops: list[Decimal],
) -> None:
    assert function.post(function.alert(**ENTRY | MARGIN)).status == 200
    answer = function.post(function.alert(**exit_alert | MARGIN))
    assert answer.status == 200, answer.document
    assert (position(kraken), [volume for _, _, volume in resting(kraken)]) == (left, stops)


@pytest.mark.parametrize("exit_alert", [CLOSE, TARGET | {"market_position": "flat"}])
def test_on_margin_the_stop_of_a_lot_that_is_closed_already_opens_no_short(
    kraken: KrakenServer, function: Function, exit_alert: dict[str, Any]
) -> None:
    """Kraken closes the oldest lot first: the one that is left has no stop of its own."""
    lots = [
        {"side": "buy"},
        {"side": "buy", "stop_loss": None},
        {"side": "sell", "stop_loss": None},
    ]
    for number, lot in enumerate(lots):
        assert (
            function.post(function.alert(**ENTRY | MARGIN | lot | {"id": str(number)})).status
            == 200
        )
    assert position(kraken) == Decimal("0.01")
    answer = function.post(function.alert(**exit_alert | MARGIN))
    assert sent(answer) == [("ACCEPTED", "cancel"), ("ACCEPTED", "market")], answer.document
    kraken.engine.mark_price("XBTUSD", Decimal(54000))
    assert (position(kraken), resting(kraken)) == (0, [])


def test_on_margin_a_short_is_bought_back_behind_the_cancel_of_its_stop(
    kraken: KrakenServer, function: Function
) -> None:
    entry = ENTRY | MARGIN | {"side": "sell", "stop_loss": "65000"}
    assert function.post(function.alert(**entry)).status == 200
    assert function.post(function.alert(**CLOSE | MARGIN)).status == 200
    assert (position(kraken), resting(kraken)) == (0, [])


def test_an_exit_that_can_not_be_sold_behind_the_cancel_is_critical(
    kraken: KrakenServer, function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.support import kraken_faults as faults

    function.post(function.alert(**ENTRY))
    kraken.script("AddOrder", faults.errors(["EOrder:Orders limit exceeded"]))
    with caplog.at_level("CRITICAL"):
        assert function.post(function.alert(**CLOSE)).status == 422
    assert "exit.unprotected" in caplog.text


def test_a_stop_that_can_not_be_put_back_is_critical_in_its_own_words(
    kraken: KrakenServer, function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    """The exit went; what it left is what stands without a stop."""
    from tests.support import kraken_faults as faults

    function.post(function.alert(**ENTRY))
    refused = faults.errors(["EOrder:Orders limit exceeded"])
    kraken.script("AddOrder", faults.late(0), refused)
    with caplog.at_level("CRITICAL"):
        assert function.post(function.alert(**CLOSE | {"percent": "50"})).status == 422
    (told,) = [one for one in caplog.records if one.message == "exit.unprotected"]
    assert "could not be put back" in str(told.__dict__)
