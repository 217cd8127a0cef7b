"""The names under which a message of any tool carries its secret."""

from __future__ import annotations

from collections.abc import Iterable

from webhook_core.intake.field_names import normalise

_SECRETS = frozenset(
    ("token", "secret", "passphrase", "emailtoken", "signaltoken", "apikey", "apisecret")
)


def any_secret(names: Iterable[str]) -> bool:
    return any(normalise(name) in _SECRETS for name in names)
