"""Tokens that can do little: their text, and the chain of signatures that lets anybody narrow one
and nobody widen it.

    tk1.k1.a7f3.trend-btc~p=BTC/USD~x=order,close~e=20270331~<signature>
    '-- head: version, key id, token id, strategy; then caveats

The construction is that of macaroons (research.google/pubs/pub41892): ``s = H(key, head)``, then
``s = H(s, caveat)`` for each caveat, with H = HMAC-SHA256. Whoever holds a token has its last
signature, which is all that the next caveat needs, and none before it, which is what taking one
away would need. Nothing is looked up: a token is checked with its key alone.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from webhook_core.intake.credentials import SCOPED as PREFIX

MOST_CHARACTERS = 200
KEY_BYTES = 32

_KEY_ID = r"(?a)[A-Za-z0-9_-]{1,16}"
_TOKEN_ID = r"(?a)[A-Za-z0-9]{1,16}"  # noqa: S105  the form of an id
_STRATEGY = r"(?a)[A-Za-z0-9._-]{1,64}"
_CAVEAT = r"(?a)[a-z]=[A-Za-z0-9,./:_-]+"
_SIGNATURE = r"(?a)[A-Za-z0-9_-]{43}"


class Token(NamedTuple):
    """``caveats`` as they are written, ``p=BTC/USD``, in their order. ``signature``: the last of
    the chain, 32 bytes; no repr shows it."""

    key_id: str
    token_id: str
    strategy: str
    caveats: tuple[str, ...]
    signature: bytes

    @property
    def head(self) -> str:
        return f"{PREFIX}{self.key_id}.{self.token_id}.{self.strategy}"

    @property
    def text(self) -> str:
        return "~".join((self.head, *self.caveats, _written(self.signature)))

    def __repr__(self) -> str:
        return f"Token({self.key_id!r}, {self.token_id!r}, {self.strategy!r}, {self.caveats!r})"


def parse(text: str) -> Token:
    """What stands in it; nothing is proved by that. Raises ValueError, which repeats nothing."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has more than {MOST_CHARACTERS} characters")
    head, *caveats = text.split("~")
    parts = head.split(".", 3)
    if parts[0] + "." != PREFIX or len(parts) != 4 or not caveats:
        raise ValueError(f"is not {PREFIX}KEY.ID.STRATEGY, caveats and a signature, joined by ~")
    signature = caveats.pop()
    forms = (("key id", _KEY_ID), ("token id", _TOKEN_ID), ("strategy", _STRATEGY))
    for (what, form), part in zip(forms, parts[1:], strict=True):
        if not re.fullmatch(form, part):
            raise ValueError(f"has no readable {what}")
    for number, caveat in enumerate(caveats, start=1):
        if not re.fullmatch(_CAVEAT, caveat):
            raise ValueError(f"has no readable caveat {number}")
    if not re.fullmatch(_SIGNATURE, signature) or _written(_read(signature)) != signature:
        raise ValueError("has no readable signature at its end")
    _, key_id, token_id, strategy = parts
    return Token(key_id, token_id, strategy, tuple(caveats), _read(signature))


def mint(key: bytes, key_id: str, token_id: str, strategy: str, caveats: Iterable[str]) -> Token:
    """A new token. Raises ValueError for a part that can't stand in one."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    bare = Token(key_id, token_id, strategy, (), b"")
    return narrowed(bare._replace(signature=_chained(key, bare.head)), caveats)


def narrowed(token: Token, caveats: Iterable[str]) -> Token:
    """The same with more caveats; no key is needed. Raises ValueError for one that can't stand in a
    token, and where it grows too long."""
    for caveat in caveats:
        if not re.fullmatch(_CAVEAT, caveat):
            raise ValueError(f"{caveat!r} is no caveat such as p=BTC/USD")
        token = token._replace(
            caveats=(*token.caveats, caveat), signature=_chained(token.signature, caveat)
        )
    return parse(token.text)


def is_signed(token: Token, keys: Collection[tuple[str, bytes]]) -> bool:
    """Whether one of the keys with the token's key id has signed it.

    Compared in constant time, each of them to the end.
    """
    expected = [_signature(key, token) for key_id, key in keys if key_id == token.key_id]
    matches = [hmac.compare_digest(each, token.signature) for each in expected]
    return any(matches)


def _signature(key: bytes, token: Token) -> bytes:
    signature = _chained(key, token.head)
    for caveat in token.caveats:
        signature = _chained(signature, caveat)
    return signature


def _chained(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _written(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(f"{text}=")
