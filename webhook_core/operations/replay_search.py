"""Which entry of the ledger an operator means, by the id of its alert or the name of its unit, and
why one is not sent once more."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from webhook_core.errors import WebhookError
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import REPLAYABLE, LedgerEntry, State, Unit
from webhook_core.settings.settings import Settings

PAGE = 200
MOST_PAGES = 50
"""The ledger has no index by alert id. A search reads up to 10,000 entries, twice at most: seconds
on SQLite, and on Firestore a billed read for each. A unit's name needs no search."""

ASK = "Ask: .venv/bin/python -m webhook_core reconcile"
NOT_REPLAYABLE = {
    State.ACCEPTED: "Kraken accepted it",
    State.SUBMITTING: f"its outcome is not known yet, it may have been placed ({ASK})",
    State.NOT_SENT: (
        "it was not sent, and a redelivery may still send it; reconcile makes it EXPIRED once "
        "it is too old"
    ),
    State.NO_ACTION: "there was nothing to do",
    State.MISSED: (
        "it was answered before its order was planned, and a redelivery may still send it; "
        "too old, it becomes EXPIRED"
    ),
}


class ReplayRefused(WebhookError):
    """Nothing was sent; the message says why."""

    code = "replay_refused"
    status = 422


class SeveralEntries(ReplayRefused):
    """More than one entry could be meant: ``entries`` are those."""

    def __init__(self, entries: Collection[LedgerEntry]) -> None:
        super().__init__(
            "Several entries have this alert id; say which one with --generation or --unit."
        )
        self.entries = entries


class EntrySearch:
    """Of the entry that an operator means, in the ledger of this mode and account."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self.settings = settings
        self.ledger = ledger

    def find(
        self, alert_id: str, generation: int | None = None, unit_name: str | None = None
    ) -> LedgerEntry:
        """The entry that is meant; a replayable one comes before others.

        Raises SeveralEntries if several could be meant.
        """
        if unit_name is not None:
            found = self._named(alert_id, unit_name)
        else:
            found = list(self._search(alert_id, generation, REPLAYABLE))
            own = [entry for entry in found if is_ours(entry, self.settings)]
            if len(own) > 1:
                raise SeveralEntries(own)
            found = own or found or self._any(alert_id, generation)
        if not found:
            raise ReplayRefused(self._nowhere(generation, unit_name))
        return found[0]

    def _named(self, alert_id: str, unit_name: str) -> list[LedgerEntry]:
        unit = unit_named(unit_name)
        entry = None if unit is None else self.ledger.find(unit)
        return [] if entry is None or entry.alert_id != alert_id else [entry]

    def _any(self, alert_id: str, generation: int | None) -> list[LedgerEntry]:
        """One that can't be replayed, for the reason why not."""
        entry = next(self._search(alert_id, generation, frozenset(State) - REPLAYABLE), None)
        return [] if entry is None else [entry]

    def _search(
        self, alert_id: str, generation: int | None, states: Collection[State]
    ) -> Iterator[LedgerEntry]:
        cursor = None
        for _ in range(MOST_PAGES):
            page = self.ledger.entries(states=states, cursor=cursor, limit=PAGE)
            for entry in page.entries:
                if entry.alert_id == alert_id and generation in (None, entry.unit.generation):
                    yield entry
            cursor = page.cursor
            if cursor is None:
                return

    def _nowhere(self, generation: int | None, unit_name: str | None) -> str:
        if unit_name is not None:
            return (
                f"{self.settings.ledger_url} has no such unit of this alert; orders --json "
                "shows the units."
            )
        which = "" if generation is None else f" of generation {generation}"
        return (
            f"No such alert{which} among the newest {PAGE * MOST_PAGES} entries of "
            f"{self.settings.ledger_url}. "
            "An older one is found by --unit, as orders --json shows it."
        )


def is_ours(entry: LedgerEntry, settings: Settings) -> bool:
    """Whether it is of the mode and the account of these settings."""
    return (entry.unit.mode, entry.unit.account) == (settings.trading_mode, settings.account)


def unit_named(name: str) -> Unit | None:
    """The unit of that name, the inverse of ``Unit.name``; None for any other text."""
    parts = name.split("/", 4)
    if len(parts) != 5 or not all(
        part.isascii() and part.isdigit() and len(part) < 10 for part in parts[2:4]
    ):
        return None
    return Unit(parts[0], parts[1], parts[4], leg=int(parts[3]), generation=int(parts[2]))
