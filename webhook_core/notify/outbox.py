"""One run of telling: what is new is claimed by compare-and-set, then sent, then settled.

A message is never sent by two runs: whoever writes the claim sends. A run that dies in between
leaves its claim, and the next one says how many messages that were: so none is sent twice, and none
is lost without a word. What an address did not take is sent again by later runs, less often the
longer it fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from webhook_core.clock import Budget, Clock
from webhook_core.events import event
from webhook_core.ledger.contract import Documents
from webhook_core.notify.channels import Channel, SendResult, takers
from webhook_core.notify.kinds import URGENT
from webhook_core.notify.state import Message, NotifyState, Queue, state_in, text_of

MOST_A_RUN = 12
DIED_AFTER = timedelta(minutes=3)
"""No run takes half a minute."""
MOST_AT_ONCE = 8
LONGEST_WAIT = timedelta(hours=1)
MESSAGE_S = 8.0
"""How long one may take: apprise waits four seconds for a connection, and four for an answer."""
LEAST_S = 3.0
"""With less than that left of the run nothing is begun."""
SEES = "All of them: .venv/bin/python -m webhook_core alerts"

Gather = Callable[[NotifyState, datetime], tuple[Sequence[Message], NotifyState]]
"""What there is to tell since that state, and the state once it is told."""


@dataclass(slots=True, eq=False, repr=False)
class Outbox:
    """``name`` of its document."""

    documents: Documents
    clock: Clock
    name: str
    channels: Collection[Channel]
    gather: Gather

    def run(self, budget: Budget) -> int:
        """How many messages were taken. Raises LedgerUnavailable."""
        now, stored = self.clock.now(), self.documents.read(self.name)
        before = state_in(stored)
        if before.sending_at is not None and now - before.sending_at < DIED_AFTER:
            return 0  # another run is at it
        messages, after = self.gather(before, now)
        batches = self._batches(before, messages, now)
        busy = any(batch.is_sent for batch in batches.values())
        claim = after._replace(
            queues=self._waiting_elsewhere(before)
            | {place: batch.claim for place, batch in batches.items()},
            sending_at=now if busy else None,
        )
        if not self.documents.write(self.name, text_of(claim), stored):
            return 0  # another run was faster, and tells it
        return self._send(batches, claim, budget) if busy else 0

    def _waiting_elsewhere(self, before: NotifyState) -> dict[str, Queue]:
        """Of a secret that holds several and can't be read now: only its first has a place."""
        places = {channel.place for channel in self.channels}
        return {
            place: queue
            for place, queue in before.queues.items()
            if place not in places and place.partition("/")[0] in places
        }

    def _batches(
        self, before: NotifyState, messages: Sequence[Message], now: datetime
    ) -> dict[str, Batch]:
        """By place."""
        new: dict[str, list[Message]] = {channel.place: [] for channel in self.channels}
        for message in messages:
            for channel in takers(message, self.channels):
                new[channel.place].append(message)
        return {
            place: batch_of(before.queues.get(place, Queue()), found, now)
            for place, found in new.items()
        }

    def _send(self, batches: Mapping[str, Batch], claim: NotifyState, budget: Budget) -> int:
        busy = [channel for channel in self.channels if batches[channel.place].is_sent]
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(busy)), "notify") as pool:
            jobs = {
                channel.place: pool.submit(self._send_to, channel, batches[channel.place], budget)
                for channel in busy
            }
            done = {place: job.result() for place, job in jobs.items()}
        self._settle(claim, {place: queue for place, (_, queue) in done.items()})
        return sum(taken for taken, _ in done.values())

    def _send_to(self, channel: Channel, batch: Batch, budget: Budget) -> tuple[int, Queue]:
        """How many it took, and its queue afterwards. It is left alone after the first message
        that it did not take."""
        left, taken, unsure, sent = batch, 0, 0, SendResult.YES
        while left.is_sent and sent is SendResult.YES and budget.remaining() >= LEAST_S:
            (title, body), stands_for, behind = left.following()
            sent = channel.send(title, body, min(MESSAGE_S, budget.remaining()))
            if sent is not SendResult.NO:
                left = behind
            taken += sent is SendResult.YES
            unsure += stands_for if sent is SendResult.UNSURE else 0
        now, failed = self.clock.now(), sent is not SendResult.YES
        if failed:
            messages = left.messages + unsure
            event(logging.WARNING, "notify.not_sent", address=channel.place, messages=messages)
        return taken, batch.claim._replace(
            waiting=left.texts,
            more=left.more,
            sending=0,
            lost=left.lost + unsure,
            failures=batch.claim.failures + 1 if failed else 0,
            failed_at=now if failed else batch.claim.failed_at,
            told_at=now if taken else batch.claim.told_at,
        )

    def _settle(self, claim: NotifyState, queues: Mapping[str, Queue]) -> None:
        """Where somebody has taken the claim for a dead run's, theirs stands."""
        stored = self.documents.read(self.name)
        if stored is not None and state_in(stored) == claim:
            settled = claim._replace(queues={**claim.queues, **queues}, sending_at=None)
            self.documents.write(self.name, text_of(settled), stored)


