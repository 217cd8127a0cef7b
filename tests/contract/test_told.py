"""The whole way of a message over every store: an alert, reconcile, and a person on a real
socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.told_person import told_person
from webhook_core.trading.requests import Rejected

REFUSED = Rejected(("EOrder:Insufficient funds",))


@pytest.fixture
def person():
    with told_person() as person:
        yield person


@pytest.fixture
def make(store, person):
    clock = FakeClock()

    def instance():
        env = {"NOTIFY": person.url(), "ALLOWED_SYMBOLS": "BTC/USD"}
        return Function(env=env, store=store, clock=clock)

    return instance


def reconcile(function):
    answer = function.operate("POST", "/reconcile")
    assert answer.status == 200, answer.document
    return answer["told"]


def test_entries_records_and_pauses_are_told_once_by_whichever_instance_runs(make, person):
    first, second = make(), make()
    assert reconcile(first) == 0
    first.venue.refuse = [REFUSED]
    first.post(first.alert(id="1", strategy_name="trend"))
    first.post(first.alert(id="2", strategy_name="swing", symbol="ETHUSD", side="sell"))
    first.post(first.alert(id="3"))
    second.operate("POST", "/pause", strategy="trend")
    first.clock.sleep(60)
    assert [reconcile(one) for one in (second, first, second)] == [3, 0, 0]
    assert sorted(person.titles) == [
        "swing: an exit was refused, the position is still open (paper)",
        "trend: Kraken refused the order (paper)",
        "trend: paused (paper)",
    ]


def test_of_runs_at_once_one_tells_it(make, person):
    instances = [make() for _ in range(4)]
    reconcile(instances[0])
    for number in range(5):
        instances[0].post(instances[0].alert(id=str(number), symbol="ETHUSD"))
    with ThreadPoolExecutor(4) as pool:
        told = [job.result() for job in [pool.submit(reconcile, one) for one in instances]]
    assert sorted(told) == [0, 0, 0, 5]
    assert len(person.heard) == 5


def test_a_storm_is_told_as_a_dozen_and_a_sum(make, person):
    function = make()
    reconcile(function)
    for number in range(26):
        function.post(function.alert(id=str(number), symbol="ETHUSD"))
    assert reconcile(function) == 13
    assert person.titles[-1] == "and 14 more"
    function.clock.sleep(60)
    assert reconcile(function) == 0
