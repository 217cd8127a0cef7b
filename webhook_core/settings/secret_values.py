"""Secrets as they are configured. No message here repeats any part of one."""

from __future__ import annotations

import base64
import re

from webhook_core.settings.variables import entries, text


class Secret:
    """A text that no repr, message or log line shows.

    (pydantic's SecretStr would be 20 ms of imports at a cold start.)
    """

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


def is_like_a_name(value: str) -> bool:
    """Whether it is the name of a secret (secret_names.py) or was meant to be one."""
    return value.startswith("file:") or (value.startswith("projects/") and "/secrets/" in value)


def secret(value: str) -> str:
    """The one place that every secret of the settings passes through.

    A name that can't be read is refused: taken as it is, the public name would be the key.
    """
    if is_like_a_name(value):
        raise ValueError(
            "holds a name, but in no form that can be read; write "
            "projects/PROJECT/secrets/SECRET/versions/VERSION "
            "(VERSION is a number or latest), file:/ABSOLUTE/PATH, or the value itself"
        )
    if not value.isprintable():
        raise ValueError("has control characters inside; copy the value again")
    return text(value)


def secrets(value: str) -> tuple[str, ...]:
    """A comma-separated list of secrets, newest first."""
    return tuple(secret(part) for part in entries(value))


def kraken_key(value: str) -> str:
    # It travels in a header: anything else there breaks every order.
    if not re.fullmatch(r"[!-~]+", secret(value)):
        raise ValueError(
            "has blanks or foreign letters inside; copy the API key that Kraken showed, whole"
        )
    return value


def kraken_secret(value: str) -> str:
    """Kraken's private key is base64 (docs.kraken.com, spot REST authentication)."""
    secret(value)
    try:
        if base64.b64decode(value, validate=True):
            return value
    except ValueError:
        pass
    raise ValueError(
        "is not base64; copy the private key that Kraken showed with the API key, whole"
    )


def long_secret(value: str) -> str:
    if len(secret(value)) < 16:
        raise ValueError(
            "is shorter than 16 characters; take for example the output of: openssl rand -hex 32"
        )
    return value
