"""How many orders a scoped token may open a day: counted with the claim, so that no two alerts
share the last one and none is taken without a claim.

A document beside the ledger has the day, and under each alert how many of its orders count; and
the days before it, for a claim that begins at 23:59:59 may be written after one of the new day, and
must not take that one's count away. It is written in one step with the claim. What was claimed and
then not placed stays counted: whoever holds the token could otherwise try without end. Only alerts
of a token with such a caveat pay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from webhook_core.errors import LedgerUnavailable, OutOfScope
from webhook_core.ledger.entry import Unit
from webhook_core.trading.checks import Check
from webhook_core.trading.permits import Permit, count_check
from webhook_core.trading.reduces import may_add
from webhook_core.trading.requests import OrderRequest

_DIGEST_CHARACTERS = 24
_OTHER_DAYS = 2


class TokenTake(NamedTuple):
    """The places that one alert takes of its token's day (ledger.takes). ``made``: the check of its
    last look."""

    name: str
    permit: Permit
    alert: str
    wanted: int
    day: str
    made: list[Check]

    def after(self, text: str | None) -> str | None:
        """Raises OutOfScope where the day has none left for all of them, LedgerUnavailable."""
        days = _days_of(text)
        counted = days.pop(self.day, {})
        if counted.get(self.alert, 0) >= self.wanted:
            return None
        check = self.verdict(counted)
        self.made[:] = [check]
        if not check.passed:
            refused = OutOfScope(check.message)
            refused.checks = (check,)
            raise refused
        others = {day: days[day] for day in sorted(days)[-_OTHER_DAYS:]}
        mine = {**counted, self.alert: self.wanted}
        return json.dumps({"day": self.day, "counted": mine, "others": others})

    def verdict(self, counted: Mapping[str, int]) -> Check:
        """Of the caveat, with its numbers."""
        used = sum(orders for alert, orders in counted.items() if alert != self.alert)
        return count_check(self.permit, used, self.wanted)

    def shown(self, text: str | None) -> tuple[Check, ...]:
        """What it says of this alert, with the numbers. Raises LedgerUnavailable."""
        return (self.verdict(_days_of(text).get(self.day, {})),)


def token_takes(
    requests: Sequence[OrderRequest], permit: Permit, unit: Unit, now: datetime
) -> tuple[TokenTake, ...]:
    """What the claim of an alert with these orders takes of its token's day: those that open or
    add, an amendment among them. ``unit``: of leg 0."""
    wanted = sum(may_add(request) for request in requests)
    if not wanted or permit.orders_per_day is None:
        return ()
    name = f"token-orders/{unit.mode}/{unit.account}/{permit.token_id}"
    alert = hashlib.sha256(unit.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return (TokenTake(name, permit, alert, wanted, f"{now.astimezone(UTC).date()}", []),)


def _days_of(text: str | None) -> dict[str, dict[str, int]]:
    """What each day has counted. Raises LedgerUnavailable for a text that is none of ours."""
    if text is None:
        return {}
    try:
        document = json.loads(text)
        days = {**document.get("others", {}), document["day"]: document["counted"]}
        return {
            str(day): {str(alert): int(orders) for alert, orders in counted.items()}
            for day, counted in days.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LedgerUnavailable(
            "The ledger is not available: the count of the token's orders can't be read."
        ) from None
