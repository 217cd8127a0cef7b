"""The doctor's look at who is told, and at strategies that have gone silent. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator

from webhook_core.application import Application
from webhook_core.findings import Finding, ok, warn
from webhook_core.notify.alert_words import moment
from webhook_core.notify.channels import Channel
from webhook_core.notify.standing import silent_now
from webhook_core.notify.state import Queue, state_in

_MEND = (
    "write a URL of apprise, or the name of a secret that holds some: webhook_core/notify/README.md"
)
_TRY = ".venv/bin/python -m webhook_core notify test"
_RUN = "POST /reconcile sends: run it each minute"


def check_notify(application: Application) -> Iterator[Finding]:
    """Each address by its place, and what it has taken. Raises LedgerUnavailable."""
    operators = application.operators
    telling = operators.open_run().telling
    channels = telling.book.channels()
    if channels:
        state = state_in(telling.store.read(telling.name))
        for channel in channels:
            yield _address(channel, state.queues.get(channel.place, Queue()))
        if state.looked_at is None:
            yield warn("notifications", "nothing was ever looked at", _RUN)
    whose, now = operators.history.whose, application.clock.now()
    for row in silent_now(operators.strategies, telling.store, whose, now):
        last = row["last"]
        came = "no alert has come yet" if last is None else f"newest alert {moment(last)}"
        found = f"{row['strategy']}: {came}; expected {row['expected']}"
        if row["silent"]:
            yield warn("silence", found, "look whether its alert in TradingView still runs")
        else:
            yield ok("silence", found)


def _address(channel: Channel, queue: Queue) -> Finding:
    fault = channel.fault()
    if fault is not None:
        return warn(channel.place, f"{fault}; nobody is told there", _MEND)
    took = "nothing was told yet" if queue.told_at is None else f"told {moment(queue.told_at)}"
    waiting = len(queue.waiting) + queue.more
    if queue.failures and queue.failed_at is not None:
        found = (
            f"{channel.service()}: failures in a row: {queue.failures}, the last at "
            f"{moment(queue.failed_at)}; messages that wait: {waiting}; {took}"
        )
        return warn(channel.place, found, _TRY)
    return ok(channel.place, f"*** ({channel.service()}); {took}")
