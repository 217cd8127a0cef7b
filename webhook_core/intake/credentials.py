"""What a sender can prove itself with, built from the configured text, and what follows from the
one that matches.

No message here ever holds a secret.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from webhook_core.errors import Unauthenticated
from webhook_core.value import NamedTuple, Value

if TYPE_CHECKING:
    from webhook_core.trading.permits import Permit


MIN_CHARACTERS = 16
SCOPED = "tk1."
"""How scoped tokens begin (scoped_tokens.py); no other one may."""
_EXAMPLE = "put the value of webhook_token here"
_EXAMPLES = frozenset(
    {_EXAMPLE, "webhook_token", "your token", "your_token", "your-token", "yourtoken", "…", "..."}
)
_STANDARD_WEBHOOKS_PREFIX = "whsec_"
_ASYMMETRIC_PREFIXES = ("whsk_", "whpk_")


class Scheme(StrEnum):
    """How an alert proved itself.

    One key never serves two schemes: an X-Signature over ``id.time.body`` would be a valid Standard
    Webhooks signature under the same key.
    """

    X_SIGNATURE = "x-signature"
    STANDARD_WEBHOOKS = "standard-webhooks"
    TOKEN = "token"  # noqa: S105  a scheme's name
    SCOPED_TOKEN = "scoped-token"  # noqa: S105
    NONE = "none"


class Credential(Value):
    """One secret.

    ``key_id`` is its name in the logs ("WEBHOOK_TOKEN[0]"); ``strategy`` is
    the one it is bound to.
    """

    __slots__ = ("key_id", "scheme", "secret", "strategy")
    hidden = frozenset({"secret"})

    def __init__(
        self, scheme: Scheme, key_id: str, secret: bytes, strategy: str | None = None
    ) -> None:
        if not secret or scheme is Scheme.NONE:
            # compare_digest(b"", b"") is True.
            raise ValueError(f"{key_id}: an empty secret proves nothing.")
        self.scheme = scheme
        self.key_id = key_id
        self.secret = secret
        self.strategy = strategy


class TokenKey(Credential):
    """What signs scoped tokens: 32 bytes.

    ``name`` is the key id in them; ``revoked`` are ids of tokens that prove nothing, in
    lower case: an id that was copied in capitals revokes too.
    """

    __slots__ = ("name", "revoked")

    def __init__(self, name: str, secret: bytes, revoked: frozenset[str] = frozenset()) -> None:
        super().__init__(Scheme.SCOPED_TOKEN, f"WEBHOOK_TOKEN_KEYS[{name}]", secret)
        self.name = name
        self.revoked = frozenset(each.lower() for each in revoked)


def signing_credential(text: str, key_id: str, strategy: str | None = None) -> Credential:
    """``whsec_…`` verifies Standard Webhooks only, any other text X-Signature only.
    Raises ValueError.

    Sizes: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md (24
    to 64 bytes, base64).
    """
    if text.startswith(_ASYMMETRIC_PREFIXES):
        raise ValueError(
            f"{key_id}: this is an ed25519 key; only symmetric secrets (whsec_…) are supported."
        )
    if not text.startswith(_STANDARD_WEBHOOKS_PREFIX):
        return Credential(Scheme.X_SIGNATURE, key_id, _encoded(text, key_id), strategy)
    secret = _base64(text.removeprefix(_STANDARD_WEBHOOKS_PREFIX))
    if secret is None or not 24 <= len(secret) <= 64:
        raise ValueError(f"{key_id}: what follows whsec_ must be 24 to 64 bytes in base64.")
    return Credential(Scheme.STANDARD_WEBHOOKS, key_id, secret, strategy)


def is_example(text: str) -> bool:
    """Whether it is what stands in the place of a token in the examples, which everybody knows."""
    return text.lower() in _EXAMPLES


def token_credential(text: str, key_id: str, strategy: str | None = None) -> Credential:
    """What the body of TradingView's own alerts carries as ``token``. Raises ValueError."""
    if text.lower().startswith(SCOPED):
        raise ValueError(
            f"{key_id}: is a scoped token, and would allow everything here: it needs no setting, "
            "WEBHOOK_TOKEN_KEYS alone verifies it."
        )
    if is_example(text):
        raise ValueError(f"{key_id}: is the placeholder of the examples, which everybody knows.")
    return Credential(Scheme.TOKEN, key_id, _encoded(text, key_id), strategy)


def _encoded(text: str, key_id: str) -> bytes:
    if len(text) < MIN_CHARACTERS:
        raise ValueError(
            f"{key_id}: has {len(text)} characters; at least {MIN_CHARACTERS} are needed."
        )
    if text != text.strip():
        raise ValueError(
            f"{key_id}: starts or ends with white space, perhaps a line break from the shell that "
            "stored it."
        )
    # "strict" would raise an exception that holds the secret.
    secret = text.encode("utf-8", "replace")
    if secret.decode("utf-8") != text or "\x00" in text:
        raise ValueError(f"{key_id}: is not readable as UTF-8 text.")
    return secret


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error, and the plain ValueError for text that is not ASCII
        return None


X_SIGNATURE = "x-signature"
STANDARD_WEBHOOKS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Proof(NamedTuple):
    scheme: Scheme
    strategy: str | None = None
    key_id: str | None = None
    webhook_id: str | None = None
    dialect: str | None = None
    permit: Permit | None = None


def looks_signed(headers: Mapping[str, str]) -> bool:
    """Whether any signing header is present, however malformed or empty."""
    return any(name in headers for name in (X_SIGNATURE, *STANDARD_WEBHOOKS))


def matching(
    credentials: Sequence[Credential], scheme: Scheme, proves: Callable[[bytes], bool]
) -> Credential:
    """The first credential of the scheme that proves the sender; every one is tried."""
    configured = [credential for credential in credentials if credential.scheme is scheme]
    if not configured:
        raise Unauthenticated(f"nothing is configured that verifies {scheme}")
    matches = [credential for credential in configured if proves(credential.secret)]
    if not matches:
        raise Unauthenticated(f"no configured secret matches ({scheme})")
    if len({credential.strategy for credential in matches}) > 1:
        raise Unauthenticated("one secret is configured for more than one strategy")
    return matches[0]
