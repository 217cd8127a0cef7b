"""One instance: every call of a port begins and ends at a point where the scheduler has its say.

Its clock and its lock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from greenlet import getcurrent, greenlet

from tests.simulation.chaos import Chaos
from tests.simulation.power import Power
from tests.simulation.shown import shown
from tests.simulation.world import SECOND, START, InstanceCrashed, World, in_seconds
from webhook_core.application import Application


@dataclass
class Process:
    """One instance while it lives.

    ``task`` names the delivery that runs at the moment, for the story.
    """

    name: str
    world: World
    chaos: Chaos
    clock_error: int
    booted_at: int
    dead: bool = False
    task: str = ""
    power: Power | None = None
    application: Application = field(init=False)

    def point(self, what: str, edge: str) -> None:
        """Every call of a port begins and ends here: the instance may be slow,
        stand still, or crash."""
        chaos, task, delay = self.chaos, self.task, 0
        if self.power is not None and not (chaos.calm or chaos.over) and self.power.is_cut():
            self.tell("%s %s: the POWER is cut, all instances are gone", what, edge)
        fault = chaos.at_a_call()
        if fault == "crash":
            self.dead = True
            self.tell("%s %s: the instance CRASHES", what, edge)
        elif fault == "pause":
            delay = chaos.seconds(20, 400)
            self.tell("%s %s: the process STANDS STILL for %s", what, edge, in_seconds(delay))
        elif fault == "slow":
            delay = chaos.seconds(0.2, 6)
            self.tell("%s %s: slow, %s", what, edge, in_seconds(delay))
        elif chaos.random.random() < 0.5:
            delay = chaos.travel()
        self.wait(delay, task)

    def wait(self, delay: int, task: str | None = None) -> None:
        task = self.task if task is None else task
        if not self.dead:
            self.world.wait(delay)
        self.task = task
        if self.dead:
            raise InstanceCrashed(self.name)

    def tell(self, text: str, *facts: object) -> None:
        if self.world.story is not None:
            self.world.tell(f"{self.name} {self.task}", text % tuple(map(shown, facts)))


class SimulatedClock:
    """True time with the instance's own error; monotonic since its start."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def now(self) -> datetime:
        self._process.point("clock.now", "begins")
        moment = START + timedelta(microseconds=self._process.world.now + self._process.clock_error)
        self._process.point("clock.now", "ends")
        return moment

    def monotonic(self) -> float:
        self._process.point("clock.monotonic", "begins")
        return (self._process.world.now - self._process.booted_at) / SECOND

    def sleep(self, seconds: float) -> None:
        self._process.wait(int(seconds * SECOND))


class SimulatedLock:
    """A lock that lets the others run while its holder waits: a real one would stop the
    only thread there is."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._held = False
        self._waiting: list[greenlet] = []

    def __enter__(self) -> None:
        process, task = self._process, self._process.task
        while self._held:
            self._waiting.append(getcurrent())
            process.world.sleep_until_woken()
            process.task = task
            if process.dead:
                self._wake()
                raise InstanceCrashed(process.name)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False
        self._wake()

    def _wake(self) -> None:
        if self._waiting and not self._held:
            self._process.world.after(0, self._waiting.pop(0).switch)
