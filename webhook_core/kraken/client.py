"""Kraken's API as replies: nonces that never repeat, calls side by side where the key allows it,
orders before reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget
from webhook_core.kraken.lanes import MOST, Lanes
from webhook_core.kraken.outcomes import Failure, Reply, key_is_refused, nonce_is_refused
from webhook_core.kraken.session import Nonces, Session, Transport
from webhook_core.kraken.signing_keys import KrakenKey
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.kraken.nonce_window import NonceWindow

InsteadOf = Callable[[KrakenKey, Budget], KrakenKey | None]
"""The key to sign with instead of one that Kraken refused, read within the budget; None
if there is no other."""
MOST_DIGITS = 30
"""Before or after the point. No number of Kraken's has as many: a longer one is a misreading."""


class KrakenClient:
    """``private`` and ``public`` calls as replies, never as exceptions. Safe across threads.

    Private calls go one at a time, since Kraken wants the nonces of a key in the order in which it
    receives them (docs.kraken.com, spot-rest-auth), unless ``go_by`` is told a nonce window that
    forgives more. Public calls have lanes of their own and delay no order. ``transport`` replaces
    the socket (the paper venue); ``url`` replaces Kraken's address. ``instead_of`` knows of newer
    keys. The nonces go on over a change of key: the new secret may belong to the old key.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        url: str | None = None,
        transport: Transport | None = None,
        *,
        instead_of: InsteadOf | None = None,
    ) -> None:
        self._key = KrakenKey(key, secret)
        open_session = partial(Session, url, transport, Nonces().next)
        self._private = Lanes(open_session)
        self._public = Lanes(open_session, 1 if transport else MOST, kept_for_orders=0)
        self._instead_of = instead_of
        self._window: NonceWindow | None = None

    def go_by(self, window: NonceWindow) -> None:
        """Have private calls go side by side as far as the key's nonce window allows."""
        self._window = window

    @property
    def window_is_due(self) -> bool:
        """Whether Kraken should be asked again for the key's nonce window."""
        return self._window is not None and self._window.is_due(self._key)

    def note_window(self, window: int | None) -> None:
        """The key's nonce window, as Kraken has just said; None: it does not say."""
        if self._window is not None:
            self._window.keep(self._key, window)

    def close(self) -> None:
        """Drop the connections that no call uses; the next call opens its own."""
        for lanes in (self._private, self._public):
            for session in lanes.idle:
                session.close()

    def private(
        self, method: str, parameters: Mapping[str, str], budget: Budget, at_least_s: float = 0.0
    ) -> Reply:
        """One signed call.

        With less than ``at_least_s`` seconds of budget when its turn comes, nothing is sent.

        A call that Kraken refuses for its key did nothing. If there is a newer key it is made once
        more, the same to the letter but for nonce and signature; a second refusal stands.
        """
        call = _Call("query_private", method, parameters, at_least_s)
        key, reply = self._signed(call, budget)
        if self._instead_of is None or not key_is_refused(reply):
            return reply
        newer = self._instead_of(key, budget.less(at_least_s))
        if newer is None:
            return reply
        self._key = newer
        return self._signed(call, budget)[1]

    def public(self, method: str, parameters: Mapping[str, str], budget: Budget) -> Reply:
        """One unsigned call."""
        return self._made(_Call("query_public", method, parameters, 0.0), self._public, budget)[1]

    def _signed(self, call: _Call, budget: Budget) -> tuple[KrakenKey, Reply]:
        if self._window is not None and self._private.is_busy:
            self._private.widen(self._window.lanes(self._key))
        key, reply = self._made(call, self._private, budget)
        if reply.failure is None:
            self._private.note_nonce(refused=nonce_is_refused(reply))
        return key, reply

    def _made(self, call: _Call, lanes: Lanes[Session], budget: Budget) -> tuple[KrakenKey, Reply]:
        """The reply, and the key of the moment when the call's turn came."""
        session = lanes.take(budget, call.at_least_s)
        if session is None:
            return self._key, Reply(failure=Failure.NO_TIME, detail="other calls were in line")
        try:
            key, seconds = self._key, budget.remaining()
            if seconds <= call.at_least_s:
                return key, Reply(failure=Failure.NO_TIME)
            return key, session.exchange(
                call.query, key, call.method, dict(call.parameters), seconds
            )
        finally:
            lanes.give_back(session, call.at_least_s)


class _Call(NamedTuple):
    query: str
    method: str
    parameters: Mapping[str, str]
    at_least_s: float


def decimal(value: Any) -> Decimal:
    """A number of Kraken's, which comes as a string or a JSON number. Raises ValueError."""
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError("not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError("not a number")
    return number


READ_S = 1.2
"""A read holds the key's line for no longer: an alert that waits behind it still
has the time to send."""
