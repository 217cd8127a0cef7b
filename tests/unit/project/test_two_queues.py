"""Beside what waits for its processes something computes, and each file is played once."""

from __future__ import annotations

from types import SimpleNamespace

from tests.support.two_queues import TwoQueues

COMPUTE = [f"tests/walk/test_{letter}.py::test_it" for letter in "abcd"]
WAIT = [f"tests/e2e/test_{letter}.py::test_it" for letter in "abcd"]
COLLECTED = COMPUTE + WAIT
CONFIG = SimpleNamespace(
    getvalue={"tx": ["2*popen"]}.get, option=SimpleNamespace(loadscopereorder=False)
)


class FakeWorker:
    """It plays what it was given when the test says so."""

    def __init__(self, name):
        self.id, self.gateway, self.shutting_down = name, self, False
        self.given, self.played = [], []

    def send_runtest_some(self, indices):
        self.given += indices

    def shutdown(self):
        self.shutting_down = True

    def play(self, queues):
        if self.given:
            number = self.given.pop(0)
            self.played.append(COLLECTED[number])
            queues.mark_test_complete(self, number)


def begun():
    queues, workers = TwoQueues(CONFIG), [FakeWorker("one"), FakeWorker("two")]
    for worker in workers:
        queues.add_node(worker)
        queues.add_node_collection(worker, COLLECTED)
    queues.schedule()
    return queues, *workers


def test_one_worker_waits_while_the_other_computes():
    queues, first, second = begun()
    for _ in COMPUTE:
        first.play(queues)
        second.play(queues)
    assert (first.played, second.played) == (WAIT, COMPUTE)


def test_a_worker_that_has_nothing_of_its_own_left_takes_of_the_others():
    queues, first, second = begun()
    for worker in (first, second):
        for _ in COLLECTED:
            worker.play(queues)
    assert first.played[: len(WAIT)] == WAIT
    assert set(first.played) & set(COMPUTE)
    assert sorted(first.played + second.played) == sorted(COLLECTED)
