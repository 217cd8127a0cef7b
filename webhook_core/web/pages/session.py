"""Who is logged in to the operator's page: a signed cookie that ends by itself, and a proof that a
form came from a page of ours. Another operator token ends every session; what was ended before its
time is known to ``logins``."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

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
