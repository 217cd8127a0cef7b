"""Pause and resume, as an operator or an alert asks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from webhook_core.errors import (
    AlertMalformed,
    LedgerUnavailable,
    NotItsTurn,
    OutOfScope,
    VenueUnavailable,
)
from webhook_core.risk.pauses import Pause
from webhook_core.risk.pausing import Pausing
from webhook_core.sending.firing import Firing, Switch
from webhook_core.web import answers
from webhook_core.web.listing import UNITS

if TYPE_CHECKING:
    from webhook_core.web.delivery import Delivery
    from webhook_core.web.messages import HttpRequest, HttpResponse

_PAUSE = ("strategy", "entries", "for", "why", "by", "cancel", "close")
_RESUME = ("strategy", "by")
MAX_TEXT = 200
_LONGEST = timedelta(days=3660)
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


Does = Callable[["PauseRequest"], dict[str, Any]]
"""What comes behind a pause."""
Fault = VenueUnavailable | LedgerUnavailable | NotItsTurn
FAULTS = (VenueUnavailable, LedgerUnavailable, NotItsTurn)
"""What may end it early."""


def told_to_repeat(error: Fault, what: str) -> Fault:
    """The same error, with what holds and what to do. ``what`` should be true by now."""
    said = f"The pause stands; whether {what} is not known: ask again."
    return type(error)(f"{error.message} {said}")


class PauseRequest(NamedTuple):
    """``strategy``: None for the whole account. ``until``: None until somebody resumes.
    ``cancels``: own open orders go too; ``closes``: so do the positions that they bought."""

    strategy: str | None
    by: str
    why: str = ""
    until: datetime | None = None
    entries_only: bool = False
    cancels: bool = False
    closes: bool = False

    def as_pause(self, now: datetime) -> Pause:
        return Pause(self.strategy, self.by, now, self.why, self.until, self.entries_only)


def fields_of(request: HttpRequest) -> dict[str, str]:
    """Of the query and of a JSON body; each field in one of them. Raises AlertMalformed."""
    query = dict(request.query)
    if not request.body.strip():
        return query
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise AlertMalformed("The body must be a JSON object, or empty.")
    for name, value in body.items():
        if name in query:
            raise AlertMalformed(f"{name} stands in the query and in the body.", field=name)
        if value is not None and not isinstance(value, str | bool):
            raise AlertMalformed(f"{name} must be a text, true or false.", field=name)
        if value is not None:
            query[name] = str(value).lower() if isinstance(value, bool) else value
    return query


def pause(
    pausing: Pausing,
    said: Mapping[str, str],
    strategies: Collection[str],
    cancels: Does,
    closes: Does,
) -> dict[str, Any]:
    """Stop ``strategy``, else the account, ``for`` a span or until resumed. ``entries``: exits and
    cancels pass. ``cancel``: then its open orders too, but for exits with ``entries``. ``close``:
    then what it has bought.

    Raises AlertMalformed, LedgerUnavailable; VenueUnavailable, NotItsTurn where it is paused and
    what is open can't be told."""
    now = pausing.clock.now()
    asked = read_pause({"by": "the operator", **said}, strategies, now)
    stands = pausing.pause(asked.as_pause(now))
    done: dict[str, Any] = {"pause": stands._asdict(), "paused": _standing(pausing)}
    if asked.cancels:
        done["canceled"] = cancels(asked)
    if asked.closes:
        done["closed"] = closes(asked)
    return done


def resume(
    pausing: Pausing, said: Mapping[str, str], strategies: Collection[str]
) -> dict[str, Any]:
    """End the pause of ``strategy``, else the account's own; those of its strategies stay."""
    asked = read_resume({"by": "the operator", **said}, strategies)
    ended = pausing.resume(asked.strategy, asked.by)
    return {"ended": ended and ended._asdict(), "paused": _standing(pausing)}


def _standing(pausing: Pausing) -> list[dict[str, Any]]:
    return [one._asdict() for one in pausing.standing()]


def read_pause(said: Mapping[str, str], strategies: Collection[str], now: datetime) -> PauseRequest:
    """Raises AlertMalformed naming what can't be used: nothing is paused then."""
    _known(said, _PAUSE, "pause")
    entries, cancels, closes = (_flag(said, name) for name in ("entries", "cancel", "close"))
    span = said.get("for")
    until = None if span is None else now + span_of(span)
    strategy = _strategy(said, strategies)
    by, why = _text(said, "by"), _text(said, "why")
    return PauseRequest(strategy, by, why, until, entries, cancels, closes)


