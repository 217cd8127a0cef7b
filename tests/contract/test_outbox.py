"""What is told, over every store: once, however many run at once, and never lost without a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support.clock import FakeClock
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.notify.channels import Channel, SendResult
from webhook_core.notify.outbox import MOST_A_RUN, Outbox
from webhook_core.notify.state import Message, state_in

NAME = "notify:paper:default"


class Postbox:
    """A service: what it has got, and how it answers the next ones."""

    service = "a test's"

    def __init__(self) -> None:
        self.got: list[str] = []
        self.answers: list[SendResult] = []

    def send(self, title: str, _body: str, _seconds: float) -> SendResult:
        answer = self.answers.pop(0) if self.answers else SendResult.YES
        if answer is not SendResult.NO:
            self.got.append(title)
        return answer


class Bridge:
    """One process that runs: ``news`` is what there is to tell, by the store that all share."""

    def __init__(self, store, boxes, news=()):
        self.clock, self.store, self.news = FakeClock(), store, list(news)
        self.channels = [
            Channel(place, strategy, f"test://{place}", None, lambda _, box=box: box)
            for (place, strategy), box in boxes.items()
        ]

    def gather(self, state, now):
        """Numbers up to how many there are; the state says how far they have been told."""
        told = int(state.told.get("n", "0"))
        return self.news[told:], state._replace(looked_at=now, told={"n": str(len(self.news))})

    def run(self, store=None):
        outbox = Outbox(store or self.store, self.clock, NAME, self.channels, self.gather)
        return outbox.run(Budget.start(self.clock, 25))

    def later(self, minutes=1.0):
        self.clock.sleep(60 * minutes)


def news(*names, kind="denied", strategy="trend"):
    return [Message(kind, str(name), "body", strategy) for name in names]


@pytest.fixture
def box():
    return Postbox()


@pytest.fixture
def bridge(store, box):
    return Bridge(store, {("NOTIFY[0]", None): box}, news("one", "two"))


def test_each_message_is_told_once(bridge, box):
    assert bridge.run() == 2
    assert bridge.run() == 0
    bridge.news += news("three")
    assert bridge.run() == 1
    assert box.got == ["one", "two", "three"]


def test_of_many_runs_at_once_one_tells_it(store, box):
    bridges = [Bridge(store, {("NOTIFY[0]", None): box}, news("one", "two")) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        sent = [job.result() for job in [pool.submit(one.run) for one in bridges]]
    assert sorted(sent) == [0, 0, 0, 0, 0, 2]
    assert box.got == ["one", "two"]


class Dies:
    """A store whose writer dies behind ``writes`` writes: the next one never happens."""

    def __init__(self, store, writes):
        self._store, self._left = store, writes

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write(self, *arguments):
        if not self._left:
            raise LedgerUnavailable("The process has died.")
        self._left -= 1
        return self._store.write(*arguments)


def test_a_run_that_dies_before_its_claim_has_told_nothing_and_the_next_one_does(bridge, box):
    with pytest.raises(LedgerUnavailable):
        bridge.run(Dies(bridge.store, 0))
    assert box.got == []
    assert bridge.run() == 2
    assert box.got == ["one", "two"]


def test_a_run_that_dies_behind_its_claim_is_not_repeated_but_told_as_a_sum(bridge, box):
    with pytest.raises(LedgerUnavailable):
        bridge.run(Dies(bridge.store, 1))
    sent = list(box.got)
    assert bridge.run() == 0, "it may still be at it"
    bridge.later(4)
    bridge.news += news("three")
    assert bridge.run() == 2
    assert box.got[len(sent) :] == ["2 messages may not have arrived", "three"]
    assert bridge.run() == 0


def test_a_sum_that_gets_lost_itself_counts_as_all_that_it_stood_for(bridge, box):
    bridge.news = news(*range(MOST_A_RUN + 8))
    with pytest.raises(LedgerUnavailable):
        bridge.run(Dies(bridge.store, 1))
    bridge.later(4)
    with pytest.raises(LedgerUnavailable):
        bridge.run(Dies(bridge.store, 1))
    bridge.later(4)
    box.answers = [SendResult.UNSURE]
    assert bridge.run() == 0
    bridge.later()
    box.answers = [SendResult.NO]
    assert bridge.run() == 0
    bridge.later(4)
    assert bridge.run() == 1
    assert box.got[-3:] == [f"{MOST_A_RUN + 8} messages may not have arrived"] * 3


def test_what_is_not_taken_is_sent_later_in_its_order_and_nothing_behind_it(bridge, box):
    box.answers = [SendResult.NO]
    assert bridge.run() == 0
    assert box.got == []
    bridge.news += news("three")
    bridge.later()
    assert bridge.run() == 3
    assert box.got == ["one", "two", "three"]


def test_the_longer_an_address_fails_the_less_often_it_is_tried(bridge, box):
    tried = []
    box.answers = [SendResult.NO] * 100
    for minute in range(130):
        before = len(box.answers)
        bridge.run()
        tried += [minute] * (before - len(box.answers))
        bridge.later()
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123]
    state = state_in(bridge.store.read(NAME))
    assert state.queues["NOTIFY[0]"].failures == len(tried)


def test_one_that_may_have_arrived_is_not_sent_again(bridge, box):
    box.answers = [SendResult.UNSURE]
    assert bridge.run() == 0
    bridge.later()
    assert bridge.run() == 2
    assert box.got == ["one", "1 message may not have arrived", "two"]


def test_a_dozen_are_told_the_urgent_ones_among_them_and_then_how_many_more(store, box):
    many = [*news(*range(20)), *news("urgent", kind="refused_exit"), *news(*range(20, 25))]
    bridge = Bridge(store, {("NOTIFY[0]", None): box}, many)
    assert bridge.run() == MOST_A_RUN + 1
    assert box.got == [*map(str, range(11)), "urgent", "and 14 more"]
    assert bridge.run() == 0


def test_while_nobody_takes_them_a_dozen_wait_and_the_rest_is_counted(bridge, box):
    box.answers = [SendResult.NO] * 3
    for minute in range(3):
        bridge.news += news(*range(minute * 10, minute * 10 + 10))
        bridge.run()
        bridge.later(5)
    assert bridge.run() == MOST_A_RUN + 1
    assert box.got == ["one", "two", *map(str, range(10)), "and 20 more"]


def test_a_strategy_tells_its_own_and_the_account_all(store):
    everything, trend, swing = Postbox(), Postbox(), Postbox()
    boxes = {
        ("NOTIFY[0]", None): everything,
        ("[trend] notify[0]", "trend"): trend,
        ("[swing] notify[0]", "swing"): swing,
    }
    bridge = Bridge(store, boxes, [*news("a"), *news("b", strategy=None)])
    assert bridge.run() == 3
    assert (everything.got, trend.got, swing.got) == (["a", "b"], ["a"], [])


def test_without_anybody_for_all_the_account_is_told_to_each_strategy(store):
    trend, swing = Postbox(), Postbox()
    boxes = {("[trend] notify[0]", "trend"): trend, ("[swing] notify[0]", "swing"): swing}
    Bridge(store, boxes, [*news("a"), *news("b", strategy=None)]).run()
    assert (trend.got, swing.got) == (["a", "b"], ["b"])


def test_an_address_that_fails_keeps_no_other_from_its_messages(store):
    good, bad = Postbox(), Postbox()
    bad.answers = [SendResult.NO] * 9
    boxes = {("NOTIFY[0]", None): bad, ("NOTIFY[1]", None): good}
    bridge = Bridge(store, boxes, news("one", "two"))
    assert bridge.run() == 2
    assert good.got == ["one", "two"]
    bridge.later()
    bridge.run()
    assert good.got == ["one", "two"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', '{"queues": 5}', '{"told": 5}'])
def test_a_stored_text_that_is_none_of_ours_begins_anew(store, text):
    store.write(NAME, text, None)
    assert state_in(store.read(NAME)).looked_at is None


def test_what_a_later_version_writes_beside_it_does_not_matter(store, bridge):
    bridge.run()
    kept = store.read(NAME)
    store.write(NAME, kept.text.replace("{", '{"of_later": {"x": 1}, ', 1), kept)
    assert state_in(store.read(NAME)) == state_in(kept)
    assert state_in(kept).looked_at - bridge.clock.now() == timedelta(0)
