"""The function with a mistake in it, each of which the fuzz has to notice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from webhook_core.application import Application
from webhook_core.intake import authentication, parse, repeated_secrets, signatures
from webhook_core.web import answers
from webhook_core.web.gate import Gate

_HELD: list[bytes] = []


def _any_token() -> Any:
    """A prefix of the token is enough."""
    right = authentication._token

    def token(fields: Any, credentials: Any, **named: Any) -> Any:
        for name, value in fields.items():
            proof = next(
                (
                    one
                    for one in credentials
                    if isinstance(value, str) and value and one.secret.startswith(value.encode())
                ),
                None,
            )
            if name == "token" and proof is not None:
                return authentication.Proof(proof.scheme, proof.strategy, proof.key_id)
        return right(fields, credentials, **named)

    return patch.object(authentication, "_token", token)


def _falls_back() -> Any:
    """A signature that is wrong does not matter where a right token stands."""
    return patch.object(authentication, "looks_signed", lambda _headers: False)


def _stale_messages() -> Any:
    return patch.object(signatures, "TIMESTAMP_TOLERANCE_S", 10**9)


def _tells_secrets() -> Any:
    return patch.object(repeated_secrets, "refuse", lambda *_: None)


def _crashes() -> Any:
    right = parse.parse

    def read(verified: Any) -> Any:
        return right(verified) if len(verified.fields) != 7 else 1 / 0

    return patch.object(parse, "parse", read)


def _sleeps() -> Any:
    right = Gate.admit_alert

    def admit(self: Gate, request: Any) -> Any:
        if b"trailing" in request.body:
            until = time.thread_time() + 1.1
            while time.thread_time() < until:
                pass
        return right(self, request)

    return patch.object(Gate, "admit_alert", admit)


def _forgets_a_key() -> Any:
    right = answers.json_response

    def respond(status: int, document: Any, headers: Any = None) -> Any:
        return right(
            status,
            {
                name: value
                for name, value in document.items()
                if status != 422 or name != "warnings"
            },
            headers,
        )

    return patch.object(answers, "json_response", respond)


def _leaks_memory() -> Any:
    right = Application.handle

    def handle(self: Application, request: Any) -> Any:
        _HELD.append(bytes(2**16))
        return right(self, request)

    return patch.object(Application, "handle", handle)


BREAKS: dict[str, Callable[[], Any]] = {
    "any beginning of the token proves": _any_token,
    "a wrong signature falls back to the token": _falls_back,
    "a message of any age proves": _stale_messages,
    "secrets are kept in texts": _tells_secrets,
    "a bug for some alerts": _crashes,
    "a second of work for some alerts": _sleeps,
    "an answer without one of its keys": _forgets_a_key,
    "every request is remembered": _leaks_memory,
}


@contextmanager
def broken(name: str | None) -> Iterator[None]:
    if name is None:
        yield
        return
    with BREAKS[name]():
        yield
