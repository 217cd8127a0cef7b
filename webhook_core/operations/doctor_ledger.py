"""The doctor's look at the ledger: whether it is the right one and can be written; a new one, begun
on purpose; and whether records of alerts could not be written to it."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from webhook_core.application import Application
from webhook_core.clock import Clock
from webhook_core.errors import LedgerAbsent, LedgerLost, LedgerUnavailable
from webhook_core.findings import Finding, fail, ok, warn
from webhook_core.journal.hourly import counted_since, lost_document
from webhook_core.ledger import opening
from webhook_core.ledger.contract import Documents
from webhook_core.ledger.ledger_id import ADVICE
from webhook_core.ledger.url import parse as parse_ledger_url
from webhook_core.notify.alerts import said
from webhook_core.settings.settings import Settings

PROBE = "doctor"
"""The name of the document that is written and read back; it stays, and the next run writes over
it."""
TRIES = 3
SHOWN = timedelta(days=7)
SLOW_WRITE_S = 0.5
_ADVICE = {
    "sqlite": (
        "whoever runs this must be able to create and write the file that LEDGER_URL names, "
        "and its folder"
    ),
    "firestore": (
        "the database must exist, and this account needs roles/datastore.user in the project "
        "that LEDGER_URL names"
    ),
}

_NOT_YET = (
    "this is right only if no alert has come yet; else correct LEDGER_URL, or run this in the "
    "function's folder"
)
_NEVER = "let LEDGER_URL name the function's ledger, or a file that is not there yet"


def in_place_of_a_ledger(settings: Settings) -> tuple[Settings, Finding | None]:
    """The settings with a ledger that is not there in memory, and what to say of it; the same and
    None if it is there, or if it can't be made, or was there once, which the check of the ledger
    says."""
    try:
        opening.require_ledger(settings.ledger_url, settings.ledger_id)
    except LedgerAbsent as error:
        if error.can_be_made is False:
            return settings, None
        found = warn if error.can_be_made else fail
        advice = _NOT_YET if error.can_be_made else _NEVER
        return settings._replace(ledger_url="memory://"), found("ledger", error.message, advice)
    return settings, None


def advice_for(ledger_url: str) -> str:
    """What to do about a ledger that can't be used."""
    return _ADVICE.get(ledger_url.partition(":")[0], "")


def check_ledger(application: Application) -> Iterator[Finding]:
    """A document of our own, written and read back. The first call may have to connect: only the
    later ones are timed.

    Raises LedgerUnavailable.
    """
    store, clock = application.decider.documents, application.clock
    settings = application.settings
    yield from _unnamed(settings)
    text = json.dumps({"checked_at": clock.now().isoformat()})
    for turn in range(1, TRIES + 1):
        try:
            written_s, read_s, stored = _probe(store, text, clock)
        except LedgerLost as error:
            yield fail("ledger", error.message, ADVICE)
            return
        except LedgerUnavailable:
            if turn == TRIES:
                raise
            continue
        if stored == text:
            yield _latency(settings.ledger_url, written_s, read_s)
            yield from _readable_by_others(settings.ledger_url)
            yield from _pauses(application)
            return
    found = f"{settings.ledger_url}: what was written is not what is read back"
    yield fail("ledger", found, "do not trade on this ledger")


def _unnamed(settings: Settings) -> Iterator[Finding]:
    if (
        settings.trading_mode == "live"
        and settings.ledger_url.startswith("firestore:")
        and not settings.ledger_id
    ):
        yield warn(
            "LEDGER_ID",
            "is unset: were the database emptied, or another one, alerts that are done would "
            "trade again",
            "set the id that this gives the database: "
            ".venv/bin/python -m webhook_core doctor --new-ledger",
        )


def _pauses(application: Application) -> Iterator[Finding]:
    """What is stopped, and by whom: alerts that are answered 422 are what a
    trader wonders about."""
    for pause in application.decider.pausing.standing():
        name = "" if pause.strategy is None else f" {shlex.quote(pause.strategy)}"
        yield warn("pauses", pause.sentence, f".venv/bin/python -m webhook_core resume{name}")


def _readable_by_others(ledger_url: str) -> Iterator[Finding]:
    """One that we make is not. The mode of one that was there is its owner's choice."""
    path = parse_ledger_url(ledger_url).path
    if path is None or not Path(path).exists():
        return
    mode = stat.S_IMODE(Path(path).stat().st_mode)
    if mode & 0o077:
        found = f"{path} has the mode {mode:o}: other users of this machine get at your trades"
        yield warn("who reads the ledger", found, f"chmod 600 {path}")


def begin_anew(settings: Settings) -> Iterator[Finding]:
    """What is at LEDGER_URL is the ledger from now on. Raises LedgerUnavailable."""
    if settings.ledger_url.startswith("memory:"):
        yield fail(
            "ledger",
            f"{settings.ledger_url} is a new ledger at each start",
            "there is nothing to begin",
        )
        return
    ledger_id, is_new = opening.open_store(settings.ledger_url).begin_anew()
    what = "is the ledger from now on" if is_new else "was the ledger already; nothing was changed"
    yield ok("ledger", f"{settings.ledger_url} {what}; its id is {ledger_id}")
    if settings.ledger_id not in (None, ledger_id):
        yield warn(
            "LEDGER_ID",
            "names another ledger",
            f"set LEDGER_ID={ledger_id} where the function runs",
        )
    else:
        yield ok(
            "LEDGER_ID",
            f"{ledger_id}, set where the function runs, lets no other ledger pass for this one",
        )


def _probe(store: Documents, text: str, clock: Clock) -> tuple[float, float, str]:
    """Seconds of the write, seconds of the read, and the text that was read."""
    before = store.read(PROBE)
    started = clock.monotonic()
    store.write(PROBE, text, before)
    written = clock.monotonic()
    after = store.read(PROBE)
    return written - started, clock.monotonic() - written, after.text if after else ""


def _latency(url: str, written_s: float, read_s: float) -> Finding:
    found = f"{url}: written in {written_s * 1000:.1f} ms, read in {read_s * 1000:.1f} ms"
    if url.startswith("memory:"):
        return warn(
            "ledger",
            f"{found}, and forgotten with the process",
            "set LEDGER_URL to a file or to Firestore",
        )
    if written_s > SLOW_WRITE_S:
        return warn(
            "ledger",
            found,
            "each alert waits for two such writes: run the function in the ledger's region",
        )
    return ok("ledger", found)


_IN_THE_LOG = (
    "the log has history.not_kept with the cause; no answer of an alert was another for it"
)


def check_history(application: Application) -> Iterator[Finding]:
    """Nothing where every record was written, and where the ledger fails, which is said apart."""
    history = application.operators.history
    name, since = lost_document(*history.whose), application.clock.now() - SHOWN
    try:
        lost = counted_since(history.store, name, since)
    except LedgerUnavailable:
        return
    if lost:
        which = said(sum(many for _, many in lost), lost[-1][0].isoformat())
        yield warn(
            "records of alerts", f"{which} may be missing: the ledger took none", _IN_THE_LOG
        )
