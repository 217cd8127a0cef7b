"""Who is logged in to the operator's page: a signed cookie that ends by itself, and a proof that a
form came from a page of ours. Another operator token ends every session.

A cookie is good by its signature until it ends by itself, wherever a copy of it is. So a logout is
written down beside the ledger until then, and every instance looks there: one read of a page.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import rewritten
from webhook_core.web.messages import HttpRequest
from webhook_core.web.operators import NoOperator, Operators

NAME = "operator"
FORM_NAME = "operator_form"
LASTS = timedelta(hours=8)
_VALUE = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")
_FORM_VALUE = re.compile(r"[0-9a-f]{32}")
_FLAGS = "HttpOnly; Secure; SameSite=Strict"
_ATTRIBUTES = f"Path=/operator; {_FLAGS}"


class Sessions:
    """``token`` is the operator's; what is signed here is signed with a key of its own."""

    def __init__(self, token: str) -> None:
        self._key = hmac.digest(token.encode(), b"the operator's page", hashlib.sha256)

    def begin(self, now: datetime) -> str:
        """The ``set-cookie`` header of a session that begins."""
        said = f"{int((now + LASTS).timestamp())}.{secrets.token_hex(16)}"
        value = f"{said}.{self._signed('session', said)}"
        return f"{NAME}={value}; Max-Age={int(LASTS.total_seconds())}; {_ATTRIBUTES}"

    def end(self) -> str:
        """The ``set-cookie`` header that takes the cookie away."""
        return f"{NAME}=; Max-Age=0; {_ATTRIBUTES}"

    def current(self, headers: Mapping[str, str], now: datetime) -> str | None:
        """The session that a request belongs to; None without one, or where its time is over."""
        match = _cookie(headers, NAME, _VALUE)
        if match is None:
            return None
        expires, nonce, signature = match.groups()
        expected = self._signed("session", f"{expires}.{nonce}")
        if not hmac.compare_digest(signature, expected) or int(expires) <= now.timestamp():
            return None
        return match[0]

    def form_proof(self, session: str) -> str:
        """What every form of the session carries."""
        return self._signed("form", session)

    def is_form_of(self, session: str, proof: str) -> bool:
        return hmac.compare_digest(proof.encode(), self.form_proof(session).encode())

    def login_form(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """The proof that the form that begins a session carries, and the ``set-cookie`` header that
        goes with it: a form of another site's can have neither. It is a cookie of its own, since a
        link from elsewhere asks for the page without the session's, which stays."""
        kept = _cookie(headers, FORM_NAME, _FORM_VALUE)
        nonce = secrets.token_hex(16) if kept is None else kept[0]
        return self._signed("login", nonce), f"{FORM_NAME}={nonce}; Path=/operator/login; {_FLAGS}"

    def is_login_form(self, headers: Mapping[str, str], proof: str) -> bool:
        nonce = _cookie(headers, FORM_NAME, _FORM_VALUE)
        if nonce is None:
            return False
        return hmac.compare_digest(proof.encode(), self._signed("login", nonce[0]).encode())

    def _signed(self, what: str, text: str) -> str:
        return hmac.new(self._key, f"{what}.{text}".encode(), hashlib.sha256).hexdigest()


def _cookie(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> re.Match[str] | None:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if cookie is None else form.fullmatch(cookie.value)


DOCUMENT = "operator-logouts"
MOST_FIELDS = 20


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
    """Of one request. Raises NoOperator where there is no operator token."""

    def __init__(self, operators: Operators) -> None:
        if operators.token is None:
            raise NoOperator
        self.sessions = Sessions(operators.token)
        self._documents, self._clock = operators.decider.documents, operators.clock

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

        def change(text: str | None) -> tuple[str, None]:
            ended = {} if text is None else _read(text)
            left = {nonce: until for nonce, until in ended.items() if until > now}
            ended = {**left, _nonce(session): int(session.partition(".")[0])}
            return json.dumps(ended), None

        rewritten(self._documents, DOCUMENT, change)


def _nonce(session: str) -> str:
    """Without its signature it is no secret."""
    return session.split(".")[1]


def _read(text: str) -> dict[str, int]:
    """By nonce, when each would have ended by itself."""
    try:
        return {str(nonce): int(until) for nonce, until in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise LedgerUnavailable.because("the sessions that were ended can't be read") from None
