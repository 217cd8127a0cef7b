"""Secrets as they are configured, and names in the place of their values: a Secret Manager
version or a mounted file, read in the first request. No message here repeats any part of a
secret."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from webhook_core.settings.variables import entries, text
from webhook_core.value import NamedTuple


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
    """Whether it is the name of a secret or was meant to be one."""
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


T = TypeVar("T")
_RESOURCE = (
    r"projects/([a-z0-9.:-]{1,120})/secrets/([A-Za-z0-9_-]{1,255})/versions/(latest|[0-9]{1,9})"
)
"""docs.cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access"""
_FILE = "file:"


class SecretName(NamedTuple):
    """``place`` is the setting that holds the name, and begins the faults about it.

    Of those with ``alternative`` one is enough: they were asked for in the place of settings of
    which one is required.
    """

    place: str
    name: str
    alternative: bool = False


class Version(NamedTuple):
    """The parts of a Secret Manager name."""

    project: str
    secret: str
    version: str


def of_variable(project: str, variable: str) -> str:
    """Where a required secret is looked for that the environment lacks."""
    return f"projects/{project}/secrets/{variable}/versions/latest"


def version_of(name: str) -> Version | None:
    """None: the name is no Secret Manager name."""
    match = re.fullmatch(_RESOURCE, name, re.ASCII) if name.startswith("projects/") else None
    return None if match is None else Version(*match.groups())


def path_of(name: str) -> str | None:
    """The path of a mounted file; None if the name is none."""
    path = name.removeprefix(_FILE)
    return path if path != name and path.startswith("/") and path.isprintable() else None


class SecretNames:
    """Puts values in the place of names.

    ``values``: by name; a name without one is noted and stays without a value.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.found: list[SecretName] = []
        self.unread: list[SecretName] = []

    def single(self, place: str, parse: Callable[[str], T]) -> Callable[[str], T | None]:
        """A parser of a text or of what stands under its name; None where that is not read yet."""

        def parsed(text: str) -> T | None:
            value = self._value(place, text)
            return None if value is None else parse(value)

        return parsed

    def listed(self, place: str) -> Callable[[str], tuple[str | None, ...]]:
        """The same for a comma-separated list.

        What stands under a name may be a list itself, as in the variable.
        """

        def parsed(text: str) -> tuple[str | None, ...]:
            return tuple(
                secret for entry in entries(text) for secret in self._secrets(place, entry)
            )

        return parsed

    def entry(self, place: str, text: str) -> tuple[str | None, ...]:
        """One entry of a list that is written entry by entry."""
        return self._secrets(place, text) if is_like_a_name(text) else (secret(text),)

    def _secrets(self, place: str, entry: str) -> tuple[str | None, ...]:
        value = self._value(place, entry)
        if value is None:
            return (None,)
        return secrets(value) if value else ()

    def _value(self, place: str, text: str) -> str | None:
        """The text itself if it is no name. A value is never taken for a name again."""
        if version_of(text) is None and path_of(text) is None:
            return text
        name = SecretName(place, text)
        self.found.append(name)
        if text not in self._values:
            self.unread.append(name)
            return None
        return self._values[text].strip()
