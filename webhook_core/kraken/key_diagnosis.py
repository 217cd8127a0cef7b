"""What the key may do, until when, from where, and its nonces; and what an operator can do about an
error of Kraken's.

From GetApiKeyInfo, which needs no permission (docs.kraken.com/api-reference,
account-data/get-api-key-info). It is documented in camelCase and was seen in snake_case, with
numbers as texts: both are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import VenueUnavailable
from webhook_core.findings import Finding, fail, guarded, ok, warn
from webhook_core.kraken.client import KrakenClient, decimal
from webhook_core.kraken.refusals import INVALID_NONCE
from webhook_core.kraken.replies import PATIENT_READ_S, result_of

NEEDED = (
    "modify-trades",
    "close-trades",
    "query-open-trades",
    "query-closed-trades",
    "query-funds",
)
FORBIDDEN = ("withdraw-funds", "add-withdraw-address", "update-withdraw-address")
EXPIRES_SOON = timedelta(days=14)
NONCE_WINDOW = 10_000_000_000
"""Ten seconds of our nonces, which are nanoseconds: what requests on their way at the same time can
overtake each other by."""
SMALLEST_WINDOW = 1_000_000_000
NONCE_AHEAD_NS = 10_000_000_000
"""Clocks that differ are not this far apart; another way of counting is."""
MOST_DIGITS = 30
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
OTHER_COUNTING = (
    "the key was used by a program that counts its nonces higher than nanoseconds since 1970, or "
    "from a clock far ahead: Kraken "
    "refuses ours until they pass that number; make a new key and use it for this function only"
)
_ADVICE = {
    INVALID_NONCE: OTHER_COUNTING,
    "EAPI:Invalid key": (
        "copy the API key again, whole; a key that was deleted or has expired looks the same"
    ),
    "EAPI:Invalid signature": "the private key does not belong to this API key: copy both again",
    "EAPI:Rate limit exceeded": "the key is used too often: wait a quarter of a minute",
    "EGeneral:Temporary lockout": (
        "too many refused requests: stop whatever uses this key and wait 15 minutes"
    ),
    "EGeneral:Permission denied": (
        "look whether the key's list of allowed IP addresses has the address of this machine"
    ),
    "no connection": "check the network from here, and KRAKEN_API_URL if it is set",
}


def advice_on(message: str) -> str:
    """What to do about a check that ended with this message."""
    known = (advice for text, advice in _ADVICE.items() if text in message)
    return next(known, "try again in a minute; status.kraken.com tells of known troubles")


def key_findings(client: KrakenClient, clock: Clock) -> Iterator[Finding]:
    """The key and what it may do, then each of its properties on its own."""
    info = _key_info(client, clock)
    client.note_window(number_of(info, "nonce_window"))
    yield ok("key", f"valid, named {_field(info, 'api_key_name') or '(no name)'}")
    for name, check in (
        ("key permissions", lambda: _permissions(info)),
        ("key expiry", lambda: _expiry(info, clock.now())),
        ("key addresses", lambda: _addresses(info)),
        ("key history", lambda: _history(info)),
        ("nonce window", lambda: _nonce_window(info)),
        ("nonce", lambda: _nonce(info, clock.now())),
    ):
        yield from guarded(name, check, advice_on)


def read_nonce_window(client: KrakenClient, clock: Clock) -> None:
    """Have the client know the nonce window of its key. Raises VenueUnavailable."""
    client.note_window(number_of(_key_info(client, clock), "nonce_window"))


def _key_info(client: KrakenClient, clock: Clock) -> Mapping[str, Any]:
    """Asked once more after a refused nonce: the running function may have used a
    later one meanwhile."""
    for last in (False, True):
        reply = client.private("GetApiKeyInfo", {}, Budget.start(clock, PATIENT_READ_S))
        try:
            return result_of(reply, "GetApiKeyInfo")
        except VenueUnavailable as error:
            if last or INVALID_NONCE not in error.message:
                raise
    raise AssertionError("the second turn returns or raises")


def _permissions(info: Mapping[str, Any]) -> Iterator[Finding]:
    held = _field(info, "permissions")
    if not isinstance(held, list):
        yield fail(
            "key permissions",
            "Kraken does not list them",
            "look at the key on kraken.com: Settings, API",
        )
        return
    names = {str(name) for name in held}
    too_much = [name for name in FORBIDDEN if name in names]
    missing = [name for name in NEEDED if name not in names]
    if too_much:
        advice = (
            "make a new key without it, delete this one: whoever gets hold of it could take "
            "the money away"
        )
        yield fail(
            "key permissions",
            f"it may move money out of the account: {', '.join(too_much)}",
            advice,
        )
    if missing:
        advice = "add it to the key on kraken.com (Settings, API) or make a new key"
        yield fail("key permissions", f"missing: {', '.join(missing)}", advice)
    if not too_much and not missing:
        more = sorted(names - set(NEEDED))
        unneeded = f"; not needed: {', '.join(more)}" if more else ""
        yield ok("key permissions", ", ".join(NEEDED) + unneeded)


def _expiry(info: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    until = _moment(info, "valid_until")
    advice = "make a new key in time; this one stops then"
    if until is None:
        yield ok("key expiry", "never expires")
    elif until <= now:
        yield fail("key expiry", f"expired on {until:%Y-%m-%d %H:%M} UTC", "make a new key")
    elif until - now <= EXPIRES_SOON:
        yield warn("key expiry", f"expires on {until:%Y-%m-%d %H:%M} UTC", advice)
    else:
        yield ok("key expiry", f"expires on {until:%Y-%m-%d %H:%M} UTC")


def _addresses(info: Mapping[str, Any]) -> Iterator[Finding]:
    listed = _field(info, "ip_allowlist")
    shown = ", ".join(map(str, listed)) if isinstance(listed, list) else ""
    yield ok(
        "key addresses",
        f"may be used only from {shown}" if shown else "may be used from any address",
    )


def _history(info: Mapping[str, Any]) -> Iterator[Finding]:
    """Only a limit is worth a line: an order that the key can't see could pass for one
    that was never placed."""
    limits = {name: _moment(info, f"query_{name}") for name in ("from", "to")}
    shown = [f"{name} {moment:%Y-%m-%d}" for name, moment in limits.items() if moment is not None]
    if shown:
        advice = (
            "take the query dates off the key: an order outside of them could pass for one "
            "that was never placed"
        )
        yield warn("key history", f"it may query only {' '.join(shown)}", advice)


def _nonce_window(info: Mapping[str, Any]) -> Iterator[Finding]:
    window = number_of(info, "nonce_window")
    advice = (
        f"set the key's nonce window to {NONCE_WINDOW} (10 s in nanoseconds) if more than one "
        "instance, or this command line beside the function, may use it"
    )
    if window is None:
        yield warn("nonce window", "Kraken does not say", advice)
    elif window == 0:
        yield warn("nonce window", "0: requests that overtake each other are refused", advice)
    elif window < SMALLEST_WINDOW:
        yield warn("nonce window", f"{window}, which is only {_seconds(window)}", advice)
    else:
        yield ok("nonce window", f"{window}, which is {_seconds(window)}")


def _nonce(info: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    stored = number_of(info, "nonce")
    if stored is None:
        yield warn(
            "nonce",
            "Kraken does not say which one it has",
            "nothing, as long as requests are not refused",
        )
    elif stored > int(now.timestamp() * 1e9) + NONCE_AHEAD_NS:
        yield fail("nonce", f"Kraken has {stored}, which is larger than ours", OTHER_COUNTING)
    else:
        yield ok("nonce", "ours are the largest")


def _field(info: Mapping[str, Any], name: str) -> Any:
    first, *others = name.split("_")
    return info.get(name, info.get(first + "".join(map(str.title, others))))


def number_of(info: Mapping[str, Any], name: str) -> int | None:
    """None for what is no number."""
    try:
        number = decimal(_field(info, name))
    except ValueError:
        return None
    return int(number) if number.adjusted() < MOST_DIGITS else None


def _moment(info: Mapping[str, Any], name: str) -> datetime | None:
    """0, blank or absent: no limit. Raises VenueUnavailable for what is no time."""
    seconds = 0 if _field(info, name) in (None, "") else number_of(info, name)
    if seconds == 0:
        return None
    if seconds is None or not 0 < seconds < LAST_MOMENT:
        raise VenueUnavailable(f"Kraken's {name} of the key is no time.")
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(nonces: int) -> str:
    return f"{nonces / 1e9:.6f}".rstrip("0").rstrip(".") + " s of our nonces"