class Batch(NamedTuple):
    """What one address is sent by a run: a sum of what may be ``lost``, a dozen ``texts`` at most,
    and a sum that stands for ``more``; ``claim`` is its queue meanwhile."""

    texts: tuple[tuple[str, str], ...]
    more: int
    claim: Queue
    lost: int = 0

    @property
    def is_sent(self) -> bool:
        return self.messages > 0

    @property
    def messages(self) -> int:
        """A sum counts as all that it stands for: it may get lost like any other."""
        return self.lost + len(self.texts) + self.more

    def following(self) -> tuple[tuple[str, str], int, Batch]:
        """What is sent first, how many messages it stands for, and what is behind it."""
        if self.lost:
            return _of_the_lost(self.lost), self.lost, self._replace(lost=0)
        if self.texts:
            return self.texts[0], 1, self._replace(texts=self.texts[1:])
        return (f"and {self.more} more", SEES), self.more, self._replace(more=0)


def batch_of(queue: Queue, new: Sequence[Message], now: datetime) -> Batch:
    """What waits comes first, then what is urgent; all of it in the order in which it happened."""
    room = max(0, MOST_A_RUN - len(queue.waiting))
    first = sorted(range(len(new)), key=lambda number: _urgency(new[number]))[:room]
    texts = [*queue.waiting, *((new[at].title, new[at].body) for at in sorted(first))]
    more = queue.more + len(new) - len(first)
    lost = queue.lost + queue.sending  # a run that died was at them
    kept = queue._replace(waiting=tuple(texts), more=more, sending=0, lost=lost)
    if not (texts or more or lost) or not _may_try(queue, now):
        return Batch((), 0, kept)
    batch = Batch(tuple(texts), more, kept, lost)
    claim = kept._replace(waiting=(), more=0, sending=batch.messages, lost=0)
    return batch._replace(claim=claim)


def _urgency(message: Message) -> int:
    return URGENT.index(message.kind) if message.kind in URGENT else len(URGENT)


def _may_try(queue: Queue, now: datetime) -> bool:
    """Each minute at first, then less often."""
    if not queue.failures or queue.failed_at is None:
        return True
    wait = min(timedelta(minutes=2 ** min(queue.failures - 1, 10)), LONGEST_WAIT)
    return now - queue.failed_at >= wait - timedelta(seconds=30)


def _of_the_lost(messages: int) -> tuple[str, str]:
    """Nobody knows how far a run came that died, so nothing of it is sent again."""
    said = "1 message" if messages == 1 else f"{messages} messages"
    body = f"A run that sends them ended early, or an address gave no answer. {SEES}"
    return f"{said} may not have arrived", body
