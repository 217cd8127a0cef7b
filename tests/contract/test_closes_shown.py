"""A close by scope is one alert wherever alerts are listed and counted, with its positions as its
orders, and each order once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.test_closes_of_a_scope import flat
from tests.support import kraken_faults as faults
from tests.support.faked_function import TOKEN, Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import (
    CLOCK,
    MINUTES,
    TREND,
    bought,
    busy,
    function,
    kraken,
    made,
    well,
)
from tests.support.told_person import Person, told_person
from webhook_core.errors import LedgerUnavailable
from webhook_core.operations.cli import cli
from webhook_core.sending import left_open

__all__ = ["busy", "function", "kraken", "made"]


@pytest.fixture
def person() -> Iterator[Person]:
    with told_person() as person:
        yield person


def rows(function: Function, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = function.operate("GET", "/alerts", **query)["alerts"]
    return [row for row in found if row["asked"].startswith("close") or row["alert_id"] == "flat"]


def moment(function: Function) -> str:
    return function.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def shares(function: Function, **query: str) -> dict[str, tuple[int, int]]:
    found = function.operate("GET", "/report", **query)["refused"]["strategies"]
    return {one["strategy"]: (one["alerts"], one["refused"]) for one in found}


def test_it_is_one_alert_with_all_of_its_orders(kraken: KrakenServer, busy: Function) -> None:
    before = shares(busy)
    well(flat(busy, "all", TOKEN, id="flat", fired_at=moment(busy)))
    (row,) = rows(busy)
    assert (row["outcome"], row["strategy"], row["alert_id"]) == ("accepted", "default", "flat")
    assert "0.3 BTC in BTC/USD of strategy trend" in row["asked"]
    assert len(row["order_ids"]) >= 4
    assert shares(busy) == {**before, "default": (1, 0)}
    assert shares(busy, strategy="trend") == {"trend": before["trend"]}


def test_show_has_one_delivery_and_each_position_by_its_name(
    kraken: KrakenServer, busy: Function
) -> None:
    body = {"id": "flat", "fired_at": moment(busy)}
    well(flat(busy, "all", TOKEN, **body))
    well(flat(busy, "all", TOKEN, **body))
    known = busy.operate("GET", "/alerts", id="flat")["alert"]
    assert [one["outcome"] for one in known["deliveries"]] == ["accepted", "resent"]
    assert {leg["position"] for leg in known["legs"]} == {
        "BTC/USD of strategy trend", "ETH/USD of strategy trend", "BTC/USD of strategy other",
    }  # fmt: skip
    assert {check["rule"] for check in known["deliveries"][0]["checks"]} >= {"ORDER_MINIMUM"}
    shown = CliRunner().invoke(cli, ["alerts", "show", "flat"], obj=lambda: busy.application)
    assert "close of ETH/USD of strategy trend, leg 1: AddOrder ACCEPTED" in shown.stdout
    assert shown.stdout.count("delivery ") == 2


def test_it_is_found_by_each_of_its_pairs_and_strategies(
    kraken: KrakenServer, busy: Function
) -> None:
    well(flat(busy, "all", TOKEN, id="flat"))
    for symbol in ("BTC/USD", "ETHUSD"):
        assert len(rows(busy, symbol=symbol)) == 1
    assert rows(busy, symbol="SOL/USD") == []
    for strategy, number in (("default", 1), ("trend", 2), ("other", 2)):
        found = rows(busy, strategy=strategy)
        assert {row["strategy"] for row in found} == {strategy}
        assert len(found) == number


def test_of_its_own_strategy_it_is_one_there_too(kraken: KrakenServer, busy: Function) -> None:
    well(flat(busy, "strategy", TREND, id="flat"))
    assert len(rows(busy)) == len(rows(busy, strategy="trend")) == 1
    assert rows(busy, strategy="other") == []
    assert shares(busy, strategy="trend")["trend"] == shares(busy)["trend"]


def test_the_worst_of_its_positions_says_what_became_of_it(
    kraken: KrakenServer, busy: Function
) -> None:
    kraken.script("AddOrder", faults.Fault(), faults.reset_after())
    body = {"id": "flat", "fired_at": moment(busy)}
    assert flat(busy, **body).status == 503
    (row,) = rows(busy)
    assert (row["outcome"], row["milliseconds"]) == ("unknown", None)
    assert row["reason"]
    CLOCK.sleep(6)
    well(flat(busy, **body))
    (row,) = rows(busy)
    assert (row["outcome"], row["reason"]) == ("accepted", "")


def test_what_a_pause_kept_from_being_closed_decides_and_is_said(
    kraken: KrakenServer, busy: Function
) -> None:
    before = shares(busy)
    assert busy.operate("POST", "/pause", strategy="other").status == 200
    assert flat(busy, "all", TOKEN, id="flat").status == 422
    (row,) = rows(busy)
    assert (row["outcome"], row["code"], row["strategy"]) == ("paused", "paused", "default")
    assert "Not closed: 0.2 BTC in BTC/USD of strategy other. Strategy other is pa" in row["reason"]
    assert (len(row["order_ids"]) >= 2, row["in_part"]) == (True, True)
    CLOCK.sleep(1)
    assert shares(busy) == {**before, "default": (1, 1)}
    known = busy.operate("GET", "/alerts", id="flat")["alert"]
    (delivery,) = known["deliveries"]
    refused = [check for check in delivery["checks"] if check["verdict"] == "denied"]
    assert [check["rule"] for check in refused] == ["NOT_CLOSED", "NOT_CLOSED"]
    assert refused[0]["numbers"]["code"] == "paused"


def test_where_nothing_was_closed_the_refusal_is_all_there_is(
    kraken: KrakenServer, busy: Function
) -> None:
    for strategy in ("trend", "other"):
        assert busy.operate("POST", "/pause", strategy=strategy).status == 200
    assert flat(busy, "all", TOKEN, id="flat").status == 422
    (row,) = rows(busy)
    assert (row["outcome"], row["order_ids"], row["in_part"]) == ("paused", [], False)
    assert row["reason"].count("Not closed: ") == 4


def test_what_was_left_open_is_closed_by_a_resend_and_is_said_no_more(
    kraken: KrakenServer, busy: Function
) -> None:
    body = {"id": "flat", "fired_at": moment(busy)}
    assert busy.operate("POST", "/pause", strategy="other").status == 200
    assert flat(busy, "all", TOKEN, **body).status == 422
    assert busy.operate("POST", "/resume", strategy="other").status == 200
    CLOCK.sleep(1)
    well(flat(busy, "all", TOKEN, **body))
    (row,) = rows(busy)
    assert (row["outcome"], row["reason"]) == ("accepted", "")


def test_what_was_left_open_is_told_once(
    kraken: KrakenServer, made: Callable[..., Function], person: Person
) -> None:
    function = made(NOTIFY=person.url(), NOTIFY_ABOUT="refused_exit,paused,rejected")
    bought(function, "0.3")
    CLOCK.sleep(MINUTES)
    assert function.operate("POST", "/reconcile").status == 200
    assert function.operate("POST", "/pause", strategy="trend").status == 200
    assert flat(function, "all", TOKEN, id="flat").status == 422
    for _ in range(3):
        CLOCK.sleep(60)
        assert function.operate("POST", "/reconcile").status == 200
    (message,) = person.heard
    assert message["title"] == "default: an exit was refused, the position is still open"
    assert "Not closed: 0.3 BTC in BTC/USD of strategy trend" in message["message"]


def test_a_ledger_that_takes_no_more_leaves_the_refusal_to_the_history(
    kraken: KrakenServer, busy: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LedgerUnavailable("away")

    assert busy.operate("POST", "/pause", strategy="other").status == 200
    monkeypatch.setattr(left_open, "keep", fail)
    assert flat(busy, "all", TOKEN, id="flat").status == 422
    assert "paused" in [row["outcome"] for row in rows(busy)]


def test_with_nothing_to_close_it_is_one_that_had_nothing_to_do(
    kraken: KrakenServer, function: Function
) -> None:
    well(flat(function, id="flat"), "no_action")
    (row,) = rows(function)
    assert (row["outcome"], row["order_ids"]) == ("no_action", [])
