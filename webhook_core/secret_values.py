"""Secrets as they are configured. No message here repeats any part of one."""

from __future__ import annotations

import base64
import re

from webhook_core.env_values import entries, text

_SECRET_MANAGER_NAME = re.compile(r"projects/[^/]+/secrets/[^/]+(/versions/[^/]+)?", re.ASCII)


class Secret:
    """A text that no repr, message or log line shows. (pydantic's SecretStr would be 20 ms of imports at a cold start.)"""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


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
    if not re.fullmatch(r"[!-~]+", secret(value)):  # it travels in a header: anything else there breaks every order
        raise ValueError("has blanks or foreign letters inside; copy the API key that Kraken showed, whole")
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
