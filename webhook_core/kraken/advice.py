"""What an operator can do about an error of Kraken's."""

from __future__ import annotations

INVALID_NONCE = "EAPI:Invalid nonce"
OTHER_COUNTING = (
    "the key was used by a program that counts its nonces higher than nanoseconds since 1970, or "
    "from a clock far ahead: Kraken "
    "refuses ours until they pass that number; make a new key and use it for this function only"
)
_ADVICE = {
    INVALID_NONCE: OTHER_COUNTING,
    "EAPI:Invalid key": (
        "copy the API key again, whole; a key that was deleted or has expired looks the same"
    ),
    "EAPI:Invalid signature": "the private key does not belong to this API key: copy both again",
    "EAPI:Rate limit exceeded": "the key is used too often: wait a quarter of a minute",
    "EGeneral:Temporary lockout": (
        "too many refused requests: stop whatever uses this key and wait 15 minutes"
    ),
    "EGeneral:Permission denied": (
        "look whether the key's list of allowed IP addresses has the address of this machine"
    ),
    "no connection": "check the network from here, and KRAKEN_API_URL if it is set",
}


def advice_on(message: str) -> str:
    """What to do about a check that ended with this message."""
    known = (advice for text, advice in _ADVICE.items() if text in message)
    return next(known, "try again in a minute; status.kraken.com tells of known troubles")
