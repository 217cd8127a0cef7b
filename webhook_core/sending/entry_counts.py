"""How many entries a strategy, or the account, may open a day and an hour, and how far apart: taken
down before the claim, so that no two alerts share the last place.

A document beside the ledger has the moment of each alert that was counted, and how many
of its orders count. It is written under compare-and-set, once for an alert however often
it is sent, and holds a bit more than a day. What was counted and then not sent stays
counted: a limit errs towards fewer orders. Only a strategy with such a limit pays for it,
a read and a write for each owner of one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable, OrderDenied
from webhook_core.ledger.contract import Documents
from webhook_core.ledger.entry import Unit
from webhook_core.trading import checks
from webhook_core.trading.checks import Check
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import Guards, Limits, TradingRules, owned

_TRIES = 16
_DIGEST_CHARACTERS = 24
_KEPT = timedelta(hours=25)
_HOUR = timedelta(hours=1)


class Counted(NamedTuple):
    """One alert, by its digest, and how many of its orders count."""

    at: datetime
    alert: str
    orders: int


def count_entries(
    requests: Sequence[OrderRequest],
    rules: TradingRules,
    unit: Unit,
    documents: Documents,
    now: datetime,
) -> None:
    """Counts those that open or add, with every owner that has such a limit.

    Raises OrderDenied where one of them has no place left for all of them, LedgerUnavailable where
    they can't be counted.
    """
    wanted = sum(_counts(request, rules) for request in requests)
    owners = [(owner, owner.guards) for owner in rules.limits if owner.guards is not None]
    limited = [(owner, guards) for owner, guards in owners if guards.counts_orders]
    if not wanted or not limited:
        return
    alert = hashlib.sha256(unit.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    for owner, _ in limited:  # asked first, so that none is counted for what another one denies
        _check(_read(documents, _name(unit, owner))[0], owner, alert, wanted, now)
    for owner, _ in limited:
        _take(documents, _name(unit, owner), owner, Counted(now, alert, wanted))


def _take(documents: Documents, name: str, owner: Limits, mine: Counted) -> None:
    for _ in range(_TRIES):
        kept, version = _read(documents, name)
        if any(one.alert == mine.alert and one.orders >= mine.orders for one in kept):
            return
        _check(kept, owner, mine.alert, mine.orders, mine.at)
        young = [one for one in kept if one.at > mine.at - _KEPT and one.alert != mine.alert]
        rows = [[one.at.isoformat(), one.alert, one.orders] for one in (*young, mine)]
        if documents.write(name, json.dumps(rows), version):
            return
    raise LedgerUnavailable("The ledger is not available: the strategy's orders can't be counted.")


def _check(kept: Sequence[Counted], owner: Limits, alert: str, wanted: int, now: datetime) -> None:
    """Raises OrderDenied."""
    if any(one.alert == alert and one.orders >= wanted for one in kept):
        return
    others = [one for one in kept if one.alert != alert]
    for check in _checks(others, owner.guards or Guards(), wanted, now):
        if not check.passed:
            refused = owned(check, owner, check.rule)
            raise OrderDenied(refused.message).by(refused.rule, refused.scope)


def _checks(
    others: Sequence[Counted], guards: Guards, wanted: int, now: datetime
) -> Iterator[Check]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    spans = (
        ("ORDERS_PER_DAY", guards.orders_per_day, midnight, "since midnight UTC"),
        ("ORDERS_PER_HOUR", guards.orders_per_hour, now - _HOUR, "in the last hour"),
    )
    for rule, most, since, when in spans:
        if most is None:
            continue
        used = sum(one.orders for one in others if one.at >= since)
        if used + wanted > most:
            text = f"{used} of {most} entries were taken {when}, and this alert has {wanted}"
            yield checks.denied(rule, text, used=str(used), max=str(most), wanted=str(wanted))
    if guards.cool_down is not None and others:
        ago = now - max(one.at for one in others)
        if ago < guards.cool_down:
            least = f"{guards.cool_down.total_seconds():g}"
            text = (
                f"the last entry was {ago.total_seconds():.1f} s ago, and entries are {least} "
                "s apart"
            )
            yield checks.denied("COOL_DOWN", text, seconds=least)


def _counts(request: OrderRequest, rules: TradingRules) -> bool:
    if request.method != "AddOrder":
        return False
    return not rules.exits_ignore_limits or exit_of_request(request) is None


def _name(unit: Unit, owner: Limits) -> str:
    return f"entry-counts/{unit.mode}/{unit.account}/{owner.strategy}"


def _read(documents: Documents, name: str) -> tuple[list[Counted], str | None]:
    """Raises LedgerUnavailable for a text that is none of ours."""
    stored = documents.read(name)
    if stored is None:
        return [], None
    try:
        rows = json.loads(stored.text)
        return [
            Counted(datetime.fromisoformat(at), str(alert), int(orders))
            for at, alert, orders in rows
        ], stored.version
    except (ValueError, TypeError):
        raise LedgerUnavailable(
            "The ledger is not available: the count of the strategy's orders can't be read."
        ) from None
