"""How many entries a strategy, or the account, may open a day and an hour, and how far apart.

They are counted with the claim: no two alerts share the last place, and none is taken without one.

A document beside the ledger has the moment of each alert that was counted, how many of its orders
count, and which may yet come to nothing. It is written in one step with the claim of leg 0, for the
legs behind it too, and holds a bit more than a day. What was proved not placed
gives its place back when somebody needs it (``sending.places``). Only a strategy with such a limit
pays for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import Unit
from webhook_core.trading import checks
from webhook_core.trading.checks import Check
from webhook_core.trading.day_begins import MIDNIGHT, DayBegins, day_of
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import ALERTS_RULE, refusal_of
from webhook_core.trading.reduces import exit_of_request, is_counted, may_add
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import Guards, Limits, TradingRules, owned

_DIGEST_CHARACTERS = 24
ALERTS_SPAN = timedelta(minutes=3)
"""In which TradingView itself stops an alert that fires more than 15 times (its help:
tradingview.com/support/solutions/43000597494)."""
_HOUR = timedelta(hours=1)


class CountedAlert(NamedTuple):
    """One alert, by its digest, and how many of its orders count. ``legs``: those that
    may yet come to nothing, of the alert with this ``key`` and ``generation``; none where an
    earlier version counted it."""

    at: datetime
    alert: str
    orders: int
    key: str = ""
    generation: int = 0
    legs: tuple[int, ...] = ()


class EntryTake(NamedTuple):
    """The places that one alert takes of one owner's counts (ledger.takes). ``made``: the checks of
    its last look."""

    name: str
    owner: Limits
    mine: CountedAlert
    begins: DayBegins
    made: list[Check]

    def after(self, text: str | None) -> str | None:
        """Raises OrderDenied, LedgerUnavailable."""
        kept = read_counted(text)
        if self._is_in(kept):
            return None
        self.made[:] = self.verdicts(kept)
        for number, check in enumerate(self.made, 1):
            if check.passed is False:
                raise refusal_of(denied_by(check, (), self.made[:number]))
        others = [one for one in kept if one.alert != self.mine.alert and self._still_counts(one)]
        return text_of([*others, self.mine])

    def shown(self, text: str | None) -> tuple[Check, ...]:
        """What it says of this alert, with the numbers. Raises LedgerUnavailable."""
        return tuple(self.verdicts(read_counted(text)))

    def verdicts(self, kept: Sequence[CountedAlert]) -> Iterator[Check]:
        """One for each of the owner's counts, with its numbers."""
        others = [one for one in kept if one.alert != self.mine.alert]
        guards = self.owner.guards or Guards()
        for check in _checks(others, guards, self.mine, self.begins):
            yield owned(check, self.owner, check.rule)

    def _still_counts(self, one: CountedAlert) -> bool:
        """Of a day only its orders do, and for an hour those of the day before: a claim that began
        at 23:59:59 may be written after one of the new day."""
        guards, now = self.owner.guards or Guards(), self.mine.at
        least = max(_HOUR, guards.cool_down or _HOUR) if one.orders else ALERTS_SPAN
        of_day = guards.orders_per_day is not None and bool(one.orders)
        return one.at > now - least or (of_day and one.at >= day_of(self.begins, now - _HOUR))

    def _is_in(self, kept: Sequence[CountedAlert]) -> bool:
        mine = self.mine
        return any(one.alert == mine.alert and one.orders >= mine.orders for one in kept)


