"""krakenex with the gaps closed: nonces that never repeat, one call at a time, no redirect, an end to every exchange."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import krakenex
import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from webhook_core.events import count
from webhook_core.kraken.keys import KrakenKey
from webhook_core.kraken.outcomes import Failure, Reply, key_is_refused
from webhook_core.ports import Budget

if TYPE_CHECKING:
    from webhook_core.kraken.transport import Deadline

InsteadOf = Callable[[KrakenKey, Budget], KrakenKey | None]
"""The key to sign with instead of one that Kraken refused, read within the budget; None if there is no other."""
IDLE_LIMIT_S = 15.0
"""A connection that was idle for longer is not used again: a silent cut in between would look like a lost reply."""
MOST_DIGITS = 30
"""Before or after the point. No number of Kraken's has as many: a longer one is a misreading."""


class KrakenClient:
    """``private`` and ``public`` calls as replies, never as exceptions. Safe across threads.

    Private calls hold one lock from nonce to reply, since Kraken wants the nonces of a key in the order in which it
    receives them (docs.kraken.com, spot-rest-auth); public calls have a line of their own and delay no order.
    ``transport`` replaces the socket (the paper venue); ``url`` replaces Kraken's address. ``instead_of`` knows of newer keys.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        url: str | None = None,
        transport: BaseAdapter | None = None,
        *,
        instead_of: InsteadOf | None = None,
    ) -> None:
        self._private = _Line(KrakenKey(key, secret), url, transport)
        self._public = _Line(KrakenKey("", ""), url, transport)
        self._instead_of = instead_of

    def private(self, method: str, parameters: Mapping[str, str], budget: Budget, at_least_s: float = 0.0) -> Reply:
        """One signed call. With less than ``at_least_s`` seconds of budget when its turn comes, nothing is sent.

        A call that Kraken refuses for its key did nothing. If there is a newer key it is made once more, the same to
        the letter but for nonce and signature; a second refusal stands.
        """
        key = self._private.key
        reply = self._private.call("query_private", method, parameters, budget, at_least_s)
        if self._instead_of is None or not key_is_refused(reply):
            return reply
        newer = self._instead_of(key, budget.less(at_least_s))
        if newer is None:
            return reply
        self._private.key = newer
        return self._private.call("query_private", method, parameters, budget, at_least_s)

    def public(self, method: str, parameters: Mapping[str, str], budget: Budget) -> Reply:
        """One unsigned call."""
        return self._public.call("query_public", method, parameters, budget, 0.0)


class _Line:
    """One krakenex session and the lock around it. ``key`` may be replaced: the next call signs with it.

    The nonces go on over a change of key: the new secret may belong to the old key.
    """

    def __init__(self, key: KrakenKey, url: str | None, transport: BaseAdapter | None) -> None:
        self.key = key
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._orders_waiting = 0
        self._used_at = 0.0
        self._last_nonce = 0
        self._deadline: Deadline | None = None
        self._connects_within_s = math.inf
        self._api = krakenex.API()
        self._api._nonce = self._next_nonce  # noqa: SLF001  krakenex's own repeats within a millisecond
        self._api.uri = url or self._api.uri
        session = self._api.session
        session.trust_env = False  # no proxy, no .netrc: what is sent depends on this program alone
        session.get_redirect_target = lambda _response: None
        adapter = transport or self._over_the_network()
        session.mount("https://", adapter)  # in place of requests' own: there is no way around ours
        session.mount("http://", adapter)

    def _over_the_network(self) -> BaseAdapter:
        from webhook_core.kraken.transport import CONNECT_TIMEOUT_S, Deadline, DeadlineAdapter  # paper needs no socket

        self._deadline, self._connects_within_s = Deadline(), CONNECT_TIMEOUT_S
        return DeadlineAdapter(self._deadline)

    def call(self, query: str, method: str, parameters: Mapping[str, str], budget: Budget, at_least_s: float) -> Reply:
        if not self._in_turn(budget, at_least_s):
            return Reply(failure=Failure.NO_TIME, detail="other calls were in line")
        try:
            seconds = budget.remaining()
            if seconds <= at_least_s:
                return Reply(failure=Failure.NO_TIME)
            return self._exchange(query, method, dict(parameters), seconds)
        finally:
            self._lock.release()

    def _in_turn(self, budget: Budget, at_least_s: float) -> bool:
        """Take the line. Orders, which need time that is left over, go before reads."""
        if at_least_s <= 0:
            while self._orders_waiting and budget.remaining() > 0:
                time.sleep(0.005)
            return self._lock.acquire(timeout=budget.remaining())
        with self._counting:
            self._orders_waiting += 1
        try:
            return self._lock.acquire(timeout=max(0.0, budget.remaining() - at_least_s))
        finally:
            with self._counting:
                self._orders_waiting -= 1

    def _exchange(self, query: str, method: str, parameters: dict[str, str], seconds: float) -> Reply:
        count("kraken_calls")
        started = time.monotonic()
        if started - self._used_at > IDLE_LIMIT_S:
            self._api.session.close()  # drops the pooled connections; the session stays usable
        key = self.key
        self._api.key, self._api.secret = key.key, key.secret
        if self._deadline is not None:
            self._deadline.ends_at = started + seconds
        self._api.response = None
        timeout = (min(seconds, self._connects_within_s), seconds)
        try:
            getattr(self._api, query)(method, parameters, timeout=timeout)
        except (requests.RequestException, HTTPError, ValueError, ArithmeticError, RecursionError) as error:
            if self._api.response is None:
                return _broken(error)
        finally:
            self._used_at = time.monotonic()
        return _answered(self._api.response)

    def _next_nonce(self) -> int:
        # Called by krakenex inside the lock. Nanoseconds, as Kraken recommends for bursts (spot-rest-auth).
        self._last_nonce = max(time.time_ns(), self._last_nonce + 1)
        return self._last_nonce


def _broken(error: Exception) -> Reply:
    """No text of the exception is kept: it may quote the request."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError | ConnectTimeoutError):
        return Reply(failure=Failure.NOT_CONNECTED, detail=type(reason.reason).__name__)
    return Reply(failure=Failure.BROKEN, detail=type(error).__name__)


def _answered(response: requests.Response) -> Reply:
    """Read strictly, whatever the status: krakenex repairs bad UTF-8, takes NaN, and drops the body of an error status."""
    try:
        document = json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        return Reply(response.status_code, None, Failure.BROKEN if response.status_code == 200 else None, "not JSON")
    return Reply(response.status_code, document)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def decimal(value: Any) -> Decimal:
    """A number of Kraken's, which comes as a string or a JSON number. Raises ValueError."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError("not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError("not a number")
    return number
