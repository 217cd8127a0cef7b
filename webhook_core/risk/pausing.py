"""Pause and resume. In effect for every claim that comes after either has returned, on every
instance: a claim looks at the document itself, in one step with its write."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import TRIES, Documents, rewritten
from webhook_core.risk.gates import account_pause, strategy_pause
from webhook_core.risk.pauses import Pause, from_text, tightened, to_text


@dataclass(slots=True, eq=False, repr=False)
class Pausing:
    """Of one account in one mode."""

    documents: Documents
    clock: Clock
    mode: str
    account: str

    def pause(self, wanted: Pause) -> Pause:
        """What stands then, which may be tighter than what is wanted. Raises LedgerUnavailable."""

        def change(text: str | None) -> tuple[str, Pause]:
            stands = tightened(_readable(text), wanted)
            return to_text(stands), stands

        pause = rewritten(self.documents, self._name(wanted.strategy), change)
        event(logging.WARNING, "trading.paused", pause=_logged(pause), reason=pause.why or None)
        return pause

    def pause_once(self, wanted: Pause) -> bool:
        """Whether it did; not where one that stands holds entries until somebody resumes. Of many
        at once one does. Raises LedgerUnavailable."""

        def change(text: str | None) -> tuple[str | None, bool]:
            stands = _readable(text)
            does = stands is None or stands.until is not None
            return to_text(tightened(stands, wanted)) if does else None, does

        does = rewritten(self.documents, self._name(wanted.strategy), change)
        if does:
            event(logging.WARNING, "trading.paused", pause=_logged(wanted), reason=wanted.why)
        return does

    def resume(
        self, strategy: str | None, by: str, *, fired_at: datetime | None = None
    ) -> Pause | None:
        """The pause that it ended; None where none stood. ``fired_at``: when somebody wanted that;
        a pause of later stays. Raises LedgerUnavailable."""
        name = self._name(strategy)
        for _ in range(TRIES):
            stored = self.documents.read(name)
            if stored is None:
                return None
            stands = _readable(stored.text)
            if fired_at is not None and stands is not None and fired_at < stands.at:
                return None
            if self.documents.delete(name, stored):
                ended = stands or Pause(strategy, "unknown", self.clock.now())
                event(logging.WARNING, "trading.resumed", by=by, was=_logged(ended))
                return ended
        raise LedgerUnavailable.because("others pause and resume at this moment")

    def standing(self) -> list[Pause]:
        """All that hold now, the account's first. Raises LedgerUnavailable."""
        ours, now = self._name(None), self.clock.now()
        found = self.documents.beginning_with(ours)
        named = sorted(name for name in found if name == ours or name.startswith(f"{ours}/"))
        pauses = [_readable(found[name].text) for name in named]
        return [pause for pause in pauses if pause is not None and pause.stands_at(now)]

    def _name(self, strategy: str | None) -> str:
        if strategy is None:
            return account_pause(self.mode, self.account)
        return strategy_pause(self.mode, self.account, strategy)


def _readable(text: str | None) -> Pause | None:
    try:
        return None if text is None else from_text(text)
    except ValueError:
        return None


def _logged(pause: Pause) -> dict[str, object]:
    return {
        "strategy": pause.strategy or "all",
        "by": pause.by,
        "at": pause.at,
        "until": pause.until,
        "entries_only": pause.entries_only,
    }