def entry_takes(
    requests: Sequence[OrderRequest], rules: TradingRules, unit: Unit, now: datetime
) -> tuple[EntryTake, ...]:
    """What the claim of an alert with these orders takes, of every owner that has such a limit:
    places for those that open or add, an amendment among them, and one for the alert if it wants
    more than to reduce or cancel. ``unit``: of leg 0."""
    legs = tuple(leg for leg, request in enumerate(requests) if _counts(request, rules))
    if not legs and not any(_enlarges(request) for request in requests):
        return ()
    alert = hashlib.sha256(unit.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    mine = CountedAlert(now, alert, len(legs), unit.alert_key, unit.generation, legs)
    return tuple(
        EntryTake(_name(unit, owner), owner, mine, rules.day_begins(owner), [])
        for owner in rules.limits
        if owner.guards is not None and owner.guards.counts_orders
    )


def _checks(
    others: Sequence[CountedAlert], guards: Guards, mine: CountedAlert, begins: DayBegins
) -> Iterator[Check]:
    day = day_of(begins, mine.at)
    since = "since midnight UTC" if begins == MIDNIGHT else f"since {begins.text}"
    spans = (
        ("ORDERS_PER_DAY", guards.orders_per_day, day, since),
        ("ORDERS_PER_HOUR", guards.orders_per_hour, mine.at - _HOUR, "in the last hour"),
    )
    for rule, most, first, when in spans:
        if most is None or not mine.orders:
            continue
        used, wanted = sum(one.orders for one in others if one.at >= first), mine.orders
        numbers = {"used": str(used), "max": str(most), "wanted": str(wanted)}
        text = f"{used} of {most} entries were taken {when}, and this alert has {wanted}"
        if used + wanted > most:
            yield checks.denied(rule, text, **numbers)
        else:
            yield checks.passed(rule, **numbers)
    if guards.cool_down is not None and mine.orders:
        entries = [one for one in others if one.orders]
        yield _apart(entries, guards.cool_down, mine.at)
    if guards.alerts_per_3_minutes is not None:
        yield _alerts(others, guards.alerts_per_3_minutes, mine.at)


def _alerts(others: Sequence[CountedAlert], most: int, now: datetime) -> Check:
    used = sum(one.at > now - ALERTS_SPAN for one in others)
    numbers = {"used": str(used), "max": str(most)}
    if used < most:
        return checks.passed(ALERTS_RULE, **numbers)
    text = (
        f"{used} alerts were taken in the last 3 minutes, and {most} are the most; exits pass. "
        "Nothing was sent: look why the strategy fires so often, or set the limit higher"
    )
    return checks.denied(ALERTS_RULE, text, **numbers)


def _apart(others: Sequence[CountedAlert], cool_down: timedelta, now: datetime) -> Check:
    least = f"{cool_down.total_seconds():g}"
    if not others:
        return checks.passed("COOL_DOWN", seconds=least)
    ago = now - max(one.at for one in others)
    since = f"{ago.total_seconds():.1f}"
    if ago >= cool_down:
        return checks.passed("COOL_DOWN", seconds=least, last=since)
    text = f"the last entry was {since} s ago, and entries are {least} s apart"
    return checks.denied("COOL_DOWN", text, seconds=least, last=since)


def _enlarges(request: OrderRequest) -> bool:
    """An order that rests, and is no exit, is another one then."""
    return request.method == "AmendOrder" and exit_of_request(request) is None


def _counts(request: OrderRequest, rules: TradingRules) -> bool:
    return may_add(request) if rules.exits_ignore_limits else is_counted(request)


def document(mode: str, account: str, owner: Limits) -> str:
    """The name of what is kept of an owner's alerts."""
    return f"entry-counts/{mode}/{account}/{owner.strategy}"


def used(
    text: str | None, owner: Limits, begins: DayBegins, now: datetime
) -> dict[str, Mapping[str, str]]:
    """By rule the numbers that an alert of now would find, for somebody who looks. Raises
    LedgerUnavailable."""
    somebody = CountedAlert(now, "", 1)
    made = _checks(read_counted(text), owner.guards or Guards(), somebody, begins)
    return {check.rule: check.numbers for check in made}


def _name(unit: Unit, owner: Limits) -> str:
    return document(unit.mode, unit.account, owner)


def text_of(kept: Sequence[CountedAlert]) -> str:
    """As it is stored."""
    return json.dumps([[one.at.isoformat(), *one[1:]] for one in kept], separators=(",", ":"))


def read_counted(text: str | None) -> list[CountedAlert]:
    """Raises LedgerUnavailable for a text that is none of ours."""
    if text is None:
        return []
    try:
        rows = json.loads(text)
        if not isinstance(rows, list):
            raise TypeError
        return [_counted(row) for row in rows]
    except (ValueError, TypeError):
        raise LedgerUnavailable(
            "The ledger is not available: the count of the strategy's orders can't be read."
        ) from None


def _counted(row: Sequence[Any]) -> CountedAlert:
    at, alert, orders, *of = row
    key, generation, legs = of or ("", 0, ())
    where = (str(key), int(generation), tuple(map(int, legs)))
    return CountedAlert(datetime.fromisoformat(at), str(alert), int(orders), *where)
