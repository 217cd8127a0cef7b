"""The ledger's list as an operator asks for it: filters, the newest entries first, page by page.

No store has an index by alert, by pair or by time of arrival. So their filters read pages and leave
out what does not match, up to a bound; a page that ends there has a cursor, behind which the search
goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.errors import AlertMalformed
from webhook_core.ledger.contract import Ledger, Page
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.symbols import Instruments, display_name

MOST_ENTRIES = 200
SEARCHED = 10_000
"""Entries that one search reads at most: seconds on SQLite, and on Firestore a billed read for
each."""
ENOUGH_FOR_A_PAGE_S = 2.0
FILTERS = ("state", "strategy", "since", "alert", "symbol")
LONGEST_NAME = 40
UNITS = {"s": "seconds", "min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SINCE = (
    "a span such as 90min, 12h or 7d, or a moment such as 2026-11-22 or 2026-11-22T12:00Z "
    "(UTC unless it says)"
)

IsOfPair = Callable[[OrderRequest], bool]


class Filters(NamedTuple):
    """What an entry must be; None: anything. ``since``: when its alert came in, at the earliest."""

    states: Collection[State] | None = None
    strategy: str | None = None
    since: datetime | None = None
    alert_id: str | None = None
    is_of_pair: IsOfPair | None = None

    @classmethod
    def read(
        cls, query: Mapping[str, str], now: datetime, known: Callable[[], Instruments]
    ) -> Filters:
        """From ``state``, ``strategy``, ``since``, ``alert`` and ``symbol``. Raises
        AlertMalformed."""
        symbol = query.get("symbol")
        return cls(
            states=_states(query.get("state")),
            strategy=query.get("strategy") or None,
            since=moment_of(query.get("since"), now),
            alert_id=query.get("alert") or None,
            is_of_pair=_pair(symbol, known()) if symbol else None,
        )

    @property
    def need_a_search(self) -> bool:
        """Whether the ledger itself can't tell which entries are left out."""
        return self.alert_id is not None or self.is_of_pair is not None

    def take(self, entry: LedgerEntry) -> bool:
        """As far as the ledger has not done it already."""
        return (
            (self.since is None or entry.received_at >= self.since)
            and self.alert_id in (None, entry.alert_id)
            and (self.is_of_pair is None or self.is_of_pair(entry.current.request))
        )


def check_names(query: Mapping[str, str], known: Collection[str]) -> None:
    """A filter that is misspelt would list what was not asked for. Raises AlertMalformed."""
    for name in query:
        if name not in known:
            is_shown = name.isidentifier() and len(name) <= LONGEST_NAME
            named = f"{name} is a parameter" if is_shown else "A parameter is one"
            raise AlertMalformed(
                f"{named} that this route does not take; it takes {', '.join(known)}.",
                field=name if is_shown else None,
            )


def page_limit(text: str | None) -> int:
    """How many entries a page has: 50 if nothing is asked for. Raises AlertMalformed."""
    if not text:
        return 50
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_ENTRIES):
        raise AlertMalformed(f"limit is a number from 1 to {MOST_ENTRIES}.", field="limit")
    return int(text)


def page(ledger: Ledger, filters: Filters, cursor: str | None, limit: int, budget: Budget) -> Page:
    """At most ``limit`` entries, newest first, and where the next page begins; None if nothing
    older can match.

    Fewer than ``limit`` and a cursor: the search ended at its bound. Raises LedgerUnavailable, and
    ValueError for a cursor that is not ours."""
    found: list[LedgerEntry] = []
    entries = partial(ledger.entries, states=filters.states, strategy=filters.strategy)
    size = MOST_ENTRIES if filters.need_a_search else limit
    for _ in range(max(1, SEARCHED // size)):
        left = limit - len(found)
        read = entries(cursor=cursor, limit=size)
        matching = [number for number, entry in enumerate(read.entries, 1) if filters.take(entry)]
        if len(matching) > left:  # only the ledger can make a cursor in the middle
            read = entries(cursor=cursor, limit=matching[left - 1])
        found += filter(filters.take, read.entries)
        cursor = None if _is_behind(read, filters.since) else read.cursor
        if cursor is None or len(found) == limit or budget.remaining() < ENOUGH_FOR_A_PAGE_S:
            break
    return Page(found, cursor)


def _is_behind(read: Page, since: datetime | None) -> bool:
    """Whether all that follows was claimed, and so came in, before then."""
    return since is not None and bool(read.entries) and read.entries[-1].claimed_at < since


def _states(text: str | None) -> set[State] | None:
    if not text:
        return None
    try:
        return {State(name.strip().upper()) for name in text.split(",")}
    except ValueError:
        raise AlertMalformed(
            f"state is one or more of {', '.join(State)}.", field="state"
        ) from None


def moment_of(text: str | None, now: datetime) -> datetime | None:
    """What ``since`` means; None where it is not given. Raises AlertMalformed."""
    if not text:
        return None
    span = re.fullmatch(r"([0-9]{1,6}) ?([a-z]+)", text.strip().lower())
    try:
        if span is not None:
            return now - timedelta(**{UNITS[span[2]]: int(span[1])})
        # In the query of a URL a plus is a blank.
        at = datetime.fromisoformat(re.sub(r"(T.*) ", r"\1+", text.strip()))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        raise AlertMalformed(f"since is {_SINCE}.", field="since") from None


def _pair(symbol: str, known: Instruments) -> IsOfPair:
    """Whether a request is of that pair, by whatever name; of one that is not known here, by the
    names it was stored with."""
    instrument = known.find(symbol)
    if instrument is None:
        wanted = letters_of(symbol)
        return lambda request: wanted in (letters_of(request.pair), letters_of(request.symbol))
    names, shown = (instrument.key, instrument.altname, instrument.wsname), display_name(instrument)

    def is_of_it(request: OrderRequest) -> bool:
        return request.pair in names if request.pair else request.symbol == shown

    return is_of_it


def letters_of(symbol: str) -> str:
    """What two names of a pair that is not known are told apart by."""
    return "".join(filter(str.isalnum, symbol.upper())).removeprefix("KRAKEN")
