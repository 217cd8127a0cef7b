"""What stands rather than happens: pauses, a Kraken that can't be read, strategies gone silent
of which alerts are expected. Told when it begins, and once more when it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from webhook_core.journal.rows import row_of_note
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.keys import is_operators
from webhook_core.ledger.store import Store, newest_first
from webhook_core.notify.alert_words import moment, shortened
from webhook_core.notify.state import Message, NotifyState
from webhook_core.risk.pauses import Pause
from webhook_core.settings.expectations import Expected
from webhook_core.settings.strategy import Strategy

FAILING_AFTER = 3
"""Runs in a row: one that fails alone is nothing that a person can do about."""


def pauses(state: NotifyState, standing: Sequence[Pause]) -> tuple[list[Message], NotifyState]:
    """What was paused since the last run, and what goes on."""
    now_paused = {pause.whose: pause.sentence for pause in standing}
    after = state._replace(paused=now_paused)
    if state.looked_at is None:
        return [], after
    found = []
    for pause in standing:
        said = pause.sentence
        if state.paused.get(pause.whose) != said:
            title = f"{pause.strategy or 'The account'}: paused"
            found.append(Message("pause", title, f"{said[0].upper()}{said[1:]}.", pause.strategy))
    for whose, sentence in state.paused.items():
        if whose not in now_paused:
            strategy = whose.removeprefix("strategy ") if whose.startswith("strategy ") else None
            title = f"{strategy or 'The account'}: trading goes on"
            found.append(Message("pause", title, f"Over: {sentence}.", strategy))
    return found, after


def venue(
    state: NotifyState, unread: Sequence[Mapping[str, str]]
) -> tuple[list[Message], NotifyState]:
    """``unread``: what this run could not read of Kraken, and why."""
    failing = state.failing + 1 if unread else 0
    after = state._replace(failing=failing)
    if failing == FAILING_AFTER:
        why = "; ".join(dict.fromkeys(f"{row['read']}: {row['why']}" for row in unread))
        body = (
            f"{FAILING_AFTER} runs in a row failed. {shortened(why)}\nLook at the key and at "
            "Kraken's status: .venv/bin/python -m webhook_core doctor"
        )
        return [Message("failing", "Kraken can't be read", body)], after
    if not unread and state.failing >= FAILING_AFTER:
        body = "What was open is looked up now."
        return [Message("failing", "Kraken can be read again", body)], after
    return [], after


def broken(state: NotifyState, names: Sequence[str]) -> tuple[list[Message], NotifyState]:
    """Of what no message could be made in this run: a fault of ours, told whatever is chosen."""
    found = [
        Message("", f"Messages about {name} can't be made", "The log says why (notify.not_told).")
        for name in names
        if name not in state.broken
    ]
    return found, state._replace(broken=tuple(names))


def silence(
    state: NotifyState, expected: Mapping[str, Expected], now: datetime
) -> tuple[list[Message], NotifyState]:
    """``state.heard`` has the newest alert of each by now."""
    silent: list[str] = []
    found: list[Message] = []
    for name, span in expected.items():
        last = datetime.fromisoformat(state.heard[name])
        if not span.is_missed(last, now):
            if name in state.silent:
                body = f"The newest one came at {moment(last)}."
                found.append(Message("silent", f"{name}: alerts come again", body, name))
            continue
        silent.append(name)
        if name not in state.silent:
            body = (
                f"None came since {moment(last)}; expected: {span.words}.\n"
                "Look whether the alert in TradingView still runs."
            )
            found.append(Message("silent", f"{name}: no alert, it has gone silent", body, name))
    return found, state._replace(silent=tuple(silent))


PAGE = 50
MOST_PAGES = 20
"""Of alerts that other functions keep in the same store, and of cancels that the operator sent."""


def expected_of(strategies: Mapping[str, Strategy]) -> dict[str, Expected]:
    """By strategy."""
    found = {name: strategy.expect_every for name, strategy in strategies.items()}
    return {name: expected for name, expected in found.items() if expected is not None}


def newest_of(
    store: Store, whose: tuple[str, str], strategies: Collection[str]
) -> dict[str, datetime]:
    """When the newest alert of each came in, whatever became of it, in the mode and to the account
    ``whose``; without those that the store knows none of. Raises LedgerUnavailable."""
    found: dict[str, datetime] = {}
    for name in strategies:
        entries = newest_first(partial(store.entries, strategy=name), PAGE, MOST_PAGES)
        notes = newest_first(partial(store.notes, strategy=name), PAGE, MOST_PAGES)
        of_entries = (entry.received_at for entry in entries if _is_of(entry, whose))
        of_notes = (note.at for note in notes if row_of_note(note).is_of(*whose))
        moments = [*islice(of_entries, 1), *islice(of_notes, 1)]
        if moments:
            found[name] = max(moments)
    return found


def _is_of(entry: LedgerEntry, whose: tuple[str, str]) -> bool:
    return (entry.unit.mode, entry.unit.account) == whose and not is_operators(entry.unit)


def silent_now(
    strategies: Mapping[str, Strategy], store: Store, whose: tuple[str, str], now: datetime
) -> list[dict[str, Any]]:
    """``strategy``, ``last`` (None: no alert is known), ``expected`` and ``silent`` of each that
    alerts are expected of. Raises LedgerUnavailable."""
    expected = expected_of(strategies)
    newest = newest_of(store, whose, expected)
    return [
        {
            "strategy": name,
            "last": newest.get(name),
            "expected": span.words,
            "silent": name not in newest or span.is_missed(newest[name], now),
        }
        for name, span in expected.items()
    ]
