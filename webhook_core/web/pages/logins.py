"""Whose session a request belongs to, sessions that were ended before their time, and the forms
that are posted in one.

A cookie is good by its signature until it ends by itself, wherever a copy of it is. So a logout is
written down beside the ledger until then, and every instance looks there: one read of a page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from webhook_core.errors import LedgerUnavailable
from webhook_core.web.messages import HttpRequest, NotFound
from webhook_core.web.operators import Operators
from webhook_core.web.pages.session import Sessions

DOCUMENT = "operator-logouts"
MOST_FIELDS = 20
_TRIES = 5


def form_of(request: HttpRequest) -> dict[str, str]:
    """The fields of a form that was posted, the first of each that came. What can't be read is no
    field."""
    text = request.body.decode("ascii", "replace")
    try:
        rows = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(rows))


class Logins:
    """Of one request. Raises NotFound where there is no operator token."""

    def __init__(self, operators: Operators) -> None:
        if operators.token is None:
            raise NotFound("No such route.")
        self.sessions = Sessions(operators.token)
        self._documents, self._clock = operators.decider.pair_rules.documents, operators.clock

    def current(self, headers: Mapping[str, str]) -> str | None:
        """The session, None without one, or where it has ended. Raises LedgerUnavailable."""
        session = self.sessions.current(headers, self._clock.now())
        if session is None:
            return None
        kept = self._documents.read(DOCUMENT)
        ended = {} if kept is None else _read(kept.text)
        return None if _nonce(session) in ended else session

    def end(self, session: str) -> None:
        """On every instance, and for whoever has a copy of its cookie. Raises LedgerUnavailable."""
        now = self._clock.now().timestamp()
        for _ in range(_TRIES):
            kept = self._documents.read(DOCUMENT)
            ended = {} if kept is None else _read(kept.text)
            left = {nonce: until for nonce, until in ended.items() if until > now}
            left[_nonce(session)] = int(session.partition(".")[0])
            version = None if kept is None else kept.version
            if self._documents.write(DOCUMENT, json.dumps(left), version):
                return
        raise LedgerUnavailable("The session could not be ended: others were ended too.")


def _nonce(session: str) -> str:
    """Without its signature it is no secret."""
    return session.split(".")[1]


def _read(text: str) -> dict[str, int]:
    """By nonce, when each would have ended by itself."""
    try:
        return {str(nonce): int(until) for nonce, until in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise LedgerUnavailable(
            "The ledger is not available: the sessions that were ended can't be read."
        ) from None
