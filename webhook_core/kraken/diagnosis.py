"""What can be wrong between us and Kraken: its status, our clock, and the key. Only reads."""

from __future__ import annotations

from collections.abc import Iterator

from webhook_core.clock import Budget, Clock
from webhook_core.errors import VenueUnavailable
from webhook_core.findings import Finding, fail, guarded, ok, warn
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.key_diagnosis import advice_on, key_findings, number_of
from webhook_core.kraken.replies import PATIENT_READ_S, result_of

SKEW_WARN_S, SKEW_FAIL_S = 2.0, 5.0
NEAREST_DEADLINE_S, FARTHEST_DEADLINE_S = 2.0, 60.0
"""An order's deadline is set by our clock, and Kraken takes those in between by its own
(docs.kraken.com, add-order)."""
CUT_S = 1.0
"""What cutting a deadline to the second takes off it, at most."""
ON_ITS_WAY_S = 3.0
"""The same, and what an order may need from its claim to Kraken."""
_MODES = {"post_only": "market orders are refused", "limit_only": "market orders are refused"}


def diagnose(client: KrakenClient, clock: Clock, deadline_s: int) -> Iterator[Finding]:
    """Every check, each on its own: one that fails stops no other.

    ``deadline_s``: how far ahead our orders' deadlines are.
    """
    yield from guarded("status", lambda: _status(client, clock), advice_on)
    # The clock comes second: the connection stands by now.
    yield from guarded("clock", lambda: _clock(client, clock, deadline_s), advice_on)
    yield from guarded("key", lambda: key_findings(client, clock), advice_on)


def _status(client: KrakenClient, clock: Clock) -> Iterator[Finding]:
    reply = client.public("SystemStatus", {}, Budget.start(clock, PATIENT_READ_S))
    status = str(result_of(reply, "SystemStatus").get("status"))
    advice = "wait; status.kraken.com says for how long"
    if status == "online":
        yield ok("status", status)
    elif status in _MODES:
        yield warn("status", f"{status}: {_MODES[status]}", advice)
    elif status in ("maintenance", "cancel_only"):
        yield fail("status", f"{status}: no order is taken", advice)
    else:
        yield warn("status", f"{status}, which is not known here", advice)


def _clock(client: KrakenClient, clock: Clock, deadline_s: int) -> Iterator[Finding]:
    started, before = clock.monotonic(), clock.now()
    reply = client.public("Time", {}, Budget.start(clock, PATIENT_READ_S))
    round_trip = clock.monotonic() - started
    seconds = number_of(result_of(reply, "Time"), "unixtime")
    if seconds is None:
        raise VenueUnavailable("Kraken's Time is not in its usual form.")
    # Whole seconds: on average half of one has passed since. Read half of the round
    # trip after we asked.
    ahead = before.timestamp() + round_trip / 2 - (seconds + 0.5)
    side = "ahead of" if ahead > 0 else "behind"
    uncertain = 0.5 + round_trip / 2
    found = f"{abs(ahead):.1f} s {side} Kraken's, give or take {uncertain:.1f} s"
    found += f" ({round_trip * 1000:.0f} ms there and back)"
    seen = ahead + deadline_s  # how far ahead Kraken sees a deadline that it gets at once
    every = seen < NEAREST_DEADLINE_S or seen - CUT_S > FARTHEST_DEADLINE_S
    some = seen - ON_ITS_WAY_S < NEAREST_DEADLINE_S or seen - uncertain > FARTHEST_DEADLINE_S
    if every or some:
        found += _refused(seen, deadline_s, "every order" if every else "orders")
    advice = "set this machine's clock by NTP: an order's deadline is counted by it"
    if every or abs(ahead) > SKEW_FAIL_S:
        yield fail("clock", found, advice)
    elif some or abs(ahead) > SKEW_WARN_S:
        yield warn("clock", found, advice)
    else:
        yield ok("clock", found)


def _refused(seen: float, deadline_s: int, which: str) -> str:
    return (
        f". Kraken takes deadlines from {NEAREST_DEADLINE_S:.0f} to {FARTHEST_DEADLINE_S:.0f} s "
        f"ahead and sees ours {seen:.1f} s ahead (ORDER_DEADLINE_SECONDS={deadline_s}): it refuses "
        f"{which}, which are not_sent then, with the event clock.off"
    )
