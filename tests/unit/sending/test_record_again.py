"""The record that nothing was sent is tried again while there is time: nobody could
find that out later."""

from __future__ import annotations

import pytest

from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import LedgerUnavailable
from webhook_core.trading.requests import NotSent, Rejected


class FailingRecords(MemoryLedger):
    """The next ``failures`` records fail, after ``takes_s``; ``are_written`` all the same."""

    def __init__(self, failures: int, takes_s: float = 0.0, *, are_written: bool = False) -> None:
        super().__init__()
        self.failures, self.takes_s, self.are_written = failures, takes_s, are_written
        self.clock = None

    def record(self, entry):
        if not self.failures:
            return super().record(entry)
        self.failures -= 1
        self.clock.sleep(self.takes_s)
        if self.are_written:
            super().record(entry)
        raise LedgerUnavailable("The ledger is not available: the test says so.")


def function_on(store):
    function = Function(store=store)
    store.clock = function.clock
    return function


def messages(caplog):
    return [record.message for record in caplog.records]


@pytest.mark.parametrize("are_written", [False, True])
@pytest.mark.parametrize("failures", [1, 2])
def test_a_proof_that_nothing_was_sent_outlives_a_record_that_fails(failures, are_written, caplog):
    function = function_on(FailingRecords(failures, are_written=are_written))
    function.venue.refuse = [NotSent("no connection")]
    answer = function.post(function.alert())
    assert (answer.status, answer["code"]) == (503, "not_sent")
    assert "ledger.outcome_not_recorded" not in messages(caplog)
    assert messages(caplog).count("order.not_sent") == 1


@pytest.mark.parametrize("refusals", [[], [Rejected(("EOrder:Insufficient margin",))]])
def test_an_outcome_that_kraken_can_be_asked_about_is_left_to_the_resend(refusals, caplog):
    function = function_on(FailingRecords(1))
    function.venue.refuse = list(refusals)
    assert function.post(function.alert())["code"] == "ledger_unavailable"
    assert "ledger.outcome_not_recorded" in messages(caplog)


def test_an_alert_that_was_never_sent_is_sent_by_its_resend_though_the_record_failed_once():
    function = function_on(FailingRecords(1))
    function.venue.refuse = [NotSent("no connection")]
    alert = function.alert()
    assert function.post(alert)["code"] == "not_sent"
    function.clock.sleep(6)
    assert function.post(alert).status == 200


@pytest.mark.parametrize(("failures", "takes_s"), [(3, 0.0), (9, 0.0), (1, 1.3), (1, 2.6)])
def test_a_record_that_goes_on_failing_or_takes_too_long_ends_inside_the_budget(
    failures, takes_s, caplog
):
    function = function_on(FailingRecords(failures, takes_s))
    function.venue.refuse = [NotSent("no connection")]
    began = function.clock.monotonic()
    assert function.post(function.alert())["code"] == "ledger_unavailable"
    assert function.clock.monotonic() - began <= max(2.5, takes_s)
    assert messages(caplog).count("ledger.outcome_not_recorded") == 1
