"""What an operator asks of the history, over HTTP and at a terminal alike:
a query to a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import AlertMalformed
from webhook_core.journal.alert_list import RowFilter, list_alerts, symbol_matcher
from webhook_core.journal.hourly import counted_since
from webhook_core.journal.record import OUTCOMES
from webhook_core.ledger.store import Store
from webhook_core.sending.reconcile import PURGED_AT_ONCE
from webhook_core.trading.symbols import Instruments
from webhook_core.web.listing import check_names, moment_of, page_limit

if TYPE_CHECKING:
    from webhook_core.journal.history import History
    from webhook_core.journal.hourly import Hourly

NAMES = (
    *("since", "refused", "strategy", "symbol", "outcome", "search", "alert", "limit", "cursor"),
    "id",
)
_YES, _NO = ("1", "true", "yes", ""), ("0", "false", "no")


@dataclass(frozen=True, slots=True)
class Asking:
    """``known``: the pairs by which symbols are told to be the same."""

    store: Store
    clock: Clock
    known: Callable[[], Instruments]
    history: History

    @property
    def whose(self) -> tuple[str, str]:
        """The mode and the account of whoever asks."""
        return self.history.whose

    def alerts(self, query: Mapping[str, str], budget: Budget) -> dict[str, Any]:
        """``since``, ``refused``, ``strategy``, ``symbol``, ``outcome``, ``search``, ``alert``,
        ``limit`` and ``cursor``; with ``id`` all that is known of one alert, of ``strategy`` if
        it is named. Raises AlertMalformed,
        LedgerUnavailable."""
        check_names(query, NAMES)
        if query.get("id"):
            from webhook_core.journal.details import details_of  # a list needs none

            strategy = query.get("strategy") or None
            return {"alert": details_of(self.store, query["id"], budget, strategy)}
        now = self.clock.now()
        wanted, cursor = self._wanted(query), query.get("cursor") or None
        try:
            page = list_alerts(
                self.store, wanted, page_limit(query.get("limit")), budget, cursor=cursor
            )
        except ValueError:
            raise AlertMalformed(
                "cursor is not one that this route gave out.", field="cursor"
            ) from None
        self._store_counted(now)
        since = wanted.since or now - timedelta(days=1)
        return {
            "alerts": [row.document for row in page.rows],
            "cursor": page.cursor,
            "without_proof": [] if cursor else self._by_hour(self.history.unproved, since),
            "not_written": [] if cursor else self._by_hour(self.history.lost, since),
        }

    def _by_hour(self, counted: Hourly, since: datetime) -> list[dict[str, object]]:
        what = "requests" if counted is self.history.unproved else "records"
        hours = counted_since(self.store, counted.name, since)
        return [{"hour": hour, what: many} for hour, many in hours]

    def _store_counted(self, now: datetime) -> None:
        for counted in (self.history.unproved, self.history.lost):
            counted.store(self.store, now - self.history.kept_for)

    def refused_shares(
        self, since: datetime, until: datetime, strategy: str | None, budget: Budget
    ) -> dict[str, Any]:
        """How many of each strategy's alerts were refused, as far back as they are kept. Raises
        LedgerUnavailable."""
        from webhook_core.journal.shares import refused_shares  # a report alone asks

        kept_since = self.clock.now() - self.history.kept_for
        wanted = RowFilter(strategy=strategy, whose=self.whose)
        return refused_shares(self.store, wanted, max(since, kept_since), until, budget)

    def purge(self) -> int:
        """Records that are past their days go, a bounded number at a time; what this instance has
        counted by the hour is stored. Raises LedgerUnavailable."""
        now = self.clock.now()
        self._store_counted(now)
        return self.store.purge_notes(now - self.history.kept_for, PURGED_AT_ONCE)

    def _wanted(self, query: Mapping[str, str]) -> RowFilter:
        symbol = query.get("symbol")
        return RowFilter(
            since=moment_of(query.get("since"), self.clock.now()),
            strategy=query.get("strategy") or None,
            outcomes=_outcomes(query.get("outcome")),
            refused=_wants_refused(query.get("refused")),
            is_symbol=symbol_matcher(symbol, self.known()) if symbol else None,
            search=query.get("search") or None,
            alert_id=query.get("alert") or None,
        )


def _outcomes(text: str | None) -> frozenset[str] | None:
    if not text:
        return None
    asked = frozenset(part.strip().lower() for part in text.split(","))
    if not asked <= frozenset(OUTCOMES):
        raise AlertMalformed(f"outcome is one or more of {', '.join(OUTCOMES)}.", field="outcome")
    return asked


def _wants_refused(text: str | None) -> bool:
    if text is None or text.strip().lower() in _NO:
        return False
    if text.strip().lower() in _YES:
        return True
    raise AlertMalformed("refused is true or false.", field="refused")