def read_resume(said: Mapping[str, str], strategies: Collection[str]) -> PauseRequest:
    """Raises AlertMalformed naming what can't be used."""
    _known(said, _RESUME, "resume")
    return PauseRequest(_strategy(said, strategies), _text(said, "by"))


def span_of(text: str) -> timedelta:
    """30s, 90min, 2h, 7d. Raises AlertMalformed."""
    found = re.fullmatch(r"(?a)([0-9]{1,6}) ?([a-z]+)", text.strip().lower())
    if found is not None and found[2] in UNITS:
        span = timedelta(**{UNITS[found[2]]: int(found[1])})
        if timedelta(0) < span <= _LONGEST:
            return span
    raise AlertMalformed("for is a span above 0 such as 30s, 90min, 2h or 7d.", field="for")


def _flag(said: Mapping[str, str], name: str) -> bool:
    text = said.get(name, "").strip().lower()
    if text not in _FLAGS:
        raise AlertMalformed(f"{name} is true or false.", field=name)
    return _FLAGS[text]


def _known(said: Mapping[str, str], names: tuple[str, ...], what: str) -> None:
    for name in said:
        if name not in names:
            raise AlertMalformed(
                f"{name[:40]!r} is nothing that {what} takes; there are {', '.join(names)}.",
                field=name[:40],
            )


def _strategy(said: Mapping[str, str], strategies: Collection[str]) -> str | None:
    """One that is misspelled would go on trading."""
    name = said.get("strategy")
    if name is None:
        return None
    if strategies and name not in {"default", *strategies}:
        known = ", ".join(sorted(strategies))
        raise AlertMalformed(
            f"strategy names none of strategies.toml, which has {known}.", field="strategy"
        )
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise AlertMalformed("strategy is 1 to 64 printable characters.", field="strategy")
    return name


def _text(said: Mapping[str, str], name: str) -> str:
    text = said.get(name, "")
    if len(text) > MAX_TEXT or not text.isprintable():
        raise AlertMalformed(f"{name} is at most {MAX_TEXT} printable characters.", field=name)
    return text


def answer_alert(
    pausing: Pausing, switch: Switch, firing: Firing, delivery: Delivery
) -> HttpResponse:
    """Of an alert that pauses or resumes. A resend pauses what is paused; a resume that was fired
    before a pause leaves that as it is. Raises OutOfScope for one that may not."""
    strategy = None if switch.of_all else firing.wants.strategy
    check_permitted(switch, firing)
    if delivery.only_validates:
        code, said = "validated", "The alert is valid; nothing was paused or resumed."
    elif switch.resumes:
        by = f"alert {firing.alert_id}"
        ended = pausing.resume(strategy, by, fired_at=firing.fired_at)
        said = "No pause was there to end." if ended is None else f"Ended: {ended.sentence}."
        code = "resumed"
    else:
        asked = PauseRequest(strategy, f"alert {firing.alert_id}")
        said = f"{pausing.pause(asked.as_pause(pausing.clock.now())).sentence}."
        code = "pausing"
    delivery.outcome = code
    said = f"{said[0].upper()}{said[1:]}"
    return answers.of_control(code, said, delivery.frame, firing.alert_id, firing.warnings)


def check_permitted(switch: Switch, firing: Firing) -> None:
    """A plain token may stop, and not let go on: what a thief of one can do stays small. A scoped
    one may do what its caveats say. Raises OutOfScope."""
    if switch.of_all and firing.wants.bound:
        raise OutOfScope(
            "PAUSE_SCOPE: this credential is of one strategy, so it pauses and resumes no other.",
            field="scope",
        )
    permit = firing.wants.rules.permit
    if permit is not None:
        from webhook_core.trading.permits import action_check  # few senders have such a token

        check = action_check(permit, "resume" if switch.resumes else "pause")
        if not check.passed:
            raise OutOfScope(check.message, field="action")
    elif switch.resumes:
        raise OutOfScope(
            "RESUME_NOT_ALLOWED: this credential may not resume. The operator may, with "
            "POST /resume or: .venv/bin/python -m webhook_core resume",
            field="action",
        )
