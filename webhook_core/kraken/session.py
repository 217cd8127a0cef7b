"""One krakenex session with its gaps closed: no redirect, no proxy, an end to every exchange,
replies read strictly."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

import krakenex
import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from webhook_core.events import count
from webhook_core.kraken.keys import KrakenKey
from webhook_core.kraken.outcomes import Failure, Reply

if TYPE_CHECKING:
    from webhook_core.network.bounded_transport import Deadline

IDLE_LIMIT_S = 15.0
"""A connection that was idle for longer is not used again: a silent cut in between would
look like a lost reply."""


class Nonces:
    """Nanoseconds, as Kraken recommends for bursts (docs.kraken.com, spot-rest-auth); each larger
    than all before it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            return self._last


class Session:
    """krakenex, for one call at a time.

    ``transport`` replaces the socket (the paper venue), ``url`` Kraken's address. ``next_nonce`` is
    asked by krakenex just before it signs: its own repeats within a millisecond.
    """

    def __init__(
        self, url: str | None, transport: BaseAdapter | None, next_nonce: Callable[[], int]
    ) -> None:
        self._used_at = 0.0
        self._deadline: Deadline | None = None
        self._connects_within_s = math.inf
        self._api = krakenex.API()
        self._api._nonce = next_nonce  # noqa: SLF001
        self._api.uri = url or self._api.uri
        session = self._api.session
        session.trust_env = False  # no proxy, no .netrc: what is sent depends on this program alone
        session.get_redirect_target = lambda _response: None
        adapter = transport or self._over_the_network()
        session.mount("https://", adapter)  # in place of requests' own: there is no way around ours
        session.mount("http://", adapter)

    def _over_the_network(self) -> BaseAdapter:
        from webhook_core.network.bounded_transport import (  # paper needs no socket
            CONNECT_TIMEOUT_S,
            Deadline,
            DeadlineAdapter,
        )

        self._deadline, self._connects_within_s = Deadline(), CONNECT_TIMEOUT_S
        return DeadlineAdapter(self._deadline)

    def close(self) -> None:
        """Drop the pooled connections; the session stays usable."""
        self._api.session.close()

    def exchange(
        self, query: str, key: KrakenKey, method: str, parameters: dict[str, str], seconds: float
    ) -> Reply:
        """One call of krakenex's ``query``, ended after so many seconds.

        Never raises for what a network can do.

        ``parameters`` get the nonce, as krakenex does it.
        """
        count("kraken_calls")
        started = time.monotonic()
        if started - self._used_at > IDLE_LIMIT_S:
            self.close()
        self._api.key, self._api.secret = key.key, key.secret
        if self._deadline is not None:
            self._deadline.ends_at = started + seconds
        self._api.response = None
        timeout = (min(seconds, self._connects_within_s), seconds)
        try:
            getattr(self._api, query)(method, parameters, timeout=timeout)
        except (
            requests.RequestException,
            HTTPError,
            ValueError,
            ArithmeticError,
            RecursionError,
        ) as error:
            if self._api.response is None:
                return _broken(error)
        finally:
            self._used_at = time.monotonic()
        return _answered(self._api.response)


def _broken(error: Exception) -> Reply:
    """No text of the exception is kept: it may quote the request."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError) and isinstance(
        reason.reason, NewConnectionError | ConnectTimeoutError
    ):
        return Reply(failure=Failure.NOT_CONNECTED, detail=type(reason.reason).__name__)
    return Reply(failure=Failure.BROKEN, detail=type(error).__name__)


def _answered(response: requests.Response) -> Reply:
    """Read strictly, whatever the status: krakenex repairs bad UTF-8, takes NaN, and drops the body
    of an error status."""
    try:
        document = json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        return Reply(
            response.status_code,
            None,
            Failure.BROKEN if response.status_code == 200 else None,
            "not JSON",
        )
    return Reply(response.status_code, document)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
