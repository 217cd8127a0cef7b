"""Everything that the processes under test said or wrote, and a search of it for secrets
in every usual spelling."""

from __future__ import annotations

import base64
import secrets as random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

PIECE = 14
"""A cut secret is a leak too: its beginning and its end are looked for,
each of so many characters."""


def _token() -> str:
    return random.token_urlsafe(32)


def _key_material() -> str:
    return base64.b64encode(random.token_bytes(64)).decode()


@dataclass(frozen=True)
class Secrets:
    """Fresh ones for every run, each recognisable because nothing else is like it."""

    signing: str = field(default_factory=_token)
    standard: str = field(
        default_factory=lambda: "whsec_" + base64.b64encode(random.token_bytes(32)).decode()
    )
    token: str = field(default_factory=_token)
    strategy_token: str = field(default_factory=_token)
    operator: str = field(default_factory=_token)
    kraken_key: str = field(
        default_factory=lambda: base64.b64encode(random.token_bytes(42)).decode()
    )
    kraken_secret: str = field(default_factory=_key_material)


class Evidence:
    """``folder``: whatever lies in it in the end was written by a process under
    test, or is its output."""

    def __init__(self, folder: Path, secrets: Secrets | None = None) -> None:
        self.folder = folder
        self.secrets = secrets or Secrets()
        self._said: list[tuple[str, bytes]] = []
        self._hidden = dict(vars(self.secrets))

    def note(self, where: str, said: bytes) -> None:
        self._said.append((where, said))

    def hide(self, name: str, text: str) -> None:
        """One more text that must be seen nowhere."""
        self._hidden[f"{name} {len(self._hidden)}"] = text

    def leaks(self, files: Iterable[Path] | None = None) -> list[str]:
        """Where which secret was seen; never the secret itself. Beside what was said all files
        are searched, which may be a hundred megabytes, or only these."""
        haystacks = list(self._haystacks(files))
        needles = [
            (name, needle) for name, text in self._hidden.items() for needle in spellings(text)
        ]
        everything = b"\n".join(said for _, said in haystacks)
        seen = [(name, needle) for name, needle in needles if needle in everything]
        return [
            f"{name} in {where}"
            for name, needle in seen
            for where, said in haystacks
            if needle in said
        ]

    def searched(self) -> list[str]:
        return [where for where, _ in self._haystacks()]

    def _haystacks(self, files: Iterable[Path] | None = None) -> Iterator[tuple[str, bytes]]:
        yield from self._said
        for path in sorted(self.folder.rglob("*") if files is None else files):
            if path.is_file():
                yield path.relative_to(self.folder).as_posix(), path.read_bytes()


def spellings(secret: str) -> set[bytes]:
    """The text and, if it is base64, the bytes that it stands for: raw, in hex and in
    base64, whole or cut."""
    forms = {secret.encode()}
    for text in (secret, secret.removeprefix("whsec_")):
        try:
            forms.add(base64.b64decode(text, validate=True))
        except ValueError:
            continue  # not base64: there is only the text
    needles: set[bytes] = set()
    for form in forms:
        codes = (
            form,
            form.hex().encode(),
            form.hex().upper().encode(),
            base64.b64encode(form).rstrip(b"="),
        )
        written = {
            *codes,
            base64.urlsafe_b64encode(form).rstrip(b"="),
            quote(form, safe="").encode(),
        }
        needles |= {piece for text in written for piece in (text[:PIECE], text[-PIECE:])}
    return needles
