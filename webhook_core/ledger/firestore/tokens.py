"""The access token that a call carries: from the metadata server of the instance, from google-auth
elsewhere, and the emulator's own.

A token is renewed before it ends, once at a time: whoever comes meanwhile goes on with the old one
while that lasts, and waits for the new one after.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from webhook_core.network.exchange import NoAnswer
from webhook_core.network.wire import Wire
from webhook_core.value import NamedTuple

RENEWED_AHEAD_S = 225
"""As google-auth does: the metadata server gives a new token only in the last five minutes of one
(docs.cloud.google.com/compute/docs/access/authenticate-workloads)."""
_TRIED_AGAIN_AFTER_S = 5.0
"""Where an old token still serves."""
_WAITED_AHEAD_S = 0.2
"""For a new token while the old one serves: who is slow then costs an alert no more."""
_FETCHED_WITHIN_S = 2.0
SCOPE = "https://www.googleapis.com/auth/datastore"
_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"


class AccessToken(NamedTuple):
    """``ends_at`` is in time.time() seconds: an instance that was frozen finds it past."""

    text: str
    ends_at: float


class NoToken(Exception):
    """``reason`` is a word for the log and the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Tokens:
    """``fetch`` makes a new token, or raises NoToken."""

    def __init__(self, fetch: Callable[[], AccessToken]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._renewal: _Renewal | None = None
        self._tried_at = 0.0

    def current(self, seconds: float) -> str:
        """A token that holds, within so many seconds. Raises NoToken."""
        with self._lock:
            self._take_renewed()
            old = self._token
            left = -1.0 if self._token is None else self._token.ends_at - time.time()
            if old is not None and (left > RENEWED_AHEAD_S or self._rests(left)):
                return old.text
            if self._renewal is None:
                self._renewal = _started(self._fetch)
            renewal = self._renewal
        in_time = renewal.done.wait(min(seconds, _WAITED_AHEAD_S) if left > 0 else seconds)
        with self._lock:
            self._take_renewed()
        if renewal.token is not None:
            return renewal.token.text
        if old is not None and old.ends_at > time.time():
            return old.text
        raise NoToken(renewal.fault if in_time else "TIMEOUT")

    def forget(self, text: str) -> None:
        """A token that was refused is not shown again."""
        with self._lock:
            if self._token is not None and self._token.text == text:
                self._token = None

    def _take_renewed(self) -> None:
        if self._renewal is not None and self._renewal.done.is_set():
            self._token = self._renewal.token or self._token
            self._renewal, self._tried_at = None, time.time()

    def _rests(self, left: float) -> bool:
        """Whether an old token serves for now: somebody renews it, or has just failed to."""
        just_tried = time.time() - self._tried_at < _TRIED_AGAIN_AFTER_S
        return left > 0 and (self._renewal is not None or just_tried)


class _Renewal(threading.Thread):
    """In a thread, because google-auth's own waits can't be cut short.

    ``token`` or ``fault`` is set once it is ``done``.
    """

    def __init__(self, fetch: Callable[[], AccessToken]) -> None:
        super().__init__(name="token-renewal", daemon=True)
        self.done = threading.Event()
        self.token: AccessToken | None = None
        self.fault = ""
        self._fetch = fetch

    def run(self) -> None:
        try:
            self.token = self._fetch()
        except NoToken as error:
            self.fault = error.reason
        except Exception as error:  # noqa: BLE001  whatever it was: there is no token
            self.fault = type(error).__name__
        finally:
            self.done.set()


def _started(fetch: Callable[[], AccessToken]) -> _Renewal:
    renewal = _Renewal(fetch)
    try:
        renewal.start()
    except RuntimeError as error:
        raise NoToken("NO_THREAD") from error
    return renewal


def source() -> Callable[[], AccessToken]:
    """Where this process gets its tokens: on Cloud Run from the metadata server, unless credentials
    are named."""
    if os.environ.get("K_SERVICE") and not os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return from_metadata
    find = functools.cache(_own_credentials)
    return functools.partial(_from_google_auth, find)


def from_metadata() -> AccessToken:
    """One bounded call (docs.cloud.google.com/run/docs/container-contract, metadata server)."""
    host, _, port = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal").partition(":")
    wire, asked_at = Wire("http", host, int(port or 80)), time.time()
    try:
        answer = wire.exchange("GET", _PATH, None, {"Metadata-Flavor": "Google"}, _FETCHED_WITHIN_S)
    except NoAnswer as error:
        raise NoToken(f"METADATA_{'TIMEOUT' if error.is_late else 'DISCONNECTED'}") from error
    finally:
        wire.close()
    if answer.status != 200 or answer.headers.get("metadata-flavor") != "Google":
        raise NoToken(f"METADATA_HTTP_{answer.status}")
    try:
        document = json.loads(answer.body)
        token, seconds = document["access_token"], int(document["expires_in"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoToken("METADATA_MALFORMED") from error
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
        raise NoToken("METADATA_MALFORMED")
    return AccessToken(token, asked_at + seconds)


def _own_credentials() -> Any:
    """A developer's own, a key file's, or another cloud's."""
    import google.auth

    return google.auth.default(scopes=[SCOPE])[0]


def _from_google_auth(find: Callable[[], Any]) -> AccessToken:
    import calendar

    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials = find()
        credentials.refresh(functools.partial(Request(), timeout=_FETCHED_WITHIN_S))
        expiry = credentials.expiry
        ends_at = time.time() + 60 if expiry is None else calendar.timegm(expiry.utctimetuple())
        return AccessToken(str(credentials.token), float(ends_at))
    except GoogleAuthError as error:
        raise NoToken(type(error).__name__) from error
