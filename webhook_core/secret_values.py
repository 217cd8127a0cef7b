"""Secrets as they are configured. No message here repeats any part of one."""

from __future__ import annotations

import base64
import re

from webhook_core.env_values import entries, text

_SECRET_MANAGER_NAME = re.compile(r"projects/[^/]+/secrets/[^/]+(/versions/[^/]+)?", re.ASCII)


def secret(value: str) -> str:
    """The one place that every secret of the settings passes through.

    Secret Manager names are announced but can't be read yet; taken as they are, the public name would be the key.
    """
    if _SECRET_MANAGER_NAME.fullmatch(value):
        raise ValueError(
            "holds a Secret Manager name, which this version can't read; "
            "give the value, on Google Cloud by --set-secrets=VARIABLE=SECRET:VERSION"
        )
    if not value.isprintable():
        raise ValueError("has control characters inside; copy the value again")
    return text(value)


def secrets(value: str) -> tuple[str, ...]:
    """A comma-separated list of secrets, newest first."""
    return tuple(secret(part) for part in entries(value))


def kraken_key(value: str) -> str:
    if any(character.isspace() for character in secret(value)):
        raise ValueError("has blanks inside; copy the API key that Kraken showed, whole")
    return value


def kraken_secret(value: str) -> str:
    """Kraken's private key is base64 (docs.kraken.com, spot REST authentication)."""
    secret(value)
    try:
        if base64.b64decode(value, validate=True):
            return value
    except ValueError:
        pass
    raise ValueError("is not base64; copy the private key that Kraken showed with the API key, whole")


def long_secret(value: str) -> str:
    if len(secret(value)) < 16:
        raise ValueError("is shorter than 16 characters; take for example the output of: openssl rand -hex 32")
    return value
