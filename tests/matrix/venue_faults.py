"""What can happen to one AddOrder, as data: whether the order is in the book afterwards, and what
the caller was told.

``placed`` is true or false by construction of the fault. ``told`` is what Kraken's documents say an
answer is worth (docs.kraken.com/api/docs/guides/spot-errors,
docs.kraken.com/exchange/guides/general/errors): what is in no document, or may stand beside an
order that lives, tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from tests.matrix import edges
from tests.support import kraken_faults as faults


class Told(StrEnum):
    ORDER = "the order's id"
    REFUSAL = "a refusal that proves that there is no order"
    NEVER_PROCESSED = "a proof that it was never processed"
    NOTHING = "nothing"


@dataclass(frozen=True)
class VenueFault:
    """``call`` is done to each of ``times`` calls by the venue at that URL; ``edge``
    stands in the venue's place.

    ``waits``: the caller's time runs out. ``resent``: the caller may send it again within
    the same request, and is through then. ``released_at_s``: a held call goes on so long
    after the first delivery.
    """

    name: str
    placed: bool
    told: Told
    call: Callable[[str], faults.Fault] | None = None
    edge: Callable[[], AbstractContextManager[str]] | None = None
    times: int = 1
    waits: bool = False
    resent: bool = False
    released_at_s: float | None = None


def _either_way(
    name: str, make: Callable[[str, bool], faults.Fault]
) -> tuple[VenueFault, VenueFault]:
    """An answer that tells nothing, with and without the order behind it."""
    return (
        VenueFault(f"{name}, order placed", True, Told.NOTHING, lambda url: make(url, True)),
        VenueFault(f"{name}, no order", False, Told.NOTHING, lambda url: make(url, False)),
    )


def _errors(placed: bool, *strings: str) -> faults.Fault:
    return faults.errors(list(strings), apply=placed)


HEALTHY = VenueFault("nothing goes wrong", True, Told.ORDER)
REPLY_LOST = VenueFault(
    "order placed and reply lost", True, Told.NOTHING, lambda _: faults.reset_after()
)
REQUEST_LOST = VenueFault(
    "reset after reading, no order", False, Told.NOTHING, lambda _: faults.reset_before()
)
REFUSED = VenueFault(
    "EOrder:Insufficient funds",
    False,
    Told.REFUSAL,
    lambda _: _errors(False, "EOrder:Insufficient funds"),
)
LIMITED = VenueFault(
    "EOrder:Rate limit exceeded",
    False,
    Told.NEVER_PROCESSED,
    lambda _: _errors(False, "EOrder:Rate limit exceeded"),
)

NETWORK = (
    VenueFault("connection refused", False, Told.NEVER_PROCESSED, edge=edges.refusing),
    VenueFault("connect time-out", False, Told.NEVER_PROCESSED, edge=edges.never_accepting,
        waits=True),
    VenueFault("TLS: handshake reset", False, Told.NOTHING, edge=edges.resetting_tls),
    VenueFault("TLS: handshake hangs", False, Told.NOTHING, edge=edges.hanging_tls, waits=True),
    VenueFault("TLS: the other side speaks none", False, Told.NOTHING, edge=edges.speaking_no_tls),
    VenueFault("TLS: certificate that nobody vouches for", False, Told.NOTHING,
        edge=edges.unvouched),
    VenueFault("reset before reading", False, Told.NOTHING, edge=edges.resetting),
    VenueFault("closed before reading", False, Told.NOTHING, edge=edges.closing),
    REQUEST_LOST,
    REPLY_LOST,
    VenueFault("hang", False, Told.NOTHING, lambda _: faults.hang(), waits=True),
    VenueFault("order placed and no reply ever", True, Told.NOTHING, lambda _: faults.hold(),
        waits=True),
    VenueFault("order placed and reply late, in time", True, Told.ORDER,
        lambda _: faults.late(0.3)),
    VenueFault("order placed and reply too late", True, Told.NOTHING, lambda _: faults.late(4),
        waits=True),
    VenueFault("order placed late, in time", True, Told.ORDER, lambda _: faults.slow(0.3)),
    VenueFault(
        "carried out 8.5 s later", True, Told.NOTHING, lambda _: faults.hold_before(), waits=True,
        released_at_s=8.5
    ),
    VenueFault(
        "come to its turn after the deadline", False, Told.NOTHING, lambda _: faults.hold_before(),
        waits=True,
        released_at_s=13,
    ),
    VenueFault("dripping reply", True, Told.NOTHING, lambda _: faults.drip(0.05), waits=True),
    VenueFault("truncated JSON and the end, order placed", True, Told.NOTHING,
        lambda _: faults.truncated(20)),
    VenueFault("headers and no body, order placed", True, Told.NOTHING,
        lambda _: faults.truncated(0)),
)  # fmt: skip

REDIRECTS = tuple(
    fault
    for status in (301, 302, 303, 307, 308)
    for fault in _either_way(
        # To the very place where the order would be taken: who follows it sends a second one.
        f"redirect {status}",
        lambda url, placed, status=status: faults.redirect(
            f"{url}/0/private/AddOrder", status=status, apply=placed
        ),
    )
)

STATUSES = tuple(
    fault
    for status in (403, 429, 500, 502, 503, 504, 520, 522, 525)
    for fault in _either_way(
        f"HTTP {status} with HTML",
        lambda _, placed, status=status: faults.status(status, apply=placed),
    )
)


def _documents(name: str, body: bytes, status: int = 200) -> tuple[VenueFault, VenueFault]:
    return _either_way(name, lambda _, placed: faults.raw(body, status, apply=placed))


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


BODIES = (
    *_documents("HTTP 200 with HTML", b"<html><body>Attention required</body></html>"),
    *_documents("HTTP 200, empty", b""),
    *_documents("half a JSON document", b'{"error":[],"result":{"txid":["OABCDE-'),
    *_documents("invalid UTF-8", b'{"error":["EOrder:Insufficient funds\xff"]}'),
    *_documents("NaN in JSON", b'{"error":["EOrder:Insufficient funds"],"x":NaN}'),
    *_documents("a list", b'["EOrder:Insufficient funds"]'),
    *_documents("null", b"null"),
    *_documents("no error and no result", b"{}"),
    *_documents("an empty success", _json({"error": []})),
    *_documents(
        "a success without order id", _json({"error": [], "result": {"descr": {"order": "buy"}}})
    ),
    *_documents("a success with no order ids", _json({"error": [], "result": {"txid": []}})),
    *_documents(
        "a refusal with a result",
        _json({"error": ["EOrder:Insufficient funds"], "result": {"descr": {}}}),
    ),
    *_documents(
        "an error that is no text", _json({"error": [{"code": "EOrder:Insufficient funds"}]})
    ),
    *_documents("a refusal under HTTP 500", _json({"error": ["EOrder:Insufficient funds"]}), 500),
    *_documents("a refused nonce under HTTP 520", _json({"error": ["EAPI:Invalid nonce"]}), 520),
    *_documents("a rate limit under HTTP 429", _json({"error": ["EAPI:Rate limit exceeded"]}), 429),
)

AMBIGUOUS = tuple(
    fault
    for string in (
        "EService:Unavailable",
        "EService:Busy",
        "EService:Timeout",
        "EService:Deadline elapsed",
        "EGeneral:Internal error",
        "EGeneral:Internal error:1234",
        "EDatabase:Internal error",
        "ESession:Invalid session",
        "EGeneral:Invalid arguments:cl_ord_id not unique",
        "EOrder:Reduce only:Position is closed",
        "EOrder:Something new",
        "EOrder:No amendable parameters specified",
        "EService:Market is closed",
        "EFuture:Never heard of",
        "WOrder:A warning and no order id",
    )
    for fault in _either_way(string, lambda _, placed, string=string: _errors(placed, string))
)

MIXED = tuple(
    fault
    for strings in (
        ("EOrder:Insufficient funds", "EService:Busy"),
        ("EService:Unavailable", "EOrder:Insufficient funds"),
        ("EAPI:Invalid nonce", "EOrder:Insufficient funds"),
        ("EAPI:Invalid nonce", "EGeneral:Internal error"),
        ("EOrder:Insufficient funds", "EOrder:Something new"),
        ("EAPI:Rate limit exceeded", "EService:Timeout"),
    )
    for fault in _either_way(
        " + ".join(strings), lambda _, placed, strings=strings: _errors(placed, *strings)
    )
)

REFUSALS = tuple(
    VenueFault(
        " + ".join(strings), False, Told.REFUSAL, lambda _,
        strings=strings: _errors(False, *strings)
    )
    for strings in (
        *(
            (string,)
            for string in (
                "EGeneral:Invalid arguments",
                "EGeneral:Invalid arguments:ordertype",
                "EGeneral:Invalid arguments:volume",
                "EGeneral:Invalid arguments:price",
                "EGeneral:Invalid arguments:cl_ord_id",
                "EGeneral:Invalid arguments:volume minimum not met",
                "EGeneral:Invalid arguments:Index unavailable",
                "EGeneral:Permission denied",
                "EGeneral:Unknown method",
                "EGeneral:Unknown Method",
                "EAPI:Bad request",
                "EAPI:Feature disabled",
                "EAPI:Invalid key",
                "EAPI:Invalid signature",
                "EOrder:Cannot open opposing position",
                "EOrder:Cannot open position",
                "EOrder:Cost minimum not met",
                "EOrder:Insufficient funds",
                "EOrder:Insufficient initial margin",
                "EOrder:Insufficient margin",
                "EOrder:Invalid price",
                "EOrder:Invalid price:XBT/USD price can only be specified up to 1 decimals.",
                "EOrder:Margin allowance exceeded",
                "EOrder:Margin level too low",
                "EOrder:Margin position size exceeded",
                "EOrder:Order minimum not met",
                "EOrder:Orders limit exceeded",
                "EOrder:Positions limit exceeded",
                "EOrder:Post only order",
                "EOrder:Reduce only:No position exists",
                "EOrder:Reduce only:Cannot increase position",
                "EOrder:Reduce only:Non-ECP",
                "EOrder:Reduce only:Non-PC",
                "EOrder:Reduce only:One-sided margin",
                "EOrder:Scheduled orders limit exceeded",
                "EOrder:Tick size check failed",
                "EOrder:Trading agreement required",
                "EOrder:Unknown position",
                "EQuery:Invalid asset pair",
                "EQuery:Unknown asset",
                "EQuery:Unknown asset pair",
                "EAccount:Invalid permissions:XBT trading restricted for XX.",
                "EAuth:Account temporary disabled",
                "EAuth:Account unconfirmed",
                "EAuth:Failed",
                "EAuth:Rate limit exceeded",
                "EAuth:Too many requests",
                "EBM:limit exceeded:CAL",
                "ETrade:Invalid request",
                "ETrade:Locked",
                "ETrade:User Locked",
            )
        ),
        ("EOrder:Insufficient funds", "EGeneral:Permission denied"),
        ("EGeneral:Invalid arguments:price", "EOrder:Tick size check failed"),
    )
)  # fmt: skip

NEVER_PROCESSED = (
    *(
        VenueFault(string, False, Told.NEVER_PROCESSED, lambda _,
            string=string: _errors(False, string))
        for string in (
            "EAPI:Rate limit exceeded",
            "EOrder:Rate limit exceeded",
            "EOrder:Domain rate limit exceeded",
            "EGeneral:Too many requests",
            "EGeneral:Temporary lockout",
            # Argument checks, which come before anything is placed: our clock has set the
            # deadline, so it is off.
            "EGeneral:Invalid arguments:deadline",
            "EOrder:Invalid arguments:deadline",
            "EService: Throttled: 1700000000",
            "EService:Throttled",
            "EService:Market in cancel_only mode",
            "EService:Market in post_only mode",
            "EService:Market in limit_only mode",
        )
    ),
    VenueFault(
        "EAPI:Invalid nonce + EAPI:Rate limit exceeded", False, Told.NEVER_PROCESSED,
        lambda _: _errors(False, "EAPI:Invalid nonce", "EAPI:Rate limit exceeded"),
    ),
    *(
        VenueFault(
            f"EAPI:Invalid nonce, {times} in a row", False, Told.NEVER_PROCESSED,
            lambda _: _errors(False, "EAPI:Invalid nonce"), times=times, resent=times < 3,
        )
        for times in (1, 2, 3)
    ),
)  # fmt: skip

ALL = (
    HEALTHY, *NETWORK, *REDIRECTS, *STATUSES, *BODIES, *AMBIGUOUS, *MIXED, *REFUSALS,
    *NEVER_PROCESSED,
)  # fmt: skip
